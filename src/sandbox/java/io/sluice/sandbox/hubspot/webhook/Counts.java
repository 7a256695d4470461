// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot.webhook;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;

/** What the referee counted of an account's webhooks. */
final class Counts {

    /** What is counted. */
    enum Of {
        /** Events that some subscription wants, once a subscription. */
        EVENTS("events"),
        /** Those of them whose request was answered 2xx. */
        DELIVERED("delivered"),
        /** Those whose request failed the last time too. */
        GIVEN_UP("givenUp"),
        /** By faults: events that were never sent, sent twice, late, or overtaken. */
        DROPPED("dropped"),
        DUPLICATED("duplicated"),
        LATE("late"),
        SHUFFLED("shuffled"),
        /** Requests, the repeated ones and the forged ones apart. */
        REQUESTS("requests"),
        RETRIED("retried"),
        FORGED("forged"),
        /** Requests answered 2xx; of the forged ones there should be none. */
        ANSWERED("answered2xx"),
        FORGED_ANSWERED("forgedAnswered2xx");

        private final String wireName;

        Of(String wireName) {
            this.wireName = wireName;
        }
    }

    private final Map<Of, Long> counts = new EnumMap<>(Of.class);
    private final Map<String, AnswerTimes> byStatus = new TreeMap<>();
    /** When the first and the last request was sent that is no repeated one, or 0; in nanoseconds of the JVM's clock. */
    private long firstSent;

    private long lastSent;
    private int underWay;
    private int mostUnderWay;
    private long waiting;

    synchronized void add(Of what, long n) {
        counts.merge(what, n, Long::sum);
    }

    /** Events that are on their way to be delivered or given up: so many more, or fewer. */
    synchronized void wait(int more) {
        waiting += more;
    }

    /** A request goes out, and it is no repeated one. */
    synchronized void sent(long nanos) {
        add(Of.REQUESTS, 1);
        firstSent = firstSent == 0 ? nanos : firstSent;
        lastSent = nanos;
    }

    synchronized void begins() {
        underWay++;
        mostUnderWay = Math.max(mostUnderWay, underWay);
    }

    /**
     * A request is over.
     *
     * @param answer an HTTP status, or a word where none came
     * @param nanos  how long it took
     */
    synchronized void ends(String answer, long nanos) {
        underWay--;
        byStatus.computeIfAbsent(answer, first -> new AnswerTimes()).add(nanos);
    }

    synchronized ObjectNode describe() {
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        for (Of what : Of.values()) {
            all.put(what.wireName, counts.getOrDefault(what, 0L));
        }
        all.put("waiting", waiting)
                .put("mostAtOnce", mostUnderWay)
                .put("sentWithinMs", (lastSent - firstSent) / 1_000_000);
        ObjectNode counts = all.putObject("byStatus");
        ObjectNode times = all.putObject("answerTimes");
        byStatus.forEach((status, answers) -> {
            counts.put(status, answers.count());
            times.set(status, answers.describe());
        });
        return all;
    }

    synchronized void reset() {
        counts.clear();
        byStatus.clear();
        mostUnderWay = underWay;
        firstSent = 0;
        lastSent = 0;
    }
}

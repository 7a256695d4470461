// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot.webhook;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;

/** Counts an account's webhooks for the referee. */
final class Counts {

    /** Kinds of counters. */
    enum Of {
        /** Events that a subscription selects, once per subscription. */
        EVENTS("events"),
        /** Events whose request was answered 2xx. */
        DELIVERED("delivered"),
        /** Events whose last attempt failed too. */
        GIVEN_UP("givenUp"),
        /** Events that faults dropped, doubled, delayed or let others overtake. */
        DROPPED("dropped"),
        DUPLICATED("duplicated"),
        LATE("late"),
        SHUFFLED("shuffled"),
        /** Requests, without repeated and forged ones. */
        REQUESTS("requests"),
        RETRIED("retried"),
        FORGED("forged"),
        /** Requests answered 2xx; there should be no forged ones among them. */
        ANSWERED("answered2xx"),
        FORGED_ANSWERED("forgedAnswered2xx");

        private final String wireName;

        Of(String wireName) {
            this.wireName = wireName;
        }
    }

    private final Map<Of, Long> counts = new EnumMap<>(Of.class);
    private final Map<String, AnswerTimes> byStatus = new TreeMap<>();
    /** Times of the first and the last first attempt, in nanoseconds of the JVM's clock, or 0. */
    private long firstSent;

    private long lastSent;
    private int underWay;
    private int mostUnderWay;
    private long waiting;

    synchronized void add(Of what, long n) {
        counts.merge(what, n, Long::sum);
    }

    /** Adds to the number of undelivered events, or subtracts from it. */
    synchronized void wait(int more) {
        waiting += more;
    }

    /** Counts a first attempt. */
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
     * Counts the end of a request.
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

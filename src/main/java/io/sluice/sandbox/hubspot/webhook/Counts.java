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
        DROPPED("dropped"), DUPLICATED("duplicated"), LATE("late"), SHUFFLED("shuffled"),
        /** Requests, the repeated ones and the forged ones apart. */
        REQUESTS("requests"), RETRIED("retried"), FORGED("forged"),
        /** Requests answered 2xx; of the forged ones there should be none. */
        ANSWERED("answered2xx"), FORGED_ANSWERED("forgedAnswered2xx");

        private final String wireName;

        Of(String wireName) {
            this.wireName = wireName;
        }
    }

    private final Map<Of, Long> counts = new EnumMap<>(Of.class);
    private final Map<String, Long> byStatus = new TreeMap<>();
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

    synchronized void begins() {
        underWay++;
        mostUnderWay = Math.max(mostUnderWay, underWay);
    }

    /** @param answer an HTTP status, or a word where none came */
    synchronized void ends(String answer) {
        underWay--;
        byStatus.merge(answer, 1L, Long::sum);
    }

    synchronized ObjectNode describe() {
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        for (Of what : Of.values()) {
            all.put(what.wireName, counts.getOrDefault(what, 0L));
        }
        all.put("waiting", waiting).put("mostAtOnce", mostUnderWay);
        byStatus.forEach(all.putObject("byStatus")::put);
        return all;
    }

    synchronized void reset() {
        counts.clear();
        byStatus.clear();
        mostUnderWay = underWay;
    }
}

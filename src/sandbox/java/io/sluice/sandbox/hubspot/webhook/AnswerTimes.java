// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot.webhook;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.TreeMap;

/**
 * Counts answer times in tenths of a millisecond. No answer takes longer than the sender waits, so there are few
 * counters.
 */
final class AnswerTimes {

    private static final long TENTH_NANOS = 100_000;

    private final TreeMap<Long, Long> byTenths = new TreeMap<>();
    private long count;

    void add(long nanos) {
        byTenths.merge(nanos / TENTH_NANOS + 1, 1L, Long::sum);
        count++;
    }

    long count() {
        return count;
    }

    /** Answers the milliseconds that this part of the answers does not exceed. */
    private double within(double part) {
        long rank = (long) Math.ceil(count * part);
        long seen = 0;
        for (Map.Entry<Long, Long> entry : byTenths.entrySet()) {
            seen += entry.getValue();
            if (seen >= rank) {
                return entry.getKey() / 10.0;
            }
        }
        return 0;
    }

    ObjectNode describe() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("requests", count)
                .put("p50Ms", within(0.5))
                .put("p99Ms", within(0.99))
                .put("maxMs", within(1));
    }
}

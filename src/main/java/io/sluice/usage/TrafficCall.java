// SPDX-License-Identifier: Apache-2.0
package io.sluice.usage;

import io.sluice.Priority;
import java.time.Instant;

/**
 * A call that is replayed.
 *
 * @param at           time at which it is wanted
 * @param object       object of its records, or an empty text
 * @param records      records in the request
 * @param answerMillis time from its grant to its answer
 */
record TrafficCall(Instant at, String operation, String object, Priority priority, int records, int answerMillis) {

    TrafficCall withTime(Instant other) {
        return new TrafficCall(other, operation, object, priority, records, answerMillis);
    }

    TrafficCall withPriority(Priority other) {
        return other == priority ? this : new TrafficCall(at, operation, object, other, records, answerMillis);
    }

    TrafficCall withRecords(int other) {
        return other == records ? this : new TrafficCall(at, operation, object, priority, other, answerMillis);
    }
}

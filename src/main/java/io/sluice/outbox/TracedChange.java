// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import io.sluice.store.Json;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.UUID;

/**
 * Describes a traced change whose call was settled. All times are by PostgreSQL's clock.
 *
 * @param trace    id of the trace, a UUID of version 7 that was made when the change entered the outbox
 * @param attempts number of calls before this one that failed
 * @param since    time of the statement that changed the row
 * @param due      time from which on the change could be sent
 */
public record TracedChange(UUID trace, int attempts, Instant since, Instant due) {

    static TracedChange parse(String json) {
        if (json == null) {
            return null;
        }
        Map<String, Object> fields = Json.fields(json);
        return new TracedChange(
                UUID.fromString(fields.get("trace").toString()),
                ((Number) fields.get("attempts")).intValue(),
                time(fields.get("since")),
                time(fields.get("due")));
    }

    private static Instant time(Object micros) {
        return Instant.EPOCH.plus(((Number) micros).longValue(), ChronoUnit.MICROS);
    }

    /** Returns when the change entered the outbox, which the id of the trace holds in milliseconds. */
    public Instant queuedAt() {
        Instant millis = Instant.ofEpochMilli(trace.getMostSignificantBits() >>> 16);
        return millis.isBefore(since) ? since : millis;
    }
}

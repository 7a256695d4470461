// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.store.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Offset of a sync's polls in the CRM, as the table {@code checkpoint} keeps it.
 *
 * <p>A record's time is that of its write, but queries see the record only after the end of its transaction, so that a poll
 * can miss it. Therefore each poll starts some time, the overlap, before the last one. A poll that reads deletes too starts
 * at the low watermark: the time up to which the CRM said, in the last such poll, that its answer was complete.
 *
 * @param from         time up to which changed records were read
 * @param lowWatermark time up to which no change and no delete can be missing
 * @param interval     interval before the last poll
 * @param deletesDue   time when deletes are read again
 * @param polledAt     start of the last poll that ended
 * @param handedOverAt start of the last poll whose rest a bulk query reads
 */
record PollOffset(
        Instant from,
        Instant lowWatermark,
        Duration interval,
        Instant deletesDue,
        Instant polledAt,
        Instant handedOverAt) {

    /** Makes an offset of a sync whose polls have not ended yet. */
    PollOffset(Instant from, Instant lowWatermark, Duration interval, Instant deletesDue) {
        this(from, lowWatermark, interval, deletesDue, Instant.EPOCH, Instant.EPOCH);
    }

    static PollOffset beginning(Instant now, Duration overlap, Duration interval) {
        Instant from = now.minus(overlap);
        return new PollOffset(from, from, interval, now, now, Instant.EPOCH);
    }

    static PollOffset of(String json) {
        Map<String, Object> parts = Json.fields(json);
        return new PollOffset(
                moment(parts, "from"),
                moment(parts, "lowWatermark"),
                Duration.ofMillis(((Number) parts.get("intervalMs")).longValue()),
                moment(parts, "deletesDue"),
                parts.containsKey("polledAt") ? moment(parts, "polledAt") : Instant.EPOCH,
                parts.containsKey("handedOverAt") ? moment(parts, "handedOverAt") : Instant.EPOCH);
    }

    private static Instant moment(Map<String, Object> parts, String name) {
        return Instant.parse(parts.get(name).toString());
    }

    /** @param due time of the next poll */
    String json(Instant due) {
        Map<String, Object> parts = new LinkedHashMap<>();
        parts.put("from", from.toString());
        parts.put("lowWatermark", lowWatermark.toString());
        parts.put("intervalMs", interval.toMillis());
        parts.put("deletesDue", deletesDue.toString());
        parts.put("polledAt", polledAt.toString());
        parts.put("handedOverAt", handedOverAt.toString());
        parts.put("due", due.toString());
        return Json.text(parts);
    }

    PollOffset from(Instant moment) {
        return new PollOffset(moment, lowWatermark, interval, deletesDue, polledAt, handedOverAt);
    }

    PollOffset lowWatermark(Instant moment, Instant nextDeletes) {
        return new PollOffset(from, moment, interval, nextDeletes, polledAt, handedOverAt);
    }

    /** Makes deletes due at once if they are due later than one interval from now, because the setting was shortened. */
    PollOffset within(Duration deletesInterval, Instant now) {
        return deletesDue.isAfter(now.plus(deletesInterval)) ? lowWatermark(lowWatermark, now) : this;
    }

    PollOffset interval(Duration next) {
        return new PollOffset(from, lowWatermark, next, deletesDue, polledAt, handedOverAt);
    }

    PollOffset polledAt(Instant moment) {
        return new PollOffset(from, lowWatermark, interval, deletesDue, moment, handedOverAt);
    }

    PollOffset handedOverAt(Instant moment) {
        return new PollOffset(from, lowWatermark, interval, deletesDue, polledAt, moment);
    }
}

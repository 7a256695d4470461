package io.sluice.receive;

import io.sluice.store.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How far a sync has read in the CRM, as its checkpoint keeps it.
 *
 * <p>A record bears the stamp of when it was written and is seen when its transaction ends, so a reading can pass one
 * by. Therefore each reading begins some time before the last one, and each that asks for deletes too begins where the
 * CRM said, at the last such reading, that everything before was told.
 *
 * @param from       records stamped before this were read
 * @param proven     and before this they were read when the CRM told everything; deletes too
 * @param pause      before the last look
 * @param deletesDue when deletes are asked for again
 * @param polled     when the last poll began that ended
 * @param handed     when the last poll began whose rest is read by a job
 */
record PollOffset(Instant from, Instant proven, Duration pause, Instant deletesDue, Instant polled, Instant handed) {

    /** One at which no poll has ended yet. */
    PollOffset(Instant from, Instant proven, Duration pause, Instant deletesDue) {
        this(from, proven, pause, deletesDue, Instant.EPOCH, Instant.EPOCH);
    }

    static PollOffset beginning(Instant now, Duration overlap, Duration pause) {
        Instant from = now.minus(overlap);
        return new PollOffset(from, from, pause, now, now, Instant.EPOCH);
    }

    static PollOffset of(String json) {
        Map<String, Object> parts = Json.fields(json);
        return new PollOffset(moment(parts, "from"), moment(parts, "proven"),
                Duration.ofMillis(((Number) parts.get("pauseMs")).longValue()), moment(parts, "deletesDue"),
                parts.containsKey("polled") ? moment(parts, "polled") : Instant.EPOCH,
                parts.containsKey("handed") ? moment(parts, "handed") : Instant.EPOCH);
    }

    private static Instant moment(Map<String, Object> parts, String name) {
        return Instant.parse(parts.get(name).toString());
    }

    /** @param due when the next look is */
    String json(Instant due) {
        Map<String, Object> parts = new LinkedHashMap<>();
        parts.put("from", from.toString());
        parts.put("proven", proven.toString());
        parts.put("pauseMs", pause.toMillis());
        parts.put("deletesDue", deletesDue.toString());
        parts.put("polled", polled.toString());
        parts.put("handed", handed.toString());
        parts.put("due", due.toString());
        return Json.text(parts);
    }

    PollOffset from(Instant moment) {
        return new PollOffset(moment, proven, pause, deletesDue, polled, handed);
    }

    PollOffset proven(Instant moment, Instant nextDeletes) {
        return new PollOffset(from, moment, pause, nextDeletes, polled, handed);
    }

    /** Makes deletes due at once that were put off by more than is set now: the setting was shortened. */
    PollOffset within(Duration deletesEvery, Instant now) {
        return deletesDue.isAfter(now.plus(deletesEvery)) ? proven(proven, now) : this;
    }

    PollOffset pause(Duration next) {
        return new PollOffset(from, proven, next, deletesDue, polled, handed);
    }

    PollOffset polled(Instant moment) {
        return new PollOffset(from, proven, pause, deletesDue, moment, handed);
    }

    PollOffset handed(Instant moment) {
        return new PollOffset(from, proven, pause, deletesDue, polled, moment);
    }
}

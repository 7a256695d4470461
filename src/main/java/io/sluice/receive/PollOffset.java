// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import java.time.Duration;
import java.time.Instant;

/**
 * Offset of a sync's polls in the CRM.
 *
 * <p>A record's time is that of its write, but queries see the record only after the end of its transaction, so that a poll
 * can miss it. Therefore each poll starts some time, the overlap, before the last one. A poll that reads deletes too starts
 * at the low watermark: the time up to which the CRM said, in the last such poll, that its answer was complete.
 *
 * @param readUpTo     time up to which changed records were read
 * @param lowWatermark time up to which no change and no delete can be missing
 * @param interval     interval before the last poll
 * @param deletesDue   time when deletes are read again
 * @param polledAt     start of the last poll that ended
 * @param handedOverAt start of the last poll whose rest a bulk query reads
 * @param epoch        fencing token: number of times that a process took the offset; a process with an older one saves
 *                     nothing
 */
record PollOffset(
        Instant readUpTo,
        Instant lowWatermark,
        Duration interval,
        Instant deletesDue,
        Instant polledAt,
        Instant handedOverAt,
        int epoch) {

    /** Makes an offset of a sync whose polls have not ended yet. */
    PollOffset(Instant readUpTo, Instant lowWatermark, Duration interval, Instant deletesDue) {
        this(readUpTo, lowWatermark, interval, deletesDue, Instant.EPOCH, Instant.EPOCH, 0);
    }

    static PollOffset beginning(Instant now, Duration overlap, Duration interval) {
        Instant start = now.minus(overlap);
        return new PollOffset(start, start, interval, now, now, Instant.EPOCH, 0);
    }

    PollOffset readUpTo(Instant moment) {
        return new PollOffset(moment, lowWatermark, interval, deletesDue, polledAt, handedOverAt, epoch);
    }

    PollOffset lowWatermark(Instant moment, Instant nextDeletes) {
        return new PollOffset(readUpTo, moment, interval, nextDeletes, polledAt, handedOverAt, epoch);
    }

    /** Makes deletes due at once if they are due later than one interval from now, because the setting was shortened. */
    PollOffset within(Duration deletesInterval, Instant now) {
        return deletesDue.isAfter(now.plus(deletesInterval)) ? lowWatermark(lowWatermark, now) : this;
    }

    PollOffset interval(Duration next) {
        return new PollOffset(readUpTo, lowWatermark, next, deletesDue, polledAt, handedOverAt, epoch);
    }

    PollOffset polledAt(Instant moment) {
        return new PollOffset(readUpTo, lowWatermark, interval, deletesDue, moment, handedOverAt, epoch);
    }

    PollOffset handedOverAt(Instant moment) {
        return new PollOffset(readUpTo, lowWatermark, interval, deletesDue, polledAt, moment, epoch);
    }
}

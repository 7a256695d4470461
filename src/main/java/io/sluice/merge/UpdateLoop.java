// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import io.sluice.Backoff;
import java.time.Duration;
import java.time.Instant;

/**
 * Detects an update loop of one record: an automation of the CRM changes the record after each write, and a trigger or a job of
 * the application changes the row after each change that Sluice applies. Without a limit, such a record costs a call per round
 * for as long as both exist.
 *
 * <p>A round is a change of the CRM that follows a write within {@link #MAX_CRM_REACTION}, if the table had changed the written
 * values within {@link #MAX_TABLE_REACTION} after the previous change of the CRM. People who edit a record on both sides produce
 * rounds too, but not for long: once the next write is delayed, an automation does nothing, while a person's edit happens
 * without a write before it and resets the count.
 *
 * <p>The first {@value #FREE_ROUNDS} rounds cost no time. The write of the next one waits for 1 s, then 2 s, 4 s, and so on up
 * to 1 h. For example, a loop of 100 ms has written 8 times in its first second, 20 times after an hour, and once per hour
 * from then on.
 *
 * @param rounds  number of rounds that followed each other
 * @param takenAt time at which a change of the CRM was last written to the table, by the database's clock; null if never
 */
record UpdateLoop(int rounds, Instant takenAt) {

    static final UpdateLoop NONE = new UpdateLoop(0, null);

    static final int FREE_ROUNDS = 8;
    private static final Backoff BACKOFF = new Backoff(Duration.ofSeconds(1), Duration.ofHours(1));

    /** Maximum time from a write to the CRM's reaction: a workflow of HubSpot starts up to a minute after its trigger. */
    static final Duration MAX_CRM_REACTION = Duration.ofMinutes(2);

    /**
     * Maximum time from a change of the CRM to the table's reaction: a trigger reacts in the same transaction, an application
     * that listens within this time. A record that the application changes later than that is in no loop, however often the CRM
     * reacts to each write.
     */
    static final Duration MAX_TABLE_REACTION = Duration.ofSeconds(5);

    private static final int MAX_ROUNDS = 30;

    /**
     * Counts a change of the CRM that is written to the table.
     *
     * @param settledAt       end of the last write of the record, by the database's clock; null if there was none
     * @param writtenChangeAt time of the newest change of the table that was written, by the database's clock; null if there was
     *                        none
     * @param changedAt       time of the change, by the CRM's clock
     * @param now             present time, by the database's clock
     */
    UpdateLoop taken(Instant settledAt, Instant writtenChangeAt, Instant changedAt, Instant now) {
        if (settledAt == null || takenAt == null || changedAt.isAfter(settledAt.plus(MAX_CRM_REACTION))) {
            return new UpdateLoop(0, now);
        }
        if (!settledAt.isAfter(takenAt)) {
            return new UpdateLoop(rounds, now); // the same write caused several changes
        }
        boolean answers = writtenChangeAt != null && !writtenChangeAt.isAfter(takenAt.plus(MAX_TABLE_REACTION));
        return new UpdateLoop(answers ? Math.min(rounds + 1, MAX_ROUNDS) : 0, now);
    }

    /** Computes how long the next write waits after {@link #takenAt}. */
    Duration backoff() {
        if (rounds <= FREE_ROUNDS) {
            return Duration.ZERO;
        }
        return BACKOFF.after(rounds - FREE_ROUNDS);
    }

    /** Whether the count has just reached the point from which writes are delayed. */
    boolean startsAfter(UpdateLoop before) {
        return before.rounds == FREE_ROUNDS && rounds == FREE_ROUNDS + 1;
    }

    /** Returns the time until which the record is not written; null if it may be written at any time. */
    Instant heldUntil() {
        return rounds <= FREE_ROUNDS ? null : takenAt.plus(backoff());
    }
}

package io.sluice.merge;

import java.time.Duration;
import java.time.Instant;

/**
 * Recognises an update loop of one record: an automation of the CRM changes the record whenever Sluice writes it, and a
 * trigger or a job of the application changes the row whenever Sluice applies that. Left alone, such a record costs a call per
 * round for as long as both exist.
 *
 * <p>A round is a change of the CRM that follows a write within {@link #REACTION}, where what was written had changed within
 * {@link #TABLE_REACTION} of the previous change of the CRM. People who edit a record on both sides produce rounds too, but not for long: once the next write
 * is held back, an automation is silent, while a person's edit comes without a write before it and ends the count.
 *
 * <p>The first {@value #FREE_ROUNDS} rounds cost no time. The write of the next one waits for 1 s, then 2 s, 4 s, and so on up
 * to 1 h. For example, a loop of 100 ms has written 8 times in its first second, 20 times after an hour, and once per hour
 * from then on.
 *
 * @param rounds  how many rounds followed each other
 * @param takenAt the time at which the table last took a change of the CRM, by the database's clock; null if never
 */
record UpdateLoop(int rounds, Instant takenAt) {

    static final UpdateLoop NONE = new UpdateLoop(0, null);

    static final int FREE_ROUNDS = 8;
    static final Duration MAX_PAUSE = Duration.ofHours(1);

    /** A workflow of HubSpot starts up to a minute after the change that triggers it. */
    static final Duration REACTION = Duration.ofMinutes(2);

    /**
     * A trigger answers in the same transaction, an application that listens within this time. A record that the application
     * changes again later is in no loop, however often the CRM answers each write.
     */
    static final Duration TABLE_REACTION = Duration.ofSeconds(5);

    private static final int MAX_ROUNDS = 30;

    /**
     * Counts a change of the CRM that the table takes.
     *
     * @param settledAt the end of the last write of the record, by the database's clock; null if there was none
     * @param writtenChangeAt the time of the newest change of the table that was written, by the database's clock; null if
     *                  nothing was written
     * @param changedAt the time of the change, by the CRM's clock
     * @param now       by the database's clock
     */
    UpdateLoop taken(Instant settledAt, Instant writtenChangeAt, Instant changedAt, Instant now) {
        if (settledAt == null || takenAt == null || changedAt.isAfter(settledAt.plus(REACTION))) {
            return new UpdateLoop(0, now);
        }
        if (!settledAt.isAfter(takenAt)) {
            return new UpdateLoop(rounds, now);   // the same write caused several changes
        }
        boolean answers = writtenChangeAt != null && !writtenChangeAt.isAfter(takenAt.plus(TABLE_REACTION));
        return new UpdateLoop(answers ? Math.min(rounds + 1, MAX_ROUNDS) : 0, now);
    }

    /** How long the next write waits after {@link #takenAt}. */
    Duration pause() {
        if (rounds <= FREE_ROUNDS) {
            return Duration.ZERO;
        }
        Duration doubled = Duration.ofSeconds(1L << (rounds - FREE_ROUNDS - 1));
        return doubled.compareTo(MAX_PAUSE) < 0 ? doubled : MAX_PAUSE;
    }

    /** Whether the count has just reached the point at which writes are held back. */
    boolean startsAfter(UpdateLoop before) {
        return before.rounds == FREE_ROUNDS && rounds == FREE_ROUNDS + 1;
    }

    /** The time until which the record is not written; null if it may be written at any time. */
    Instant heldUntil() {
        return rounds <= FREE_ROUNDS ? null : takenAt.plus(pause());
    }
}

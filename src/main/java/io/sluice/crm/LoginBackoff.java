package io.sluice.crm;

import java.time.Duration;
import java.time.Instant;

/**
 * When a refused login is tried again. A wrong secret that is tried every few seconds locks the user, so the pause doubles
 * from 15 seconds to an hour; a CRM that gives no answer is asked again within a minute. Worked example: a secret that was
 * wrong all day costs 8 logins in the first hour and one an hour after that.
 */
public final class LoginBackoff {

    private static final Duration FIRST = Duration.ofSeconds(15);
    private static final Duration LONGEST = Duration.ofHours(1);
    private static final Duration FIRST_UNANSWERED = Duration.ofSeconds(1);
    private static final Duration LONGEST_UNANSWERED = Duration.ofMinutes(1);
    private static final int DOUBLINGS = 12;

    private int refusals;
    private int unanswered;
    private Instant until = Instant.MIN;
    private Instant resumed = Instant.MIN;
    private String why;

    /** The CRM refuses the login itself. */
    public void refused(String reason, Instant now) {
        pause(reason, now, FIRST, LONGEST, refusals++);
    }

    /** The CRM did not answer, or not now. */
    public void unanswered(String reason, Instant now) {
        pause(reason, now, FIRST_UNANSWERED, LONGEST_UNANSWERED, unanswered++);
    }

    private void pause(String reason, Instant now, Duration first, Duration longest, int before) {
        Duration pause = first.multipliedBy(1L << Math.min(before, DOUBLINGS));
        until = now.plus(pause.compareTo(longest) < 0 ? pause : longest);
        why = reason;
    }

    /**
     * Whether nobody may try yet; who has resumed the account may, once.
     *
     * @param resumedAt when a person last did, by whatever clock: only that it is another time counts; {@link Instant#MIN}:
     *     never, or it can't be told
     */
    public boolean isPaused(Instant now, Instant resumedAt) {
        if (!resumedAt.equals(Instant.MIN) && !resumedAt.equals(resumed)) {
            resumed = resumedAt;
            return false;
        }
        return now.isBefore(until);
    }

    /** The login was taken. */
    public void over() {
        refusals = 0;
        unanswered = 0;
        until = Instant.MIN;
        why = null;
    }

    /** Why it is refused, and when it is tried again. */
    public String words() {
        return why + "; next attempt at " + until.truncatedTo(java.time.temporal.ChronoUnit.SECONDS)
                + ", or at once when the account is resumed or its secret changes";
    }

    public Instant until() {
        return until;
    }
}

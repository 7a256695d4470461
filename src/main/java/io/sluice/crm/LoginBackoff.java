// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import io.sluice.Backoff;
import java.time.Duration;
import java.time.Instant;

/**
 * Computes when a rejected login is tried again. A wrong secret that is tried every few seconds locks the user, so the
 * backoff doubles from 15 seconds to an hour; after a missing answer it doubles from a second to a minute. Worked
 * example: a secret that is wrong all day costs 8 logins in the initial hour and one an hour after that.
 */
public final class LoginBackoff {

    private static final Backoff REJECTED = new Backoff(Duration.ofSeconds(15), Duration.ofHours(1));
    private static final Backoff UNANSWERED = new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(1));

    private int rejections;
    private int unanswered;
    private Instant until = Instant.MIN;
    private Instant resumed = Instant.MIN;
    private String cause;

    /** Starts a backoff after a rejected login. */
    public void failed(String reason, Instant now) {
        start(reason, now, REJECTED.after(++rejections));
    }

    /** Starts a backoff after a missing or temporary answer. */
    public void unanswered(String reason, Instant now) {
        start(reason, now, UNANSWERED.after(++unanswered));
    }

    private void start(String reason, Instant now, Duration delay) {
        until = now.plus(delay);
        cause = reason;
    }

    /**
     * Tells whether a login must wait; a resume of the account allows one login.
     *
     * @param now       the current time
     * @param resumedAt the time of the last resume, by any clock: only a difference to the previous value counts;
     *     {@link Instant#MIN} if there was none, or it is not known
     */
    public boolean isPaused(Instant now, Instant resumedAt) {
        if (!resumedAt.equals(Instant.MIN) && !resumedAt.equals(resumed)) {
            resumed = resumedAt;
            return false;
        }
        return now.isBefore(until);
    }

    /** Ends the backoff after an accepted login. */
    public void over() {
        rejections = 0;
        unanswered = 0;
        until = Instant.MIN;
        cause = null;
    }

    /** Returns the cause and the time of the next attempt. */
    public String words() {
        return cause + "; next attempt at " + until.truncatedTo(java.time.temporal.ChronoUnit.SECONDS)
                + ", or at once when the account is resumed or its secret changes";
    }

    public Instant until() {
        return until;
    }
}

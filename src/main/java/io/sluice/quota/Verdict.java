package io.sluice.quota;

/** The answer to a request for a permit. */
public sealed interface Verdict {

    record Granted(Permit permit) implements Verdict {
    }

    /** @param waitMillis by PostgreSQL's clock, after which asking again is worth it */
    record Refused(Refusal refusal, long waitMillis) implements Verdict {
    }
}

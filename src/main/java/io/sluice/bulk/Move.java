package io.sluice.bulk;

import java.time.Duration;

/** What an answer means for a job. */
public sealed interface Move {

    /**
     * The job goes on.
     *
     * @param pause   until then
     * @param forward whether it has come further; if it does not for long, it is given up
     */
    record Next(Step step, Duration pause, boolean forward) implements Move {
    }

    /** The CRM has not begun it: its records wait again as if nothing had been. */
    record Release(String why) implements Move {
    }

    /** It is over: records that no result named wait again, and count as doubtful. */
    record Finish(String why) implements Move {
    }
}

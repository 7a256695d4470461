package io.sluice.bulk;

import java.time.Duration;

/** What an answer means for a job. */
public sealed interface BulkJobTransition {

    /**
     * The job goes on.
     *
     * @param pause   until then
     * @param forward whether it has come further; if it does not for long, it is given up
     */
    record Next(BulkJobState step, Duration pause, boolean forward) implements BulkJobTransition {
    }

    /**
     * The CRM has not begun it: its records wait again as if nothing had been.
     *
     * @param detour whether its object's records had better go by other calls for a while
     */
    record Release(String why, boolean detour) implements BulkJobTransition {
    }

    /**
     * It is over: records that no result named wait again, and count as doubtful.
     *
     * @param why null where all went well
     */
    record Finish(String why) implements BulkJobTransition {
    }
}

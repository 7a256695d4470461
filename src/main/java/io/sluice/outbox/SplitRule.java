// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

/** Decides whether retried records are sent in smaller calls, until a record that spoils its call is alone. */
public enum SplitRule {
    /** No record is at fault. */
    NEVER(0),
    /** The CRM accepted the call, but some records were locked by others: records that name one parent stay together. */
    BY_PARENT(0),
    /** The CRM rejected the call for its content: split at once, without a delay. */
    AT_ONCE(0),
    /** The CRM failed at the call, mostly by a fault of its own: split from the third time on. */
    AFTER_FAILURES(2);

    /**
     * The number of parts. One bad record in 200 is found with as many calls as by halves, but half as many of them fail.
     */
    private static final int PARTS = 4;

    private final int attempts;

    SplitRule(int attempts) {
        this.attempts = attempts;
    }

    /** The number of failures that a record must have had before. */
    int attempts() {
        return attempts;
    }

    /**
     * The maximum number of records in the next calls; null: no maximum. A few locked records among many are sent in one
     * smaller call. 200 records whose call was rejected go in calls of 50, then 13, 4 and 1.
     *
     * @param all   the number of records in the answered call
     * @param retried the number of those that are retried
     */
    Integer maxBatch(int all, int retried) {
        if (retried == 0) {
            return null;
        }
        return switch (this) {
            case NEVER -> null;
            case BY_PARENT -> Math.min(retried, part(all));
            case AT_ONCE, AFTER_FAILURES -> part(retried);
        };
    }

    private static int part(int records) {
        return (records + PARTS - 1) / PARTS;
    }
}

package io.sluice.outbox;

/** Whether what is tried again goes in smaller calls, until a record that spoils them stands alone. */
public enum SplitRule {
    /** None is at fault. */
    NEVER(0),
    /** The CRM took the call, but others were at some of its records: those that name one parent go together. */
    BY_PARENT(0),
    /** The CRM refused the call for what is in it: at once, without a pause. */
    AT_ONCE(0),
    /** The CRM failed over it, which is mostly its own trouble: from the third time on. */
    IN_TIME(2);

    /**
     * Into so many parts. One bad record in 200 is found with as many calls as by halves, but half as many of them are
     * refused.
     */
    private static final int PARTS = 4;

    private final int attempts;

    SplitRule(int attempts) {
        this.attempts = attempts;
    }

    /** How often a record must have failed before. */
    int attempts() {
        return attempts;
    }

    /**
     * How many records the next calls take; null: as many as ever. A few that are locked among many go in a smaller call
     * as it is.
     *
     * @param all   records of the call that was answered
     * @param again those of them that are tried again
     */
    Integer fill(int all, int again) {
        if (again == 0) {
            return null;
        }
        return switch (this) {
            case NEVER -> null;
            case BY_PARENT -> Math.min(again, part(all));
            case AT_ONCE, IN_TIME -> part(again);
        };
    }

    private static int part(int records) {
        return (records + PARTS - 1) / PARTS;
    }
}

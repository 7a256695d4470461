package io.sluice.merge;

import java.time.Instant;

/**
 * The three-way merge of one field: what both sides last agreed on, what the CRM has, what the table has. A pure
 * function; whoever calls it holds the locks under which its arguments are true.
 */
public final class Merge {

    /** A value that both sides once had; the value may be null, so that its absence needs a null of its own. */
    public record Agreed(Object value) {
    }

    /**
     * A field as the merge meets it.
     *
     * @param base   what was last known to be in the CRM, or null where nothing is known: a record that never settled,
     *               or a write whose answer was lost
     * @param crm    what the CRM has
     * @param crmAt  when the CRM's record last changed: not before this field did
     * @param ours   what the table has
     * @param oursAt when the table's value changed, or null when no change of it waits to be sent
     */
    public record Field(Agreed base, Object crm, Instant crmAt, Object ours, Instant oursAt) {
    }

    /** What is to be done. */
    public enum Decision {
        /** An echo or a no-op: the CRM has what we knew it to have. What waits is sent as ever. */
        UNCHANGED,
        /** Both sides came to have the same: nothing is written to either, and the base becomes that. */
        AGREED,
        /** Only the CRM changed it: the table takes it. */
        TAKEN,
        /** The CRM's record is new and has nothing there: it empties no field, but gets the table's value. */
        LACKING,
        /** Both changed it and the CRM wins: the table takes it, and what waits is not sent. */
        CRM_WINS,
        /** Both changed it and the table wins: what waits is sent. The base becomes what the CRM has, over which it goes. */
        DATABASE_WINS;

        /** Whether the table's value is replaced. */
        public boolean writes() {
            return this == TAKEN || this == CRM_WINS;
        }

        public boolean isConflict() {
            return this == CRM_WINS || this == DATABASE_WINS;
        }
    }

    private Merge() {
    }

    /** Decides where times are compared in whole seconds. */
    public static Decision decide(Field field, ConflictRule conflictRule) {
        return decide(field, conflictRule, TimePrecision.SECONDS);
    }

    /** @param precision in which the CRM keeps the times of its changes */
    static Decision decide(Field field, ConflictRule conflictRule, TimePrecision precision) {
        if (field.base() != null && Values.same(field.base().value(), field.crm())) {
            return Decision.UNCHANGED;
        }
        if (Values.same(field.ours(), field.crm())) {
            return Decision.AGREED;
        }
        boolean oursChanged = field.oursAt() != null
                && (field.base() == null || !Values.same(field.base().value(), field.ours()));
        boolean lacking = field.base() == null && Values.same(null, field.crm());
        if (!oursChanged) {
            return lacking ? Decision.LACKING : Decision.TAKEN;
        }
        return !lacking && crmWins(field, conflictRule, precision) ? Decision.CRM_WINS : Decision.DATABASE_WINS;
    }

    /**
     * Without a base nobody can tell whether the CRM's value is a change or what was there before ours; its record's
     * stamp may be another field's. Then only ours is certainly a change.
     */
    private static boolean crmWins(Field field, ConflictRule conflictRule, TimePrecision precision) {
        return switch (conflictRule) {
            case CRM -> true;
            case DATABASE -> false;
            case LATEST -> field.base() != null && !precision.isEarlier(field.crmAt(), field.oursAt());
        };
    }
}

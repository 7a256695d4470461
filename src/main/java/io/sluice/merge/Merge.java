// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import io.sluice.ConflictRule;
import java.time.Instant;

/**
 * Merges one field in three ways: the base on which both sides last agreed, the CRM's value and the table's value. A pure
 * function; the caller holds the locks that keep its arguments true.
 */
public final class Merge {

    /** Value on which both sides agreed. The value may be null; a field without a base has no {@code Agreed}. */
    public record Agreed(Object value) {}

    /**
     * Values of one field.
     *
     * @param base   value last known to be in the CRM; null when none is known, for a record that never settled or a write
     *               whose answer was lost
     * @param crm    value in the CRM
     * @param crmAt  time of the last change of the CRM's record, which is not earlier than that of the field
     * @param ours   value in the table
     * @param oursAt time of the change of the table's value; null when no change of it waits to be sent
     */
    public record Field(Agreed base, Object crm, Instant crmAt, Object ours, Instant oursAt) {}

    /** Decision about one field. */
    public enum Decision {
        /** The CRM still has the base, an echo or a no-op. Waiting changes are sent. */
        UNCHANGED,
        /** Both sides have the same value: nothing is written to either, and the base becomes this value. */
        AGREED,
        /** Only the CRM changed the field: the table gets the CRM's value. */
        TAKEN,
        /** The CRM's record is new and the field is empty: the table keeps its value, and the CRM gets it. */
        LACKING,
        /** Both sides changed the field and the CRM wins: the table gets the CRM's value; waiting changes are dropped. */
        CRM_WINS,
        /** Both sides changed the field and the table wins: waiting changes are sent. The base becomes the CRM's value. */
        DATABASE_WINS;

        /** Whether the table's value is replaced. */
        public boolean writes() {
            return this == TAKEN || this == CRM_WINS;
        }

        public boolean isConflict() {
            return this == CRM_WINS || this == DATABASE_WINS;
        }
    }

    private Merge() {}

    /** Decides with times in whole seconds. */
    public static Decision decide(Field field, ConflictRule conflictRule) {
        return decide(field, conflictRule, TimePrecision.SECONDS);
    }

    /** @param precision precision of the CRM's times */
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
     * Whether the CRM wins. Without a base it is unknown whether the CRM's value is a change or the value before ours, and the
     * record's time may be that of another field. Then only our value is certainly a change.
     */
    private static boolean crmWins(Field field, ConflictRule conflictRule, TimePrecision precision) {
        return switch (conflictRule) {
            case CRM -> true;
            case DATABASE -> false;
            case LATEST -> field.base() != null && !precision.isEarlier(field.crmAt(), field.oursAt());
        };
    }
}

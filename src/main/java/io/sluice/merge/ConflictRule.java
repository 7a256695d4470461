package io.sluice.merge;

import java.util.Locale;

/** Who wins where both sides changed a field: {@link io.sluice.Sync#getConflicts()}. */
public enum ConflictRule {
    /** The later change; the CRM's when both were made within the unit to which it cuts its times. */
    LATEST,
    CRM,
    DATABASE;

    /** @throws IllegalArgumentException naming the word */
    public static ConflictRule of(String word) {
        try {
            return valueOf(word.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException unknown) {
            throw new IllegalArgumentException("conflicts is '" + word + "'; write latest, crm or database", unknown);
        }
    }
}

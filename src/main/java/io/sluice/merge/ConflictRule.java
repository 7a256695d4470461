// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import java.util.Locale;

/** Rule that decides which side wins when both changed a field: {@link io.sluice.Sync#getConflicts()}. */
public enum ConflictRule {
    /** The later change wins; the CRM's wins when both lie within the precision of the CRM's times. */
    LATEST,
    CRM,
    DATABASE;

    /** @throws IllegalArgumentException if the word is no rule; its message names the word */
    public static ConflictRule of(String word) {
        try {
            return valueOf(word.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException unknown) {
            throw new IllegalArgumentException("conflicts is '" + word + "'; write latest, crm or database", unknown);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import java.util.Locale;

/** Rule that decides which side wins when both changed a field: {@link Sync#getConflicts()}. */
public enum ConflictRule {
    /** The later change wins; the CRM's wins when both lie within the precision of the CRM's times. */
    LATEST,
    CRM,
    DATABASE;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}

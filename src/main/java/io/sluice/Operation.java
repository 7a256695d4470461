// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import java.util.Locale;

/** Operation on a record of a CRM. An upsert names the external id, which makes it idempotent. */
public enum Operation {
    UPSERT,
    DELETE;

    public static Operation of(String word) {
        return valueOf(word.toUpperCase(Locale.ROOT));
    }

    /** Returns the word in tables, messages and the writer contract: {@code upsert}, {@code delete}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}

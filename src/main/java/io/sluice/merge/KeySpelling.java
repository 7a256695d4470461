// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import io.sluice.crm.ExternalId;
import java.math.BigDecimal;

/** Compares the spelling of an external id in a CRM with that of a key in the table. */
final class KeySpelling {

    private KeySpelling() {}

    /** Whether a CRM treats both as one external id. */
    static boolean same(String one, String other) {
        return one != null && other != null && ExternalId.folded(one).equals(ExternalId.folded(other));
    }

    /**
     * Returns the text that PostgreSQL accepts for a key of this type: {@code 7.0} and {@code 1.2E7} are whole numbers, but its
     * integer types do not accept these forms.
     */
    static String readable(String columnType, String spelled) {
        return switch (columnType) {
            case "int2", "int4", "int8", "numeric" -> {
                BigDecimal number = ExternalId.number(spelled.strip());
                yield number == null ? spelled : ExternalId.plain(number);
            }
            case "uuid", "date" -> spelled.strip();
            default -> spelled;
        };
    }

    /** Whether PostgreSQL's text can hold every character: no NUL and no lone surrogate. */
    static boolean isText(String spelled) {
        for (int i = 0; i < spelled.length(); i++) {
            char next = spelled.charAt(i);
            if (next == 0 || Character.isLowSurrogate(next)) {
                return false;
            }
            if (Character.isHighSurrogate(next)) {
                i++;
                if (i == spelled.length() || !Character.isLowSurrogate(spelled.charAt(i))) {
                    return false;
                }
            }
        }
        return true;
    }
}

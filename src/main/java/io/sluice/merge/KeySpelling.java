package io.sluice.merge;

import io.sluice.crm.ExternalId;
import java.math.BigDecimal;

/** Compares an external id as a CRM writes it with a key as the table writes it. */
final class KeySpelling {

    private KeySpelling() {
    }

    /** Whether a CRM takes both for one external id. */
    static boolean same(String one, String other) {
        return one != null && other != null && ExternalId.folded(one).equals(ExternalId.folded(other));
    }

    /**
     * The text that PostgreSQL reads into a key of this type: {@code 7.0} and {@code 1.2E7} are whole numbers, which
     * its integers do not read.
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

    /** Whether every character is one that PostgreSQL's text holds: no NUL, and no half of a surrogate pair. */
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

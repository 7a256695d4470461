// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

/**
 * Creates and reads Salesforce record ids: 15 characters that are case-sensitive, and a checksum of 3 so that they are
 * unique without regard to case (<a href="https://help.salesforce.com/s/articleView?id=000385008">Salesforce Help</a>).
 * The first three characters name the object; the last nine are the record's number here, so that an id leads to its
 * row without an index.
 */
public final class RecordIds {

    private static final String DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final String CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    private static final String INSTANCE = "XX0";
    private static final int BASE = DIGITS.length();

    private RecordIds() {}

    /** Answers the 18-character id of a record by its number. */
    public static String of(String keyPrefix, int number) {
        char[] id = new char[15];
        (keyPrefix + INSTANCE).getChars(0, 6, id, 0);
        long rest = number;
        for (int i = 14; i >= 6; i--) {
            id[i] = DIGITS.charAt((int) (rest % BASE));
            rest /= BASE;
        }
        String fifteen = new String(id);
        return fifteen + checksum(fifteen);
    }

    /** Answers the number in an id of 15 or 18 characters with this prefix, or -1 when it is no such id. */
    public static int number(String keyPrefix, String id) {
        if (!isWellFormed(id) || !id.startsWith(keyPrefix) || !id.startsWith(INSTANCE, 3)) {
            return -1;
        }
        long number = 0;
        for (int i = 6; i < 15; i++) {
            number = number * BASE + DIGITS.indexOf(id.charAt(i));
        }
        return number > Integer.MAX_VALUE ? -1 : (int) number;
    }

    /** Whether the text has the form of an id, with the right checksum when it carries one. */
    public static boolean isWellFormed(String id) {
        if (id == null || id.length() != 15 && id.length() != 18) {
            return false;
        }
        for (int i = 0; i < 15; i++) {
            if (DIGITS.indexOf(id.charAt(i)) < 0) {
                return false;
            }
        }
        return id.length() == 15 || checksum(id).equals(id.substring(15));
    }

    /** Answers the 18-character form of a well-formed id. */
    public static String full(String id) {
        return id.length() == 18 ? id : id + checksum(id);
    }

    private static String checksum(String id) {
        char[] check = new char[3];
        for (int group = 0; group < 3; group++) {
            int bits = 0;
            for (int i = 0; i < 5; i++) {
                char c = id.charAt(group * 5 + i);
                if (c >= 'A' && c <= 'Z') {
                    bits |= 1 << i;
                }
            }
            check[group] = CHECK.charAt(bits);
        }
        return new String(check);
    }
}

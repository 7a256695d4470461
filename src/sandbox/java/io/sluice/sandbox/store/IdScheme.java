// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

/** Formats the numbers of an object's records as ids, so that an id leads to its row without an index. */
public interface IdScheme {

    String id(int number);

    /** Answers the number in an id, or -1 when it is no id of this object. */
    int number(String id);

    /** Creates Salesforce's ids with this prefix. */
    static IdScheme prefixed(String keyPrefix) {
        return new IdScheme() {
            @Override
            public String id(int number) {
                return RecordIds.of(keyPrefix, number);
            }

            @Override
            public int number(String id) {
                return RecordIds.number(keyPrefix, id);
            }
        };
    }

    /** Creates whole numbers that count on from the object's base. */
    static IdScheme counted(long base) {
        return new IdScheme() {
            @Override
            public String id(int number) {
                return Long.toString(base + number);
            }

            @Override
            public int number(String id) {
                if (id == null || !id.matches("[1-9]\\d{0,17}")) {
                    return -1;
                }
                long number = Long.parseLong(id) - base;
                return number > 0 && number < Integer.MAX_VALUE ? (int) number : -1;
            }
        };
    }
}

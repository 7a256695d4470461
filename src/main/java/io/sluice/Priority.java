// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import java.util.Locale;

/** Urgency of a change. More urgent changes are sent first; the tables hold the rank. */
public enum Priority {
    CRITICAL,
    HIGH,
    NORMAL,
    LOW;

    /** Returns 0 for critical to 3 for low. */
    public int rank() {
        return ordinal();
    }

    public static Priority ofRank(int rank) {
        return values()[rank];
    }

    /** @throws IllegalArgumentException if the word is none of the four; its message names the word and the four */
    public static Priority of(String word) {
        for (Priority priority : values()) {
            if (priority.name().equalsIgnoreCase(word)) {
                return priority;
            }
        }
        throw new IllegalArgumentException("'" + word + "' is no priority; use critical, high, normal or low");
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}

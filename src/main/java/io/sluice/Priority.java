package io.sluice;

import java.util.Locale;

/** How urgent a change is. The order is the order of sending; the rank is what the tables hold. */
public enum Priority {
    CRITICAL, HIGH, NORMAL, LOW;

    /** 0 for critical to 3 for low. */
    public int rank() {
        return ordinal();
    }

    public static Priority ofRank(int rank) {
        return values()[rank];
    }

    /** @throws IllegalArgumentException naming the word and the four that are right */
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

// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Suggests the names that a person may have meant, for messages about an unknown name. */
public final class Suggestion {

    private static final int SUGGESTIONS = 3;

    private Suggestion() {}

    /** Returns {@code ; did you mean a, b or c?}, or an empty text when there is no name to suggest. */
    public static String hint(String wrong, Collection<String> right) {
        List<String> names = right.stream()
                .sorted(Comparator.comparingInt((String name) -> distance(wrong, name))
                        .thenComparing(name -> name))
                .limit(SUGGESTIONS)
                .toList();
        return switch (names.size()) {
            case 0 -> "";
            case 1 -> "; did you mean " + names.get(0) + "?";
            default ->
                "; did you mean " + String.join(", ", names.subList(0, names.size() - 1)) + " or "
                        + names.get(names.size() - 1) + "?";
        };
    }

    /** Computes Levenshtein's distance, ignoring case. */
    public static int distance(String left, String right) {
        String a = left.toLowerCase(Locale.ROOT);
        String b = right.toLowerCase(Locale.ROOT);
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(change, Math.min(previous[j], current[j - 1]) + 1);
            }
            previous = current;
        }
        return previous[b.length()];
    }
}

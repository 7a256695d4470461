// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Splits a text into the words that CONTAINS_TOKEN finds: whole words, or with {@code *} the beginning or end of one.
 */
final class Tokens {

    private static final String BETWEEN = "[^\\p{L}\\p{N}*]+";

    private Tokens() {}

    /** Whether the text has every requested word; {@code asked} is in lower case. */
    static boolean contains(String text, String asked) {
        if (text == null) {
            return false;
        }
        List<String> words = Arrays.asList(text.toLowerCase(Locale.ROOT).split(BETWEEN));
        return Arrays.stream(asked.split(BETWEEN))
                .filter(word -> !word.isEmpty())
                .map(Tokens::pattern)
                .allMatch(pattern ->
                        words.stream().anyMatch(word -> pattern.matcher(word).matches()));
    }

    private static Pattern pattern(String word) {
        return Pattern.compile(Pattern.quote(word).replace("*", "\\E.*\\Q"));
    }
}

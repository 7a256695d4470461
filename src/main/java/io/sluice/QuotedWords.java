// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Words of a CRM or of the database in a text. They may quote values of fields, as in {@code invalid email address: x}, so they
 * stand between marks until it is known who reads the text. For example, {@code deals: the login fails (x)} reads
 * {@code deals: the login fails (hidden)} for a person who may not see values.
 *
 * <p>The marks begin with the character DEL, which JSON leaves as it is and which each encoding of a database has: a whole JSON
 * document can be shown or hidden at once.
 */
public final class QuotedWords {

    /** Stands for what a reader may not see. */
    public static final String HIDDEN = "(hidden)";

    private static final String DEL = "\u007f";
    private static final String BEGIN = DEL + "<";
    private static final String END = DEL + ">";

    private static final Pattern QUOTED = Pattern.compile(BEGIN + "([^" + DEL + "]*)" + END);
    private static final Pattern CODE = Pattern.compile("[A-Z][A-Z0-9_]+(?=: )");

    private QuotedWords() {}

    /** Marks words; null stays null. */
    public static String mark(String words) {
        return words == null ? null : BEGIN + words.replace(DEL, "") + END;
    }

    /** Returns a text with the words in it and without the marks. */
    public static String shown(String text) {
        return text.contains(BEGIN) ? QUOTED.matcher(text).replaceAll("$1") : text;
    }

    /** Returns a text with {@value #HIDDEN} for the words; an error code before them stays. */
    public static String hidden(String text) {
        return text.contains(BEGIN)
                ? QUOTED.matcher(text)
                        .replaceAll(found -> Matcher.quoteReplacement(hiddenWords(found.group(1))))
                        .replace("(" + HIDDEN + ")", HIDDEN)
                : text;
    }

    private static String hiddenWords(String words) {
        Matcher code = CODE.matcher(words);
        return code.lookingAt() ? code.group() + ": " + HIDDEN : HIDDEN;
    }
}

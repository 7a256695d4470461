// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Says in one sentence why Camel rejected a file, from the messages of an exception and its causes. */
final class CamelWords {

    private static final Pattern PLACE = Pattern.compile(",? ?\\bin \\S+, line (\\d+), column \\d+:?.*");

    private CamelWords() {}

    static String of(Throwable failure) {
        List<String> words = new ArrayList<>();
        String line = null;
        for (Throwable each = failure; each != null; each = each.getCause()) {
            for (String said :
                    String.valueOf(each.getMessage()).lines().limit(2).toList()) {
                Matcher place = PLACE.matcher(said);
                if (place.find()) {
                    line = place.group(1);
                    said = said.substring(0, place.start());
                }
                String plain = said.replaceFirst(
                                "^(Error (pre-)?parsing resource: |Unable to parse resource: )\\S*:?( |$)", "")
                        .replaceFirst("^[\\w.]+Exception: ", "")
                        .strip();
                if (!plain.isEmpty() && !plain.equals("null") && words.stream().noneMatch(it -> it.contains(plain))) {
                    words.add(plain);
                }
            }
        }
        String sentence = words.isEmpty() ? failure.getClass().getSimpleName() : String.join(": ", words);
        return line == null ? sentence : "line " + line + ": " + sentence;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The check of edited files in a process of its own, which loads them as at a start and changes nothing: no port, no sandbox, no
 * route that begins work, the database of the running process. Its output tells the {@link Supervisor} the mistakes.
 */
final class FileCheck {

    /** The environment variable of a process that only checks. */
    static final String VARIABLE = "SLUICE_DEV_CHECK";

    /** The beginning of a line with a mistake. */
    private static final String MISTAKE = "sluice-mistake: ";

    private static final Pattern EXCEPTION =
            Pattern.compile("(?:Caused by: |Exception in thread \"[^\"]*\" )?((?:\\w+\\.)+[\\w$]+)(?:: (.*))?");

    private static final int LAST_LINES = 10;

    private FileCheck() {}

    /** Whether this process only checks. */
    static boolean isOn() {
        return System.getenv(VARIABLE) != null;
    }

    /** Tells the supervisor the mistakes, a sentence each. */
    private static void report(List<String> mistakes) {
        PrintStream output = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        mistakes.forEach(mistake -> output.println(MISTAKE + mistake.replaceAll("\\s*\\R\\s*", " ")));
    }

    /** Ends this process, without the work of a normal end: it has changed nothing. */
    static void end(List<String> mistakes) {
        report(mistakes);
        Runtime.getRuntime().halt(mistakes.isEmpty() ? 0 : 1);
    }

    /**
     * Returns the mistakes that a check has found, from its output: those that it reported, otherwise what the printed exception
     * says, otherwise the last lines.
     */
    static List<String> mistakes(String output) {
        List<String> reported = output.lines()
                .filter(line -> line.startsWith(MISTAKE))
                .map(line -> line.substring(MISTAKE.length()))
                .distinct()
                .toList();
        if (!reported.isEmpty()) {
            return reported;
        }
        List<String> messages = new ArrayList<>();
        for (String line : output.lines().toList()) {
            Matcher exception = EXCEPTION.matcher(line);
            if (exception.matches()) {
                if (exception.group(1).equals(InvalidRouteFile.class.getName())) {
                    return List.of(exception.group(2));
                }
                messages.add(exception.group(2));
            }
        }
        Exception chain = null;
        Collections.reverse(messages);
        for (String message : messages) {
            chain = new Exception(message, chain);
        }
        if (chain != null) {
            return List.of(CamelWords.of(chain));
        }
        List<String> lines = output.lines()
                .filter(line -> !line.isBlank())
                .map(String::strip)
                .toList();
        return lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size());
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import java.util.regex.Pattern;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * Finds the message at the root of an exception's causes, without values of a row: PostgreSQL's detail ("Failing row contains
 * ...", "Key (email)=(...) already exists") and the value that its message quotes are left out
 * (https://www.postgresql.org/docs/current/protocol-error-fields.html). All code that logs, answers or stores a failure takes
 * its message from here.
 */
public final class RootCause {

    private static final int MAX_LENGTH = 400;
    private static final int MAX_ANSWER_LENGTH = 300;
    /** Parts that PostgreSQL's driver appends to a message, and parts of a row that a message repeats. */
    private static final Pattern DETAIL =
            Pattern.compile("(?s)\\s*(?:Detail|Where|Hint): .*|\\s*Failing row contains .*");
    /** {@code invalid input syntax for type integer: "abc"}, {@code value "99999999999" is out of range}. */
    private static final Pattern VALUE = Pattern.compile("(?:(?<=: )|(?<=\\bvalue ))\"(?:[^\"]|\"\")*\"");

    private RootCause() {}

    /** Returns the root's message, or the name of its class when it has none. */
    public static String of(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        String message = root.getMessage();
        if (root instanceof PSQLException sql && sql.getServerErrorMessage() != null) {
            ServerErrorMessage serverError = sql.getServerErrorMessage();
            message = "ERROR: " + serverError.getMessage();
        }
        return message == null || message.isBlank() ? root.getClass().getSimpleName() : withoutValues(message);
    }

    /** Returns the first 300 characters of a CRM's answer, for a line of the log. */
    public static String shortened(Object answer) {
        String words = String.valueOf(answer);
        return words.length() > MAX_ANSWER_LENGTH ? words.substring(0, MAX_ANSWER_LENGTH) + "..." : words;
    }

    /** Removes the values of a row that PostgreSQL's message may repeat, and cuts it to 400 characters. */
    public static String withoutValues(String message) {
        String safe = VALUE.matcher(DETAIL.matcher(message).replaceFirst(""))
                .replaceAll("\"...\"")
                .strip()
                .replaceAll("\\s*\\R\\s*", " ");
        return safe.length() > MAX_LENGTH ? safe.substring(0, MAX_LENGTH) + "..." : safe;
    }
}

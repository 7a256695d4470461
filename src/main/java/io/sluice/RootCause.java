package io.sluice;

import java.util.regex.Pattern;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * Why something failed, in words for a person: the message at the root of an exception's causes. The words hold no value of
 * a row: PostgreSQL's detail ("Failing row contains ...", "Key (email)=(...) already exists") is left out, and so is the
 * value that its message quotes (https://www.postgresql.org/docs/current/protocol-error-fields.html). Whoever logs, answers or
 * keeps a failure takes its words from here.
 */
public final class RootCause {

    private static final int LONGEST = 400;
    private static final int LONGEST_ANSWER = 300;
    /** What PostgreSQL's driver appends to a message, and what a message repeats of a row. */
    private static final Pattern DETAIL = Pattern.compile("(?s)\\s*(?:Detail|Where|Hint): .*|\\s*Failing row contains .*");
    /** {@code invalid input syntax for type integer: "abc"}, {@code value "99999999999" is out of range}. */
    private static final Pattern VALUE = Pattern.compile("(?:(?<=: )|(?<=\\bvalue ))\"(?:[^\"]|\"\")*\"");

    private RootCause() {
    }

    /** The root's message, or its class where it has none. */
    public static String of(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        String message = root.getMessage();
        if (root instanceof PSQLException sql && sql.getServerErrorMessage() != null) {
            ServerErrorMessage said = sql.getServerErrorMessage();
            message = "ERROR: " + said.getMessage();
        }
        return message == null || message.isBlank() ? root.getClass().getSimpleName() : withoutValues(message);
    }

    /** What a CRM answered, as much of it as a line of the log takes beside other words. */
    public static String shortened(Object answer) {
        String words = String.valueOf(answer);
        return words.length() > LONGEST_ANSWER ? words.substring(0, LONGEST_ANSWER) + "..." : words;
    }

    /** A text that may repeat what PostgreSQL said of a row, without it and not too long for a line. */
    public static String withoutValues(String message) {
        String safe = VALUE.matcher(DETAIL.matcher(message).replaceFirst("")).replaceAll("\"...\"").strip().replaceAll("\\s*\\R\\s*", " ");
        return safe.length() > LONGEST ? safe.substring(0, LONGEST) + "..." : safe;
    }
}

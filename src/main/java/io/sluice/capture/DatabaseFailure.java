package io.sluice.capture;

import java.sql.SQLException;
import java.util.Set;
import org.postgresql.util.PSQLException;

/** What a failure of the database means for the work on a table. */
public enum DatabaseFailure {
    /** The database is away or at its bounds: nobody's fault, and the same for all tables. */
    AWAY,
    /** Somebody holds a lock on the table. */
    LOCKED,
    /** The table is not as it was, or its rows are hidden from Sluice. */
    SHAPE,
    /** A row can't be read or entered. */
    DATA;

    private static final Set<String> NOBODYS = Set.of("08", "25", "40", "53", "57", "58");

    /** By statement_timeout, which one table's slow trigger or long comparison meets each time. */
    private static final String STATEMENT_ENDED = "57014";

    /**
     * Whether the next try may succeed with nothing changed at the table. A statement that took too long is no such failure,
     * where one table's own work is judged.
     */
    public static boolean isPassing(SQLException failure) {
        return of(failure) == AWAY && !STATEMENT_ENDED.equals(failure.getSQLState());
    }

    static DatabaseFailure of(SQLException failure) {
        String state = failure.getSQLState();
        if (state == null || state.length() < 2 || NOBODYS.contains(state.substring(0, 2))) {
            return AWAY;
        }
        return state.startsWith("55") ? LOCKED : state.startsWith("42") ? SHAPE : DATA;
    }

    /** PostgreSQL's words without the values that they may quote, in one line. */
    static String words(SQLException failure) {
        String message = failure instanceof PSQLException server && server.getServerErrorMessage() != null
                ? server.getServerErrorMessage().getMessage() : failure.getMessage();
        String line = String.valueOf(message).lines().findFirst().orElse("").replace("ERROR: ", "");
        if (of(failure) == DATA) {
            line = line.replaceAll(":? *\"[^\"]*\"", "").replaceAll("\\(.*\\)", "");
        }
        return line.length() > 200 ? line.substring(0, 200) : line;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import java.sql.SQLException;
import java.util.Set;
import org.postgresql.util.PSQLException;

/** Classifies failures of the database for the work on a table. */
public enum DatabaseFailure {
    /** The database is unavailable or at its limits: no table's fault. */
    AWAY,
    /** Another transaction holds a lock on the table. */
    LOCKED,
    /** The table has changed, or its rows are hidden from Sluice. */
    SHAPE,
    /** A row can't be read or entered. */
    DATA;

    private static final Set<String> TRANSIENT_CLASSES = Set.of("08", "25", "40", "53", "57", "58");

    /** The SQLSTATE of statement_timeout, which one table's slow trigger or long comparison causes each time. */
    private static final String STATEMENT_ENDED = "57014";

    /**
     * Whether the next try may succeed without a change of the table. A statement that took too long does not count, where one
     * table's own work is judged.
     */
    public static boolean isPassing(SQLException failure) {
        return of(failure) == AWAY && !STATEMENT_ENDED.equals(failure.getSQLState());
    }

    static DatabaseFailure of(SQLException failure) {
        String state = failure.getSQLState();
        if (state == null || state.length() < 2 || TRANSIENT_CLASSES.contains(state.substring(0, 2))) {
            return AWAY;
        }
        return state.startsWith("55") ? LOCKED : state.startsWith("42") ? SHAPE : DATA;
    }

    /** PostgreSQL's message in one line, without the values that it may quote. */
    static String description(SQLException failure) {
        String message = failure instanceof PSQLException server && server.getServerErrorMessage() != null
                ? server.getServerErrorMessage().getMessage()
                : failure.getMessage();
        String line = String.valueOf(message).lines().findFirst().orElse("").replace("ERROR: ", "");
        if (of(failure) == DATA) {
            line = line.replaceAll(":? *\"[^\"]*\"", "").replaceAll("\\(.*\\)", "");
        }
        return line.length() > 200 ? line.substring(0, 200) : line;
    }
}

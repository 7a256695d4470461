package io.sluice.receive;

import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;

/**
 * Up to where something is read that goes on for ever: rows of {@code checkpoint}, of no object. Whoever takes a due one
 * reads, and has it for a while.
 */
final class StreamOffsets {

    private static final String BEGIN = """
            insert into sluice.checkpoint (account, object, stream, position)
            values (?, '', ?, jsonb_build_object('due', clock_timestamp())::text)
            on conflict (account, object, stream) do nothing""";

    private static final String TAKE = """
            update sluice.checkpoint set updated_at = now(), position = (position::jsonb
                || jsonb_build_object('due', clock_timestamp() + ? * interval '1 millisecond'))::text
            where account = ? and object = '' and stream = ? and (position::jsonb ->> 'due')::timestamptz <= clock_timestamp()
            returning position::jsonb ->> 'offset'""";

    /** Only from where this process believes it to be: one that was held up longer than its turn moves nothing back. */
    private static final String MOVE = """
            update sluice.checkpoint set updated_at = now(), position = (position::jsonb || jsonb_build_object(
                'offset', ?::text, 'due', clock_timestamp() + ? * interval '1 millisecond'))::text
            where account = ? and object = '' and stream = ? and position::jsonb ->> 'offset' is not distinct from ?::text""";

    private static final String END = """
            update sluice.checkpoint set position = (position::jsonb
                || jsonb_build_object('due', clock_timestamp() + ? * interval '1 millisecond'))::text
            where account = ? and object = '' and stream = ? and position::jsonb ->> 'offset' is not distinct from ?::text""";

    /** Where it is read; {@code offset} is null at its beginning. */
    record Taken(String offset) {
    }

    private final Database database;

    StreamOffsets(Database database) {
        this.database = database;
    }

    /** The stream of an account's journal as Sluice itself fetches it. */
    static String journal(String account) {
        return "journal:" + account;
    }

    /** Of what was never read. */
    void begin(String account, String stream) throws SQLException {
        database.update(BEGIN, account, stream);
    }

    /**
     * Takes what is due.
     *
     * @param holding how long it is nobody else's
     */
    Optional<Taken> take(String account, String stream, Duration holding) throws SQLException {
        return database.first(TAKE, row -> new Taken(row.getString(1)), holding.toMillis(), account, stream);
    }

    /** Moves on in a transaction of the caller's. @return whether nobody else had */
    static boolean move(Connection connection, String account, String stream, String from, String to, Duration holding)
            throws SQLException {
        return Database.update(connection, MOVE, to, holding.toMillis(), account, stream, from) == 1;
    }

    /** Moves on, or to the beginning where {@code to} is null. @return whether nobody else had */
    boolean move(String account, String stream, String from, String to, Duration holding) throws SQLException {
        return database.update(MOVE, to, holding.toMillis(), account, stream, from) == 1;
    }

    /** Gives it back. */
    void end(String account, String stream, String offset, Duration pause) throws SQLException {
        database.update(END, pause.toMillis(), account, stream, offset);
    }
}

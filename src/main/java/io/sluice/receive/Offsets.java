package io.sluice.receive;

import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;

/**
 * Up to where the journals of CRMs are fetched: the rows of {@code checkpoint} of the streams {@code journal:ACCOUNT}, of
 * no object. Whoever takes a due one fetches, and has it for a while.
 */
final class Offsets {

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

    /** Where a journal is read; {@code offset} is null before its first file. */
    record Taken(String offset) {
    }

    private final Database database;

    Offsets(Database database) {
        this.database = database;
    }

    /** Of an account whose journal was never fetched. */
    void begin(String account) throws SQLException {
        database.update(BEGIN, account, stream(account));
    }

    /**
     * Takes a journal that is due.
     *
     * @param holding how long it is nobody else's
     */
    Optional<Taken> take(String account, Duration holding) throws SQLException {
        return database.first(TAKE, row -> new Taken(row.getString(1)), holding.toMillis(), account, stream(account));
    }

    /** Moves on in a transaction of the caller's. @return whether nobody else had */
    static boolean move(Connection connection, String account, String from, String to, Duration holding)
            throws SQLException {
        return Database.update(connection, MOVE, to, holding.toMillis(), account, stream(account), from) == 1;
    }

    /** Begins anew at the oldest file that there is. */
    void forget(String account, String from, Duration holding) throws SQLException {
        database.update(MOVE, null, holding.toMillis(), account, stream(account), from);
    }

    /** Gives it back. */
    void end(String account, String offset, Duration pause) throws SQLException {
        database.update(END, pause.toMillis(), account, stream(account), offset);
    }

    private static String stream(String account) {
        return "journal:" + account;
    }
}

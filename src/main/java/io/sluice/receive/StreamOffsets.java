// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;

/**
 * Stores the offsets of endless streams: rows of {@code checkpoint} without an object. The process that takes a due stream
 * holds its lease for a while.
 */
final class StreamOffsets {

    private static final String BEGIN =
            """
            insert into sluice.checkpoint (account, object, stream, position)
            values (?, '', ?, jsonb_build_object('due', clock_timestamp())::text)
            on conflict (account, object, stream) do nothing""";

    private static final String TAKE =
            """
            update sluice.checkpoint set updated_at = now(), position = (position::jsonb
                || jsonb_build_object('due', clock_timestamp() + ? * interval '1 millisecond'))::text
            where account = ? and object = '' and stream = ? and (position::jsonb ->> 'due')::timestamptz <= clock_timestamp()
            returning position::jsonb ->> 'offset'""";

    /** Updates only the offset that this process read last: a process that has lost its lease can't set the offset back. */
    private static final String COMMIT =
            """
            update sluice.checkpoint set updated_at = now(), position = (position::jsonb || jsonb_build_object(
                'offset', ?::text, 'due', clock_timestamp() + ? * interval '1 millisecond'))::text
            where account = ? and object = '' and stream = ? and position::jsonb ->> 'offset' is not distinct from ?::text""";

    private static final String RELEASE =
            """
            update sluice.checkpoint set position = (position::jsonb
                || jsonb_build_object('due', clock_timestamp() + ? * interval '1 millisecond'))::text
            where account = ? and object = '' and stream = ? and position::jsonb ->> 'offset' is not distinct from ?::text""";

    /** Offset of a stream; {@code offset} is null at the beginning. */
    record StreamOffset(String offset) {}

    private final Database database;

    StreamOffsets(Database database) {
        this.database = database;
    }

    /** Names the stream of an account's journal that Sluice itself reads. */
    static String journal(String account) {
        return "journal:" + account;
    }

    /** Creates the offset of a stream that was never read. */
    void begin(String account, String stream) throws SQLException {
        database.update(BEGIN, account, stream);
    }

    /**
     * Takes the lease of a stream if it is due.
     *
     * @param leaseTime time for which no other process takes the stream
     */
    Optional<StreamOffset> take(String account, String stream, Duration leaseTime) throws SQLException {
        return database.first(TAKE, row -> new StreamOffset(row.getString(1)), leaseTime.toMillis(), account, stream);
    }

    /** Commits an offset in the caller's transaction. @return false if another process has committed one meanwhile */
    static boolean commit(
            Connection connection, String account, String stream, String from, String to, Duration leaseTime)
            throws SQLException {
        return Database.update(connection, COMMIT, to, leaseTime.toMillis(), account, stream, from) == 1;
    }

    /** Commits an offset; null: the beginning. @return false if another process has committed one meanwhile */
    boolean commit(String account, String stream, String from, String to, Duration leaseTime) throws SQLException {
        return database.update(COMMIT, to, leaseTime.toMillis(), account, stream, from) == 1;
    }

    /** Releases the lease of a stream. @param delay time until the stream is due again */
    void release(String account, String stream, String offset, Duration delay) throws SQLException {
        database.update(RELEASE, delay.toMillis(), account, stream, offset);
    }
}

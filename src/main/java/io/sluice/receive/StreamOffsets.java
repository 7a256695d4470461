// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Stores the offsets of endless streams in the table {@code stream_offset}. The process that takes a due stream holds its
 * lease for a while.
 */
final class StreamOffsets {

    private static final String BEGIN =
            """
            insert into sluice.stream_offset (account, stream) values (?, ?)
            on conflict (account, stream) do nothing""";

    private static final String TAKE =
            """
            update sluice.stream_offset set updated_at = now(), epoch = epoch + 1,
                due = clock_timestamp() + ? * interval '1 millisecond'
            where account = ? and stream = ? and due <= clock_timestamp()
            returning *""";

    /** Commits nothing for a process that has lost its lease. */
    private static final String COMMIT =
            """
            update sluice.stream_offset set page = ?, job = ?, job_created_at = ?, job_complete = ?, updated_at = now(),
                due = clock_timestamp() + ? * interval '1 millisecond'
            where account = ? and stream = ? and epoch = ?""";

    private static final String RELEASE =
            """
            update sluice.stream_offset set due = clock_timestamp() + ? * interval '1 millisecond'
            where account = ? and stream = ? and epoch = ?""";

    private static final String FLOWS =
            """
            update sluice.stream_offset set flowing_since = clock_timestamp()
            where account = ? and stream = ? and epoch = ? and flowing_since is null""";

    private static final String STOPS_FLOWING =
            """
            update sluice.stream_offset set flowing_since = null
            where account = ? and stream = ? and epoch = ? and flowing_since is not null""";

    /** A process that holds the lease extends it while it reads; events of a stream that nobody reads do not flow. */
    private static final String FLOWING_SINCE =
            """
            select flowing_since from sluice.stream_offset
            where account = ? and stream = ? and flowing_since is not null and due > clock_timestamp()""";

    /**
     * An offset whose lease this process took.
     *
     * @param epoch fencing token: number of times that a process took the stream
     */
    record Taken(StreamOffset offset, int epoch) {}

    private final Database database;

    StreamOffsets(Database database) {
        this.database = database;
    }

    /** Takes the lease of a stream if it is due; a stream that was never read starts at its beginning. */
    Optional<Taken> take(String account, String stream, Duration leaseTime) throws SQLException {
        return database.first(TAKE, StreamOffsets::taken, leaseTime.toMillis(), account, stream);
    }

    /** Creates the offset of a stream that was never read. */
    void begin(String account, String stream) throws SQLException {
        database.update(BEGIN, account, stream);
    }

    /**
     * Commits an offset.
     *
     * @return false if another process has taken the stream meanwhile
     */
    boolean commit(String account, String stream, int epoch, StreamOffset offset, Duration leaseTime)
            throws SQLException {
        return database.transaction(connection -> commit(connection, account, stream, epoch, offset, leaseTime));
    }

    /** Commits an offset in the caller's transaction. @return false if another process has taken the stream meanwhile */
    static boolean commit(
            Connection connection, String account, String stream, int epoch, StreamOffset offset, Duration leaseTime)
            throws SQLException {
        return Database.update(
                        connection,
                        COMMIT,
                        offset.page(),
                        offset.job(),
                        offset.jobCreatedAt(),
                        offset.jobComplete(),
                        leaseTime.toMillis(),
                        account,
                        stream,
                        epoch)
                == 1;
    }

    /** Notes that the events of a stream arrive. */
    static void flows(Connection connection, String account, String stream, int epoch) throws SQLException {
        Database.update(connection, FLOWS, account, stream, epoch);
    }

    /** Notes that the events of a stream do not arrive. @return whether they did until now */
    boolean stopsFlowing(String account, String stream, int epoch) throws SQLException {
        return database.update(STOPS_FLOWING, account, stream, epoch) == 1;
    }

    /** Returns the time since which the events of a stream arrive; empty if they do not. */
    Optional<Instant> flowingSince(String account, String stream) throws SQLException {
        return database.first(FLOWING_SINCE, row -> Database.instant(row, "flowing_since"), account, stream);
    }

    /** Releases the lease of a stream. @param delay time until the stream is due again */
    void release(String account, String stream, int epoch, Duration delay) throws SQLException {
        database.update(RELEASE, delay.toMillis(), account, stream, epoch);
    }

    private static Taken taken(ResultSet row) throws SQLException {
        return new Taken(
                new StreamOffset(
                        row.getString("page"),
                        row.getString("job"),
                        Database.instant(row, "job_created_at"),
                        row.getBoolean("job_complete")),
                row.getInt("epoch"));
    }
}

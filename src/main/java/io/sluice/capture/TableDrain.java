// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import io.sluice.Backoff;
import io.sluice.Sync;
import io.sluice.capture.ChangeLog.Taking;
import io.sluice.idle.PendingWork.LogPosition;
import io.sluice.outbox.BulkClaim;
import io.sluice.outbox.InitialExportJobs;
import io.sluice.outbox.InitialExportJobs.OpenJob;
import io.sluice.outbox.WriteDebounce;
import io.sluice.quota.SavedCalls;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drains the change log of one table. An obstacle stops this table alone: a lock that another transaction holds on it is waited
 * for briefly, with a backoff between; a batch that PostgreSQL rejects because of its data is halved until the faulty row is
 * alone.
 */
final class TableDrain {

    private static final Logger LOG = LoggerFactory.getLogger(TableDrain.class);

    /** The target time of a drain, so that new changes do not wait long. */
    static final Duration TARGET_TIME = Duration.ofMillis(100);
    /** The target time during an initial export: each drain has fixed costs, and other changes wait for one drain at most. */
    private static final Duration EXPORT_TARGET_TIME = Duration.ofMillis(400);

    private static final int INITIAL_BATCH = 2_000;
    private static final int MIN_BATCH = 500;
    private static final int NEWEST = 500;

    /** The lock timeout of a drain. */
    private static final String LOCK_TIMEOUT = "100ms";

    /** The time that a check of a suspected table takes at most. */
    private static final long SHAPE_DELAY_MILLIS = 3_000;

    private static final Duration MAX_DELAY = Duration.ofSeconds(5);
    private static final Backoff LOCKED = new Backoff(Duration.ofMillis(200), MAX_DELAY);

    private static final String MINE =
            """
            select pg_try_advisory_xact_lock(hashtext('sluice.drain'), hashtext(?)) as mine,
                   set_config('lock_timeout', '%s', true),
                   (select case when is_called then last_value else 0 end from sluice.change_log_seq_seq) as last"""
                    .formatted(LOCK_TIMEOUT);

    private static final String LOCKED_TABLE =
            """
            select set_config('lock_timeout', '0', true), pg_current_xact_id()::text as xid,
                   (select fingerprint from sluice.capture_mapping where source = ?) as mapping""";

    private final Database database;
    private final CapturedTable capturedTable;
    private final String fingerprint;
    private final Consumer<String> superseded;
    private final String table;
    private final int batch;
    private final WriteDebounce writeDebounce;
    private final InitialExportJobs initialExportJobs;
    private final double traced;
    private final PoisonRowSearch poisonRowSearch;
    private final SavedCalls savedCalls;
    private final String newest;
    private final String oldest;
    private final LogWatermark floor = new LogWatermark();

    /** The maximum number of changes that the second statement moves. */
    private volatile int batchSize;
    /** Whether the last drain left changes: only then can there be newer ones behind them. */
    private volatile boolean behind;
    /** Whether the oldest rows may be of an initial export. */
    private volatile boolean loading = true;
    /** Whether a row in the log can't be drained and is being searched. */
    private volatile boolean suspect;

    private volatile int lockedTurns;
    private volatile String shapeFailure;
    private volatile long restsUntil = System.nanoTime();

    /**
     * @param fingerprint the mapping of this replica, see {@link MappingAgreement}
     * @param superseded  receives the table when another mapping holds, so that nothing is drained
     * @param traced      the part of the changes that is traced, from 0 to 1
     */
    TableDrain(
            Database database,
            CapturedTable capturedTable,
            String fingerprint,
            Consumer<String> superseded,
            int batch,
            WriteDebounce writeDebounce,
            InitialExportJobs initialExportJobs,
            SavedCalls savedCalls,
            double traced) {
        this.database = database;
        this.capturedTable = capturedTable;
        this.fingerprint = fingerprint;
        this.superseded = superseded;
        this.table = capturedTable.table();
        this.batch = batch;
        this.writeDebounce = writeDebounce;
        this.initialExportJobs = initialExportJobs;
        this.savedCalls = savedCalls;
        this.batchSize = Math.min(batch, INITIAL_BATCH);
        this.poisonRowSearch = new PoisonRowSearch(database, capturedTable, fingerprint, writeDebounce);
        this.traced = traced;
        this.newest = DrainSql.of(capturedTable, writeDebounce, Taking.NEWEST, List.of(), traced);
        this.oldest = DrainSql.of(capturedTable, writeDebounce, Taking.OLDEST, List.of(), traced);
    }

    CapturedTable source() {
        return capturedTable;
    }

    long searchedFrom() {
        return floor.from();
    }

    LogPosition position() {
        return new LogPosition(table, floor.from(), floor.transactions());
    }

    /**
     * Drains once.
     *
     * @return the number of changes moved
     * @throws SQLException where the database is unavailable, or the table has changed
     */
    int drain() throws SQLException {
        if (System.nanoTime() - restsUntil < 0) {
            return 0;
        }
        try {
            int moved = drainOnce();
            lockedTurns = 0;
            return moved;
        } catch (SQLException failure) {
            switch (DatabaseFailure.of(failure)) {
                case LOCKED -> waitForLock();
                case DATA -> {
                    return dissect(failure);
                }
                default -> throw failure;
            }
            return 0;
        }
    }

    private void waitForLock() {
        if (lockedTurns++ == 0) {
            LOG.info(
                    "{} is locked by another transaction; its changes wait in the log, other tables are drained",
                    table);
        }
        rest(LOCKED.after(lockedTurns).toMillis());
    }

    /**
     * Whether the table's structure was checked since this failure first occurred, without a finding: a changed table has
     * another drain.
     */
    boolean isKnown(SQLException failure) {
        boolean known = failure.getSQLState().equals(shapeFailure);
        shapeFailure = failure.getSQLState();
        rest(known ? 0 : SHAPE_DELAY_MILLIS);
        return known;
    }

    /** Waits for the next check. */
    void rest() {
        rest(MAX_DELAY.toMillis());
    }

    private void rest(long millis) {
        restsUntil = System.nanoTime() + Duration.ofMillis(millis).toNanos();
    }

    private int drainOnce() throws SQLException {
        if (isEmpty()) {
            loading = false;
            suspect = false;
            batchSize = Math.max(batchSize, Math.min(batch, INITIAL_BATCH));
            return 0;
        }
        Loading load = loading();
        int first = behind && load.single() && !suspect ? moved(newest, Math.min(batch, NEWEST), false) : 0;
        List<BulkClaim> wanted = load.first() && !suspect ? wanted() : List.of();
        long begin = System.nanoTime();
        int limit = batchSize;
        int moved = wanted.isEmpty() ? moved(oldest, limit, true) : filled(wanted, limit);
        behind = moved > limit / 2;
        if (suspect && moved > 0) {
            // the row was found: larger batches may succeed again
            batchSize = Math.min(Math.min(batch, INITIAL_BATCH), limit * 2);
            suspect = batchSize < Math.min(batch, INITIAL_BATCH);
        } else if (moved > limit / 2) {
            batchSize = next(
                    limit,
                    moved,
                    Duration.ofNanos(System.nanoTime() - begin),
                    wanted.isEmpty() ? TARGET_TIME : EXPORT_TARGET_TIME,
                    batch);
        }
        return first + moved;
    }

    /** Checks the log first, because it is nearly always empty: one statement, and no transaction. */
    private boolean isEmpty() throws SQLException {
        record Peek(boolean any, String snapshot) {}
        Peek peek = database.first(
                        ChangeLog.PEEK,
                        row -> new Peek(row.getBoolean("any"), row.getString("snapshot")),
                        table,
                        floor.from())
                .orElseThrow();
        if (peek.any()) {
            return false;
        }
        long before = floor.from();
        floor.seen(peek.snapshot());
        return floor.from() >= before
                || !database.first(ChangeLog.PEEK, row -> row.getBoolean("any"), table, floor.from())
                        .orElseThrow();
    }

    /**
     * The content of the log.
     *
     * @param first whether the oldest rows are of an initial export
     * @param single whether there may be single changes behind them
     */
    private record Loading(boolean first, boolean single) {

        static Loading of(ResultSet row) throws SQLException {
            return new Loading(row.getBoolean("loading"), row.getBoolean("single"));
        }
    }

    /** Runs until the log was empty once. */
    private Loading loading() throws SQLException {
        if (!loading) {
            return new Loading(false, true);
        }
        Optional<Loading> found = database.first(ChangeLog.LOADING, Loading::of, table, table);
        loading = found.isPresent();
        return found.orElse(new Loading(false, false));
    }

    /** The jobs for the next rows of an initial export. */
    private List<BulkClaim> wanted() throws SQLException {
        List<BulkClaim> wanted = new ArrayList<>();
        for (Sync sync : capturedTable.syncs()) {
            initialExportJobs.plannedJob(sync).ifPresent(wanted::add);
        }
        return wanted;
    }

    /** The batch size of the next drain, so that it takes the target time; at most twice or half the last one. */
    static int next(int batchSize, int moved, Duration took, Duration wanted, int limit) {
        long fitting = moved * wanted.toNanos() / Math.max(1, took.toNanos());
        return (int) Math.max(
                Math.min(MIN_BATCH, limit),
                Math.min(limit, Math.max(batchSize / 2, Math.min(batchSize * 2L, fitting))));
    }

    /**
     * The result of a statement.
     *
     * @param moved     number of changes
     * @param last      highest sequence number
     * @param coalesced number of changes that needed no call of their own, by sync
     */
    private record Taken(int moved, Long last, String snapshot, Mine mine, List<Long> coalesced) {}

    /**
     * A drain that has begun.
     *
     * @param sequence last value of the log's sequence
     * @param xid      transaction id of the drain, drawn after the sequence was read
     */
    private record Mine(long sequence, long xid) {}

    private int moved(String sql, int limit, boolean inOrder) throws SQLException {
        long from = floor.from();
        long begin = System.nanoTime();
        Taken taken = database.repeatable(connection -> {
            Optional<Mine> mine = mine(connection);
            return mine.isEmpty()
                    ? null
                    : Database.query(
                                    connection,
                                    sql,
                                    row -> new Taken(
                                            row.getInt("moved"),
                                            row.getObject("last", Long.class),
                                            row.getString("snapshot"),
                                            mine.get(),
                                            coalesced(row)),
                                    limit,
                                    from)
                            .get(0);
        });
        if (taken == null) {
            return 0;
        }
        count(taken.coalesced());
        if (inOrder) {
            floor.searched(
                    from,
                    taken.last(),
                    taken.moved() < Math.min(limit, ChangeLog.ROWS),
                    taken.mine().sequence(),
                    taken.mine().xid(),
                    taken.snapshot(),
                    System.nanoTime() - begin);
        }
        return taken.moved();
    }

    /**
     * Begins a drain that no other process can run until the transaction ends, with the table locked against changes of its
     * structure; empty for another process, and where another mapping holds.
     */
    private Optional<Mine> mine(Connection connection) throws SQLException {
        OptionalLong sequence = Database.query(
                        connection,
                        MINE,
                        row -> row.getBoolean("mine") ? OptionalLong.of(row.getLong("last")) : OptionalLong.empty(),
                        table)
                .get(0);
        if (sequence.isEmpty()) {
            return Optional.empty();
        }
        record Locked(long xid, String mapping) {}
        // a snapshot taken after the lock, so that it shows the mapping that was set before
        Locked locked = Database.queryAfter(
                        connection,
                        "lock table " + capturedTable.quoted() + " in access share mode",
                        LOCKED_TABLE,
                        row -> new Locked(Long.parseLong(row.getString("xid")), row.getString("mapping")),
                        table)
                .get(0);
        if (locked.mapping() != null && !locked.mapping().equals(fingerprint)) {
            superseded.accept(table);
            return Optional.empty();
        }
        return Optional.of(new Mine(sequence.getAsLong(), locked.xid()));
    }

    /** Drains like {@link #moved}, but rows of an initial export go in flight at once where possible. */
    private int filled(List<BulkClaim> wanted, int limit) throws SQLException {
        Filled result = database.repeatable(connection -> {
            if (mine(connection).isEmpty()) {
                return Filled.NOTHING;
            }
            List<OpenJob> jobs = new ArrayList<>();
            for (BulkClaim each : wanted) {
                jobs.add(initialExportJobs.open(connection, each));
            }
            int room = jobs.stream().mapToInt(OpenJob::room).min().orElseThrow();
            int fitting = Math.min(Math.max(limit, ChangeLog.KEYS), room);
            Object[] parameters = Stream.concat(
                            Stream.of(fitting, 0L), jobs.stream().map(OpenJob::lease))
                    .toArray();
            Filled filled = Database.query(
                            connection,
                            DrainSql.of(capturedTable, writeDebounce, Taking.FITTING, jobs, traced),
                            row -> Filled.of(row, jobs.size(), coalesced(row)),
                            parameters)
                    .get(0);
            // a row of the log has at most so many changes: no row fits into the rest of the room, or the log has none
            boolean complete = filled.moved() <= fitting - ChangeLog.KEYS || room - filled.moved() < ChangeLog.KEYS;
            for (int i = 0; i < jobs.size(); i++) {
                initialExportJobs.added(
                        connection,
                        jobs.get(i),
                        filled.records().get(i),
                        filled.bytes().get(i),
                        complete);
            }
            return filled;
        });
        count(result.coalesced());
        return result.moved();
    }

    private List<Long> coalesced(ResultSet row) throws SQLException {
        List<Long> coalesced = new ArrayList<>();
        for (int i = 0; i < capturedTable.syncs().size(); i++) {
            coalesced.add(row.getLong("coalesced_" + i));
        }
        return coalesced;
    }

    /** Counts what a committed drain has coalesced. */
    private void count(List<Long> coalesced) {
        for (int i = 0; i < coalesced.size(); i++) {
            Sync sync = capturedTable.syncs().get(i);
            savedCalls.add(SavedCalls.Reason.COALESCING, sync.getAccount(), sync.getObject(), coalesced.get(i));
        }
    }

    /**
     * The result of a drain that fills jobs.
     *
     * @param records   number of records added to each job
     * @param bytes     size of those records
     * @param coalesced number of changes that needed no call of their own, by sync
     */
    private record Filled(int moved, List<Integer> records, List<Long> bytes, List<Long> coalesced) {

        static final Filled NOTHING = new Filled(0, List.of(), List.of(), List.of());

        static Filled of(ResultSet row, int jobs, List<Long> coalesced) throws SQLException {
            List<Integer> records = new ArrayList<>();
            List<Long> bytes = new ArrayList<>();
            for (int i = 0; i < jobs; i++) {
                records.add(row.getInt("records_" + i));
                bytes.add(row.getLong("bytes_" + i));
            }
            return new Filled(row.getInt("moved"), records, bytes, coalesced);
        }
    }

    /** Narrows the search for a faulty row, or takes it out. @return more than 0, so that the drain continues at once */
    int dissect(SQLException failure) throws SQLException {
        suspect = true;
        int parted = poisonRowSearch.part(floor.from());
        if (parted > 0) {
            LOG.debug("{}: {} changes are drained one by one, because of {}", table, parted, failure.getSQLState());
            return parted;
        }
        if (batchSize > 1) {
            batchSize = batchSize / 2;
            return 1;
        }
        return poisonRowSearch.enterFirst(floor.from());
    }
}

package io.sluice.capture;

import io.sluice.Sync;
import io.sluice.capture.ChangeLog.Taking;
import io.sluice.outbox.BulkClaim;
import io.sluice.outbox.InitialExportJobs;
import io.sluice.outbox.InitialExportJobs.OpenJob;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drains the change log of one table. What keeps it from going on is this table's alone: a lock that somebody holds on it
 * is waited for some moments at a time and with a backoff between; a batch that PostgreSQL refuses because of its data is
 * halved until the row stands alone that is at fault.
 */
final class TableDrain {

    private static final Logger LOG = LoggerFactory.getLogger(TableDrain.class);

    /** What is taken while what came just now waits must not take long. */
    static final Duration TURN = Duration.ofMillis(100);
    /** Of a first load: each turn has its own costs, and what else changes waits for one at most. */
    private static final Duration LOADING_TURN = Duration.ofMillis(400);
    private static final int FIRST = 2_000;
    private static final int LEAST = 500;
    private static final int NEWEST = 500;

    /** So long a drain waits for a lock on the table. */
    private static final String LOCK_TIMEOUT = "100ms";
    private static final Duration FIRST_BACKOFF = Duration.ofMillis(100);
    /** Longer than the watch takes to look at a table that is suspected. */
    private static final long SHAPE_BACKOFF_MILLIS = 3_000;
    private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(5);

    private static final String MINE = """
            select pg_try_advisory_xact_lock(hashtext('sluice.drain'), hashtext(?)) as mine,
                   set_config('lock_timeout', '%s', true),
                   (select case when is_called then last_value else 0 end from sluice.change_log_seq_seq) as last"""
            .formatted(LOCK_TIMEOUT);

    private final Database database;
    private final CapturedTable capturedTable;
    private final String table;
    private final int batch;
    private final WriteDebounce writeDebounce;
    private final InitialExportJobs initialExportJobs;
    private final PoisonRowSearch poisonRowSearch;
    private final String newest;
    private final String oldest;
    private final LogWatermark floor = new LogWatermark();

    /** How many changes the second statement moves in a turn. */
    private volatile int most;
    /** Whether its last turn left some: only then can there be newer ones behind them. */
    private volatile boolean behind;
    /** Whether the longest there may be rows of a first load. */
    private volatile boolean loading = true;
    /** Whether something in the log can't be drained and is being found. */
    private volatile boolean suspect;
    private volatile int lockedTurns;
    private volatile String shapeFailure;
    private volatile long restsUntil = System.nanoTime();

    TableDrain(Database database, CapturedTable capturedTable, int batch, WriteDebounce writeDebounce, InitialExportJobs initialExportJobs) {
        this.database = database;
        this.capturedTable = capturedTable;
        this.table = capturedTable.table();
        this.batch = batch;
        this.writeDebounce = writeDebounce;
        this.initialExportJobs = initialExportJobs;
        this.most = Math.min(batch, FIRST);
        this.poisonRowSearch = new PoisonRowSearch(database, capturedTable, writeDebounce);
        this.newest = DrainSql.of(capturedTable, writeDebounce, Taking.NEWEST);
        this.oldest = DrainSql.of(capturedTable, writeDebounce, Taking.OLDEST);
    }

    CapturedTable source() {
        return capturedTable;
    }

    long searchedFrom() {
        return floor.from();
    }

    /**
     * One turn.
     *
     * @return how many changes were moved
     * @throws SQLException where the database is away, or the table is not as it was
     */
    int drain() throws SQLException {
        if (System.nanoTime() - restsUntil < 0) {
            return 0;
        }
        try {
            int moved = turn();
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
            LOG.info("{} is locked by another transaction; its changes wait in the log, other tables go on.", table);
        }
        rest(Math.min(LONGEST_BACKOFF.toMillis(), FIRST_BACKOFF.toMillis() << Math.min(lockedTurns, 10)));
    }

    /**
     * Whether the table's shape was looked at since it failed so for the first time, and nothing was found wrong with it: a
     * table of another shape has another drain.
     */
    boolean isKnown(SQLException failure) {
        boolean known = failure.getSQLState().equals(shapeFailure);
        shapeFailure = failure.getSQLState();
        rest(known ? 0 : SHAPE_BACKOFF_MILLIS);
        return known;
    }

    /** Waits for the watch to look again. */
    void rest() {
        rest(LONGEST_BACKOFF.toMillis());
    }

    private void rest(long millis) {
        restsUntil = System.nanoTime() + Duration.ofMillis(millis).toNanos();
    }

    private int turn() throws SQLException {
        if (isEmpty()) {
            loading = false;
            suspect = false;
            most = Math.max(most, Math.min(batch, FIRST));
            return 0;
        }
        Loading load = loading();
        int first = behind && load.news() && !suspect ? moved(newest, Math.min(batch, NEWEST), false) : 0;
        List<BulkClaim> wanted = load.first() && !suspect ? wanted() : List.of();
        long begin = System.nanoTime();
        int limit = most;
        int moved = wanted.isEmpty() ? moved(oldest, limit, true) : filled(wanted, limit);
        behind = moved > limit / 2;
        if (suspect && moved > 0) {
            // found, so far: a larger batch may be right again
            most = Math.min(Math.min(batch, FIRST), limit * 2);
            suspect = most < Math.min(batch, FIRST);
        } else if (moved > limit / 2) {
            most = next(limit, moved, Duration.ofNanos(System.nanoTime() - begin), wanted.isEmpty() ? TURN : LOADING_TURN,
                    batch);
        }
        return first + moved;
    }

    /** Looked up alone, since nearly always it is so: one statement, and no transaction. */
    private boolean isEmpty() throws SQLException {
        record Peek(boolean any, String snapshot) { }
        Peek peek = database.first(ChangeLog.PEEK, row -> new Peek(row.getBoolean("any"), row.getString("snapshot")),
                table, floor.from()).orElseThrow();
        if (peek.any()) {
            return false;
        }
        long before = floor.from();
        floor.seen(peek.snapshot());
        return floor.from() >= before || !database.first(ChangeLog.PEEK, row -> row.getBoolean("any"), table, floor.from())
                .orElseThrow();
    }

    /**
     * What is in the log.
     *
     * @param first whether the longest there are rows of a first load
     * @param news  whether there may be single changes behind them
     */
    private record Loading(boolean first, boolean news) {

        static Loading of(ResultSet row) throws SQLException {
            return new Loading(row.getBoolean("loading"), row.getBoolean("news"));
        }
    }

    /** Asked until the log was empty once. */
    private Loading loading() throws SQLException {
        if (!loading) {
            return new Loading(false, true);
        }
        Optional<Loading> found = database.first(ChangeLog.LOADING, Loading::of, table, table);
        loading = found.isPresent();
        return found.orElse(new Loading(false, false));
    }

    /** What is to be filled with the rows of a first load that come next. */
    private List<BulkClaim> wanted() throws SQLException {
        List<BulkClaim> wanted = new ArrayList<>();
        for (Sync sync : capturedTable.syncs()) {
            initialExportJobs.plannedJob(sync).ifPresent(wanted::add);
        }
        return wanted;
    }

    /** How many changes the next turn moves, so that it lasts as long as is wanted; at most twice or half as many. */
    static int next(int most, int moved, Duration took, Duration wanted, int limit) {
        long fitting = moved * wanted.toNanos() / Math.max(1, took.toNanos());
        return (int) Math.max(Math.min(LEAST, limit), Math.min(limit, Math.max(most / 2, Math.min(most * 2L, fitting))));
    }

    /** What a statement took: how many changes, up to which number. */
    private record Taken(int moved, Long last, String snapshot, Mine mine) {
    }

    /**
     * A turn that has begun.
     *
     * @param sequence the last value of the log's sequence
     * @param xid      of the turn, drawn after that was read
     */
    private record Mine(long sequence, long xid) {
    }

    private int moved(String sql, int limit, boolean inOrder) throws SQLException {
        long from = floor.from();
        long begin = System.nanoTime();
        Taken taken = database.repeatable(connection -> {
            Optional<Mine> mine = mine(connection);
            return mine.isEmpty() ? null : Database.query(connection, sql, row -> new Taken(row.getInt("moved"),
                    row.getObject("last", Long.class), row.getString("snapshot"), mine.get()), limit, from).get(0);
        });
        if (taken == null) {
            return 0;
        }
        if (inOrder) {
            floor.searched(from, taken.last(), taken.moved() < Math.min(limit, ChangeLog.ROWS), taken.mine().sequence(),
                    taken.mine().xid(), taken.snapshot(), System.nanoTime() - begin);
        }
        return taken.moved();
    }

    /**
     * Whoever drains it alone until the transaction ends, with the table locked against changes of its shape; another gets
     * nothing.
     */
    private Optional<Mine> mine(Connection connection) throws SQLException {
        OptionalLong sequence = Database.query(connection, MINE, row -> row.getBoolean("mine")
                ? OptionalLong.of(row.getLong("last")) : OptionalLong.empty(), table).get(0);
        return sequence.isEmpty() ? Optional.empty() : Optional.of(new Mine(sequence.getAsLong(), Database.queryAfter(connection,
                "lock table " + capturedTable.quoted() + " in access share mode",
                "select set_config('lock_timeout', '0', true), pg_current_xact_id()::text as xid",
                row -> Long.parseLong(row.getString("xid"))).get(0)));
    }

    /** As {@link #moved}, but what is of a first load and can go so goes in flight at once. */
    private int filled(List<BulkClaim> wanted, int limit) throws SQLException {
        return database.repeatable(connection -> {
            if (mine(connection).isEmpty()) {
                return 0;
            }
            List<OpenJob> jobs = new ArrayList<>();
            for (BulkClaim each : wanted) {
                jobs.add(initialExportJobs.open(connection, each));
            }
            int room = jobs.stream().mapToInt(OpenJob::room).min().orElseThrow();
            int fitting = Math.min(Math.max(limit, ChangeLog.KEYS), room);
            Object[] parameters = Stream.concat(Stream.of(fitting, 0L), jobs.stream().map(OpenJob::lease)).toArray();
            Filled turn = Database.query(connection, DrainSql.of(capturedTable, writeDebounce, Taking.FITTING, jobs),
                    row -> Filled.of(row, jobs.size()), parameters).get(0);
            // a row of the log has so many changes at most: what is left of the room takes none, or the log has none
            boolean over = turn.moved() <= fitting - ChangeLog.KEYS || room - turn.moved() < ChangeLog.KEYS;
            for (int i = 0; i < jobs.size(); i++) {
                initialExportJobs.added(connection, jobs.get(i), turn.records().get(i), turn.bytes().get(i), over);
            }
            return turn.moved();
        });
    }

    /**
     * What a turn moved.
     *
     * @param records that went into each job
     * @param bytes   of them
     */
    private record Filled(int moved, List<Integer> records, List<Long> bytes) {

        static Filled of(ResultSet row, int jobs) throws SQLException {
            List<Integer> records = new ArrayList<>();
            List<Long> bytes = new ArrayList<>();
            for (int i = 0; i < jobs; i++) {
                records.add(row.getInt("records_" + i));
                bytes.add(row.getLong("bytes_" + i));
            }
            return new Filled(row.getInt("moved"), records, bytes);
        }
    }

    /** Comes nearer to what can't be drained, or takes it out. @return more than 0, so that the drain goes on at once */
    int dissect(SQLException failure) throws SQLException {
        suspect = true;
        int parted = poisonRowSearch.part(floor.from());
        if (parted > 0) {
            LOG.debug("{}: {} changes are drained one by one, because of {}", table, parted, failure.getSQLState());
            return parted;
        }
        if (most > 1) {
            most = most / 2;
            return 1;
        }
        return poisonRowSearch.enterFirst(floor.from());
    }
}

package io.sluice.capture;

import io.sluice.LogThrottle;
import io.sluice.Sync;
import io.sluice.outbox.InitialExportJobs;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * From the application's tables to the outbox: checks what the syncs name, installs the capture, enters every row of
 * a sync that was never loaded, and drains the change log.
 */
public final class Capture {

    private static final String LOADED = """
            insert into sluice.checkpoint as c (account, object, stream, position)
            values (?, ?, ?, ?)
            on conflict (account, object, stream) do update
            set position = excluded.position, updated_at = now()
            where c.position <> excluded.position""";

    /** Of whoever applies what a CRM changed: the application's migration may hold the table for minutes. */
    private static final String APPLY_LOCK_TIMEOUT = "5s";

    private static final int TURNS_BEFORE_COMPARISON = 200;

    /** SQLSTATE object_not_in_prerequisite_state. */
    private static final String NOT_READY = "55000";

    private static final String FORGET_LOADS = """
            delete from sluice.checkpoint
            where stream like 'load:%' and stream <> all (?::text[]) and (account, object, stream) not in (
                select * from unnest(?::text[], ?::text[], ?::text[]))""";

    /** Of syncs that do not run while others of their table do: what changes meanwhile passes them by. */
    private static final String MISSED = """
            update sluice.checkpoint set position = (position::jsonb || '{"missed": true}')::text, updated_at = now()
            where (account, object, stream) in (select * from unnest(?::text[], ?::text[], ?::text[]))
              and not jsonb_exists(position::jsonb, 'missed')""";

    private static final String POSITION =
            "select position from sluice.checkpoint where account = ? and object = ? and stream = ?";

    /** Percent of what is known that may be deleted because it went unseen. */
    private static final int MAX_MISSING = 20;

    private static final Duration WATCH_INTERVAL = Duration.ofSeconds(20);

    private static final Logger LOG = LoggerFactory.getLogger(Capture.class);

    private final Database database;
    private final int batch;
    private final WriteDebounce writeDebounce;
    private final InitialExportJobs initialExportJobs;
    private final Duration watchInterval;
    private final CaptureWatch watch;
    /** All that was started, whether captured now or stopped. */
    private final Map<String, List<Sync>> started = new ConcurrentHashMap<>();
    private final Map<String, TableDrain> drains = new ConcurrentHashMap<>();
    /** Tables to look at before their time. */
    private final Set<String> suspects = ConcurrentHashMap.newKeySet();
    private final LogThrottle throttle = new LogThrottle();
    private volatile long lookAt = System.nanoTime();
    private volatile List<String> captured = List.of();
    private volatile Installations.Captured spared = Installations.Captured.NOTHING;

    /** Without jobs that are filled. */
    public Capture(Database database, int batch, WriteDebounce writeDebounce) {
        this(database, batch, writeDebounce, InitialExportJobs.NONE);
    }

    /**
     * @param batch   most changes that one drain moves
     * @param initialExportJobs the jobs that take the rows of a first load
     */
    public Capture(Database database, int batch, WriteDebounce writeDebounce, InitialExportJobs initialExportJobs) {
        this(database, batch, writeDebounce, initialExportJobs, WATCH_INTERVAL, MAX_MISSING);
    }

    /**
     * @param watchInterval time between two looks at the triggers
     * @param maxMissing    percent of a table's known records that may be deleted because their rows went unseen
     */
    public Capture(Database database, int batch, WriteDebounce writeDebounce, InitialExportJobs initialExportJobs, Duration watchInterval, int maxMissing) {
        this.database = database;
        this.batch = batch;
        this.writeDebounce = writeDebounce;
        this.initialExportJobs = initialExportJobs;
        this.watchInterval = watchInterval;
        this.watch = new CaptureWatch(database, maxMissing);
    }

    /** What the syncs name wrongly in the database, a sentence each; empty when all is right. */
    public List<String> check(List<Sync> syncs) throws SQLException {
        List<String> problems = new ArrayList<>();
        read(syncs, problems);
        return problems;
    }

    /** Whether anything was ever installed here. */
    public boolean isInstalled() throws SQLException {
        return database.first("select from sluice.checkpoint where stream like 'load:%' limit 1", row -> true).isPresent();
    }

    /** The names of the syncs that were installed as they are now. */
    public Set<String> installed(List<Sync> syncs) throws SQLException {
        Set<String> installed = new HashSet<>();
        for (Sync sync : syncs) {
            if (sync.getTable() != null && sync.getKey() != null && sync.getAccount() != null && sync.getObject() != null
                    && sync.getExternalId() != null && position(sync).filter(mapping(sync)::equals).isPresent()) {
                installed.add(sync.getName());
            }
        }
        return installed;
    }

    private Optional<String> position(Sync sync) throws SQLException {
        return database.first(POSITION, row -> row.getString(1), sync.getAccount(), sync.getObject(), stream(sync));
    }

    /** The columns of a sync's table, each with PostgreSQL's name of its type as {@link Column#type()} has it. */
    public Map<String, String> columns(Sync sync) throws SQLException {
        return CapturedTable.types(database, sync.getTable());
    }

    /** The same, with no sync that is known and does not run. */
    public List<Sync> start(List<Sync> syncs) throws SQLException {
        return start(syncs, List.of());
    }

    /**
     * Installs the capture of these syncs' tables and enters all rows of a sync whose mapping was not loaded yet.
     *
     * @param kept syncs that do not run yet, or are stopped: what is installed of them stays. Where another sync of their
     *             table runs, they miss what changes, and are loaded again when they run
     * @return the syncs whose rows were entered
     */
    public List<Sync> start(List<Sync> syncs, List<Sync> kept) throws SQLException {
        List<String> problems = new ArrayList<>();
        List<CapturedTable> read = read(syncs, problems);
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
        List<Sync> known = Stream.concat(syncs.stream(), kept.stream().filter(Sync::isComplete)).toList();
        Set<String> tables = syncs.stream().map(Sync::getTable).collect(Collectors.toSet());
        missed(known.stream().filter(sync -> !syncs.contains(sync) && tables.contains(sync.getTable())).toList(), known);
        captured = known.stream().map(Sync::getTable).distinct().toList();
        watch.forget();
        started.clear();
        List<Sync> loaded = new ArrayList<>();
        for (CapturedTable capturedTable : read) {
            if (watch.install(capturedTable)) {
                missed(capturedTable.syncs(), known);
            }
            loaded.addAll(load(capturedTable));
            started.put(capturedTable.table(), capturedTable.syncs());
        }
        removeStray();
        return loaded;
    }

    /** Leaves alone what other Sluices capture in this database. */
    public void spare(Installations.Captured others) {
        spared = others;
    }

    /** Removes triggers of tables that neither these syncs nor others read. */
    public void removeStray() throws SQLException {
        List<String> tables = new ArrayList<>(captured);
        tables.addAll(spared.tables());
        Triggers.removeStray(database, tables);
    }

    /** Syncs that missed changes are loaded as if they were new; one that is not known any more is forgotten. */
    private void missed(List<Sync> missed, List<Sync> known) throws SQLException {
        database.transaction(connection -> {
            Database.update(connection, FORGET_LOADS, Database.texts(connection, spared.syncs(), "load:"::concat),
                    Database.texts(connection, known, Sync::getAccount),
                    Database.texts(connection, known, Sync::getObject), Database.texts(connection, known, Capture::stream));
            return Database.update(connection, MISSED, Database.texts(connection, missed, Sync::getAccount),
                    Database.texts(connection, missed, Sync::getObject), Database.texts(connection, missed, Capture::stream));
        });
    }

    private static String stream(Sync sync) {
        return "load:" + sync.getName();
    }

    /**
     * A first load enters keys only: the drain reads the rows as they are then, so that a change made meanwhile can't
     * be overtaken by an older value. The rows that went while a sync did not run are looked for afterwards. No drain runs
     * meanwhile: one that does not know these syncs would take away what is theirs.
     */
    private List<Sync> load(CapturedTable capturedTable) throws SQLException {
        return database.transaction(connection -> {
            Database.query(connection, "select pg_advisory_xact_lock(hashtext('sluice.drain'), hashtext(?))", row -> null,
                    capturedTable.table());
            List<Sync> fresh = new ArrayList<>();
            for (Sync sync : capturedTable.syncs()) {
                Optional<String> before = Database.query(connection, POSITION, row -> row.getString(1), sync.getAccount(),
                        sync.getObject(), stream(sync)).stream().findFirst();
                if (Database.update(connection, LOADED, sync.getAccount(), sync.getObject(), stream(sync),
                        mapping(sync)) > 0) {
                    fresh.add(sync);
                    if (before.isPresent()) {
                        ChangedMapping.apply(connection, sync);
                        if (isOfSameRows(before.get(), sync)) {
                            CaptureWatch.missed(connection, capturedTable, "sync " + sync.getName() + " was stopped or changed");
                        }
                    }
                }
            }
            if (!fresh.isEmpty()) {
                CaptureWatch.loaded(connection, capturedTable);
                Database.update(connection, ChangeLog.append(Sql.text(capturedTable.table()), "select "
                        + capturedTable.key().keyText("t") + " as key, 'S' as op, null::text[] as columns from "
                        + capturedTable.quoted() + " as t"));
            }
            // before the lock goes, so that no drain of the old syncs comes in between
            drains.put(capturedTable.table(), new TableDrain(database, capturedTable, batch, writeDebounce, initialExportJobs));
            return fresh;
        });
    }

    private static boolean isOfSameRows(String position, Sync sync) {
        Map<String, Object> before = Json.fields(position);
        return sync.getTable().equals(before.get("table")) && sync.getKey().equals(before.get("key"));
    }

    /**
     * What a load depends on: another mapping means another load. Sorted, since {@link Map#of} has another order in each
     * process.
     */
    private static String mapping(Sync sync) {
        return Json.text(new TreeMap<>(Map.of("table", sync.getTable(), "key", sync.getKey(), "externalId",
                sync.getExternalId(), "fields", new TreeMap<>(sync.getFields()), "timeZone", sync.getTimeZone())));
    }

    private List<CapturedTable> read(List<Sync> syncs, List<String> problems) throws SQLException {
        Map<String, List<Sync>> byTable = new LinkedHashMap<>();
        syncs.forEach(sync -> byTable.computeIfAbsent(sync.getTable(), table -> new ArrayList<>()).add(sync));
        List<CapturedTable> read = new ArrayList<>();
        for (List<Sync> ofTable : byTable.values()) {
            CapturedTable capturedTable = CapturedTable.read(database, ofTable, problems);
            if (capturedTable != null) {
                read.add(capturedTable);
            }
        }
        return read;
    }

    /** The tables whose capture has started. */
    public List<String> tables() {
        return List.copyOf(drains.keySet());
    }

    /** A table whose capture has started, or nothing. */
    public Optional<CapturedTable> source(String table) {
        return Optional.ofNullable(drains.get(table)).map(TableDrain::source);
    }

    /** Whether a sync's table is captured now: {@link #source(Sync)} has it. */
    public boolean isCaptured(Sync sync) {
        return !watch.isStopped(sync) && drains.containsKey(sync.getTable());
    }

    /**
     * The table of a sync that is captured now.
     *
     * @throws SQLException with the words for whoever can help, where it is not
     */
    public CapturedTable source(Sync sync) throws SQLException {
        if (watch.isStopped(sync)) {
            throw new SQLException("sync " + sync.getName() + " is stopped: " + watch.problem(sync), NOT_READY);
        }
        return source(sync.getTable()).orElseThrow(() -> new SQLException(
                sync.location() + ": table '" + sync.getTable() + "' is not captured yet", NOT_READY));
    }

    /**
     * Looks at the captured tables where it is time: see {@link CaptureWatch}. What is wrong with one keeps none of the
     * others from being looked at.
     */
    public void watch() throws SQLException {
        boolean all = System.nanoTime() - lookAt >= 0;
        if (all) {
            lookAt = System.nanoTime() + watchInterval.toNanos();
        }
        for (String table : started.keySet()) {
            if (suspects.remove(table) || all) {
                lookAt(table);
            }
        }
    }

    private void lookAt(String table) throws SQLException {
        TableDrain before = drains.get(table);
        CapturedTable capturedTable = before == null ? null : before.source();
        try {
            CapturedTable now = watch.look(table, started.get(table), capturedTable);
            if (now == null) {
                drains.remove(table);
                return;
            }
            if (before == null || now != capturedTable) {
                drains.put(table, new TableDrain(database, now, batch, writeDebounce, initialExportJobs));
            }
            if (watch.hasGaps(now)) {
                // what was captured is neither missing nor gone
                for (int turns = 0; turns < TURNS_BEFORE_COMPARISON && drain(table) > 0; turns++) {
                    LOG.debug("{} is drained before it is compared", table);
                }
                watch.compare(now);
            }
            watch.removeFromOthers(now);
        } catch (SQLException failure) {
            if (DatabaseFailure.of(failure) == DatabaseFailure.AWAY) {
                throw failure;
            }
            throttle.warn(LOG, table, "{} could not be looked at: {}. The next attempt follows within a minute.", table,
                    DatabaseFailure.words(failure));
        }
    }

    /** Why a sync is stopped, or what is wrong with its capture; null when all is well. */
    public String problem(Sync sync) {
        return watch.problem(sync);
    }

    /** All that is wrong with the capture of any table. */
    public List<String> problems() {
        return watch.problems();
    }

    /** How the capture of a sync is, as the API shows it. */
    public Map<String, Object> state(Sync sync) throws SQLException {
        Map<String, Object> state = new LinkedHashMap<>();
        state.put("problem", problem(sync));
        state.put("lastComparison", watch.comparison(sync.getTable()));
        return state;
    }

    /** Has rows read and sent again as they are now. */
    public void reread(Connection connection, Sync sync, Collection<String> keys) throws SQLException {
        Database.update(connection, ChangeLog.append(Sql.text(sync.getTable()),
                "select key, 'R' as op, null::text[] as columns from unnest(?::text[]) as key"),
                Database.texts(connection, keys));
    }

    /**
     * Keeps the changes of a sync's table where they are until the transaction ends, waiting for a drain that is under
     * way: what is read then of the table, the change log and the outbox fits together. What the transaction writes is
     * captured with the sync's name, and so is what triggers of the application write then, in whichever table. It waits
     * for no lock of others longer than {@link #APPLY_LOCK_TIMEOUT}.
     */
    public void hold(Connection connection, Sync sync) throws SQLException {
        Database.query(connection, "select pg_advisory_xact_lock(hashtext('sluice.drain'), hashtext(?)),"
                + " set_config('sluice.origin', ?, true), set_config('lock_timeout', ?, true)", row -> null,
                sync.getTable(), sync.getName(), APPLY_LOCK_TIMEOUT);
        // whoever reads first and writes then deadlocks with a REINDEX of the application's, which is the one to fail
        try (Statement lock = connection.createStatement()) {
            lock.execute("lock table " + Sql.table(sync.getTable()) + " in row exclusive mode");
        }
    }

    /**
     * Moves the oldest changes of a table into the outbox of each of its syncs, in the order in which they were made,
     * in one statement: nothing is lost or doubled whenever it is cut. While there are more of them than go in a turn,
     * the newest go first.
     *
     * @return how many changes were moved; 0 when another process is draining this table
     */
    public int drain(String table) throws SQLException {
        TableDrain drain = drains.get(table);
        if (drain == null) {
            return 0;
        }
        try {
            int moved = drain.drain();
            if (moved > 0) {
                watch.read(table);
            }
            return moved;
        } catch (SQLException failure) {
            if (DatabaseFailure.of(failure) != DatabaseFailure.SHAPE) {
                throw failure;
            }
            // the watch finds out; what it can't explain may be a condition's fault
            suspects.add(table);
            return drain.isKnown(failure) ? dissect(drain, failure) : 0;
        }
    }

    /** The number from which the next drain of a table searches the log. */
    long searchedFrom(String table) {
        return drains.get(table).searchedFrom();
    }

    private int dissect(TableDrain drain, SQLException failure) throws SQLException {
        try {
            return drain.dissect(failure);
        } catch (SQLException again) {
            if (DatabaseFailure.of(again) != DatabaseFailure.SHAPE) {
                throw again;
            }
            watch.unread(drain.source().table(), DatabaseFailure.words(again));
            drain.rest();
            return 0;
        }
    }

    /**
     * Finds keys that differ in case or in the blanks around them alone, which a CRM takes for one.
     *
     * @return two of them; nothing where the table has none, or is too large to tell in a few seconds
     */
    public Optional<String> sharedKeys(Sync sync) throws SQLException {
        CapturedTable capturedTable = source(sync.getTable()).orElse(null);
        if (capturedTable == null || !capturedTable.key().isFreeText()) {
            return Optional.empty();
        }
        String key = capturedTable.key().keyText("t");
        try {
            return database.transaction(connection -> {
                Database.query(connection, "select set_config('statement_timeout', '5s', true)", row -> null);
                return Database.query(connection, "select min(" + key + ") || ' and ' || max(" + key + ") from " + capturedTable.quoted()
                        + " as t group by lower(btrim(" + key + ")) having count(*) > 1 limit 1", row -> row.getString(1))
                        .stream().findFirst();
            });
        } catch (SQLException tooLong) {
            return Optional.empty();
        }
    }

    /** Changes of a table that wait to be drained. */
    public long backlog(String table) throws SQLException {
        return database.first(ChangeLog.BACKLOG, row -> row.getLong(1), table).orElse(0L);
    }
}

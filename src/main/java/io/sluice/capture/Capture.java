// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import io.sluice.LogThrottle;
import io.sluice.QuotedWords;
import io.sluice.Sync;
import io.sluice.idle.PendingWork.LogPosition;
import io.sluice.outbox.InitialExportJobs;
import io.sluice.outbox.WriteDebounce;
import io.sluice.quota.SavedCalls;
import io.sluice.store.Database;
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
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves changes from the application's tables to the outbox: checks the names in the syncs, installs the triggers, enters
 * every row of a sync that was never exported, and drains the change log.
 */
public final class Capture {

    /** The lock timeout of a transaction that applies changes of a CRM: the application's migration may lock the table for minutes. */
    private static final String APPLY_LOCK_TIMEOUT = "5s";

    private static final int DRAINS_BEFORE_COMPARISON = 200;

    /** SQLSTATE object_not_in_prerequisite_state. */
    private static final String NOT_READY = "55000";

    /** The default percentage of known records that may be deleted because their rows disappeared unseen. */
    private static final int MAX_MISSING = 20;

    private static final Duration WATCH_INTERVAL = Duration.ofSeconds(20);

    private static final Logger LOG = LoggerFactory.getLogger(Capture.class);

    private final Database database;
    private final int batch;
    private final WriteDebounce writeDebounce;
    private final InitialExportJobs initialExportJobs;
    private final Duration watchInterval;
    private final SavedCalls savedCalls;
    private final double traced;
    private final CaptureWatch watch;
    private final InitialExportStore initialExportStore;
    /** All syncs that were started, whether captured now or stopped. */
    private final Map<String, List<Sync>> started = new ConcurrentHashMap<>();

    private final Map<String, TableDrain> drains = new ConcurrentHashMap<>();
    /** The tables to check before their time. */
    private final Set<String> suspects = ConcurrentHashMap.newKeySet();

    /** The fingerprint of the mapping with which each table was started, see {@link MappingAgreement}. */
    private final Map<String, String> fingerprints = new ConcurrentHashMap<>();
    /** The tables that are left to replicas with a newer mapping, to System.nanoTime() when such a replica was last seen. */
    private final Map<String, Long> superseded = new ConcurrentHashMap<>();

    private volatile Duration vacancy = MappingAgreement.VACANCY;
    private volatile MappingAgreement agreement = new MappingAgreement(null);
    private volatile Consumer<Set<String>> left = syncs -> {};
    private final LogThrottle throttle = new LogThrottle();
    private volatile long checkAt = System.nanoTime();
    private volatile List<String> captured = List.of();
    private volatile Installations.Captured spared = Installations.Captured.NOTHING;

    /** Makes a capture that fills no bulk jobs. */
    public Capture(Database database, int batch, WriteDebounce writeDebounce) {
        this(database, batch, writeDebounce, InitialExportJobs.NONE);
    }

    /**
     * @param batch   the maximum number of changes that one drain moves
     * @param initialExportJobs the jobs that take the rows of an initial export
     */
    public Capture(Database database, int batch, WriteDebounce writeDebounce, InitialExportJobs initialExportJobs) {
        this(database, batch, writeDebounce, initialExportJobs, WATCH_INTERVAL, MAX_MISSING);
    }

    /**
     * @param watchInterval the time between two checks of the triggers
     * @param maxMissing    the percentage of a table's known records that may be deleted because their rows disappeared unseen
     */
    public Capture(
            Database database,
            int batch,
            WriteDebounce writeDebounce,
            InitialExportJobs initialExportJobs,
            Duration watchInterval,
            int maxMissing) {
        this(database, batch, writeDebounce, initialExportJobs, watchInterval, maxMissing, new SavedCalls(database), 0);
    }

    /**
     * @param savedCalls the counter of the changes that need no call of their own
     * @param traced     the part of the changes that is traced, from 0 to 1
     */
    public Capture(
            Database database,
            int batch,
            WriteDebounce writeDebounce,
            InitialExportJobs initialExportJobs,
            Duration watchInterval,
            int maxMissing,
            SavedCalls savedCalls,
            double traced) {
        this.traced = traced;
        this.database = database;
        this.batch = batch;
        this.writeDebounce = writeDebounce;
        this.initialExportJobs = initialExportJobs;
        this.watchInterval = watchInterval;
        this.savedCalls = savedCalls;
        this.watch = new CaptureWatch(database, maxMissing);
        this.initialExportStore = new InitialExportStore(database);
    }

    /** The errors in the syncs' database names, a sentence each; empty when all are right. */
    public List<String> check(List<Sync> syncs) throws SQLException {
        List<String> problems = new ArrayList<>();
        read(syncs, problems);
        return problems;
    }

    /** Whether any sync was ever installed in this database. */
    public boolean isInstalled() throws SQLException {
        return initialExportStore.hasAny();
    }

    /** The names of the syncs that were installed with their current mapping. */
    public Set<String> installed(List<Sync> syncs) throws SQLException {
        Set<String> installed = new HashSet<>();
        for (Sync sync : syncs) {
            if (sync.getTable() != null
                    && sync.getKey() != null
                    && sync.getAccount() != null
                    && sync.getObject() != null
                    && sync.getExternalId() != null
                    && initialExportStore.isQueued(sync)) {
                installed.add(sync.getName());
            }
        }
        return installed;
    }

    /** The columns of a sync's table, each with PostgreSQL's name of its type as in {@link Column#type()}. */
    public Map<String, String> columns(Sync sync) throws SQLException {
        return CapturedTable.types(database, sync.getTable());
    }

    /** Installs the capture of these syncs, none of which is kept aside. */
    public List<Sync> start(List<Sync> syncs) throws SQLException {
        return start(syncs, List.of());
    }

    /**
     * Installs the capture of these syncs' tables and enters all rows of each sync with a new mapping.
     *
     * @param kept the syncs that do not run yet, or are stopped, whose installed parts stay. Where another sync of their table
     *             runs, they miss its changes, and are exported again when they run
     * @return the syncs whose rows were entered
     */
    public List<Sync> start(List<Sync> syncs, List<Sync> kept) throws SQLException {
        List<String> problems = new ArrayList<>();
        List<CapturedTable> read = read(syncs, problems);
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
        List<Sync> known = Stream.concat(syncs.stream(), kept.stream().filter(Sync::isComplete))
                .toList();
        Set<String> tables = syncs.stream().map(Sync::getTable).collect(Collectors.toSet());
        initialExportStore.miss(
                known.stream()
                        .filter(sync -> !syncs.contains(sync) && tables.contains(sync.getTable()))
                        .toList(),
                known,
                spared.syncs());
        captured = known.stream().map(Sync::getTable).distinct().toList();
        watch.forget();
        started.clear();
        List<Sync> loaded = new ArrayList<>();
        for (CapturedTable capturedTable : read) {
            String table = capturedTable.table();
            String own = MappingAgreement.fingerprint(capturedTable.syncs());
            if (isHeldByOthers(table)) {
                // this start is older than that of the other replica, however late a CRM has answered here
                fingerprints.put(table, own);
                suspects.add(table);
            } else {
                if (watch.install(capturedTable, capturedTable.syncs(), agreement, null)
                        .created()) {
                    initialExportStore.miss(capturedTable.syncs(), known, spared.syncs());
                }
                fingerprints.put(table, own);
                loaded.addAll(load(capturedTable));
            }
            // last, so that no check comes in between
            started.put(table, capturedTable.syncs());
        }
        removeStray();
        return loaded;
    }

    /** Whether this process has captured a table and another replica has set a newer mapping since. */
    private boolean isHeldByOthers(String table) throws SQLException {
        String before = fingerprints.get(table);
        return before != null
                && database.transaction(connection -> MappingAgreement.isSuperseded(connection, table, before));
    }

    /**
     * Agrees with other replicas about the mappings.
     *
     * @param installations the registration of this replica
     * @param left          receives the names of all syncs that are left to replicas with a newer mapping, when they change
     */
    public void agree(Installations installations, Consumer<Set<String>> left) {
        this.agreement = new MappingAgreement(installations);
        this.left = left;
    }

    /** @param vacancy time without a replica that has the newest mapping, after which this one takes a table again */
    void vacancy(Duration vacancy) {
        this.vacancy = vacancy;
    }

    /** Whether a sync is left to replicas with a newer mapping of its table. */
    public boolean isLeftToOthers(Sync sync) {
        return superseded.containsKey(sync.getTable());
    }

    private Set<String> namesOf(String table) {
        return started.getOrDefault(table, List.of()).stream()
                .map(Sync::getName)
                .collect(Collectors.toSet());
    }

    private void tellLeft() {
        left.accept(superseded.keySet().stream()
                .flatMap(table -> namesOf(table).stream())
                .collect(Collectors.toSet()));
    }

    private TableDrain drainOf(CapturedTable capturedTable) {
        return new TableDrain(
                database,
                capturedTable,
                fingerprints.get(capturedTable.table()),
                suspects::add,
                batch,
                writeDebounce,
                initialExportJobs,
                savedCalls,
                traced);
    }

    /** Keeps the parts that other installations capture in this database. */
    public void spare(Installations.Captured others) {
        spared = others;
    }

    /** Removes triggers from tables that neither these syncs nor other installations read. */
    public void removeStray() throws SQLException {
        List<String> tables = new ArrayList<>(captured);
        tables.addAll(spared.tables());
        Triggers.removeStray(database, tables);
    }

    /**
     * Enters the rows of an initial export by their keys only: the drain reads the current rows, so that no older value
     * overtakes a change made meanwhile. Rows deleted while a sync did not run are searched afterwards. No drain runs meanwhile,
     * because one that does not know these syncs would take their rows out.
     */
    private List<Sync> load(CapturedTable capturedTable) throws SQLException {
        return database.transaction(connection -> {
            Database.query(
                    connection,
                    "select pg_advisory_xact_lock(hashtext('sluice.drain'), hashtext(?))",
                    row -> null,
                    capturedTable.table());
            List<Sync> fresh = new ArrayList<>();
            for (Sync sync : capturedTable.syncs()) {
                Optional<InitialExportStore.Rows> before = InitialExportStore.find(connection, sync);
                if (InitialExportStore.queue(connection, sync)) {
                    fresh.add(sync);
                    if (before.isPresent()) {
                        ChangedMapping.apply(connection, sync);
                        if (before.get().areOf(sync)) {
                            CaptureWatch.missed(
                                    connection, capturedTable, "sync " + sync.getName() + " was stopped or changed");
                        }
                    }
                }
            }
            if (!fresh.isEmpty()) {
                CaptureWatch.loaded(connection, capturedTable);
                InitialExportStore.append(
                        connection,
                        fresh,
                        ChangeLog.append(
                                Sql.text(capturedTable.table()),
                                "select "
                                        + capturedTable.key().keyText("t")
                                        + " as key, 'S' as op, null::text[] as columns from "
                                        + capturedTable.quoted() + " as t"));
            }
            // before the lock is released, so that no drain of the old syncs comes in between
            drains.put(capturedTable.table(), drainOf(capturedTable));
            return fresh;
        });
    }

    private List<CapturedTable> read(List<Sync> syncs, List<String> problems) throws SQLException {
        Map<String, List<Sync>> byTable = new LinkedHashMap<>();
        syncs.forEach(sync -> byTable.computeIfAbsent(sync.getTable(), table -> new ArrayList<>())
                .add(sync));
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

    /** Where the change log is searched next. */
    public List<LogPosition> positions() {
        return drains.entrySet().stream()
                .filter(drain -> !superseded.containsKey(drain.getKey()))
                .map(drain -> drain.getValue().position())
                .toList();
    }

    /** A table whose capture has started, or empty. */
    public Optional<CapturedTable> source(String table) {
        return Optional.ofNullable(drains.get(table)).map(TableDrain::source);
    }

    /** Whether a sync's table is captured now, so that {@link #source(Sync)} returns it. */
    public boolean isCaptured(Sync sync) {
        return !watch.isStopped(sync) && !isLeftToOthers(sync) && drains.containsKey(sync.getTable());
    }

    /**
     * The captured table of a sync.
     *
     * @throws SQLException with the problem and its remedy, where the table is not captured
     */
    public CapturedTable source(Sync sync) throws SQLException {
        if (watch.isStopped(sync)) {
            throw new SQLException("sync " + sync.getName() + " is stopped: " + watch.problem(sync), NOT_READY);
        }
        return source(sync.getTable())
                .orElseThrow(() -> new SQLException(
                        sync.location() + ": table '" + sync.getTable() + "' is not captured yet", NOT_READY));
    }

    /**
     * Checks the captured tables that are due, see {@link CaptureWatch}. A problem of one table does not keep the others from
     * being checked.
     */
    public void watch() throws SQLException {
        boolean all = System.nanoTime() - checkAt >= 0;
        if (all) {
            checkAt = System.nanoTime() + watchInterval.toNanos();
        }
        for (String table : started.keySet()) {
            if (suspects.remove(table) || all) {
                checkAt(table);
            }
        }
    }

    /** Checks a table whose mapping holds; where that of others holds, leaves it to them as long as they run. */
    private void checkAt(String table) throws SQLException {
        String own = fingerprints.get(table);
        Optional<MappingAgreement.Holder> holder;
        try {
            holder = database.transaction(connection -> MappingAgreement.holder(connection, table));
        } catch (SQLException failure) {
            if (DatabaseFailure.of(failure) == DatabaseFailure.AWAY) {
                throw failure;
            }
            // a table of Sluice's own is not as it should be, which the check reports
            checkOwn(table);
            return;
        }
        if (holder.isPresent() && !holder.get().fingerprint().equals(own)) {
            leave(table, holder.get());
            return;
        }
        if (superseded.containsKey(table)) {
            // the check makes a drain of the syncs that are started by now
            drains.remove(table);
            superseded.remove(table);
            tellLeft();
            LOG.info("{}: the mapping of this replica holds again; its syncs go on", table);
        }
        checkOwn(table);
    }

    private void leave(String table, MappingAgreement.Holder holder) throws SQLException {
        long now = System.nanoTime();
        Long before = superseded.get(table);
        long aliveAt = holder.silent() != null ? now - holder.silent().toNanos() : before != null ? before : now;
        superseded.put(table, aliveAt);
        if (before == null) {
            tellLeft();
            LOG.info(
                    "{}: a replica with a newer mapping runs ({}). This one leaves the table and its syncs ({}) to that one,"
                            + " and takes them again when no such replica has run for a minute",
                    table,
                    holder.host(),
                    String.join(", ", namesOf(table)));
        } else if (now - aliveAt >= vacancy.toNanos()) {
            takeAgain(table, holder);
        }
    }

    /** Makes the mapping of this replica the one that holds, as a start does. */
    private void takeAgain(String table, MappingAgreement.Holder holder) throws SQLException {
        List<Sync> syncs = started.get(table);
        List<Sync> readable = new ArrayList<>();
        for (Sync sync : syncs) {
            if (CapturedTable.read(database, List.of(sync), new ArrayList<>()) != null) {
                readable.add(sync);
            }
        }
        List<String> problems = new ArrayList<>();
        CapturedTable capturedTable = readable.isEmpty() ? null : CapturedTable.read(database, readable, problems);
        if (capturedTable == null) {
            throttle.warn(
                    LOG,
                    table,
                    "{}: no replica with the newer mapping runs, and the table lacks what this one maps. Start a replica"
                            + " whose mapping fits",
                    table);
        } else if (watch.install(capturedTable, syncs, agreement, holder.fingerprint())
                .done()) {
            load(capturedTable);
            superseded.remove(table);
            tellLeft();
        }
    }

    private void checkOwn(String table) throws SQLException {
        TableDrain before = drains.get(table);
        CapturedTable capturedTable = before == null ? null : before.source();
        try {
            CapturedTable now = watch.check(table, started.get(table), capturedTable);
            if (now == null) {
                drains.remove(table);
                return;
            }
            if (before == null || now != capturedTable) {
                drains.put(table, drainOf(now));
            }
            if (watch.hasGaps(now)) {
                // changes in the log are neither uncaptured nor missing rows
                for (int drains = 0; drains < DRAINS_BEFORE_COMPARISON && drain(table) > 0; drains++) {
                    LOG.debug("{} is drained before it is compared", table);
                }
                watch.compare(now);
            }
            watch.removeFromOthers(now);
        } catch (SQLException failure) {
            if (DatabaseFailure.of(failure) == DatabaseFailure.AWAY) {
                throw failure;
            }
            throttle.warn(
                    LOG,
                    table,
                    "{} could not be checked: {}. The next attempt is within a minute",
                    table,
                    DatabaseFailure.description(failure));
        }
    }

    /** The reason why a sync is stopped, or the problem of its capture; null when there is none. */
    public String problem(Sync sync) {
        return watch.problem(sync);
    }

    /** All problems of the capture of any table. */
    public List<String> problems() {
        return watch.problems();
    }

    /** The state of a sync's capture, as the API shows it; its problem is marked as {@link QuotedWords}. */
    public Map<String, Object> state(Sync sync) throws SQLException {
        Map<String, Object> state = new LinkedHashMap<>();
        state.put("problem", QuotedWords.mark(problem(sync)));
        state.put("lastComparison", watch.comparison(sync.getTable()));
        return state;
    }

    /** Enters rows so that they are read and sent again. */
    public void reread(Connection connection, Sync sync, Collection<String> keys) throws SQLException {
        Database.update(
                connection,
                ChangeLog.append(
                        Sql.text(sync.getTable()),
                        "select key, 'R' as op, null::text[] as columns from unnest(?::text[]) as key"),
                Database.texts(connection, keys));
    }

    /**
     * Blocks drains of a sync's table until the transaction ends, after a drain that is under way: the table, the change log and
     * the outbox are then read consistently. The transaction's own writes are captured with the sync's name, and so are those of
     * the application's triggers in any table. No lock of others is waited for longer than {@link #APPLY_LOCK_TIMEOUT}.
     */
    public void blockDrains(Connection connection, Sync sync) throws SQLException {
        Database.query(
                connection,
                "select pg_advisory_xact_lock(hashtext('sluice.drain'), hashtext(?)),"
                        + " set_config('sluice.origin', ?, true), set_config('lock_timeout', ?, true)",
                row -> null,
                sync.getTable(),
                sync.getName(),
                APPLY_LOCK_TIMEOUT);
        // a transaction that reads first and writes then would deadlock with a REINDEX of the application, which would
        // fail
        try (Statement lock = connection.createStatement()) {
            lock.execute("lock table " + Sql.table(sync.getTable()) + " in row exclusive mode");
        }
        String own = fingerprints.get(sync.getTable());
        if (own != null && MappingAgreement.isSuperseded(connection, sync.getTable(), own)) {
            throw new SQLException(
                    sync.location() + ": a replica with a newer mapping applies the changes of '" + sync.getTable()
                            + "'",
                    NOT_READY);
        }
    }

    /**
     * Moves the oldest changes of a table into the outbox of each of its syncs, in the order of the changes, in one statement:
     * nothing is lost or doubled whenever it is interrupted. While more changes wait than one drain moves, the newest go first.
     *
     * @return the number of changes moved; 0 when another process drains this table
     */
    public int drain(String table) throws SQLException {
        TableDrain drain = drains.get(table);
        if (drain == null || superseded.containsKey(table)) {
            return 0;
        }
        try {
            int moved = drain.drain();
            if (moved > 0 || watch.isUnread(table) && backlog(table) == 0) {
                watch.read(table);
            }
            return moved;
        } catch (SQLException failure) {
            if (DatabaseFailure.of(failure) != DatabaseFailure.SHAPE) {
                throw failure;
            }
            // the check finds the cause; a failure that it can't explain may be a condition's fault
            suspects.add(table);
            return drain.isKnown(failure) ? dissect(drain, failure) : 0;
        }
    }

    /** The sequence number from which the next drain of a table searches the log. */
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
            watch.unread(drain.source().table(), DatabaseFailure.description(again));
            drain.rest();
            return 0;
        }
    }

    /**
     * Finds keys that differ only in case or in surrounding blanks, which a CRM treats as equal.
     *
     * @return two of them; empty where the table has none, or is too large to search in a few seconds
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
                return Database.query(
                                connection,
                                "select min(" + key + ") || ' and ' || max(" + key + ") from " + capturedTable.quoted()
                                        + " as t group by lower(btrim(" + key + ")) having count(*) > 1 limit 1",
                                row -> row.getString(1))
                        .stream()
                        .findFirst();
            });
        } catch (SQLException tooLong) {
            return Optional.empty();
        }
    }

    /** The number of a table's changes that wait to be drained. */
    public long backlog(String table) throws SQLException {
        return database.first(ChangeLog.BACKLOG, row -> row.getLong(1), table).orElse(0L);
    }
}

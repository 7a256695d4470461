package io.sluice.capture;

import io.sluice.Sync;
import io.sluice.capture.ChangeLog.Taking;
import io.sluice.outbox.BulkClaim;
import io.sluice.outbox.Filling;
import io.sluice.outbox.Filling.Vessel;
import io.sluice.outbox.Rest;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

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

    private static final String FORGET_LOADS = """
            delete from sluice.checkpoint
            where stream like 'load:%' and (account, object, stream) not in (
                select * from unnest(?::text[], ?::text[], ?::text[]))""";

    private final Database database;
    private final int batch;
    private final Rest rest;
    private final Filling filling;
    private final Map<String, Source> sources = new ConcurrentHashMap<>();
    private final Map<String, Drain> drains = new ConcurrentHashMap<>();

    /** What is taken while what came just now waits must not take long. */
    static final Duration TURN = Duration.ofMillis(100);
    /** Of a first load: each turn has its own costs, and what else changes waits for one at most. */
    private static final Duration LOADING_TURN = Duration.ofMillis(400);
    private static final int FIRST = 2_000;
    private static final int LEAST = 500;
    private static final int NEWEST = 500;

    /**
     * The two statements that drain a table, how many changes the second moves in a turn, whether its last turn left some
     * (only then can there be newer ones behind them), and whether the longest there may be rows of a first load.
     */
    private record Drain(String newest, String oldest, AtomicInteger most, AtomicBoolean behind, AtomicBoolean loading) {
    }

    /** Without jobs that are filled. */
    public Capture(Database database, int batch, Rest rest) {
        this(database, batch, rest, Filling.NONE);
    }

    /**
     * @param batch   most changes that one drain moves
     * @param filling the jobs that take the rows of a first load
     */
    public Capture(Database database, int batch, Rest rest, Filling filling) {
        this.database = database;
        this.batch = batch;
        this.rest = rest;
        this.filling = filling;
    }

    /** What the syncs name wrongly in the database, a sentence each; empty when all is right. */
    public List<String> check(List<Sync> syncs) throws SQLException {
        List<String> problems = new ArrayList<>();
        read(syncs, problems);
        return problems;
    }

    /**
     * Installs the capture of these syncs' tables and enters all rows of a sync whose mapping was not loaded yet.
     *
     * @return the syncs whose rows were entered
     */
    public List<Sync> start(List<Sync> syncs) throws SQLException {
        List<String> problems = new ArrayList<>();
        List<Source> read = read(syncs, problems);
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
        database.transaction(connection -> forgetLoadsBut(connection, syncs));
        List<Sync> loaded = new ArrayList<>();
        for (Source source : read) {
            database.transaction(connection -> {
                if (Triggers.install(connection, source)) {
                    forgetLoadsBut(connection, without(syncs, source));
                }
                return null;
            });
            loaded.addAll(load(source));
            drains.put(source.table(), new Drain(DrainSql.of(source, rest, Taking.NEWEST),
                    DrainSql.of(source, rest, Taking.OLDEST), new AtomicInteger(Math.min(batch, FIRST)),
                    new AtomicBoolean(), new AtomicBoolean(true)));
            sources.put(source.table(), source);
        }
        Triggers.removeStray(database, read.stream().map(Source::table).toList());
        return loaded;
    }

    /** A sync that missed changes is loaded as if it were new: one that was taken out and put back, for example. */
    private static int forgetLoadsBut(Connection connection, List<Sync> syncs) throws SQLException {
        return Database.update(connection, FORGET_LOADS, Database.texts(connection, syncs, Sync::getAccount),
                Database.texts(connection, syncs, Sync::getObject), Database.texts(connection, syncs, Capture::stream));
    }

    private static List<Sync> without(List<Sync> syncs, Source source) {
        return syncs.stream().filter(sync -> !sync.getTable().equals(source.table())).toList();
    }

    private static String stream(Sync sync) {
        return "load:" + sync.getName();
    }

    /**
     * A first load enters keys only: the drain reads the rows as they are then, so that a change made meanwhile can't
     * be overtaken by an older value.
     */
    private List<Sync> load(Source source) throws SQLException {
        return database.transaction(connection -> {
            List<Sync> fresh = new ArrayList<>();
            for (Sync sync : source.syncs()) {
                if (Database.update(connection, LOADED, sync.getAccount(), sync.getObject(), stream(sync),
                        mapping(sync)) > 0) {
                    fresh.add(sync);
                }
            }
            if (!fresh.isEmpty()) {
                Database.update(connection, ChangeLog.append(Sql.text(source.table()), "select "
                        + source.key().keyText("t") + " as key, 'S' as op, null::text[] as columns from "
                        + source.quoted() + " as t"));
            }
            return fresh;
        });
    }

    /**
     * What a load depends on: another mapping means another load. Sorted, since {@link Map#of} has another order in each
     * process.
     */
    private static String mapping(Sync sync) {
        return Json.text(new TreeMap<>(Map.of("table", sync.getTable(), "key", sync.getKey(), "externalId",
                sync.getExternalId(), "fields", new TreeMap<>(sync.getFields()), "timeZone", sync.getTimeZone())));
    }

    private List<Source> read(List<Sync> syncs, List<String> problems) throws SQLException {
        Map<String, List<Sync>> byTable = new LinkedHashMap<>();
        syncs.forEach(sync -> byTable.computeIfAbsent(sync.getTable(), table -> new ArrayList<>()).add(sync));
        List<Source> read = new ArrayList<>();
        for (List<Sync> ofTable : byTable.values()) {
            Source source = Source.read(database, ofTable, problems);
            if (source != null) {
                read.add(source);
            }
        }
        return read;
    }

    /** The tables whose capture has started. */
    public List<String> tables() {
        return List.copyOf(sources.keySet());
    }

    /** A table whose capture has started, or nothing. */
    public Optional<Source> source(String table) {
        return Optional.ofNullable(sources.get(table));
    }

    /**
     * Keeps the changes of a sync's table where they are until the transaction ends, waiting for a drain that is under
     * way: what is read then of the table, the change log and the outbox fits together. What the transaction writes is
     * captured for the other syncs of the table alone; where there are none, not at all.
     */
    public void hold(Connection connection, Sync sync) throws SQLException {
        boolean alone = source(sync.getTable()).map(source -> source.syncs().size() == 1).orElse(true);
        Database.query(connection, "select pg_advisory_xact_lock(hashtext('sluice.drain'), hashtext(?)),"
                + " set_config(?, ?, true)", row -> null, sync.getTable(),
                alone ? "sluice.applying" : "sluice.origin", alone ? "on" : sync.getName());
    }

    /**
     * Moves the oldest changes of a table into the outbox of each of its syncs, in the order in which they were made,
     * in one statement: nothing is lost or doubled whenever it is cut. While there are more of them than go in a turn,
     * the newest go first.
     *
     * @return how many changes were moved; 0 when another process is draining this table
     */
    public int drain(String table) throws SQLException {
        Drain drain = drains.get(table);
        if (drain == null) {
            return 0;
        }
        Loading loading = loading(table, drain);
        int newest = drain.behind().get() && loading.news() ? moved(table, drain.newest(), Math.min(batch, NEWEST)) : 0;
        List<BulkClaim> wanted = loading.first() ? wanted(table) : List.of();
        long begin = System.nanoTime();
        int most = drain.most().get();
        int oldest = wanted.isEmpty() ? moved(table, drain.oldest(), most) : filled(table, wanted, most);
        drain.behind().set(oldest > most / 2);
        if (oldest > most / 2) {
            drain.most().set(next(most, oldest, Duration.ofNanos(System.nanoTime() - begin),
                    wanted.isEmpty() ? TURN : LOADING_TURN, batch));
        }
        return newest + oldest;
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
    private Loading loading(String table, Drain drain) throws SQLException {
        if (!drain.loading().get()) {
            return new Loading(false, true);
        }
        Optional<Loading> loading = database.first(ChangeLog.LOADING, Loading::of, table, table);
        drain.loading().set(loading.isPresent());
        return loading.orElse(new Loading(false, false));
    }

    /** What is to be filled with the rows of a first load that come next. */
    private List<BulkClaim> wanted(String table) throws SQLException {
        List<BulkClaim> wanted = new ArrayList<>();
        for (Sync sync : sources.get(table).syncs()) {
            filling.wanted(sync).ifPresent(wanted::add);
        }
        return wanted;
    }

    /** How many changes the next turn moves, so that it lasts as long as is wanted; at most twice or half as many. */
    static int next(int most, int moved, Duration took, Duration wanted, int limit) {
        long fitting = moved * wanted.toNanos() / Math.max(1, took.toNanos());
        return (int) Math.max(Math.min(LEAST, limit), Math.min(limit, Math.max(most / 2, Math.min(most * 2L, fitting))));
    }

    private int moved(String table, String sql, int most) throws SQLException {
        return database.repeatable(connection -> isMine(connection, table)
                ? Database.query(connection, sql, row -> row.getInt("moved"), most).get(0) : 0);
    }

    /** Who drains it alone until the transaction ends; another gets nothing. */
    private static boolean isMine(Connection connection, String table) throws SQLException {
        return Database.query(connection, "select pg_try_advisory_xact_lock(hashtext('sluice.drain'), hashtext(?))",
                row -> row.getBoolean(1), table).get(0);
    }

    /** As above, but what is of a first load and can go so goes in flight at once. */
    private int filled(String table, List<BulkClaim> wanted, int most) throws SQLException {
        return database.repeatable(connection -> {
            if (!isMine(connection, table)) {
                return 0;
            }
            List<Vessel> jobs = new ArrayList<>();
            for (BulkClaim each : wanted) {
                jobs.add(filling.open(connection, each));
            }
            int room = jobs.stream().mapToInt(Vessel::room).min().orElseThrow();
            int fitting = Math.min(Math.max(most, ChangeLog.KEYS), room);
            Object[] parameters = Stream.concat(Stream.of(fitting), jobs.stream().map(Vessel::lease)).toArray();
            Turn turn = Database.query(connection, DrainSql.of(sources.get(table), rest, Taking.FITTING, jobs),
                    row -> Turn.of(row, jobs.size()), parameters).get(0);
            // a row of the log has so many changes at most: what is left of the room takes none, or the log has none
            boolean over = turn.moved() <= fitting - ChangeLog.KEYS || room - turn.moved() < ChangeLog.KEYS;
            for (int i = 0; i < jobs.size(); i++) {
                filling.filled(connection, jobs.get(i), turn.records().get(i), turn.bytes().get(i), over);
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
    private record Turn(int moved, List<Integer> records, List<Long> bytes) {

        static Turn of(ResultSet row, int jobs) throws SQLException {
            List<Integer> records = new ArrayList<>();
            List<Long> bytes = new ArrayList<>();
            for (int i = 0; i < jobs; i++) {
                records.add(row.getInt("records_" + i));
                bytes.add(row.getLong("bytes_" + i));
            }
            return new Turn(row.getInt("moved"), records, bytes);
        }
    }

    /** Changes of a table that wait to be drained. */
    public long backlog(String table) throws SQLException {
        return database.first(ChangeLog.BACKLOG, row -> row.getLong(1), table).orElse(0L);
    }
}

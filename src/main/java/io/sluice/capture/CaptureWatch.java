package io.sluice.capture;

import io.sluice.Sync;
import io.sluice.outbox.PauseStore;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the captured tables, since triggers go without a word: puts back what is missing, takes over another shape,
 * and has a table compared with what Sluice knows of it after anything may have passed unseen. A sync that names what is
 * there no more is stopped in words, and goes on by itself once it is there again.
 *
 * <p>Rows that went unseen become deletes. Where the table is empty, or more of them are missing than a setting allows, the
 * table's syncs are paused instead: whoever resumes them wants the deletes.
 */
final class CaptureWatch {

    private static final Logger LOG = LoggerFactory.getLogger(CaptureWatch.class);

    /** Fails where the triggers have nowhere to write. */
    private static final String WRITTEN = "select 'sluice.change_log'::regclass, 'sluice.capture_gap'::regclass";

    private static final String STORED = "select signature from sluice.capture where source = ?";

    private static final String STORE = """
            insert into sluice.capture as c (source, signature) values (?, ?)
            on conflict (source) do update set signature = excluded.signature, checked_at = clock_timestamp()""";

    private static final String GAP = "insert into sluice.capture_gap (source, reason, loaded) values (?, ?, ?)";

    private static final String GAPS = """
            select id, reason, loaded, asked from sluice.capture_gap where source = ? order by id""";

    private static final String CLOSE = "delete from sluice.capture_gap where source = ? and id <= ?";

    private static final String COMPARED = """
            update sluice.capture set compared_at = clock_timestamp(), reason = ?, missed = ?, gone = ? where source = ?""";

    /** Of a few rows a part means little. */
    private static final int FEW = 10;

    private final Database database;
    private final int maxMissing;
    /** Why a sync is stopped. */
    private final Map<String, String> stopped = new ConcurrentHashMap<>();
    /** What is wrong with a table whose syncs go on. */
    private final Map<String, String> faults = new ConcurrentHashMap<>();

    /** Why the drain of a table can't read it. */
    private final Map<String, String> unread = new ConcurrentHashMap<>();

    /** @param maxMissing percent of the known records that may be deleted because their rows went unseen */
    CaptureWatch(Database database, int maxMissing) {
        this.database = database;
        this.maxMissing = maxMissing;
    }

    /** Why a sync is stopped, or what is wrong with its capture; null when all is well. */
    String problem(Sync sync) {
        String why = stopped.get(sync.getName());
        return why != null ? why : faults.getOrDefault(sync.getTable(), unread.get(sync.getTable()));
    }

    /** The drain of a table could not read it. */
    void unread(String table, String why) {
        if (!why.equals(unread.put(table, why))) {
            LOG.warn("{} can't be read: {}. Its changes wait in the log; the next attempt follows within seconds.", table,
                    why);
        }
    }

    /** The drain of a table could read it. */
    void read(String table) {
        if (unread.remove(table) != null) {
            LOG.info("{} can be read again.", table);
        }
    }

    boolean isStopped(Sync sync) {
        return stopped.containsKey(sync.getName());
    }

    List<String> problems() {
        List<String> all = new ArrayList<>(stopped.values());
        all.addAll(faults.values());
        unread.forEach((table, why) -> all.add(table + " can't be read: " + why));
        return all;
    }

    void forget() {
        stopped.clear();
        faults.clear();
        unread.clear();
    }

    /**
     * Installs what is missing of a table at the start.
     *
     * @return whether a trigger was missing
     */
    boolean install(CapturedTable capturedTable) throws SQLException {
        return database.transaction(connection -> installed(connection, capturedTable, true)).created();
    }

    /** Changes of a table passed a sync by. */
    static void missed(Connection connection, CapturedTable capturedTable, String reason) throws SQLException {
        Database.update(connection, GAP, capturedTable.table(), reason, false);
    }

    /** All rows of a table are entered: only those that went are to be looked for. */
    static void loaded(Connection connection, CapturedTable capturedTable) throws SQLException {
        Database.update(connection, "update sluice.capture_gap set loaded = true where source = ?", capturedTable.table());
    }

    /**
     * What was found of a table.
     *
     * @param created whether a trigger was missing
     * @param altered whether anything was not as it was last seen
     */
    private record Installed(boolean created, boolean altered) {
    }

    private static Installed installed(Connection connection, CapturedTable capturedTable, boolean start) throws SQLException {
        Triggers.lockInstallation(connection);
        Database.query(connection, WRITTEN, row -> null);
        String stored = Database.query(connection, STORED, row -> row.getString(1), capturedTable.table()).stream().findFirst()
                .orElse(null);
        String found = TableSignature.read(connection, capturedTable);
        boolean created = Triggers.install(connection, capturedTable);
        String now = TableSignature.read(connection, capturedTable);
        boolean altered = stored != null && !stored.equals(found);
        if (altered) {
            String difference = TableSignature.difference(stored, found);
            Database.update(connection, GAP, capturedTable.table(), difference, start && created);
            LOG.warn("{}: changes may have passed unseen: {}. Triggers are {}; the table is compared with what is known.",
                    capturedTable.table(), difference, created ? "installed again" : "in place");
        }
        if (!now.equals(stored)) {
            Database.update(connection, STORE, capturedTable.table(), now);
        }
        return new Installed(created, altered);
    }

    /**
     * Looks at one table.
     *
     * @param syncs  all that were started of it
     * @param before what it was when it was last looked at, or null
     * @return what is captured of it now: the same as before unless its shape, its syncs, its triggers
     *     or the change log changed; null when nothing is
     */
    CapturedTable look(String table, List<Sync> syncs, CapturedTable before) throws SQLException {
        List<Sync> good = new ArrayList<>();
        for (Sync sync : syncs) {
            List<String> problems = new ArrayList<>();
            if (CapturedTable.read(database, List.of(sync), problems) != null) {
                good.add(sync);
                if (stopped.remove(sync.getName()) != null) {
                    LOG.info("{}: what stopped it is gone; {} is compared with what is known.", sync.getName(), table);
                    database.update(GAP, table, "sync " + sync.getName() + " was stopped", false);
                }
            } else if (!problems.get(0).equals(stopped.put(sync.getName(), problems.get(0)))) {
                LOG.warn("Sync {} is stopped: {}. Its changes are compared with the table once that is right again; other"
                        + " syncs go on.", sync.getName(), problems.get(0));
            }
        }
        if (good.isEmpty()) {
            return null;
        }
        List<String> problems = new ArrayList<>();
        CapturedTable read = CapturedTable.read(database, good, problems);
        if (read == null) {
            throw new SQLException(String.join("; ", problems), "42P17");
        }
        try {
            boolean altered = database.transaction(connection -> installed(connection, read, false)).altered();
            faults.remove(table);
            if (altered) {
                // another drain: what this one knows of the log's numbers may be another log's
                return read;
            }
        } catch (SQLException failure) {
            if (DatabaseFailure.isPassing(failure)) {
                throw failure;
            }
            String words = table + ": what changes may pass unseen, and the triggers can't be put back now: "
                    + DatabaseFailure.words(failure);
            if (!words.equals(faults.put(table, words))) {
                LOG.warn("{}. The next attempt follows within a minute.", words);
            }
            return before;
        }
        return before != null && before.equalsShape(read) ? before : read;
    }

    /** A table that had the name before, or a partition that was detached, is captured no more. */
    void removeFromOthers(CapturedTable capturedTable) {
        try {
            Triggers.removeFromOthers(database, capturedTable);
        } catch (SQLException locked) {
            LOG.debug("{}: triggers of another table stay for now", capturedTable.table(), locked);
        }
    }

    private record Gap(long id, String reason, boolean loaded, boolean asked) {
    }

    /** Whether anything may have passed unseen. */
    boolean hasGaps(CapturedTable capturedTable) throws SQLException {
        return !database.query(GAPS, row -> true, capturedTable.table()).isEmpty();
    }

    /** Compares a table of which something may have passed unseen with what is known of it. */
    void compare(CapturedTable capturedTable) throws SQLException {
        List<Gap> gaps = database.query(GAPS, row -> new Gap(row.getLong("id"), row.getString("reason"),
                row.getBoolean("loaded"), row.getBoolean("asked")), capturedTable.table());
        if (gaps.isEmpty()) {
            return;
        }
        List<Sync> deleting = capturedTable.syncs().stream().filter(sync -> sync.getDeletes().equals("propagate")).toList();
        boolean asked = gaps.stream().anyMatch(Gap::asked);
        boolean wanted = asked && database.transaction(connection -> !PauseStore.isPausedByCapture(connection,
                deleting.stream().map(Sync::getName).toList()));
        TableComparison tableComparison = new TableComparison(database, capturedTable);
        long missed = gaps.stream().allMatch(Gap::loaded) ? 0 : tableComparison.enterChanged();
        TableComparison.Gone gone = tableComparison.countGone();
        String reason = gaps.get(0).reason();
        if (gone.gone() > 0 && !deleting.isEmpty() && !wanted && isTooMany(gone, tableComparison)) {
            stopDeletes(capturedTable, deleting, gone, reason, asked);
            return;
        }
        if (gone.gone() > 0) {
            tableComparison.enterGone();
        }
        long last = gaps.get(gaps.size() - 1).id();
        database.transaction(connection -> {
            Database.update(connection, CLOSE, capturedTable.table(), last);
            PauseStore.endCapturePauses(connection, deleting.stream().map(Sync::getName).toList());
            return Database.update(connection, COMPARED, reason, missed, gone.gone(), capturedTable.table());
        });
        LOG.info("{} was compared with what is known, because {}: {} rows had changed unseen, {} had gone.",
                capturedTable.table(), reason, missed, gone.gone());
    }

    private boolean isTooMany(TableComparison.Gone gone, TableComparison tableComparison) throws SQLException {
        return gone.gone() > FEW && gone.gone() * 100 > gone.known() * maxMissing || tableComparison.isEmpty();
    }

    private void stopDeletes(CapturedTable capturedTable, List<Sync> syncs, TableComparison.Gone gone, String reason, boolean asked)
            throws SQLException {
        String why = "%,d of %,d records that are known have no row in %s any more (%s); they would be deleted in the CRM."
                .formatted(gone.gone(), gone.known(), capturedTable.table(), reason)
                + " Put the rows back, or resume the sync to delete them";
        database.transaction(connection -> {
            PauseStore.pauseByCapture(connection, syncs.stream().map(Sync::getName).toList(), why);
            return Database.update(connection,
                    "update sluice.capture_gap set asked = true, loaded = true where source = ?", capturedTable.table());
        });
        if (!asked) {
            LOG.warn("{} paused: {}.", String.join(", ", syncs.stream().map(Sync::getName).toList()), why);
        }
    }

    /** The last comparison of a table, for people; empty when there was none. */
    Map<String, Object> comparison(String table) throws SQLException {
        return database.first("select compared_at, reason, missed, gone from sluice.capture"
                + " where source = ? and compared_at is not null", row -> {
            Map<String, Object> last = new LinkedHashMap<>();
            last.put("at", row.getObject("compared_at", java.time.OffsetDateTime.class).toInstant().toString());
            last.put("because", row.getString("reason"));
            last.put("missed", row.getLong("missed"));
            last.put("gone", row.getLong("gone"));
            return last;
        }, table).orElse(Map.of());
    }
}

// SPDX-License-Identifier: Apache-2.0
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
 * Checks the captured tables, because triggers disappear without notice: reinstalls missing triggers, adopts a changed
 * structure, and compares a table with Sluice's state after changes may have been missed. A sync whose table or column no
 * longer exists is stopped with a message, and continues by itself once that exists again.
 *
 * <p>Rows that disappeared unseen become deletes. Where the table is empty, or more rows are missing than a setting allows, the
 * table's syncs are paused instead: a resume confirms the deletes.
 */
final class CaptureWatch {

    private static final Logger LOG = LoggerFactory.getLogger(CaptureWatch.class);

    /** Fails where the tables that the triggers write are missing. */
    private static final String WRITTEN = "select 'sluice.change_log'::regclass, 'sluice.capture_gap'::regclass";

    private static final String STORED = "select signature from sluice.capture where source = ?";

    private static final String STORE =
            """
            insert into sluice.capture as c (source, signature) values (?, ?)
            on conflict (source) do update set signature = excluded.signature, checked_at = clock_timestamp()""";

    private static final String GAP = "insert into sluice.capture_gap (source, reason, loaded) values (?, ?, ?)";

    private static final String GAPS =
            """
            select id, reason, loaded, asked from sluice.capture_gap where source = ? order by id""";

    private static final String CLOSE = "delete from sluice.capture_gap where source = ? and id <= ?";

    private static final String COMPARED =
            """
            update sluice.capture set compared_at = clock_timestamp(), reason = ?, missed = ?, gone = ? where source = ?""";

    /** The number of missing rows below which the percentage does not matter. */
    private static final int FEW = 10;

    private final Database database;
    private final int maxMissing;
    /** The reason why a sync is stopped. */
    private final Map<String, String> stopped = new ConcurrentHashMap<>();
    /** The problem of a table whose syncs run. */
    private final Map<String, String> faults = new ConcurrentHashMap<>();

    /** The reason why the drain of a table can't read it. */
    private final Map<String, String> unread = new ConcurrentHashMap<>();

    /** @param maxMissing the percentage of the known records that may be deleted because their rows disappeared unseen */
    CaptureWatch(Database database, int maxMissing) {
        this.database = database;
        this.maxMissing = maxMissing;
    }

    /** The reason why a sync is stopped, or the problem of its capture; null when there is none. */
    String problem(Sync sync) {
        String why = stopped.get(sync.getName());
        return why != null ? why : faults.getOrDefault(sync.getTable(), unread.get(sync.getTable()));
    }

    /** Records that the drain of a table could not read it. */
    void unread(String table, String why) {
        if (!why.equals(unread.put(table, why))) {
            LOG.warn(
                    "{} can't be read: {}. Its changes wait in the log; the next attempt is within seconds",
                    table,
                    why);
        }
    }

    /** Whether the last drain of a table could not read it. */
    boolean isUnread(String table) {
        return unread.containsKey(table);
    }

    /** Records that the drain of a table could read it. */
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
     * The result of an installation.
     *
     * @param done    false where another mapping holds than the one that was expected, so that nothing was changed
     * @param created whether a trigger was missing
     */
    record Installation(boolean done, boolean created) {}

    /**
     * Makes the mapping of these syncs the one that holds for a table, and installs the missing parts.
     *
     * @param syncs    the syncs of the table that were started
     * @param expected fingerprint of the mapping that holds before; null: any
     */
    Installation install(CapturedTable capturedTable, List<Sync> syncs, MappingAgreement agreement, String expected)
            throws SQLException {
        String table = capturedTable.table();
        record Result(Installed installed, boolean replaced) {}
        Result result = database.transaction(connection -> {
            Triggers.lockInstallation(connection);
            if (expected != null && MappingAgreement.isSuperseded(connection, table, expected)) {
                return null;
            }
            boolean replaced = agreement.take(connection, table, syncs);
            agreement.register(connection, table, MappingAgreement.fingerprint(syncs));
            return new Result(installed(connection, capturedTable, true, replaced), replaced);
        });
        if (result != null && result.replaced()) {
            LOG.info(
                    "{}: the mapping of this replica holds from now on; replicas with another one leave the table, and the syncs"
                            + " that read it, to this one",
                    table);
        }
        return new Installation(
                result != null, result != null && result.installed().created());
    }

    /** Records that a sync missed changes of a table. */
    static void missed(Connection connection, CapturedTable capturedTable, String reason) throws SQLException {
        Database.update(connection, GAP, capturedTable.table(), reason, false);
    }

    /** Records that all rows of a table are entered, so that only deleted rows are to be searched. */
    static void loaded(Connection connection, CapturedTable capturedTable) throws SQLException {
        Database.update(
                connection, "update sluice.capture_gap set loaded = true where source = ?", capturedTable.table());
    }

    /**
     * The result of a table's check.
     *
     * @param created whether a trigger was missing
     * @param altered whether anything differed from the last check
     */
    private record Installed(boolean created, boolean altered) {}

    private static final Installed NOTHING = new Installed(false, false);

    /** @param replaced whether another mapping held at the last check, so that the columns may be others */
    private static Installed installed(
            Connection connection, CapturedTable capturedTable, boolean start, boolean replaced) throws SQLException {
        Database.query(connection, WRITTEN, row -> null);
        String stored = Database.query(connection, STORED, row -> row.getString(1), capturedTable.table()).stream()
                .findFirst()
                .orElse(null);
        String found = TableSignature.read(connection, capturedTable);
        String before = stored == null || !replaced ? stored : TableSignature.sharedWith(found, stored);
        String after = stored == null || !replaced ? found : TableSignature.sharedWith(stored, found);
        boolean created = Triggers.install(connection, capturedTable);
        String now = TableSignature.read(connection, capturedTable);
        boolean altered = before != null && !before.equals(after);
        if (altered) {
            String difference = TableSignature.difference(before, after);
            Database.update(connection, GAP, capturedTable.table(), difference, start && created);
            LOG.warn(
                    "{}: changes may have been missed: {}. Triggers are {}; the table is compared with the known records",
                    capturedTable.table(),
                    difference,
                    created ? "installed again" : "in place");
        }
        if (!now.equals(stored)) {
            Database.update(connection, STORE, capturedTable.table(), now);
        }
        return new Installed(created, altered);
    }

    /**
     * Checks one table.
     *
     * @param syncs  the syncs of the table that were started
     * @param before the table as of the last check, or null; the same is returned where another mapping holds by now
     * @return the captured table: the same object unless its structure, its syncs, its triggers or the change log changed; null
     *     when nothing is captured
     */
    CapturedTable check(String table, List<Sync> syncs, CapturedTable before) throws SQLException {
        List<Sync> good = new ArrayList<>();
        for (Sync sync : syncs) {
            List<String> problems = new ArrayList<>();
            if (CapturedTable.read(database, List.of(sync), problems) != null) {
                good.add(sync);
                if (stopped.remove(sync.getName()) != null) {
                    LOG.info("{}: the problem is solved; {} is compared with the known records", sync.getName(), table);
                    database.update(GAP, table, "sync " + sync.getName() + " was stopped", false);
                }
            } else if (!problems.get(0).equals(stopped.put(sync.getName(), problems.get(0)))) {
                LOG.warn(
                        "Sync {} is stopped: {}. Its changes are compared with the table once that is right again; other"
                                + " syncs go on.",
                        sync.getName(),
                        problems.get(0));
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
            boolean altered = database.transaction(connection -> {
                        Triggers.lockInstallation(connection);
                        return MappingAgreement.isSuperseded(connection, table, MappingAgreement.fingerprint(syncs))
                                ? NOTHING
                                : installed(connection, read, false, false);
                    })
                    .altered();
            faults.remove(table);
            if (altered) {
                // another drain, because this one's log watermark may be of another log
                return read;
            }
        } catch (SQLException failure) {
            if (DatabaseFailure.isPassing(failure)) {
                throw failure;
            }
            String message = table + ": changes may be missed, and the triggers can't be reinstalled now: "
                    + DatabaseFailure.description(failure);
            if (!message.equals(faults.put(table, message))) {
                LOG.warn("{}. The next attempt is within a minute", message);
            }
            return before;
        }
        return before != null && before.equalsShape(read) ? before : read;
    }

    /** Stops capturing a table that had the name before, or a partition that was detached. */
    void removeFromOthers(CapturedTable capturedTable) {
        try {
            Triggers.removeFromOthers(database, capturedTable);
        } catch (SQLException locked) {
            LOG.debug("{}: triggers of another table stay for now", capturedTable.table(), locked);
        }
    }

    private record Gap(long id, String reason, boolean loaded, boolean asked) {}

    /** Whether changes may have been missed. */
    boolean hasGaps(CapturedTable capturedTable) throws SQLException {
        return !database.query(GAPS, row -> true, capturedTable.table()).isEmpty();
    }

    /** Compares a table with possible missed changes with Sluice's state. */
    void compare(CapturedTable capturedTable) throws SQLException {
        List<Gap> gaps = database.query(
                GAPS,
                row -> new Gap(
                        row.getLong("id"), row.getString("reason"), row.getBoolean("loaded"), row.getBoolean("asked")),
                capturedTable.table());
        if (gaps.isEmpty()) {
            return;
        }
        List<Sync> deleting = capturedTable.syncs().stream()
                .filter(sync -> sync.getDeletes() == Sync.Deletes.PROPAGATE)
                .toList();
        boolean asked = gaps.stream().anyMatch(Gap::asked);
        boolean wanted = asked
                && database.transaction(connection -> !PauseStore.isPausedByCapture(
                        connection, deleting.stream().map(Sync::getName).toList()));
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
            PauseStore.endCapturePauses(
                    connection, deleting.stream().map(Sync::getName).toList());
            return Database.update(connection, COMPARED, reason, missed, gone.gone(), capturedTable.table());
        });
        LOG.info(
                "{} was compared with the known records, because {}: {} rows had missed changes, {} were missing",
                capturedTable.table(),
                reason,
                missed,
                gone.gone());
    }

    private boolean isTooMany(TableComparison.Gone gone, TableComparison tableComparison) throws SQLException {
        return gone.gone() > FEW && gone.gone() * 100 > gone.known() * maxMissing || tableComparison.isEmpty();
    }

    private void stopDeletes(
            CapturedTable capturedTable, List<Sync> syncs, TableComparison.Gone gone, String reason, boolean asked)
            throws SQLException {
        String why = "%,d of %,d known records have no row in %s any more (%s); they would be deleted in the CRM."
                        .formatted(gone.gone(), gone.known(), capturedTable.table(), reason)
                + " Put the rows back, or resume the sync to delete them";
        database.transaction(connection -> {
            PauseStore.pauseByCapture(
                    connection, syncs.stream().map(Sync::getName).toList(), why);
            return Database.update(
                    connection,
                    "update sluice.capture_gap set asked = true, loaded = true where source = ?",
                    capturedTable.table());
        });
        if (!asked) {
            LOG.warn(
                    "{} paused: {}.",
                    String.join(", ", syncs.stream().map(Sync::getName).toList()),
                    why);
        }
    }

    /** The last comparison of a table, for people; empty when there was none. */
    Map<String, Object> comparison(String table) throws SQLException {
        return database.first(
                        "select compared_at, reason, missed, gone from sluice.capture"
                                + " where source = ? and compared_at is not null",
                        row -> {
                            Map<String, Object> last = new LinkedHashMap<>();
                            last.put(
                                    "at",
                                    row.getObject("compared_at", java.time.OffsetDateTime.class)
                                            .toInstant()
                                            .toString());
                            last.put("because", row.getString("reason"));
                            last.put("missed", row.getLong("missed"));
                            last.put("gone", row.getLong("gone"));
                            return last;
                        },
                        table)
                .orElse(Map.of());
    }
}

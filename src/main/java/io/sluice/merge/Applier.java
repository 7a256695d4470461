// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.RootCause;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.capture.CapturedTable;
import io.sluice.capture.DatabaseFailure;
import io.sluice.crm.Accounts;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies changes of a CRM to the application's table, one transaction for each page. Its locks keep these records from being
 * drained, claimed or settled meanwhile, so that the arguments of the merge stay true: the table's value is ours, whether its
 * change waits in the change log or in the outbox.
 *
 * <p>A value that the table rejects must not stop the others: the page is halved until the rejected record is alone.
 */
public final class Applier {

    /**
     * Classes of errors that reject a row: data (22), constraints (23), a view's check option (44), a value too large for an
     * index or a row (54), and errors that a trigger raises (P0). See
     * https://www.postgresql.org/docs/current/errcodes-appendix.html.
     */
    private static final Set<String> REJECTION_CLASSES = Set.of("22", "23", "44", "54", "P0");

    private static final Logger LOG = LoggerFactory.getLogger(Applier.class);

    /** Maximum number of records of a page that are applied field by field; if more are rejected, the cause is not one value. */
    private static final int MAX_FIELDWISE = 100;

    private static final String NO_TIME = "the time of its last change can't be read";
    private static final Duration SKEW = Duration.ofSeconds(5);

    private final Database database;
    private final Capture capture;
    private final Accounts accounts;
    private final Duration skew;
    private final ApplyRecorder recorder;
    private volatile InboundRejections rejections;

    /** Makes an applier that knows nothing about the CRMs' fields. */
    public Applier(Database database, Capture capture) {
        this(database, capture, null, SKEW);
    }

    /** Makes an applier that is not measured. */
    public Applier(Database database, Capture capture, Accounts accounts, Duration skew) {
        this(database, capture, accounts, skew, ApplyRecorder.NONE);
    }

    /**
     * @param accounts accounts with the rules of their fields, known once their CRMs are described
     * @param skew     maximum difference between a CRM's clock and ours
     * @param recorder measures the applied records
     */
    public Applier(Database database, Capture capture, Accounts accounts, Duration skew, ApplyRecorder recorder) {
        this.database = database;
        this.capture = capture;
        this.accounts = accounts;
        this.skew = skew;
        this.recorder = recorder;
        this.rejections = new InboundRejections(database);
    }

    /** Sets the store that keeps and counts records which the table rejects. */
    public void keepRejections(InboundRejections kept) {
        rejections = kept;
    }

    /** Returns the time by the database's clock: records read from a CRM after it contain all writes settled before it. */
    public Instant now() throws SQLException {
        return database.first("select clock_timestamp()", row -> row.getObject(1, OffsetDateTime.class)
                        .toInstant())
                .orElseThrow();
    }

    /**
     * Applies records that were read.
     *
     * @param readAt {@link #now()} before the read
     */
    public Applied apply(Sync sync, List<CrmRecord> records, Instant readAt) throws SQLException {
        Applied applied =
                kept(sync, records, records, apply(sync, records, record -> readAt, false, Map.of(), Set.of()));
        replacedByJobs(sync, records, applied.deferred());
        return applied;
    }

    /**
     * Applies records that were read back because of events.
     *
     * @param readAt {@link #now()} before the read
     * @param edits  CRM id to the edits in the events, each with one field, oldest first
     */
    public Applied apply(Sync sync, List<CrmRecord> records, Instant readAt, Map<String, List<CrmRecord>> edits)
            throws SQLException {
        return kept(sync, records, records, apply(sync, records, record -> readAt, false, edits, Set.of()));
    }

    /**
     * Applies records after a lookup. A record with the key of a deleted one is its successor.
     *
     * @param deletedIds CRM ids that no record has any more
     */
    public Applied apply(Sync sync, List<CrmRecord> records, Instant readAt, Set<String> deletedIds)
            throws SQLException {
        return kept(sync, records, records, apply(sync, records, record -> readAt, false, Map.of(), deletedIds));
    }

    /**
     * Applies records of a snapshot, which are as old as its query. A value that was written or arrived in an event since then
     * is newer and stays. Numbers may come as texts.
     *
     * @param readAt {@link #now()} before the query
     */
    public Applied applySnapshot(Sync sync, List<CrmRecord> records, Instant readAt) throws SQLException {
        return kept(sync, records, records, apply(sync, records, record -> readAt, true, Map.of(), Set.of()));
    }

    /**
     * Applies fields of events. Two kinds of records are returned as {@link Applied#deferred()} and must be read back: records that
     * Sluice wrote at about the time of the events or later, and unknown records.
     *
     * @param records records with the last value of each field
     * @param skew    maximum difference between the CRM's clock and ours
     * @param edits   CRM id to the edits in the events, each with one field, oldest first
     */
    public Applied applyEvents(Sync sync, List<CrmRecord> records, Duration skew, Map<String, List<CrmRecord>> edits)
            throws SQLException {
        // these fields say nothing about the record's other fields, which the table may still reject
        return kept(
                sync,
                records,
                List.of(),
                apply(sync, records, record -> record.at().minus(skew), false, edits, Set.of()));
    }

    /**
     * Logs the edits in events of records that Sluice has deleted: its delete, or a write before it, replaced them.
     *
     * @param edits CRM id to the edits in the events, each with one field, oldest first
     */
    public void logDeleted(Sync sync, Map<String, List<CrmRecord>> edits) throws SQLException {
        Map<String, List<CrmRecord>> some = new LinkedHashMap<>(edits);
        some.values().removeIf(List::isEmpty);
        if (!some.isEmpty()) {
            new Tombstones(sync, new TargetTable(source(sync), sync), CrmFields.of(sync, accounts, skew))
                    .log(database, some);
        }
    }

    /**
     * Finds the edits that a write of ours has replaced, before the write is settled.
     *
     * @param images written records as the CRM had them just before the write, with their keys
     */
    public Applied replaced(Sync sync, List<CrmRecord> images) throws SQLException {
        Applied applied = replaced(sync, images, false);
        rejections.keep(sync, List.of(), applied);
        return applied;
    }

    /**
     * Decides on edits of records that a bulk job is writing: when the job ends, it may have replaced them. If the job has
     * written a record before its edit, the edit stays in the CRM and is read again.
     */
    private void replacedByJobs(Sync sync, List<CrmRecord> records, Set<String> deferred) throws SQLException {
        List<CrmRecord> unsettled = records.stream()
                .filter(record -> deferred.contains(record.crmId()))
                .toList();
        if (unsettled.isEmpty()) {
            return;
        }
        Map<String, String> keys = keys(sync, deferred);
        replaced(
                sync,
                unsettled.stream()
                        .filter(record -> keys.containsKey(record.crmId()))
                        .map(record ->
                                new CrmRecord(record.crmId(), keys.get(record.crmId()), record.at(), record.fields()))
                        .toList(),
                true);
    }

    /** @param jobs whether to check only records that a bulk job is writing */
    private Applied replaced(Sync sync, List<CrmRecord> images, boolean jobs) throws SQLException {
        TargetTable targetTable = new TargetTable(source(sync), sync);
        CrmFields crmFields = CrmFields.of(sync, accounts, skew);
        List<CrmRecord> edited = database.transaction(
                connection -> new ReplacedPage(connection, sync, targetTable, crmFields, false).edited(images, jobs));
        // an edit that the table rejects is only logged as a conflict
        Part<CrmRecord> logged = part -> database.transaction(
                connection -> new ReplacedPage(connection, sync, targetTable, crmFields, false).apply(part));
        try {
            return applying(
                    edited,
                    part -> database.transaction(connection -> {
                        capture.blockDrains(connection, sync);
                        return new ReplacedPage(connection, sync, targetTable, crmFields, true).apply(part);
                    }),
                    (image, why) -> logged.apply(List.of(image)));
        } catch (SQLException failure) {
            if (DatabaseFailure.isPassing(failure)) {
                throw failure;
            }
            // whatever the table's error is, the write was answered and must be settled
            return logged.apply(edited);
        }
    }

    /** @param complete records that were applied with all their fields */
    private Applied kept(Sync sync, List<CrmRecord> records, List<CrmRecord> complete, Applied applied)
            throws SQLException {
        return kept(
                sync, records.size(), complete.stream().map(CrmRecord::crmId).toList(), applied);
    }

    private Applied kept(Sync sync, int records, List<String> complete, Applied applied) throws SQLException {
        recorder.applied(sync, records, applied);
        rejections.keep(sync, complete, applied);
        return applied.withoutTimes();
    }

    private Applied apply(
            Sync sync,
            List<CrmRecord> records,
            Function<CrmRecord, Instant> readAt,
            boolean aged,
            Map<String, List<CrmRecord>> edits,
            Set<String> deletedIds)
            throws SQLException {
        TargetTable targetTable = new TargetTable(source(sync), sync);
        CrmFields crmFields = CrmFields.of(sync, accounts, skew);
        Set<String> written = new LinkedHashSet<>();
        Function<Function<CrmRecord, Instant>, Part<CrmRecord>> pages =
                read -> part -> database.transaction(connection -> {
                    written.clear();
                    capture.blockDrains(connection, sync);
                    return new ChangedPage(connection, sync, targetTable, written, aged, crmFields, deletedIds)
                            .apply(part, read, edits);
                });
        Part<CrmRecord> page = pages.apply(readAt);
        int[] attempts = {MAX_FIELDWISE};
        Applied untimed = Applied.NOTHING;
        for (CrmRecord record : records) {
            untimed = record.hasTime() ? untimed : untimed.plus(rejected(record, List.of(), NO_TIME));
        }
        return untimed.plus(applying(
                records.stream().filter(CrmRecord::hasTime).toList(),
                page,
                (record, why) -> attempts[0]-- > 0
                        ? fieldwise(pages, readAt, record, List.copyOf(written), targetTable, why)
                        : rejected(record, targetTable.columns(written), why)));
    }

    private static Applied rejected(CrmRecord record, List<String> columns, String why) {
        return new Applied(
                0, 0, 0, 0, 0, List.of(new Applied.RejectedRow(record.key(), record.crmId(), columns, why)), Set.of());
    }

    /**
     * Applies a rejected record by halves of its fields, so that one value which the table rejects holds up no other. The
     * fields that a new row requires come first.
     */
    private Applied fieldwise(
            Function<Function<CrmRecord, Instant>, Part<CrmRecord>> pages,
            Function<CrmRecord, Instant> readAt,
            CrmRecord record,
            List<String> written,
            TargetTable targetTable,
            String why)
            throws SQLException {
        Part<CrmRecord> page = pages.apply(readAt);
        List<String> fields = new ArrayList<>(written);
        Set<String> required = targetTable.required();
        fields.sort(Comparator.comparing(field -> !required.contains(field)));
        int first = (int) fields.stream().filter(required::contains).count();
        if (fields.size() < 2) {
            return rejected(record, targetTable.columns(fields), why);
        }
        Map<String, String> reasons = new LinkedHashMap<>();
        List<String> others = targetTable.fields().stream()
                .filter(record.fields()::containsKey)
                .filter(field -> !written.contains(field))
                .toList();
        Applied known = others.isEmpty() ? Applied.NOTHING : part(page, record, others, reasons);
        int half = first > 0 && first < fields.size() ? first : fields.size() / 2;
        Applied applied = known.plus(part(page, record, fields.subList(0, half), reasons));
        if (applied.inserted() > 0) {
            // the row just inserted was settled now: without a later time of reading the other fields would count as
            // older
            Instant insertedAt = now();
            page = pages.apply(same -> insertedAt.plusMillis(1));
        }
        applied = applied.plus(part(page, record, fields.subList(half, fields.size()), reasons));
        return reasons.isEmpty()
                ? applied
                : applied.plus(rejected(
                        record,
                        targetTable.columns(reasons.keySet()),
                        reasons.values().iterator().next()));
    }

    private static Applied part(
            Part<CrmRecord> page, CrmRecord record, List<String> fields, Map<String, String> reasons)
            throws SQLException {
        try {
            return page.apply(List.of(record.only(fields)));
        } catch (SQLException failure) {
            if (!isRejection(failure)) {
                throw failure;
            }
            return smaller(page, record, fields, reasons, RootCause.of(failure));
        } catch (RuntimeException odd) {
            return smaller(page, record, fields, reasons, unreadable(odd));
        }
    }

    private static Applied smaller(
            Part<CrmRecord> page, CrmRecord record, List<String> fields, Map<String, String> reasons, String why)
            throws SQLException {
        // the same message for one field after the other rejects the row, not a value
        boolean rowIsRejected = reasons.size() > 1 && reasons.values().stream().allMatch(why::equals);
        if (fields.size() == 1 || rowIsRejected) {
            fields.forEach(field -> reasons.put(field, why));
            return Applied.NOTHING;
        }
        int half = fields.size() / 2;
        return part(page, record, fields.subList(0, half), reasons)
                .plus(part(page, record, fields.subList(half, fields.size()), reasons));
    }

    private static String unreadable(RuntimeException odd) {
        return "it can't be read: " + odd.getClass().getSimpleName();
    }

    /** Returns those CRM ids whose records the sync knows. */
    public Set<String> known(Sync sync, Collection<String> crmIds) throws SQLException {
        return keys(sync, crmIds).keySet();
    }

    /** Maps the CRM ids that the sync knows to their keys. */
    public Map<String, String> keys(Sync sync, Collection<String> crmIds) throws SQLException {
        return database.transaction(connection -> ChangedPage.keys(connection, sync, crmIds));
    }

    /** Applies deletes of a CRM. It skips records that the sync does not know, such as those that Sluice deleted itself. */
    public Applied delete(Sync sync, List<DeletedRecord> deletes, Instant readAt) throws SQLException {
        TargetTable targetTable = new TargetTable(source(sync), sync);
        TimePrecision precision = CrmFields.of(sync, accounts, skew).precision();
        Applied applied = applying(
                deletes,
                part -> database.transaction(connection -> {
                    capture.blockDrains(connection, sync);
                    return new DeletedPage(connection, sync, targetTable, precision).apply(part, readAt);
                }),
                (record, why) -> database.transaction(connection -> {
                    capture.blockDrains(connection, sync);
                    return new DeletedPage(connection, sync, targetTable, precision).rejected(record, readAt, why);
                }));
        return kept(
                sync, deletes.size(), deletes.stream().map(DeletedRecord::crmId).toList(), applied);
    }

    /** Whether the error says that the table rejects a value, whoever writes the value. */
    public static boolean isRejection(SQLException failure) {
        String state = String.valueOf(failure.getSQLState());
        return state.length() >= 2 && REJECTION_CLASSES.contains(state.substring(0, 2));
    }

    /**
     * Writes the values of a repair into a row, like a change of the application: it is captured and sent by every sync of the
     * table. Does nothing if the row does not exist any more.
     *
     * @param fields CRM field to value
     */
    public void repair(Connection connection, Sync sync, String key, Map<String, Object> fields) throws SQLException {
        new TargetTable(source(sync), sync).update(connection, Map.of(key, fields));
    }

    /** Reads a row again and sends its present values. */
    public void reread(Connection connection, Sync sync, String key) throws SQLException {
        capture.reread(connection, sync, List.of(key));
    }

    /** Whether records can be applied to a sync's table now: not while the table lacks something that the sync names. */
    public boolean isReady(Sync sync) {
        return capture.isCaptured(sync);
    }

    /** Whether replicas with a newer mapping of a sync's table apply its records. */
    public boolean isLeftToOthers(Sync sync) {
        return capture.isLeftToOthers(sync);
    }

    private CapturedTable source(Sync sync) throws SQLException {
        return capture.source(sync);
    }

    @FunctionalInterface
    private interface Part<T> {
        Applied apply(List<T> part) throws SQLException;
    }

    @FunctionalInterface
    private interface Rejection<T> {
        Applied of(T record, String why) throws SQLException;
    }

    private static <T> Applied applying(List<T> records, Part<T> page, Rejection<T> rejection) throws SQLException {
        if (records.isEmpty()) {
            return Applied.NOTHING;
        }
        try {
            return page.apply(records);
        } catch (SQLException failure) {
            if (!isRejection(failure)) {
                throw failure;
            }
            return halved(records, page, rejection, RootCause.of(failure));
        } catch (RuntimeException odd) {
            LOG.debug("A record can't be applied", odd);
            return halved(records, page, rejection, unreadable(odd));
        }
    }

    private static <T> Applied halved(List<T> records, Part<T> page, Rejection<T> rejection, String why)
            throws SQLException {
        if (records.size() == 1) {
            return rejection.of(records.get(0), why);
        }
        int half = records.size() / 2;
        return applying(records.subList(0, half), page, rejection)
                .plus(applying(records.subList(half, records.size()), page, rejection));
    }
}

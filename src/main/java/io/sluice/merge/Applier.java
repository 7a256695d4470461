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
 * Brings what changed in a CRM into the application's table: a page a transaction, set by set. Under its locks nothing
 * is drained, claimed or settled of these records, so that what the merge is told is true: the table's own value is
 * ours, whether it waits in the change log or in the outbox.
 *
 * <p>A value that the table refuses must not stop the others: the page is halved until the refused record stands
 * alone.
 */
public final class Applier {

    /**
     * Data and constraints (22, 23), what a trigger raises (P0), a check of a view (44), and what is too large for an
     * index or a row (54).
     */
    private static final Set<String> REFUSALS = Set.of("22", "23", "44", "54", "P0");

    private static final Logger LOG = LoggerFactory.getLogger(Applier.class);

    private static final String FORGET_DELETED = "delete from sluice.tombstone where deleted_at < now() - interval '1 hour'";

    /** Records of a page that are applied field by field at most; where more are refused, the cause is not one value. */
    private static final int FIELDWISE = 100;
    private static final String NO_TIME = "the time of its last change can't be read";
    private static final Duration SKEW = Duration.ofSeconds(5);

    private final Database database;
    private final Capture capture;
    private final Accounts accounts;
    private final Duration skew;
    private volatile InboundRejections rejections;

    /** Of CRMs of whose fields nothing is known. */
    public Applier(Database database, Capture capture) {
        this(database, capture, null, SKEW);
    }

    /**
     * @param accounts whose fields are known once they are described
     * @param skew     by which a CRM's clock and ours may differ
     */
    public Applier(Database database, Capture capture, Accounts accounts, Duration skew) {
        this.database = database;
        this.capture = capture;
        this.accounts = accounts;
        this.skew = skew;
        this.rejections = new InboundRejections(database, null);
    }

    /** Where records that the table does not take are kept and counted. */
    public void keepRejections(InboundRejections kept) {
        rejections = kept;
    }

    /** By the database's clock: what is read from a CRM after it holds all that was settled before it. */
    public Instant now() throws SQLException {
        return database.first("select clock_timestamp()", row -> row.getObject(1, OffsetDateTime.class).toInstant())
                .orElseThrow();
    }

    /**
     * Applies records as a CRM has them.
     *
     * @param readAt {@link #now()} before they were read
     */
    public Applied apply(Sync sync, List<CrmRecord> records, Instant readAt) throws SQLException {
        Applied applied = kept(sync, records, apply(sync, records, record -> readAt, false, Map.of(), Set.of()));
        replacedByJobs(sync, records, applied.later());
        return applied;
    }

    /**
     * Applies records as a CRM has them, that were read because of events.
     *
     * @param readAt {@link #now()} before they were read
     * @param edits  by CRM id each value that the events told, with one field, oldest first
     */
    public Applied apply(Sync sync, List<CrmRecord> records, Instant readAt, Map<String, List<CrmRecord>> edits)
            throws SQLException {
        return kept(sync, records, apply(sync, records, record -> readAt, false, edits, Set.of()));
    }

    /**
     * Applies records where it is known of some CRM ids that no record has them any more: what has the key of such a record is
     * its successor.
     */
    public Applied apply(Sync sync, List<CrmRecord> records, Instant readAt, Set<String> gone) throws SQLException {
        return kept(sync, records, apply(sync, records, record -> readAt, false, Map.of(), gone));
    }

    /**
     * Applies records as a CRM had them a while ago, when a reading began that lasts. Of a field that was told of since, or
     * written, that is newer; and numbers may come as texts.
     *
     * @param readAt {@link #now()} before the CRM was asked
     */
    public Applied applySnapshot(Sync sync, List<CrmRecord> records, Instant readAt) throws SQLException {
        return kept(sync, records, apply(sync, records, record -> readAt, true, Map.of(), Set.of()));
    }

    /**
     * Applies fields of which events told. A record that was written from here at about that time, or later, can't be
     * judged by them, and one that is not known can't be found: both come back as {@link Applied#later()}, to be read.
     *
     * @param records each with the last value of each field
     * @param skew    by which the CRM's clock and ours may differ
     * @param edits   by CRM id each value that the events told, with one field, oldest first
     */
    public Applied applyEvents(Sync sync, List<CrmRecord> records, Duration skew, Map<String, List<CrmRecord>> edits)
            throws SQLException {
        // fields of a record say nothing of its others, which the table may still not take
        return kept(sync, List.of(), apply(sync, records, record -> record.at().minus(skew), false, edits, Set.of()));
    }

    /**
     * Finds the edits that a write of ours is about to be settled over.
     *
     * @param images written records as the CRM had them just before, with their keys
     */
    public Applied replaced(Sync sync, List<CrmRecord> images) throws SQLException {
        return replaced(sync, images, false);
    }

    /**
     * A poll meets records that a bulk job is writing. An edit among them is decided on now: when the job is over, it may be
     * gone. Should the job have written the record before, the edit stays in the CRM, and is read again.
     */
    private void replacedByJobs(Sync sync, List<CrmRecord> records, Set<String> later) throws SQLException {
        List<CrmRecord> unsettled = records.stream().filter(record -> later.contains(record.crmId())).toList();
        if (unsettled.isEmpty()) {
            return;
        }
        Map<String, String> keys = keys(sync, later);
        replaced(sync, unsettled.stream().filter(record -> keys.containsKey(record.crmId())).map(record ->
                new CrmRecord(record.crmId(), keys.get(record.crmId()), record.at(), record.fields())).toList(), true);
    }

    /** @param jobs whether those alone are looked at that a job is writing */
    private Applied replaced(Sync sync, List<CrmRecord> images, boolean jobs) throws SQLException {
        TargetTable targetTable = new TargetTable(source(sync), sync);
        CrmFields crmFields = CrmFields.of(sync, accounts, skew);
        List<CrmRecord> edited = database.transaction(connection ->
                new ReplacedPage(connection, sync, targetTable, crmFields, false).edited(images, jobs));
        // what the table does not take is in the log alone
        Part<CrmRecord> logged = part -> database.transaction(connection ->
                new ReplacedPage(connection, sync, targetTable, crmFields, false).apply(part));
        try {
            return applying(edited, part -> database.transaction(connection -> {
                capture.blockDrains(connection, sync);
                return new ReplacedPage(connection, sync, targetTable, crmFields, true).apply(part);
            }), (image, why) -> logged.apply(List.of(image)));
        } catch (SQLException failure) {
            if (DatabaseFailure.isPassing(failure)) {
                throw failure;
            }
            // whatever keeps the table from taking it, the write was answered, and is settled
            return logged.apply(edited);
        }
    }

    private Applied kept(Sync sync, List<CrmRecord> whole, Applied applied) throws SQLException {
        rejections.keep(sync, whole.stream().map(CrmRecord::crmId).toList(), applied);
        return applied;
    }

    private Applied apply(Sync sync, List<CrmRecord> records, Function<CrmRecord, Instant> readAt, boolean aged,
            Map<String, List<CrmRecord>> edits, Set<String> gone) throws SQLException {
        TargetTable targetTable = new TargetTable(source(sync), sync);
        CrmFields crmFields = CrmFields.of(sync, accounts, skew);
        Set<String> written = new LinkedHashSet<>();
        Function<Function<CrmRecord, Instant>, Part<CrmRecord>> pages = read -> part -> database.transaction(connection -> {
            written.clear();
            capture.blockDrains(connection, sync);
            return new ChangedPage(connection, sync, targetTable, written, aged, crmFields, gone).apply(part, read, edits);
        });
        Part<CrmRecord> page = pages.apply(readAt);
        int[] trials = {FIELDWISE};
        Applied untimed = Applied.NOTHING;
        for (CrmRecord record : records) {
            untimed = record.hasTime() ? untimed : untimed.plus(refused(record, List.of(), NO_TIME));
        }
        return untimed.plus(applying(records.stream().filter(CrmRecord::hasTime).toList(), page, (record, why) -> trials[0]-- > 0
                ? fieldwise(pages, readAt, record, List.copyOf(written), targetTable, why) : refused(record, targetTable.columns(written), why)));
    }

    private static Applied refused(CrmRecord record, List<String> columns, String why) {
        return new Applied(0, 0, 0, 0, 0, List.of(new Applied.Refused(record.key(), record.crmId(), columns, why)), Set.of());
    }

    /**
     * Applies a record that the table refused by halves of what it writes, so that one value that the table does not take
     * keeps no other back. First goes what a new row can't be without.
     */
    private Applied fieldwise(Function<Function<CrmRecord, Instant>, Part<CrmRecord>> pages,
            Function<CrmRecord, Instant> readAt, CrmRecord record, List<String> written, TargetTable targetTable, String why)
            throws SQLException {
        Part<CrmRecord> page = pages.apply(readAt);
        List<String> fields = new ArrayList<>(written);
        Set<String> required = targetTable.required();
        fields.sort(Comparator.comparing(field -> !required.contains(field)));
        int first = (int) fields.stream().filter(required::contains).count();
        if (fields.size() < 2) {
            return refused(record, targetTable.columns(fields), why);
        }
        Map<String, String> reasons = new LinkedHashMap<>();
        List<String> others = targetTable.fields().stream().filter(record.fields()::containsKey)
                .filter(field -> !written.contains(field)).toList();
        Applied known = others.isEmpty() ? Applied.NOTHING : part(page, record, others, reasons);
        int half = first > 0 && first < fields.size() ? first : fields.size() / 2;
        Applied applied = known.plus(part(page, record, fields.subList(0, half), reasons));
        if (applied.inserted() > 0) {
            // the row that was just made is known since then, which is no news to what was read with it
            Instant made = now();
            page = pages.apply(same -> made.plusMillis(1));
        }
        applied = applied.plus(part(page, record, fields.subList(half, fields.size()), reasons));
        return reasons.isEmpty() ? applied : applied.plus(refused(record, targetTable.columns(reasons.keySet()),
                reasons.values().iterator().next()));
    }

    private static Applied part(Part<CrmRecord> page, CrmRecord record, List<String> fields, Map<String, String> reasons)
            throws SQLException {
        try {
            return page.apply(List.of(record.only(fields)));
        } catch (SQLException failure) {
            if (!isRefusal(failure)) {
                throw failure;
            }
            return smaller(page, record, fields, reasons, RootCause.of(failure));
        } catch (RuntimeException odd) {
            return smaller(page, record, fields, reasons, unreadable(odd));
        }
    }

    private static Applied smaller(Part<CrmRecord> page, CrmRecord record, List<String> fields, Map<String, String> reasons,
            String why) throws SQLException {
        // what refuses one field after the other in the same words refuses the row
        boolean hopeless = reasons.size() > 1 && reasons.values().stream().allMatch(why::equals);
        if (fields.size() == 1 || hopeless) {
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

    /** Which of these CRM ids are of records that the sync knows. */
    public Set<String> known(Sync sync, Collection<String> crmIds) throws SQLException {
        return keys(sync, crmIds).keySet();
    }

    /** The keys of those of these CRM ids that the sync knows, by the id. */
    public Map<String, String> keys(Sync sync, Collection<String> crmIds) throws SQLException {
        return database.transaction(connection -> ChangedPage.keys(connection, sync, crmIds));
    }

    /** Applies deletes of a CRM. Records that the sync does not know, its own deletes among them, are passed over. */
    public Applied delete(Sync sync, List<DeletedRecord> gone, Instant readAt) throws SQLException {
        TargetTable targetTable = new TargetTable(source(sync), sync);
        TimePrecision precision = CrmFields.of(sync, accounts, skew).precision();
        database.update(FORGET_DELETED);
        Applied applied = applying(gone, part -> database.transaction(connection -> {
            capture.blockDrains(connection, sync);
            return new DeletedPage(connection, sync, targetTable, precision).apply(part, readAt);
        }), (record, why) -> database.transaction(connection -> {
            capture.blockDrains(connection, sync);
            return new DeletedPage(connection, sync, targetTable, precision).refused(record, readAt, why);
        }));
        rejections.keep(sync, gone.stream().map(DeletedRecord::crmId).toList(), applied);
        return applied;
    }

    /** Whether the table does not take a value, whoever writes it. */
    public static boolean isRefusal(SQLException failure) {
        String state = String.valueOf(failure.getSQLState());
        return state.length() >= 2 && REFUSALS.contains(state.substring(0, 2));
    }

    /**
     * Gives a row values that a person wrote, as a change of the application's own: it is captured and goes to every
     * sync of the table. A row that is no more gets none.
     *
     * @param fields by the CRM's names
     */
    public void mend(Connection connection, Sync sync, String key, Map<String, Object> fields) throws SQLException {
        new TargetTable(source(sync), sync).update(connection, Map.of(key, fields));
    }

    /** Has a row read and sent again as it is now. */
    public void reread(Connection connection, Sync sync, String key) throws SQLException {
        capture.reread(connection, sync, List.of(key));
    }

    /** Whether anything can be applied to a sync's table now. A sync that names what the table lacks is stopped until it is there. */
    public boolean isReady(Sync sync) {
        return capture.isCaptured(sync);
    }

    private CapturedTable source(Sync sync) throws SQLException {
        return capture.source(sync);
    }

    @FunctionalInterface
    private interface Part<T> {
        Applied apply(List<T> part) throws SQLException;
    }

    @FunctionalInterface
    private interface Refusal<T> {
        Applied of(T record, String why) throws SQLException;
    }

    private static <T> Applied applying(List<T> records, Part<T> page, Refusal<T> refusal) throws SQLException {
        if (records.isEmpty()) {
            return Applied.NOTHING;
        }
        try {
            return page.apply(records);
        } catch (SQLException failure) {
            if (!isRefusal(failure)) {
                throw failure;
            }
            return halved(records, page, refusal, RootCause.of(failure));
        } catch (RuntimeException odd) {
            LOG.debug("A record can't be applied", odd);
            return halved(records, page, refusal, unreadable(odd));
        }
    }

    private static <T> Applied halved(List<T> records, Part<T> page, Refusal<T> refusal, String why) throws SQLException {
        if (records.size() == 1) {
            return refusal.of(records.get(0), why);
        }
        int half = records.size() / 2;
        return applying(records.subList(0, half), page, refusal)
                .plus(applying(records.subList(half, records.size()), page, refusal));
    }
}

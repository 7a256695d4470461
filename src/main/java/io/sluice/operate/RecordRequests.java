// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import com.fasterxml.jackson.annotation.JsonRawValue;
import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.capture.Sql;
import io.sluice.operate.ApiResponses.RejectedRequest;
import io.sluice.operate.ConflictRequests.Conflict;
import io.sluice.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.camel.Exchange;

/**
 * Answers API requests for one record: its row, and for each sync of its table what both sides last agreed on, and what waits, is
 * in flight, died or conflicted.
 */
public final class RecordRequests {

    private static final String ROW =
            """
            select (select jsonb_object_agg(name, value) from jsonb_each(to_jsonb(t)) as c(name, value)
                    where name = any (?)) as row
            from %s as t where t.%s::text = ?""";

    private static final String BASE =
            "select * from sluice.sync_state where key = ? and object = ? and account = ? and sync = ?";

    private static final String WAITING =
            "select * from sluice.outbox where key = ? and object = ? and account = ? and sync = ?";

    private static final String DIED =
            "select * from sluice.dead_letter where key = ? and object = ? and account = ? and sync = ?";

    private static final String TOMBSTONE =
            "select deleted_at from sluice.tombstone where key = ? and object = ? and account = ?";

    private static final String REJECTED =
            """
            select id, columns, why, first_at, last_at, times from sluice.inbound_rejection
            where sync = ? and (key = ? or crm_id = ?)""";

    private static final String CONFLICTS =
            """
            select * from sluice.conflict where account = ? and object = ? and key = ? and sync = ?
            order by id desc limit 20""";

    private final Database database;
    private final List<Sync> syncs;

    public RecordRequests(Database database, List<Sync> syncs) {
        this.database = database;
        this.syncs = List.copyOf(syncs);
    }

    /**
     * What is known of a record.
     *
     * @param row mapped columns of its row, as JSON; null if there is none
     */
    record RecordReport(String table, String key, @JsonRawValue String row, List<Side> syncs) {}

    /**
     * What is known of a record in one CRM.
     *
     * @param base      values that both sides last agreed on, by field: the CRM's record as last known
     * @param deletedAt time of a delete that is remembered, or null
     */
    record Side(
            String sync,
            String account,
            String object,
            String crmId,
            @JsonRawValue String base,
            @JsonRawValue String unproven,
            Instant agreedAt,
            Instant heldUntil,
            Waiting waiting,
            InFlight inFlight,
            DeadLetter deadLetter,
            Instant deletedAt,
            List<Rejection> inboundRejections,
            List<Conflict> conflicts) {}

    /** @param waitsFor key of the parent that must be in the CRM first, or null */
    record Waiting(
            String operation,
            @JsonRawValue String fields,
            Priority priority,
            Instant since,
            Instant due,
            int attempts,
            String lastError,
            String waitsFor) {}

    record InFlight(String operation, @JsonRawValue String fields, Instant since, Instant leaseUntil) {}

    /** @param columns columns of the row that the table rejects; empty: the whole record */
    record Rejection(long id, List<String> columns, String why, Instant firstAt, Instant lastAt, long times) {}

    private record Base(String crmId, String values, String unproven, Instant settledAt, Instant heldUntil) {

        static Base of(ResultSet row) throws SQLException {
            return new Base(
                    row.getString("crm_id"),
                    row.getString("base"),
                    row.getString("unproven"),
                    Database.instant(row, "settled_at"),
                    Database.instant(row, "held_until"));
        }
    }

    private record Queued(Waiting waiting, InFlight inFlight) {

        static Queued of(ResultSet row) throws SQLException {
            return new Queued(
                    row.getString("operation") == null
                            ? null
                            : new Waiting(
                                    row.getString("operation"),
                                    row.getString("fields"),
                                    Priority.ofRank(row.getInt("priority")),
                                    Database.instant(row, "since"),
                                    Database.instant(row, "due"),
                                    row.getInt("attempts"),
                                    row.getString("last_error"),
                                    row.getString("waits_for")),
                    row.getString("lease") == null
                            ? null
                            : new InFlight(
                                    row.getString("inflight_operation"),
                                    row.getString("inflight"),
                                    Database.instant(row, "inflight_since"),
                                    Database.instant(row, "lease_until")));
        }
    }

    /** Shows the record of a key in the table of a sync. */
    public void show(Exchange exchange) {
        ApiResponses.answer(exchange, () -> {
            ApiQuery query = ApiQuery.of(exchange, Set.of("sync", "key"));
            query.required("sync");
            String name = query.known("sync", syncs.stream().map(Sync::getName).toList());
            String key = query.required("key");
            Sync sync = syncs.stream()
                    .filter(it -> it.getName().equals(name))
                    .findFirst()
                    .orElseThrow();
            List<Sync> ofTable = syncs.stream()
                    .filter(it -> Objects.equals(it.getTable(), sync.getTable())
                            && Objects.equals(it.getKey(), sync.getKey()))
                    .toList();
            String row = row(sync, ofTable, key);
            List<Side> sides = new ArrayList<>();
            for (Sync other : ofTable) {
                sides.add(side(other, key));
            }
            if (row == null && sides.stream().allMatch(RecordRequests::isUnknown)) {
                throw new RejectedRequest(
                        404, "There is no record with this key in the table " + sync.getTable() + " or in its CRMs");
            }
            return new RecordReport(sync.getTable(), key, row, sides);
        });
    }

    private static boolean isUnknown(Side side) {
        return side.crmId() == null
                && side.waiting() == null
                && side.inFlight() == null
                && side.deadLetter() == null
                && side.deletedAt() == null
                && side.inboundRejections().isEmpty()
                && side.conflicts().isEmpty();
    }

    private String row(Sync sync, List<Sync> ofTable, String key) throws SQLException {
        Set<String> columns = new LinkedHashSet<>();
        ofTable.forEach(it -> columns.addAll(it.getFields().keySet()));
        columns.add(sync.getKey());
        String sql = ROW.formatted(Sql.table(sync.getTable()), Sql.name(sync.getKey()));
        return database.transaction(connection ->
                Database.query(connection, sql, row -> row.getString("row"), Database.texts(connection, columns), key)
                        .stream()
                        .findFirst()
                        .orElse(null));
    }

    private Side side(Sync sync, String key) throws SQLException {
        String account = sync.getAccount();
        String object = sync.getObject();
        String name = sync.getName();
        Base base = database.first(BASE, Base::of, key, object, account, name).orElse(null);
        Queued queued =
                database.first(WAITING, Queued::of, key, object, account, name).orElse(new Queued(null, null));
        String crmId = base == null ? null : base.crmId();
        return new Side(
                name,
                account,
                object,
                crmId,
                base == null ? null : base.values(),
                base == null ? null : base.unproven(),
                base == null ? null : base.settledAt(),
                base == null ? null : base.heldUntil(),
                queued.waiting(),
                queued.inFlight(),
                database.first(DIED, DeadLetter::of, key, object, account, name).orElse(null),
                database.first(TOMBSTONE, row -> Database.instant(row, "deleted_at"), key, object, account)
                        .orElse(null),
                database.query(
                        REJECTED,
                        row -> new Rejection(
                                row.getLong("id"),
                                List.of((String[]) row.getArray("columns").getArray()),
                                row.getString("why"),
                                Database.instant(row, "first_at"),
                                Database.instant(row, "last_at"),
                                row.getLong("times")),
                        name,
                        key,
                        crmId),
                database.query(CONFLICTS, Conflict::of, account, object, key, name));
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.bulk;

import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.RecordChange;
import io.sluice.Sync;
import io.sluice.crm.RecordStream;
import io.sluice.outbox.Claim;
import io.sluice.outbox.CommonCauses;
import io.sluice.outbox.Settlement;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Streams a job's records to its upload and its results back to the outbox; never many of them at once in memory. */
public final class JobRecords {

    private static final int FETCH_SIZE = 1000;
    private static final int OUTCOMES_PER_TRANSACTION = 2000;

    /**
     * Lists the mapped fields that any record has, and others that a replayed dead letter has; rows of an initial export
     * have no others. To expand each record for its fields would cost as much as to send it.
     */
    private static final String FIELDS =
            """
            select field from unnest(?::text[]) as field
            where exists (select from sluice.outbox where lease = ? and jsonb_exists(inflight, field))
            union
            select jsonb_object_keys(inflight - ?::text[]) from sluice.outbox
            where lease = ? and inflight - ?::text[] <> '{}'
              and exists (select from sluice.bulk_job where lease = ? and bytes = 0)
            order by field""";

    private static final String RECORDS =
            """
            select o.key, o.inflight, null as crm_id from sluice.outbox o where o.lease = ?""";

    /**
     * Puts records of one parent side by side: the CRM works on parts of a job in parallel, and two parts that write below
     * one parent would wait for its lock, or fail on it.
     */
    private static final String CHILDREN = RECORDS + " order by o.inflight ->> ?, o.key";

    private static final String DELETES =
            """
            select o.key, o.inflight, r.crm_id
            from sluice.outbox o left join sluice.sync_state r using (account, object, key)
            where o.lease = ? order by o.key""";

    private static final String KEYS =
            "select crm_id, key from sluice.sync_state where account = ? and object = ? and crm_id = any(?)";

    private static final String IDS =
            "select key, crm_id from sluice.sync_state where account = ? and object = ? and key = any(?) and crm_id is not null";

    private final Database database;
    private final Settlement settlement;
    private final CommonCauses causes;

    public JobRecords(Database database, Settlement settlement, CommonCauses causes) {
        this.database = database;
        this.settlement = settlement;
        this.causes = causes;
    }

    /** The records that the job writes: the same at each call, because they are in flight. */
    RecordStream of(BulkJob job, Sync sync) {
        return new RecordStream() {
            @Override
            public List<String> fields() throws SQLException {
                return database.transaction(connection -> {
                    Array mapped = Database.texts(connection, sync.getFields().values());
                    return Database.query(
                            connection,
                            FIELDS,
                            row -> row.getString(1),
                            mapped,
                            job.lease(),
                            mapped,
                            job.lease(),
                            mapped,
                            job.lease());
                });
            }

            @Override
            public void each(Consumer<RecordChange> reader) throws SQLException {
                database.transaction(connection -> {
                    stream(connection, job, sync.getParent(), reader);
                    return null;
                });
            }
        };
    }

    /** Reads by a cursor, which PostgreSQL's driver uses where a fetch size is set inside a transaction. */
    private static void stream(Connection connection, BulkJob job, String parent, Consumer<RecordChange> reader)
            throws SQLException {
        boolean delete = job.operation() == Operation.DELETE;
        boolean children = !delete && parent != null;
        try (PreparedStatement statement =
                connection.prepareStatement(delete ? DELETES : children ? CHILDREN : RECORDS)) {
            statement.setFetchSize(FETCH_SIZE);
            statement.setObject(1, job.lease());
            if (children) {
                statement.setString(2, parent);
            }
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    reader.accept(new RecordChange(
                            rows.getString("key"),
                            job.operation(),
                            rows.getString("crm_id"),
                            Json.fields(rows.getString("inflight"))));
                }
            }
        }
    }

    /**
     * Settles the outcomes as they are read, 2,000 in a transaction; a record that was settled before a crash is left alone.
     *
     * @return the number of the job's records that are still in flight
     */
    long settle(BulkJob job, Stream<Outcome> outcomes) throws SQLException {
        Claim claim =
                new Claim(job.lease(), job.account(), job.object(), job.sync(), job.operation(), false, List.of());
        List<Outcome> some = new ArrayList<>();
        // written records are settled before the others: once some were written, the rest have faults of their own
        boolean noneWritten = inFlight(job) == job.records();
        for (Iterator<Outcome> all = outcomes.iterator(); all.hasNext(); ) {
            some.add(all.next());
            if (some.size() == OUTCOMES_PER_TRANSACTION || !all.hasNext()) {
                List<Outcome> named = job.operation() == Operation.DELETE ? withKeys(job, some) : checked(job, some);
                settlement.settle(claim, noneWritten ? causes.removeCommon(claim, named) : named);
                some.clear();
            }
        }
        return inFlight(job);
    }

    private long inFlight(BulkJob job) throws SQLException {
        return database.query("select count(*) from sluice.outbox where lease = ?", row -> row.getLong(1), job.lease())
                .get(0);
    }

    /**
     * Finds records that the job re-created. A job writes by the external id, so it makes a new record of the changed fields
     * alone where the record was deleted ({@code sf__Created} of a record that we know). The new id proves that.
     */
    private List<Outcome> checked(BulkJob job, List<Outcome> outcomes) throws SQLException {
        Map<String, String> ids = new HashMap<>();
        database.transaction(connection -> Database.query(
                connection,
                IDS,
                row -> ids.put(row.getString("key"), row.getString("crm_id")),
                job.account(),
                job.object(),
                Database.texts(connection, outcomes, Outcome::key)));
        return outcomes.stream()
                .map(it -> it.status() == Outcome.Status.DONE
                                && new RecordChange(it.key(), job.operation(), ids.get(it.key()), Map.of())
                                        .isOtherRecord(it.crmId())
                        ? Outcome.otherRecord(
                                it.key(),
                                "the bulk job made another record, " + it.crmId() + ", instead of " + ids.get(it.key()))
                        : it)
                .toList();
    }

    /** Adds the keys to the results of a delete, which name the CRM's id alone. A record without a known id waits for the job's end. */
    private List<Outcome> withKeys(BulkJob job, List<Outcome> outcomes) throws SQLException {
        Map<String, String> keys = new HashMap<>();
        database.transaction(connection -> Database.query(
                connection,
                KEYS,
                row -> keys.put(row.getString("crm_id"), row.getString("key")),
                job.account(),
                job.object(),
                Database.texts(connection, outcomes, Outcome::crmId)));
        return outcomes.stream()
                .filter(it -> keys.containsKey(it.crmId()))
                .map(it -> new Outcome(keys.get(it.crmId()), it.status(), it.crmId(), it.code(), it.message()))
                .toList();
    }
}

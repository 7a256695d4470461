// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import io.sluice.Operation;
import io.sluice.Priority;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.Optional;
import java.util.UUID;

/**
 * Claims very many writes of one sync with one statement, without reading them. Critical and high records are not claimed,
 * except those that were lower and only gained by ageing; nor are records that failed twice or that a failed call has split
 * into smaller calls, because record by record the CRM gives better errors.
 *
 * @param minRecords the minimum number of records; fewer are left where they are
 * @param maxRecords the maximum number of records
 * @param maxBytes   the maximum size of their fields as JSON
 * @param reserved   a text with another meaning in bulk; records with it are left out; null: none
 */
public record BulkClaim(
        String account,
        String sync,
        Operation operation,
        int minRecords,
        int maxRecords,
        long maxBytes,
        String reserved) {

    /** The records that a claim took. */
    public record Claimed(String object, int records, Priority priority) {}

    /** Finds records that may be sent in bulk. A delete in bulk names the CRM's id, so one without a known id is sent by a single call. */
    private static final String ELIGIBLE =
            """
            o.operation = ? and o.lease is null and o.due <= clock_timestamp() and o.priority > 0
                  and o.priority + o.aged > 1 and o.max_batch is null and o.attempts < 2
                  and o.account not in (%s) and o.sync not in (%s)
                  and (o.operation = 'upsert' or exists (select from sluice.sync_state r where r.account = o.account
                      and r.object = o.object and r.key = o.key and r.crm_id is not null))"""
                    .formatted(PauseStore.ACCOUNTS, PauseStore.SYNCS);

    /** Counts no further than needed, because it runs before each call. */
    static final String WAITING =
            """
            select count(*) from (select from sluice.outbox o
                where o.account = ? and o.sync = ? and %s limit ?) as waiting"""
                    .formatted(ELIGIBLE);

    /**
     * Claims under a lease without an end of its own: it ends with the job's row. All that is claimed comes from the locked
     * rows: to read a row again would give the version in the statement's snapshot, without the changes queued since.
     */
    private static final String CLAIM =
            """
            with recursive chosen as materialized (
                select o.* from sluice.outbox o
                where o.account = ? and o.sync = ? and %s and (?::text is null or strpos(concat(o.key, ' ', o.fields::text), ?) = 0)
                order by o.priority, o.since limit ? for update of o skip locked),
            sized as materialized (
                select o.*, sum(octet_length(o.fields::text) + octet_length(o.key)) over (rows unbounded preceding) as bytes
                from chosen o),
            picked as materialized (select * from sized where bytes <= ?),
            %s
            select min(object) as object, count(*) as records, min(priority) as priority from taken"""
                    .formatted(ELIGIBLE, Outbox.MOVE_IN_FLIGHT.formatted("'{}'::uuid[]", "'infinity'"));

    /**
     * The number of records that could be claimed.
     *
     * @param max the number at which counting stops
     */
    public static int waiting(Database database, String account, String sync, Operation operation, int max)
            throws SQLException {
        return database.query(WAITING, row -> row.getInt(1), account, sync, operation.toString(), max)
                .get(0);
    }

    /** Claims the records, unless other processes have left fewer than the minimum. */
    public Optional<Claimed> claim(Connection connection, UUID lease) throws SQLException {
        Savepoint before = connection.setSavepoint();
        Database.fixPlans(connection);
        Claimed claimed = Database.query(
                        connection,
                        CLAIM,
                        row -> new Claimed(
                                row.getString("object"),
                                row.getInt("records"),
                                Priority.ofRank(row.getInt("priority"))),
                        account,
                        sync,
                        operation.toString(),
                        reserved,
                        reserved,
                        maxRecords,
                        maxBytes,
                        lease)
                .get(0);
        if (claimed.records() < minRecords) {
            connection.rollback(before);
            return Optional.empty();
        }
        return Optional.of(claimed);
    }
}

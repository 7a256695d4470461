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
 * Moves very many writes of one sync in flight with one statement, without reading them. What is critical or high does
 * not go so, except for what was lower and has only waited long; neither do records that have failed in bulk more than
 * once, or that a refused call has brought down to smaller calls: record by record the CRM says more.
 *
 * @param least    records: fewer are left where they are
 * @param most     records
 * @param bytes    of their fields as JSON, at most
 * @param reserved a text that means something else in bulk, so that records with it are left out; or null
 */
public record BulkClaim(String account, String sync, Operation operation, int least, int most, long bytes,
        String reserved) {

    /** What a claim took. */
    public record Taken(String object, int records, Priority priority) {
    }

    /** A delete in bulk names the CRM's id, so that of records whose id is not known goes by other calls. */
    private static final String FITS = """
            o.operation = ? and o.lease is null and o.due <= clock_timestamp() and o.priority > 0
                  and o.priority + o.aged > 1 and o.fill is null and o.attempts < 2
                  and o.account not in (%s) and o.sync not in (%s)
                  and (o.operation = 'upsert' or exists (select from sluice.sync_state r where r.account = o.account
                      and r.object = o.object and r.key = o.key and r.crm_id is not null))""".formatted(
            PauseStore.ACCOUNTS, PauseStore.SYNCS);

    /** No further than is wanted, for this is asked before each call. */
    static final String WAITING = """
            select count(*) from (select from sluice.outbox o
                where o.account = ? and o.sync = ? and %s limit ?) as waiting""".formatted(FITS);

    /** The lease has no end of its own: the row of the job is what it lasts for. */
    private static final String CLAIM = """
            with recursive chosen as materialized (
                select o.account, o.object, o.key from sluice.outbox o
                where o.account = ? and o.sync = ? and %s and (?::text is null or strpos(concat(o.key, ' ', o.fields::text), ?) = 0)
                order by o.priority, o.since limit ? for update of o skip locked),
            sized as materialized (
                select o.*, sum(octet_length(o.fields::text) + octet_length(o.key))
                           over (order by o.priority, o.since, o.key) as bytes
                from sluice.outbox o join chosen using (account, object, key) where %s),
            picked as materialized (select * from sized where bytes <= ?),
            %s
            select min(object) as object, count(*) as records, min(priority) as priority from taken""".formatted(FITS, Outbox.among("o", "chosen"),
            Outbox.TAKE.formatted("'{}'::uuid[]", "'infinity'"));

    /**
     * How many records could go.
     *
     * @param most beyond which it is not counted
     */
    public static int waiting(Database database, String account, String sync, Operation operation, int most)
            throws SQLException {
        return database.query(WAITING, row -> row.getInt(1), account, sync, operation.toString(), most).get(0);
    }

    /** Takes them, unless others have left too few. */
    public Optional<Taken> take(Connection connection, UUID lease) throws SQLException {
        Savepoint before = connection.setSavepoint();
        Database.fixPlans(connection);
        Taken taken = Database.query(connection, CLAIM, row -> new Taken(row.getString("object"),
                row.getInt("records"), Priority.ofRank(row.getInt("priority"))), account, sync, operation.toString(),
                reserved, reserved, most, bytes, lease).get(0);
        if (taken.records() < least) {
            connection.rollback(before);
            return Optional.empty();
        }
        return Optional.of(taken);
    }
}

package io.sluice.outbox;

import io.sluice.Priority;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.Optional;
import java.util.UUID;

/**
 * Moves very many upserts of one sync in flight with one statement, without reading them. Critical records do not go
 * so, and neither do those that have failed in bulk more than once, or that a refused call has brought down to smaller
 * calls: record by record the CRM says more.
 *
 * @param least    records: fewer are left where they are
 * @param most     records
 * @param bytes    of their fields as JSON, at most
 * @param reserved a text that means something else in bulk, so that records with it are left out; or null
 */
public record BulkClaim(String account, String sync, int least, int most, long bytes, String reserved) {

    /** What a claim took. */
    public record Taken(String object, int records, Priority priority) {
    }

    private static final String FITS = """
            operation = 'upsert' and lease is null and due <= clock_timestamp() and priority > 0 and fill is null
                  and attempts < 2 and account not in (%s) and sync not in (%s)""".formatted(Pauses.ACCOUNTS,
            Pauses.SYNCS);

    /** No further than is wanted, for this is asked before each call. */
    static final String WAITING = """
            select count(*) from (select from sluice.outbox
                where account = ? and sync = ? and %s limit ?) as waiting""".formatted(FITS);

    /** The lease has no end of its own: the row of the job is what it lasts for. */
    private static final String CLAIM = """
            with chosen as materialized (
                select account, object, key from sluice.outbox
                where account = ? and sync = ? and %s and (?::text is null or strpos(fields::text, ?) = 0)
                order by priority, since limit ? for update skip locked),
            sized as materialized (
                select o.*, sum(octet_length(o.fields::text) + octet_length(o.key))
                           over (order by o.priority, o.since, o.key) as bytes
                from sluice.outbox o join chosen using (account, object, key)),
            picked as materialized (select * from sized where bytes <= ?),
            %s
            select min(object) as object, count(*) as records, min(priority) as priority from taken""".formatted(FITS,
            Outbox.TAKE.formatted("'infinity'"));

    /** How many records could go, counted no further than {@code least}. */
    public static int waiting(Database database, String account, String sync, int least) throws SQLException {
        return database.query(WAITING, row -> row.getInt(1), account, sync, least).get(0);
    }

    /** Takes them, unless others have left too few. */
    public Optional<Taken> take(Connection connection, UUID lease) throws SQLException {
        Savepoint before = connection.setSavepoint();
        Taken taken = Database.query(connection, CLAIM, row -> new Taken(row.getString("object"),
                row.getInt("records"), Priority.ofRank(row.getInt("priority"))), account, sync, reserved, reserved,
                most, bytes, lease).get(0);
        if (taken.records() < least) {
            connection.rollback(before);
            return Optional.empty();
        }
        return Optional.of(taken);
    }
}

package io.sluice.receive;

import io.sluice.CrmEvent;
import io.sluice.RejectedEvent;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.List;
import java.util.OptionalInt;
import java.util.UUID;

/**
 * What CRMs told by themselves, kept before they are answered: the table {@code inbox}. It is the idempotent repository
 * too: what is told twice has one row. Whoever takes rows has them for a while; what is not done by then is taken again.
 */
public final class Inbox {

    /** In the order of their identities, so that two tellings of the same can't lock each other out. */
    private static final String KEEP = """
            insert into sluice.inbox (account, identity, object, crm_id, kind, field, value, at)
            select ?, identity, object, crm_id, kind, field, value, at
            from unnest(?::uuid[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::timestamptz[])
                as e(identity, object, crm_id, kind, field, value, at)
            order by identity
            on conflict (account, identity) do nothing""";

    /** By the index of what waits, the longest waiting first. */
    static final String TAKE = """
            with taken as materialized (
                select ctid from sluice.inbox where done_at is null and due <= clock_timestamp()
                  and account <> all (?) order by due limit ? for update skip locked)
            update sluice.inbox i set due = clock_timestamp() + ? * interval '1 millisecond'
            where ctid = any (array(select ctid from taken))
            returning account, identity, object, crm_id, kind, field, value, at""";

    private static final String DONE = """
            update sluice.inbox set done_at = clock_timestamp() where account = ? and identity = any (?)""";

    private static final String LATER = """
            update sluice.inbox set due = clock_timestamp() + ? * interval '1 millisecond'
            where account = ? and identity = any (?) and done_at is null""";

    private static final String BACKLOG = """
            select count(*) as waiting,
                   coalesce(extract(epoch from clock_timestamp() - min(received_at)) * 1000, 0)::bigint as oldest_ms
            from sluice.inbox where account = ? and done_at is null""";

    private static final String FORGET = """
            delete from sluice.inbox where done_at < clock_timestamp() - ? * interval '1 millisecond'""";

    private static final String REJECT = """
            insert into sluice.event_rejection as r (account, type, why, times)
            select ?, type, why, count(*) from unnest(?::text[], ?::text[]) as e(type, why) group by type, why order by 2, 3
            on conflict (account, type, why) do update
            set times = r.times + excluded.times, last_at = excluded.last_at""";

    private static final String REJECTED =
            "select coalesce(sum(times), 0) from sluice.event_rejection where account = ?";

    /** A row of the inbox. */
    record Row(String account, CrmEvent event) {
    }

    private final Database ear;
    private final Database database;

    /** @param ear where somebody waits until his events are kept, so that it says soon when they can't be */
    public Inbox(Database ear, Database database) {
        this.ear = ear;
        this.database = database;
    }

    /** What must be done in the transaction that keeps events, or they are not kept. */
    @FunctionalInterface
    interface Condition {
        boolean holds(Connection connection) throws SQLException;
    }

    /**
     * Keeps events; when this returns, they are safe.
     *
     * @return how many were not there already
     */
    int keep(String account, List<CrmEvent> events) throws SQLException {
        return events.isEmpty() ? 0 : ear.transaction(connection -> keep(connection, account, events));
    }

    /**
     * Keeps events if a condition holds, of which each attempt asks.
     *
     * @return how many were not there already; nothing where it does not hold
     */
    OptionalInt keep(String account, List<CrmEvent> events, Condition condition) throws SQLException {
        return database.transaction(connection -> condition.holds(connection)
                ? OptionalInt.of(events.isEmpty() ? 0 : keep(connection, account, events)) : OptionalInt.empty());
    }

    private static int keep(Connection connection, String account, List<CrmEvent> events) throws SQLException {
        return Database.update(connection, KEEP, account,
                connection.createArrayOf("uuid", events.stream().map(CrmEvent::identity).toArray()),
                Database.texts(connection, events, CrmEvent::object), Database.texts(connection, events, CrmEvent::crmId),
                Database.texts(connection, events, event -> event.kind().toString()),
                Database.texts(connection, events, CrmEvent::field),
                Database.texts(connection, events, CrmEvent::value),
                connection.createArrayOf("timestamptz", events.stream().map(event -> event.at().toString()).toArray()));
    }

    /**
     * Takes what waits.
     *
     * @param but     accounts of which nothing is taken
     * @param holding how long it is nobody else's
     */
    List<Row> take(Collection<String> but, int most, Duration holding) throws SQLException {
        return database.planned(connection -> Database.query(connection, TAKE, row -> new Row(row.getString("account"),
                new CrmEvent(row.getObject("identity", UUID.class), row.getString("object"), row.getString("crm_id"),
                        CrmEvent.Kind.of(row.getString("kind")), row.getString("field"), row.getString("value"),
                        row.getObject("at", OffsetDateTime.class).toInstant())),
                Database.texts(connection, but), most, holding.toMillis()));
    }

    void done(String account, Collection<UUID> identities) throws SQLException {
        if (!identities.isEmpty()) {
            database.planned(connection -> Database.update(connection, DONE, account,
                    connection.createArrayOf("uuid", identities.toArray())));
        }
    }

    /** Gives back what can't be done now. */
    void later(String account, Collection<UUID> identities, Duration pause) throws SQLException {
        if (!identities.isEmpty()) {
            database.planned(connection -> Database.update(connection, LATER, pause.toMillis(), account,
                    connection.createArrayOf("uuid", identities.toArray())));
        }
    }

    /** Counts events that could not be read. */
    void reject(String account, List<RejectedEvent> events) throws SQLException {
        if (!events.isEmpty()) {
            ear.transaction(connection -> Database.update(connection, REJECT, account,
                    Database.texts(connection, events, RejectedEvent::type),
                    Database.texts(connection, events, RejectedEvent::why)));
        }
    }

    /** How many events of an account could not be read. */
    public long rejected(String account) throws SQLException {
        return database.first(REJECTED, row -> row.getLong(1), account).orElseThrow();
    }

    /**
     * What waits of an account.
     *
     * @param oldestMs how long the oldest has waited, in milliseconds
     */
    public record Backlog(long waiting, long oldestMs) {
    }

    public Backlog backlog(String account) throws SQLException {
        return database.first(BACKLOG, row -> new Backlog(row.getLong("waiting"), row.getLong("oldest_ms")), account)
                .orElseThrow();
    }

    /** Lets go of what was done so long ago that it will not be told again. @return how many */
    public int forget(Duration after) throws SQLException {
        return database.update(FORGET, after.toMillis());
    }
}

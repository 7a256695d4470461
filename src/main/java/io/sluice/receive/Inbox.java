// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.CrmEvent;
import io.sluice.RejectedEvent;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.OptionalInt;
import java.util.UUID;

/**
 * Stores the events of CRMs before their requests are answered: the table {@code inbox}. The inbox is also the idempotent
 * repository: an event that arrives twice has one row. A process that takes rows holds their lease for a while; rows that are
 * not done by then are taken again.
 */
public final class Inbox {

    /** Inserts in the order of the identities, so that two requests with the same events can't deadlock. */
    private static final String KEEP =
            """
            insert into sluice.inbox (account, identity, object, crm_id, kind, field, value, at)
            select ?, identity, object, crm_id, kind, field, value, at
            from unnest(?::uuid[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::timestamptz[])
                as e(identity, object, crm_id, kind, field, value, at)
            order by identity
            on conflict (account, identity) do nothing""";

    /** Uses the index of the waiting rows; the oldest come first. */
    static final String TAKE =
            """
            with taken as materialized (
                select ctid from sluice.inbox where done_at is null and due <= clock_timestamp()
                  and account <> all (?) order by due limit ? for update skip locked)
            update sluice.inbox i set due = clock_timestamp() + ? * interval '1 millisecond'
            where ctid = any (array(select ctid from taken))
            returning account, identity, object, crm_id, kind, field, value, at""";

    private static final String DONE =
            """
            update sluice.inbox set done_at = clock_timestamp() where account = ? and identity = any (?)""";

    private static final String DEFER =
            """
            update sluice.inbox set due = clock_timestamp() + ? * interval '1 millisecond'
            where account = ? and identity = any (?) and done_at is null""";

    private static final String BACKLOG =
            """
            select count(*) as waiting,
                   coalesce(extract(epoch from clock_timestamp() - min(received_at)) * 1000, 0)::bigint as oldest_ms
            from sluice.inbox where account = ? and done_at is null""";

    private static final String REJECT =
            """
            insert into sluice.event_rejection as r (account, type, why, times)
            select ?, type, why, count(*) from unnest(?::text[], ?::text[]) as e(type, why) group by type, why order by 2, 3
            on conflict (account, type, why) do update
            set times = r.times + excluded.times, last_at = excluded.last_at""";

    private static final String REJECTED =
            "select coalesce(sum(times), 0) from sluice.event_rejection where account = ?";

    /** A row of the inbox. */
    record Row(String account, CrmEvent event) {}

    private final Database webhookDatabase;
    private final Database database;

    /** @param webhookDatabase pool for webhook requests; it fails soon, since the sender waits until its events are stored */
    public Inbox(Database webhookDatabase, Database database) {
        this.webhookDatabase = webhookDatabase;
        this.database = database;
    }

    /** Condition that must hold in the transaction that stores events; otherwise they are not stored. */
    @FunctionalInterface
    interface Condition {
        boolean holds(Connection connection) throws SQLException;
    }

    /**
     * Stores events; they are committed when this method returns.
     *
     * @return number of events that were not stored before
     */
    int keep(String account, List<CrmEvent> events) throws SQLException {
        return events.isEmpty() ? 0 : webhookDatabase.autoCommit(connection -> keep(connection, account, events));
    }

    /**
     * Stores events if a condition holds; each attempt of the transaction checks the condition.
     *
     * @return number of events that were not stored before; empty when the condition does not hold
     */
    OptionalInt keep(String account, List<CrmEvent> events, Condition condition) throws SQLException {
        return database.transaction(connection -> condition.holds(connection)
                ? OptionalInt.of(events.isEmpty() ? 0 : keep(connection, account, events))
                : OptionalInt.empty());
    }

    private static int keep(Connection connection, String account, List<CrmEvent> events) throws SQLException {
        return Database.update(
                connection,
                KEEP,
                account,
                connection.createArrayOf(
                        "uuid", events.stream().map(CrmEvent::identity).toArray()),
                Database.texts(connection, events, CrmEvent::object),
                Database.texts(connection, events, CrmEvent::crmId),
                Database.texts(connection, events, event -> event.kind().toString()),
                Database.texts(connection, events, CrmEvent::field),
                Database.texts(connection, events, CrmEvent::value),
                connection.createArrayOf(
                        "timestamptz",
                        events.stream().map(event -> event.at().toString()).toArray()));
    }

    /**
     * Takes waiting events, the oldest first.
     *
     * @param paused    accounts whose events stay in the inbox
     * @param max       maximum number of events
     * @param leaseTime time for which no other process takes them
     */
    List<Row> take(Collection<String> paused, int max, Duration leaseTime) throws SQLException {
        return database.planned(connection -> Database.query(
                connection,
                TAKE,
                row -> new Row(
                        row.getString("account"),
                        new CrmEvent(
                                row.getObject("identity", UUID.class),
                                row.getString("object"),
                                row.getString("crm_id"),
                                CrmEvent.Kind.of(row.getString("kind")),
                                row.getString("field"),
                                row.getString("value"),
                                Database.instant(row, "at"))),
                Database.texts(connection, paused),
                max,
                leaseTime.toMillis()));
    }

    void done(String account, Collection<UUID> identities) throws SQLException {
        if (!identities.isEmpty()) {
            database.planned(connection ->
                    Database.update(connection, DONE, account, connection.createArrayOf("uuid", identities.toArray())));
        }
    }

    /** Makes events due again after a delay. */
    void defer(String account, Collection<UUID> identities, Duration delay) throws SQLException {
        if (!identities.isEmpty()) {
            database.planned(connection -> Database.update(
                    connection,
                    DEFER,
                    delay.toMillis(),
                    account,
                    connection.createArrayOf("uuid", identities.toArray())));
        }
    }

    /** Counts events that could not be parsed. */
    void reject(String account, List<RejectedEvent> events) throws SQLException {
        if (!events.isEmpty()) {
            webhookDatabase.transaction(connection -> Database.update(
                    connection,
                    REJECT,
                    account,
                    Database.texts(connection, events, RejectedEvent::type),
                    Database.texts(connection, events, RejectedEvent::why)));
        }
    }

    /** Returns the number of an account's events that could not be parsed. */
    public long rejected(String account) throws SQLException {
        return database.first(REJECTED, row -> row.getLong(1), account).orElseThrow();
    }

    /**
     * Events of an account that wait.
     *
     * @param waiting  number of events
     * @param oldestMs age of the oldest one in milliseconds
     */
    public record Backlog(long waiting, long oldestMs) {}

    public Backlog backlog(String account) throws SQLException {
        return database.first(BACKLOG, row -> new Backlog(row.getLong("waiting"), row.getLong("oldest_ms")), account)
                .orElseThrow();
    }
}

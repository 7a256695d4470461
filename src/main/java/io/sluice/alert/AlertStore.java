// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import io.sluice.Priority;
import io.sluice.alert.ObservedState.Entry;
import io.sluice.alert.ObservedState.Waiting;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the state from which alerts are computed, and keeps the alerts of an installation in PostgreSQL. All replicas share
 * them: one at a time evaluates, and enters each begin and each end with its notifications in one transaction.
 */
public final class AlertStore {

    private static final String TIME_LIMIT =
            "select clock_timestamp() as now, set_config('statement_timeout', '30s', true)";

    private static final String ENTER =
            "insert into sluice.alert_evaluation (installation) values (?) on conflict do nothing";

    /** Deletes what waits for channels that were switched off: whoever switches one on wants what happens from then on. */
    private static final String FORGET =
            """
            delete from sluice.alert_notification n using sluice.alert a
            where a.number = n.alert and a.installation = ? and n.channel <> all (?)""";

    /** A time far ahead is one of a clock that was set back since. */
    private static final String TAKE =
            """
            select true from sluice.alert_evaluation
            where installation = ? and (due <= clock_timestamp() or due > clock_timestamp() + interval '1 hour')
            for update skip locked""";

    private static final String NEXT =
            """
            update sluice.alert_evaluation set due = clock_timestamp() + ? * interval '1 millisecond'
            where installation = ?""";

    /** Selects the waiting changes by sync and by the priority before ageing. */
    private static final String WAITING =
            """
            select o.sync, case when o.priority = 0 then 0 else least(o.priority + o.aged, 3) end as own, count(*) as number,
                   extract(epoch from clock_timestamp() - min(o.since))::float8 as age
            from sluice.outbox o
            left join sluice.initial_export e
              on e.account = o.account and e.object = o.object and e.sync = o.sync and o.since <= e.queued_at
            left join (select account, object, key from sluice.sync_state where held_until > now()) held
              on held.key = o.key and held.object = o.object and held.account = o.account
            where o.operation is not null and o.lease is null and e.sync is null and held.key is null
            group by 1, 2""";

    /** Selects a kind of alert, its owner, a detail, two numbers, the age in seconds, an end and a message. */
    private static final String ENTRIES =
            """
            select 'capture-stalled' as kind, source as owner, '' as detail, sum(records) as number, 0 as other,
                   extract(epoch from clock_timestamp() - min(changed_at))::float8 as age, null::timestamptz as until,
                   null as text
            from sluice.change_log group by source
            union all
            select 'inbox-stalled', account, '', count(*), 0,
                   extract(epoch from clock_timestamp() - min(received_at)), null, null
            from sluice.inbox where done_at is null group by account
            union all
            select 'dead-letters', sync, '', count(*), 0, extract(epoch from clock_timestamp() - min(died_at)), null,
                   mode() within group (order by code)
            from sluice.dead_letter group by sync
            union all
            select 'inbound-rejections', sync, '', count(*), 0, extract(epoch from clock_timestamp() - min(first_at)), null,
                   mode() within group (order by array_to_string(columns, ', ') || ': ' || why)
            from sluice.inbound_rejection group by sync
            union all
            select 'events-rejected', account, '', sum(times), 0, extract(epoch from clock_timestamp() - min(first_at)), null,
                   mode() within group (order by type || ': ' || why)
            from sluice.event_rejection where last_at > clock_timestamp() - interval '1 hour' group by account
            union all
            select 'account-throttled', account, kind, step, 0, extract(epoch from clock_timestamp() - since), until, null
            from sluice.throttle where recovered_at is null and until > clock_timestamp() - interval '5 minutes'
            union all
            select 'capture-gap', source, '', count(*), 0, extract(epoch from clock_timestamp() - min(since)), null,
                   (array_agg(reason order by id desc))[1]
            from sluice.capture_gap where not asked and reason not like 'sync %' group by source
            union all
            select 'capture-gap', source, 'compared', missed, gone, extract(epoch from clock_timestamp() - compared_at),
                   null, reason
            from sluice.capture
            where compared_at > clock_timestamp() - interval '1 hour' and reason not like 'sync %'
              and (missed > 0 or gone > 0 or reason like '%trigger%')
            union all
            select 'poll-stalled', sync, '', 1, 0, extract(epoch from clock_timestamp() - polled_at), null, null
            from sluice.poll_offset where polled_at > 'epoch'
            union all
            select 'journal-stalled', account, '', 1, 0, extract(epoch from clock_timestamp() - due), null, null
            from sluice.stream_offset where stream = 'journal:' || account and due < clock_timestamp()
            union all
            select 'snapshot-stalled', sync, '', read, 0, extract(epoch from clock_timestamp() - updated_at), null, last_error
            from sluice.snapshot where ended_at is null
            union all
            select 'bulk-job-stalled', sync, '', max(attempts), 0, extract(epoch from clock_timestamp() - min(began_at)),
                   null, null
            from sluice.bulk_job where ended_at is null and attempts >= 5 group by sync
            union all
            select 'update-loop', sync, '', count(*), 0, extract(epoch from clock_timestamp() - min(taken_at)), null, null
            from sluice.sync_state where held_until > clock_timestamp() group by sync
            union all
            select 'alerts-undelivered', c.channel, '', count(*), max(c.attempts),
                   extract(epoch from clock_timestamp() - min(n.created_at)), null, null
            from sluice.alert_channel c join sluice.alert_notification n on n.channel = c.channel
            join sluice.alert a on a.number = n.alert and a.installation = c.installation
            where c.attempts >= 3 and c.installation = ? group by c.channel""";

    private static final String FINDINGS =
            """
            select distinct on (kind, subject) kind, subject, detail, since from sluice.alert_finding
            where installation = ? and seen_at > clock_timestamp() - ? * interval '1 millisecond'
            order by kind, subject, since""";

    private static final String ACTIVE =
            """
            select * from sluice.alert where installation = ? and ended_at is null
            order by array_position(array['critical', 'warning', 'info'], severity), mark desc nulls last, since, id""";

    private static final String ENDED =
            """
            select * from sluice.alert where installation = ? and ended_at > clock_timestamp() - interval '1 day'
            order by ended_at desc limit 1000""";

    /** Replaces the active alerts, and queues a notification of each begin and each end for each channel. */
    private static final String REPLACE =
            """
            with fresh as (
                select * from jsonb_to_recordset(?::jsonb) as f (
                    id text, kind text, severity text, account text, sync text, limit_name text, priority text,
                    mark smallint, delays text[], until timestamptz, what text, action text, since timestamptz,
                    seen_at timestamptz)
            ), ended as (
                update sluice.alert a set ended_at = ?
                where a.installation = ? and a.ended_at is null and a.id not in (select id from fresh)
                returning a.number
            ), present as (
                insert into sluice.alert as a (installation, id, kind, severity, account, sync, limit_name, priority, mark,
                    delays, until, what, action, since, seen_at)
                select ?, id, kind, severity, account, sync, limit_name, priority, mark, delays, until, what, action, since,
                       seen_at
                from fresh
                on conflict (installation, id) where ended_at is null do update
                set severity = excluded.severity, delays = excluded.delays, until = excluded.until, what = excluded.what,
                    action = excluded.action, seen_at = excluded.seen_at
                returning a.number, xmax = 0 as begins
            )
            insert into sluice.alert_notification (channel, alert, event)
            select c.channel, e.number, e.event
            from (select number, 'end' as event from ended
                  union all select number, 'begin' from present where begins) as e
            cross join unnest(?::text[]) as c (channel)""";

    private static final String PUBLISH =
            """
            with fresh as (
                select * from jsonb_to_recordset(?::jsonb) as f (kind text, subject text, detail text)
            ), gone as (
                delete from sluice.alert_finding f
                where f.instance = ?::uuid and not exists (
                        select from fresh where fresh.kind = f.kind and fresh.subject = f.subject)
                   or f.seen_at < clock_timestamp() - interval '1 hour'
            )
            insert into sluice.alert_finding (instance, installation, kind, subject, detail, since)
            select ?::uuid, ?, kind, subject, detail, clock_timestamp() from fresh
            on conflict (instance, kind, subject) do update
            set detail = excluded.detail, seen_at = clock_timestamp()""";

    /** Divisor of the time that evaluations may take. */
    private static final int COST_FACTOR = 20;

    private final Database database;
    private final String installation;

    /** @param installation name that all replicas share */
    public AlertStore(Database database, String installation) {
        this.database = database;
        this.installation = installation;
    }

    /** What the tables hold, at one moment. */
    record Observation(Instant now, List<Waiting> waiting, List<Entry> entries, List<Finding> findings) {}

    /** Computes the alerts that are active now; what it reads in the transaction is as new as the observation. */
    @FunctionalInterface
    interface Rules {
        List<Alert> active(Connection connection, Observation observation, List<Alert> before) throws SQLException;
    }

    /**
     * Enters this installation, whose first evaluation is due at once, and deletes the notifications of channels that are off.
     *
     * @param channels channels that are on
     */
    void enter(Collection<String> channels) throws SQLException {
        database.transaction(connection -> {
            Database.update(connection, ENTER, installation);
            return Database.update(connection, FORGET, installation, Database.texts(connection, channels));
        });
    }

    /**
     * Evaluates the alerts, unless another replica does or did within the interval.
     *
     * @param findingAge maximum age of another process's finding
     * @param channels   channels that are notified
     * @param interval   minimum time until the next evaluation, which is longer where this one takes more than a twentieth
     *                   of it; zero: the next one is due at once
     */
    void evaluate(Rules rules, Duration findingAge, Collection<String> channels, Duration interval)
            throws SQLException {
        database.transaction(connection -> {
            if (Database.query(connection, TAKE, row -> true, installation).isEmpty()) {
                return null;
            }
            long began = System.nanoTime();
            Observation observation = observe(connection, findingAge);
            List<Alert> before = Database.query(connection, ACTIVE, AlertStore::alert, installation);
            List<Alert> after = rules.active(connection, observation, before);
            if (!before.isEmpty() || !after.isEmpty()) {
                replace(connection, after, observation.now(), channels);
            }
            long took = Duration.ofNanos(System.nanoTime() - began).toMillis();
            long pause = interval.isZero() ? 0 : Math.max(interval.toMillis(), COST_FACTOR * took);
            return Database.update(connection, NEXT, pause, installation);
        });
    }

    private Observation observe(Connection connection, Duration findingAge) throws SQLException {
        Instant now = Database.query(connection, TIME_LIMIT, row -> Database.instant(row, "now"))
                .get(0);
        return new Observation(
                now,
                Database.query(connection, WAITING, AlertStore::waiting),
                Database.query(connection, ENTRIES, AlertStore::entry, installation),
                Database.query(connection, FINDINGS, AlertStore::finding, installation, findingAge.toMillis()));
    }

    private void replace(Connection connection, List<Alert> active, Instant now, Collection<String> channels)
            throws SQLException {
        Database.update(
                connection,
                REPLACE,
                Json.text(active.stream().map(AlertStore::columns).toList()),
                now,
                installation,
                installation,
                Database.texts(connection, channels));
    }

    /** Replaces the findings of a process. */
    void publish(String instance, Collection<Map<String, String>> findings) throws SQLException {
        database.update(PUBLISH, Json.text(findings), instance, instance, installation);
    }

    /** Returns the active alerts, the most severe first. */
    public List<Alert> active() throws SQLException {
        return database.query(ACTIVE, AlertStore::alert, installation);
    }

    /** Returns the alerts that ended during the last day, the latest first, at most 1,000. */
    public List<Alert> ended() throws SQLException {
        return database.query(ENDED, AlertStore::alert, installation);
    }

    private static Map<String, Object> columns(Alert alert) {
        Map<String, Object> columns = new LinkedHashMap<>();
        columns.put("id", alert.id());
        columns.put("kind", alert.kind());
        columns.put("severity", alert.severity());
        columns.put("account", alert.account());
        columns.put("sync", alert.sync());
        columns.put("limit_name", alert.limit());
        columns.put("priority", alert.priority());
        columns.put("mark", alert.mark());
        columns.put("delays", alert.delays());
        columns.put("until", alert.until());
        columns.put("what", alert.what());
        columns.put("action", alert.action());
        columns.put("since", alert.since());
        columns.put("seen_at", alert.seenAt());
        return columns;
    }

    static Alert alert(ResultSet row) throws SQLException {
        String priority = row.getString("priority");
        return new Alert(
                row.getString("id"),
                AlertKind.of(row.getString("kind")),
                Severity.of(row.getString("severity")),
                row.getString("account"),
                row.getString("sync"),
                row.getString("limit_name"),
                priority == null ? null : Priority.of(priority),
                row.getObject("mark", Integer.class),
                Arrays.stream((String[]) row.getArray("delays").getArray())
                        .map(Priority::of)
                        .toList(),
                Database.instant(row, "until"),
                Database.instant(row, "since"),
                Database.instant(row, "seen_at"),
                Database.instant(row, "ended_at"),
                row.getString("what"),
                row.getString("action"));
    }

    private static Waiting waiting(ResultSet row) throws SQLException {
        return new Waiting(row.getString("sync"), Priority.ofRank(row.getInt("own")), row.getLong("number"), age(row));
    }

    private static Entry entry(ResultSet row) throws SQLException {
        return new Entry(
                AlertKind.of(row.getString("kind")),
                row.getString("owner"),
                row.getString("detail"),
                row.getLong("number"),
                row.getLong("other"),
                age(row),
                Database.instant(row, "until"),
                row.getString("text"));
    }

    private static Finding finding(ResultSet row) throws SQLException {
        return new Finding(
                AlertKind.of(row.getString("kind")),
                row.getString("subject"),
                row.getString("detail"),
                Database.instant(row, "since"));
    }

    private static Duration age(ResultSet row) throws SQLException {
        return Duration.ofMillis((long) Math.max(0, row.getDouble("age") * 1000));
    }
}

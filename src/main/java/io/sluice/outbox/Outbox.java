// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import io.sluice.Operation;
import io.sluice.Priority;
import io.sluice.RecordChange;
import io.sluice.Sync;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Keeps the changes that wait to be sent, one row per record, and is the only owner of retries.
 *
 * <p>A claim moves the waiting fields in flight under a lease; changes that arrive meanwhile collect beside them. So there
 * is never more than one write of a record in flight. The lease outlives the call by the time in which its request could
 * still arrive. {@link Settlement} ends a claim.
 */
public final class Outbox {

    /**
     * Finds accounts with due work. It jumps from sync to sync by the index, so that it does not scan the large queue of a
     * paused sync at each wake-up.
     */
    static final String WAITING =
            """
            with recursive held(account, sync) as (
                (select o.account, o.sync from sluice.outbox o where o.operation is not null and o.lease is null
                 order by o.account, o.sync limit 1)
                union all
                select next.account, next.sync from held cross join lateral (
                    select o.account, o.sync from sluice.outbox o
                    where o.operation is not null and o.lease is null
                      and (o.account, o.sync) > (held.account, held.sync)
                    order by o.account, o.sync limit 1) as next)
            select account from unnest(?::text[]) as account
            where account not in (%s) and account in (
                select held.account from held cross join lateral (
                    select from sluice.outbox o
                    where o.account = held.account and o.sync = held.sync and o.operation is not null
                      and o.lease is null and o.due <= clock_timestamp()
                    order by o.operation, o.priority, o.since limit 1) as due
                where held.sync not in (%s) and held.sync = any (coalesce(?::text[], array[held.sync])))"""
                    .formatted(PauseStore.ACCOUNTS, PauseStore.SYNCS);

    /**
     * Moves the picked records in flight. A field that equals the base is an echo or a no-op and is dropped, unless a call
     * may have written over it; so is the delete of a record that was never sent. The stamp of a dropped field is dropped
     * with it: otherwise a merge would take the field for one that is still to be sent. A record whose parent is not in the
     * CRM yet stays queued. Fields of a second write stay queued, like changes that arrive in flight.
     *
     * <p>The picked records are locked, of one account and one object, and as new as their locks. Everything else is as old as
     * the statement's snapshot, save the base: a base that was replaced meanwhile would make a change look like a no-op.
     */
    static final String MOVE_IN_FLIGHT =
            """
            %s,
            state as materialized (
                select * from sluice.sync_state_now((select min(account) from picked), (select min(object) from picked),
                                                    array(select key from picked))),
            effective as materialized (
                select p.account, p.object, p.key, p.operation, p.attempts, p.stamps, p.since, p.priority, p.trace, r.crm_id,
                       r.key is not null as known, coalesce(cycle.fields, p.second_write) as second_write,
                       case when r.key is null then p.fields
                            else (select coalesce(jsonb_object_agg(f.key, f.value), '{}') from jsonb_each(p.fields) as f
                                  where r.base -> f.key is distinct from f.value
                                     or r.unproven <> '{}' and (jsonb_exists(r.unproven, f.key) or jsonb_exists(r.unproven, '*')))
                       end as fields, p.fields as all_fields
                from picked p left join state r on r.key = p.key
                left join cycles cycle on cycle.object = p.object and cycle.key = p.key),
            pointless as materialized (
                select account, object, key from effective
                where operation = 'upsert' and known and fields = '{}'
                   or operation = 'delete' and not known and attempts = 0),
            idle as (
                delete from sluice.outbox o where %s and o.key not in (select key from blocked) returning o.key),
            taken as (
                update sluice.outbox o set
                    inflight_operation = e.operation,
                    inflight_stamps = case when e.fields = e.all_fields then e.stamps
                        else sluice.only(e.stamps, array(select jsonb_object_keys(e.fields)) || '*'::text) end,
                    inflight = case when e.second_write is null then e.fields
                                    else sluice.first_write(e.fields, e.second_write) end,
                    inflight_since = e.since, inflight_trace = e.trace, trace = null, lease = ?, lease_until = %%s,
                    operation = case when e.second_write is not null and sluice.only(e.fields, e.second_write) <> '{}'
                                     then 'upsert' end,
                    fields = case when e.second_write is null then '{}' else sluice.only(e.fields, e.second_write) end,
                    stamps = case when e.second_write is null then '{}'
                                  else sluice.only(sluice.named(e.stamps, e.fields), e.second_write) end,
                    second_write = null, waits_for = null, waits_for_object = null
                from effective e
                where o.account = e.account and o.object = e.object and o.key = e.key and %s
                  and e.key not in (select key from pointless) and e.key not in (select key from blocked)
                returning o.key, o.object, o.sync, o.inflight_operation, o.inflight, o.parent, e.crm_id, e.priority, e.since,
                          e.trace)"""
                    .formatted(Parents.KEEP_BACK, among("o", "pointless"), among("o", "effective"));

    /**
     * Lists the queued operations of an account's syncs, jumping from one to the next by the index: the large queue of a
     * sync that is paused or lingers is not scanned.
     */
    private static final String OPERATIONS =
            """
            kind(account, sync, operation) as (
                (select o.account, o.sync, o.operation from sluice.outbox o
                 where o.account = ? and o.operation is not null and o.lease is null
                 order by o.account, o.sync, o.operation limit 1)
                union all
                select next.account, next.sync, next.operation from kind cross join lateral (
                    select o.account, o.sync, o.operation from sluice.outbox o
                    where o.account = kind.account and o.operation is not null and o.lease is null
                      and (o.account, o.sync, o.operation) > (kind.account, kind.sync, kind.operation)
                    order by o.account, o.sync, o.operation limit 1) as next)""";

    /**
     * Claims the records of one call. The most urgent due record decides sync and operation; the rest of the call is filled
     * with the next less urgent records of the same sync and operation. The first column counts the records that were dropped
     * as no change or left to wait for their parents.
     *
     * <p>The index of waiting records returns the rest in its order. Three things keep PostgreSQL from sorting all of them
     * for each call: the head is compared as a scalar, not joined; the size of a call is part of the text, because an unknown
     * limit counts as a tenth of the table; and split batches are found separately, by an index of their own, those of one
     * parent together. A claim ends before {@link #BYTES} of fields, but has at least one record.
     */
    private static final String CLAIM =
            """
            with recursive %5$s,
            head as materialized (
                select h.account, h.object, h.sync, h.operation, h.max_batch as split,
                       case h.operation when 'delete' then least(h.max_batch, ?) else h.max_batch end as max_batch
                from kind cross join lateral (
                    select * from sluice.outbox o
                    where o.account = kind.account and o.sync = kind.sync and o.operation = kind.operation
                      and o.operation is not null and o.lease is null and o.due <= clock_timestamp() and o.priority <= ?
                    order by o.priority, o.since limit 1) as h
                where kind.account not in (%1$s) and kind.sync not in (%2$s) and kind.sync <> all (?::text[])
                  and kind.sync = any (coalesce(?::text[], array[kind.sync]))
                  and (not ? or h.operation = 'upsert' and h.max_batch is null) and h.object <> all (?::text[])
                order by h.priority, h.since, h.operation limit 1),
            unsplit_rows as materialized (
                select o.* from sluice.outbox o
                where (select split from head) is null
                  and o.account = ? and o.sync = (select sync from head)
                  and o.operation = (select operation from head) and o.operation is not null
                  and o.max_batch is null and o.lease is null and o.due <= clock_timestamp()
                order by o.priority, o.since limit %3$d for update of o skip locked),
            split_rows as materialized (
                select o.* from sluice.outbox o
                where o.account = ? and o.sync = (select sync from head)
                  and o.operation = (select operation from head) and o.operation is not null
                  and o.max_batch = (select split from head) and o.lease is null and o.due <= clock_timestamp()
                order by o.priority, o.parent, o.since limit %3$d for update of o skip locked),
            candidates as materialized (
                (select * from unsplit_rows order by priority, since limit (select max_batch from head))
                union all
                (select * from split_rows order by priority, parent, since limit (select max_batch from head))),
            picked as materialized (
                select * from (select f.*, row_number() over (rows unbounded preceding) as sluice_row,
                                      sum(coalesce(octet_length(f.fields::text), 0)) over (rows unbounded preceding) as sluice_bytes
                               from candidates f) as f
                where sluice_bytes <= %6$d or sluice_row = 1),
            %4$s
            select (select count(*) from idle) + (select count(*) from kept_back) as dropped,
                   (select split from head) is not null as split, (select sync from head) as head, taken.*
            from (values (1)) as always(row) left join taken on true
            order by taken.priority, taken.parent, taken.since, taken.key""";

    /**
     * The maximum size of the fields of a claim, as JSON, in bytes. A call of 1,000 long texts would be 130 MB, which exceeds
     * both the heap and the limit of a CRM (50 MiB a request is the lowest known limit).
     */
    static final int BYTES = 8 << 20;

    private static final String HEAD =
            """
            with recursive %3$s
            select h.* from kind cross join lateral (
                select o.priority, case when o.priority = 0 then 0 else least(o.priority + o.aged, 3) end as own, o.sync,
                       o.operation, o.since,
                       (extract(epoch from clock_timestamp() - o.since) * 1000)::bigint as age
                from sluice.outbox o
                where o.account = kind.account and o.sync = kind.sync and o.operation = kind.operation
                  and o.operation is not null and o.lease is null and o.due <= clock_timestamp()
                order by o.priority, o.since limit 1) as h
            where kind.account not in (%1$s) and kind.sync not in (%2$s) and kind.sync <> all (?::text[])
                  and kind.sync = any (coalesce(?::text[], array[kind.sync]))
            order by h.priority, h.since, h.operation limit 1"""
                    .formatted(PauseStore.ACCOUNTS, PauseStore.SYNCS, OPERATIONS);

    private static final String UNSERVED =
            """
            select sync, count(*) from sluice.outbox where sync <> all (?::text[]) group by sync""";

    private static final String RENEW =
            """
            update sluice.outbox set lease_until = clock_timestamp() + ? * interval '1 millisecond'
            where lease = any (?) and lease_until > clock_timestamp()""";

    private static final String IN_BULK =
            """
            select from sluice.bulk_job where account = ? and sync = ? and ended_at is null limit 1""";

    /** Raises the priority by one step for each ageing interval, but never to critical. */
    private static final String AGE =
            """
            with waited as materialized (
                select ctid from sluice.outbox
                where account = ? and operation is not null and lease is null and priority > 1 and priority + aged < ?
                  and since < clock_timestamp() - (aged + 1) * ? * interval '1 millisecond'
                order by account, object, key limit 10000 for update skip locked)
            update sluice.outbox set priority = priority - 1, aged = aged + 1
            where ctid = any (array(select ctid from waited))""";

    private static final String UNAGE =
            """
            update sluice.outbox set priority = priority + aged, aged = 0
            where account = ? and operation is not null and lease is null and aged > 0 and priority > 0
              and priority + aged >= ?""";

    private final Database database;
    private final Duration lease;
    /** The syncs whose work is claimed; null: all. */
    private volatile Set<String> served;
    /** The syncs, of these, whose work other replicas claim. */
    private volatile Set<String> left = Set.of();

    /** @param lease the length of a lease: longer than the longest call, late arrival included */
    public Outbox(Database database, Duration lease) {
        this.database = database;
        this.lease = lease;
    }

    /** Claims work of these syncs alone; the records of a sync whose file was removed wait for its return. */
    public void serve(Collection<String> syncs) {
        served = Set.copyOf(syncs);
    }

    /** Leaves the work of these syncs to other replicas. */
    public void leave(Collection<String> syncs) {
        left = Set.copyOf(syncs);
    }

    private Array served(Connection connection) throws SQLException {
        Set<String> others = left;
        return served == null
                ? null
                : Database.texts(
                        connection,
                        served.stream().filter(sync -> !others.contains(sync)).toList());
    }

    /** The number of queued records of each sync that has no file. */
    public Map<String, Long> unserved() throws SQLException {
        Map<String, Long> unserved = new TreeMap<>();
        if (served != null) {
            database.transaction(connection -> Database.query(
                    connection,
                    UNSERVED,
                    row -> unserved.put(row.getString(1), row.getLong(2)),
                    Database.texts(connection, served)));
        }
        return unserved;
    }

    /** The accounts, of these, that have due work. */
    public List<String> waiting(Collection<String> accounts) throws SQLException {
        return database.transaction(connection -> Database.query(
                connection,
                WAITING,
                row -> row.getString(1),
                Database.texts(connection, accounts),
                served(connection)));
    }

    /**
     * Describes the most urgent work of an account.
     *
     * @param ownPriority  the priority without the steps gained by ageing
     * @param since the time of the oldest change, by PostgreSQL's clock
     * @param age   the age of that change
     */
    public record Head(
            String sync,
            Operation operation,
            Priority priority,
            Priority ownPriority,
            OffsetDateTime since,
            Duration age) {

        private static Head of(ResultSet row) throws SQLException {
            return new Head(
                    row.getString("sync"),
                    Operation.of(row.getString("operation")),
                    Priority.ofRank(row.getInt("priority")),
                    Priority.ofRank(row.getInt("own")),
                    row.getObject("since", OffsetDateTime.class),
                    Duration.ofMillis(row.getLong("age")));
        }
    }

    /** The most urgent work of an account that is due and not paused. */
    public Optional<Head> head(String account) throws SQLException {
        return head(account, Set.of());
    }

    /** The most urgent work of an account that is due and not paused, without some syncs. */
    public Optional<Head> head(String account, Set<String> except) throws SQLException {
        return database.transaction(
                connection -> Database.query(
                                connection,
                                HEAD,
                                Head::of,
                                account,
                                Database.texts(connection, except),
                                served(connection))
                        .stream()
                        .findFirst());
    }

    /** Whether a bulk job writes records of the sync now, under a lease that ends with the job. */
    public boolean isWritingInBulk(Sync sync) throws SQLException {
        return database.first(IN_BULK, row -> true, sync.getAccount(), sync.getName())
                .isPresent();
    }

    /** The priority of the most urgent work. */
    public Optional<Priority> urgency(String account) throws SQLException {
        return head(account).map(Head::priority);
    }

    /**
     * Raises the priority of an account's records that have waited long, so that nothing waits for ever behind a steady stream of
     * work. Records that a mark of a limit stops do not rise past it, and those that rose before are set back: else the mark
     * would hold for the ageing interval alone.
     *
     * @param interval the time after which a record's priority rises by one step
     * @param stopped  the most urgent priority that is stopped now; empty: none
     * @return the number of records raised
     */
    public int age(String account, Duration interval, Optional<Priority> stopped) throws SQLException {
        int rank = stopped.map(Priority::rank).orElse(Integer.MAX_VALUE);
        if (stopped.isPresent()) {
            database.update(UNAGE, account, rank);
        }
        return database.update(AGE, account, rank, interval.toMillis());
    }

    /** Claims the most urgent work of an account, of any operation and any sync. */
    public Optional<Claim> claim(String account, int max, Priority minPriority) throws SQLException {
        return claim(account, new Capacity(max, max), minPriority, Set.of());
    }

    /**
     * The capacity of a call.
     *
     * @param upserts the maximum number of records to write
     * @param deletes the maximum number of records to delete
     */
    public record Capacity(int upserts, int deletes) {}

    /**
     * Claims the most urgent work of an account. The rest of the call is filled with less urgent work, which costs nothing.
     *
     * @param minPriority the lowest priority that the most urgent record may have
     * @param except the syncs that are left alone
     * @return empty when no due work changes anything
     */
    public Optional<Claim> claim(String account, Capacity capacity, Priority minPriority, Set<String> except)
            throws SQLException {
        return claim(account, capacity, minPriority, except, List.of());
    }

    /**
     * Claims records that share the call of earlier claims: upserts of another object, among them records that waited for
     * the earlier ones to be in the CRM.
     *
     * @param max   the maximum number of records
     * @param before the claims whose records are written first, of one account
     */
    public Optional<Claim> claimForSameCall(List<Claim> before, int max, Priority minPriority, Set<String> except)
            throws SQLException {
        return claim(before.get(0).account(), new Capacity(max, max), minPriority, except, before);
    }

    private Optional<Claim> claim(
            String account, Capacity capacity, Priority minPriority, Set<String> except, List<Claim> before)
            throws SQLException {
        UUID id = UUID.randomUUID();
        Set<String> others = new HashSet<>(except);
        while (true) {
            Picked picked = pick(account, capacity, minPriority, others, before, id);
            if (!picked.rows().isEmpty()) {
                Row first = picked.rows().get(0);
                return Optional.of(new Claim(
                        id,
                        account,
                        first.object(),
                        first.sync(),
                        first.change().operation(),
                        picked.split(),
                        picked.rows().stream().map(Row::change).toList(),
                        picked.rows().stream()
                                .map(Row::trace)
                                .filter(Objects::nonNull)
                                .findFirst()
                                .orElse(null)));
            }
            if (picked.dropped() == 0) {
                if (picked.sync() == null) {
                    return Optional.empty();
                }
                // another process is claiming all of this sync's work now, which hides no other work
                others.add(picked.sync());
            }
        }
    }

    /**
     * Makes the lease of claims that share one call.
     *
     * @param since {@link System#nanoTime()} before the first claim
     */
    public Lease lease(List<Claim> claims, long since) {
        return new Lease(this, claims, since);
    }

    /** Extends leases that have not ended to the length of a new one. @return the number of records under them */
    int renew(List<UUID> leases) throws SQLException {
        return database.transaction(connection -> Database.update(
                connection, RENEW, lease.toMillis(), connection.createArrayOf("uuid", leases.toArray())));
    }

    /** @param max the maximum number of records of a call */
    static String claimOf(int max) {
        return CLAIM.formatted(
                PauseStore.ACCOUNTS,
                PauseStore.SYNCS,
                max,
                MOVE_IN_FLIGHT.formatted("?::uuid[]", "clock_timestamp() + ? * interval '1 millisecond'"),
                OPERATIONS,
                BYTES);
    }

    /**
     * Joins rows by a condition that the primary key's index serves. For rows of one account and object, as a claim has,
     * the condition is exact; for rows of several it matches some more, which a join leaves out.
     */
    static String among(String table, String rows) {
        return """
                %1$s.account = any (array(select distinct account from %2$s))
                  and %1$s.object = any (array(select distinct object from %2$s))
                  and %1$s.key = any (array(select key from %2$s))"""
                .formatted(table, rows);
    }

    private record Row(RecordChange change, String object, String sync, UUID trace) {}

    /**
     * @param dropped the number of records that changed nothing or wait for their parents; behind them may be work
     * @param sync    the sync of the most urgent work, or null where there was none
     */
    private record Picked(int dropped, boolean split, String sync, List<Row> rows) {}

    private Picked pick(
            String account, Capacity capacity, Priority minPriority, Set<String> except, List<Claim> before, UUID id)
            throws SQLException {
        int[] dropped = new int[1];
        boolean[] split = new boolean[1];
        String[] sync = new String[1];
        Object[] leases = before.stream().map(Claim::lease).toArray();
        Object[] objects = before.stream().map(Claim::object).toArray();
        List<Row> rows = database.planned(connection -> {
            Parents.makeDue(connection, before);
            return Database.query(
                    connection,
                    claimOf(capacity.upserts()),
                    row -> {
                        dropped[0] = row.getInt("dropped");
                        split[0] = row.getBoolean("split");
                        sync[0] = row.getString("head");
                        return row.getString("key") == null
                                ? null
                                : new Row(
                                        new RecordChange(
                                                row.getString("key"),
                                                Operation.of(row.getString("inflight_operation")),
                                                row.getString("crm_id"),
                                                Json.fields(row.getString("inflight"))),
                                        row.getString("object"),
                                        row.getString("sync"),
                                        row.getObject("trace", UUID.class));
                    },
                    account,
                    capacity.deletes(),
                    minPriority.rank(),
                    Database.texts(connection, except),
                    served(connection),
                    !before.isEmpty(),
                    connection.createArrayOf("text", objects),
                    account,
                    account,
                    connection.createArrayOf("uuid", leases),
                    id,
                    lease.toMillis());
        });
        return new Picked(
                dropped[0],
                split[0],
                sync[0],
                rows.stream().filter(Objects::nonNull).toList());
    }
}

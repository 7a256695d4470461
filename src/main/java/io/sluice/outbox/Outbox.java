package io.sluice.outbox;

import io.sluice.Change;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.Priority;
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
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;

/**
 * What waits to be sent: one row per record, the only owner of retries.
 *
 * <p>A claim moves the waiting fields in flight under a lease; changes that arrive meanwhile gather beside them. So
 * there is one write in flight per record, ever. The lease outlives the call by the time in which its request could
 * still arrive, and a lease that ran out gives its work back.
 */
public final class Outbox {

    /**
     * Jumps from sync to sync of what waits, so that a large heap of a paused sync is not walked through at each
     * waking.
     */
    static final String WAITING = """
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
                where held.sync not in (%s))""".formatted(Pauses.ACCOUNTS, Pauses.SYNCS);

    /**
     * Moves what was picked in flight. What equals the base is an echo or a no-op and is dropped; so is the delete of a
     * record that was never sent. What names a parent that is not in the CRM yet is left to wait.
     */
    static final String TAKE = """
            %s,
            effective as materialized (
                select p.account, p.object, p.key, p.operation, p.attempts, p.stamps, p.since, p.priority, r.crm_id,
                       r.key is not null as known,
                       case when r.key is null then p.fields
                            else (select coalesce(jsonb_object_agg(f.key, f.value), '{}') from jsonb_each(p.fields) as f
                                  where r.base -> f.key is distinct from f.value) end as fields
                from picked p left join lateral (
                    select * from sluice.record
                    where account = p.account and object = p.object and key = p.key limit 1) as r on true),
            pointless as materialized (
                select account, object, key from effective
                where operation = 'upsert' and known and fields = '{}'
                   or operation = 'delete' and not known and attempts = 0),
            idle as (
                delete from sluice.outbox o where %s and o.key not in (select key from orphans) returning o.key),
            taken as (
                update sluice.outbox o set
                    inflight_operation = e.operation, inflight = e.fields, inflight_stamps = e.stamps,
                    inflight_since = e.since, lease = ?, lease_until = %%s,
                    operation = null, fields = '{}', stamps = '{}', promoted = 0, waits_for = null, waits_for_object = null
                from effective e
                where o.account = e.account and o.object = e.object and o.key = e.key and %s
                  and e.key not in (select key from pointless) and e.key not in (select key from orphans)
                returning o.key, o.object, o.sync, o.inflight_operation, o.inflight, o.parent, e.crm_id, e.priority, e.since)"""
            .formatted(Parents.HOLD, among("o", "pointless"), among("o", "effective"));

    /**
     * The operations of an account's syncs of which something waits, from one to the next by the index: what of a large heap
     * is not to be looked at, since its sync is paused or gathers, is not walked through.
     */
    private static final String KINDS = """
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
     * The most urgent record that is due decides the call; places left are filled with the next
     * lower work of the same sync and operation. The first column says how many were dropped for being no change, or left
     * to wait for their parents.
     *
     * <p>The index of what waits yields the rest in its order. Three things keep PostgreSQL from sorting all of it for
     * each call instead: the head is compared as a scalar, not joined; the size of a call stands in the text, since a
     * limit that is not known counts as a tenth of the table; and the halved batches are found apart, by an index of
     * their own, those of one parent together.
     */
    private static final String CLAIM = """
            with recursive %5$s,
            head as materialized (
                select h.account, h.object, h.sync, h.operation, h.fill as halved,
                       case h.operation when 'delete' then least(h.fill, ?) else h.fill end as fill
                from kind cross join lateral (
                    select * from sluice.outbox o
                    where o.account = kind.account and o.sync = kind.sync and o.operation = kind.operation
                      and o.operation is not null and o.lease is null and o.due <= clock_timestamp() and o.priority <= ?
                    order by o.priority, o.since limit 1) as h
                where kind.account not in (%1$s) and kind.sync not in (%2$s) and kind.sync <> all (?::text[])
                  and (not ? or h.operation = 'upsert' and h.fill is null) and h.object <> all (?::text[])
                order by h.priority, h.since limit 1),
            whole as materialized (
                select o.* from sluice.outbox o
                where (select halved from head) is null
                  and o.account = ? and o.sync = (select sync from head)
                  and o.operation = (select operation from head) and o.operation is not null
                  and o.fill is null and o.lease is null and o.due <= clock_timestamp()
                order by o.priority, o.since limit %3$d for update of o skip locked),
            halves as materialized (
                select o.* from sluice.outbox o
                where o.account = ? and o.sync = (select sync from head)
                  and o.operation = (select operation from head) and o.operation is not null
                  and o.fill = (select halved from head) and o.lease is null and o.due <= clock_timestamp()
                order by o.priority, o.parent, o.since limit %3$d for update of o skip locked),
            picked as materialized (
                (select * from whole order by priority, since limit (select fill from head))
                union all
                (select * from halves order by priority, parent, since limit (select fill from head))),
            %4$s
            select (select count(*) from idle) + (select count(*) from held) as dropped,
                   (select halved from head) is not null as halved, (select sync from head) as head, taken.*
            from (values (1)) as always(row) left join taken on true
            order by taken.priority, taken.parent, taken.since, taken.key""";

    private static final String HEAD = """
            with recursive %3$s
            select h.* from kind cross join lateral (
                select o.priority, case when o.priority = 0 then 0 else least(o.priority + o.promoted, 3) end as own, o.sync,
                       o.operation, o.since,
                       (extract(epoch from clock_timestamp() - o.since) * 1000)::bigint as age
                from sluice.outbox o
                where o.account = kind.account and o.sync = kind.sync and o.operation = kind.operation
                  and o.operation is not null and o.lease is null and o.due <= clock_timestamp()
                order by o.priority, o.since limit 1) as h
            where kind.account not in (%1$s) and kind.sync not in (%2$s) and kind.sync <> all (?::text[])
            order by h.priority, h.since limit 1""".formatted(Pauses.ACCOUNTS, Pauses.SYNCS, KINDS);

    private static final String IN_BULK = """
            select from sluice.bulk_job where account = ? and sync = ? and ended_at is null limit 1""";

    /** A step up for each patience that went by, but never into the critical. */
    private static final String PROMOTE = """
            with waited as materialized (
                select ctid from sluice.outbox
                where operation is not null and lease is null and priority > 1
                  and since < clock_timestamp() - (promoted + 1) * ? * interval '1 millisecond'
                order by account, object, key limit 10000 for update skip locked)
            update sluice.outbox set priority = priority - 1, promoted = promoted + 1
            where ctid = any (array(select ctid from waited))""";

    /** What was in flight waits again, below what arrived meanwhile. */
    private static final String GIVE_BACK_AFTER = """
            operation = coalesce(o.operation, o.inflight_operation),
                    fields = case when o.operation = 'delete' or o.operation is null and o.inflight_operation = 'delete'
                                  then '{}' else coalesce(o.inflight, '{}') || o.fields end,
                    stamps = case when o.operation = 'delete' or o.operation is null and o.inflight_operation = 'delete'
                                  then '{}' else coalesce(sluice.named(o.inflight_stamps, o.inflight), '{}') || o.stamps end,
                    since = least(o.since, o.inflight_since), attempts = o.attempts + %1$d,
                    inflight_operation = null, inflight = null, inflight_stamps = null, inflight_since = null,
                    lease = null, lease_until = null""";

    private static final String GIVE_BACK = GIVE_BACK_AFTER.formatted(1);

    /** What was certainly not done: no attempt of the record's. */
    private static final String RELEASE =
            "update sluice.outbox o set " + GIVE_BACK_AFTER.formatted(0) + " where o.lease = ?";

    /**
     * Nobody knows whether the CRM has what was given back, so it agrees on it no more: the old value, should it come
     * again, is a change and no no-op. A record that may be deleted agrees on nothing.
     */
    private static final String DOUBT = """
            update sluice.record r set
                    base = case when m.inflight_operation = 'delete' then '{}'
                                else r.base - array(select jsonb_object_keys(m.inflight)) end,
                    stamps = sluice.named(r.stamps, r.base)
                from %1$s m
                where r.account = m.account and r.object = m.object and r.key = m.key and %2$s""";

    /** What was written is what both sides have. */
    private static final String AGREE = """
            insert into sluice.record as r (account, object, key, sync, crm_id, base, stamps)
                select account, object, key, sync, crm_id, inflight, inflight_stamps from %s
                on conflict (account, object, key) do update set
                    sync = excluded.sync, crm_id = coalesce(excluded.crm_id, r.crm_id),
                    base = r.base || excluded.base,
                    stamps = r.stamps || sluice.named(excluded.stamps, excluded.base), settled_at = now()""";

    /**
     * The records are found by their keys, not by their lease (hence {@code is not distinct from}): under that of a bulk
     * job are many more. A rejection goes to the dead letters, unless newer work waits: then the rejected fields go with
     * it, or are pointless, where it is a delete.
     */
    static final String SETTLE = """
            with answer as (
                select * from unnest(?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::bigint[])
                    as a(key, status, crm_id, code, message, named, backoff_ms)),
            mine as materialized (
                select o.*, a.status, a.crm_id, a.code, a.message, a.named, a.backoff_ms
                from sluice.outbox o join answer a using (key)
                where o.account = ? and o.object = ? and o.key = any (array(select key from answer))
                  and o.lease is not distinct from ? order by o.account, o.object, o.key for update of o),
            done_deletes as materialized (
                select account, object, key from mine where status = 'done' and inflight_operation = 'delete'),
            over as materialized (
                select account, object, key from mine where status <> 'retry' and operation is null),
            agreed as (
                %6$s),
            deleted as (
                delete from sluice.record r where %4$s),
            buried as (
                insert into sluice.deleted as d (account, object, key)
                select account, object, key from done_deletes
                on conflict (account, object, key) do update set deleted_at = now()),
            doubted as (
                %2$s and m.status = 'retry'),
            dead as (
                insert into sluice.dead_letter as d
                    (account, object, key, sync, operation, fields, stamps, priority, code, message, rejected_fields)
                select account, object, key, sync, inflight_operation, inflight, sluice.named(inflight_stamps, inflight),
                       priority, code, message, string_to_array(named, ',') from mine
                where status = 'rejected' and operation is null
                on conflict (account, object, key) do update set
                    operation = excluded.operation, fields = d.fields || excluded.fields,
                    stamps = d.stamps || excluded.stamps, priority = excluded.priority, code = excluded.code,
                    message = excluded.message, rejected_fields = excluded.rejected_fields, died_at = now()),
            finished as (
                delete from sluice.outbox o where %5$s),
            next as (
                update sluice.outbox o set
                    fields = case when m.status = 'rejected' and m.operation = 'upsert'
                                  then m.inflight || o.fields else o.fields end,
                    stamps = case when m.status = 'rejected' and m.operation = 'upsert'
                                  then sluice.named(m.inflight_stamps, m.inflight) || o.stamps else o.stamps end,
                    attempts = case when m.status = 'done' then 0 else o.attempts end,
                    inflight_operation = null, inflight = null, inflight_stamps = null, inflight_since = null,
                    lease = null, lease_until = null, last_error = null, fill = null, parent = null,
                    due = clock_timestamp() + case when o.priority = 0 then ? else ? end * interval '1 millisecond'
                from mine m
                where o.account = m.account and o.object = m.object and o.key = m.key and %3$s
                  and m.status <> 'retry' and m.operation is not null),
            returned as (
                update sluice.outbox o set %1$s,
                    fill = case when o.attempts >= ? then coalesce(?::smallint, o.fill) else o.fill end,
                    parent = coalesce(m.inflight ->> ?, (
                        select r.base ->> ? from sluice.record r
                        where r.account = m.account and r.object = m.object and r.key = m.key), o.parent),
                    due = now() + m.backoff_ms * interval '1 millisecond',
                    last_error = concat_ws(': ', m.code, m.message)
                from mine m
                where o.account = m.account and o.object = m.object and o.key = m.key and %3$s
                  and m.status = 'retry')
            select count(*) from mine""".formatted(GIVE_BACK, DOUBT.formatted("mine", among("r", "mine")),
            among("o", "mine"), among("r", "done_deletes"), among("o", "over"),
            AGREE.formatted("mine where status = 'done' and inflight_operation = 'upsert'"));

    /**
     * The common end of an upsert, in half the time: it is done, and nothing newer waits. Found by keys, as above; the
     * index yields them in their order.
     */
    static final String DONE = """
            with answer as (
                select * from unnest(?::text[], ?::text[]) as a(key, crm_id)),
            done as (
                delete from sluice.outbox o using answer
                where o.account = ? and o.object = ? and o.key = any (array(select key from answer))
                  and o.key = answer.key and o.lease is not distinct from ?
                  and o.inflight_operation = 'upsert' and o.operation is null
                returning o.account, o.object, o.key, o.sync, answer.crm_id, o.inflight, o.inflight_stamps),
            agreed as (
                %s)
            select count(*) from done""".formatted(AGREE.formatted("done"));

    private static final int ENDED_AT_ONCE = 1000;

    private static final String RETURN = """
            with ended as materialized (
                select o.account, o.object, o.key, o.inflight_operation, o.inflight from sluice.outbox o
                where %%s for update of o %%s),
            doubted as (
                %2$s)
            update sluice.outbox o set %1$s, last_error = %%s
            from ended e
            where o.account = e.account and o.object = e.object and o.key = e.key and %3$s
            """.formatted(GIVE_BACK, DOUBT.formatted("ended", among("r", "ended")), among("o", "ended"));

    /**
     * By the index of leases, oldest first and a part at a time, so that the question whether one ended costs nothing
     * however much waits. What others are settling is skipped, so no order of keys is needed.
     */
    static final String EXPIRE = RETURN.formatted(
            "o.lease_until < 'infinity' and o.lease_until < now() order by o.lease_until limit " + ENDED_AT_ONCE, "skip locked",
            "'nobody settled this before its lease ended: the process was killed, or the call was cut'");

    private static final String ABANDON = RETURN.formatted("o.lease = ? order by o.account, o.object, o.key", "", "?");

    private final Database database;
    private final Duration lease;
    private final Backoff backoff;
    private final Rest rest;

    /** @param lease longer than the longest call, late arrival included */
    public Outbox(Database database, Duration lease, Backoff backoff, Rest rest) {
        this.database = database;
        this.lease = lease;
        this.backoff = backoff;
        this.rest = rest;
    }

    /** Which of these accounts have work that is due. */
    public List<String> waiting(Collection<String> accounts) throws SQLException {
        return database.transaction(connection -> Database.query(connection, WAITING, row -> row.getString(1),
                connection.createArrayOf("text", accounts.toArray())));
    }

    /**
     * What the most urgent work of an account is.
     *
     * @param own   its priority without what it gained by waiting
     * @param since the time of its oldest change, by PostgreSQL's clock
     * @param age   of that change
     */
    public record Head(String sync, Operation operation, Priority priority, Priority own, OffsetDateTime since,
            Duration age) {

        private static Head of(ResultSet row) throws SQLException {
            return new Head(row.getString("sync"), Operation.of(row.getString("operation")),
                    Priority.ofRank(row.getInt("priority")), Priority.ofRank(row.getInt("own")),
                    row.getObject("since", OffsetDateTime.class), Duration.ofMillis(row.getLong("age")));
        }
    }

    /** The most urgent work of an account; nothing when none is due that no pause stops. */
    public Optional<Head> head(String account) throws SQLException {
        return head(account, Set.of());
    }

    /** The same, but of these syncs. */
    public Optional<Head> head(String account, Set<String> but) throws SQLException {
        return database.transaction(connection -> Database.query(connection, HEAD, Head::of, account,
                connection.createArrayOf("text", but.toArray())).stream().findFirst());
    }

    /** Whether very many records of a sync are being written at once, under a lease that ends with the job. */
    public boolean isWritingInBulk(Sync sync) throws SQLException {
        return database.first(IN_BULK, row -> true, sync.getAccount(), sync.getName()).isPresent();
    }

    /** How urgent that is. */
    public Optional<Priority> urgency(String account) throws SQLException {
        return head(account).map(Head::priority);
    }

    /**
     * What has waited long becomes more urgent, so that nothing waits for ever behind work that keeps coming.
     *
     * @param patienceMillis after which a record goes up a step
     * @return how many records went up
     */
    public int promote(long patienceMillis) throws SQLException {
        return database.update(PROMOTE, patienceMillis);
    }

    /** As below, of any operation, and of any sync. */
    public Optional<Claim> claim(String account, int most, Priority least) throws SQLException {
        return claim(account, new Room(most, most), least, Set.of());
    }

    /**
     * What a call has room for.
     *
     * @param upserts records
     * @param deletes records
     */
    public record Room(int upserts, int deletes) {
    }

    /**
     * Claims the most urgent work of an account. Places that are left in the call are filled with less urgent work: the
     * call costs the same.
     *
     * @param least how urgent the most urgent of them must be
     * @param but   syncs that are left alone
     * @return nothing when no work is due that changes anything
     */
    public Optional<Claim> claim(String account, Room room, Priority least, Set<String> but) throws SQLException {
        return claim(account, room, least, but, List.of());
    }

    /**
     * Claims what goes in the same call after what has been claimed already: upserts of another object, among them of
     * records that waited for those to be in the CRM.
     *
     * @param most   records
     * @param before whose records are written first; of one account
     */
    public Optional<Claim> claimBeside(List<Claim> before, int most, Priority least, Set<String> but) throws SQLException {
        return claim(before.get(0).account(), new Room(most, most), least, but, before);
    }

    private Optional<Claim> claim(String account, Room room, Priority least, Set<String> but, List<Claim> before)
            throws SQLException {
        UUID id = UUID.randomUUID();
        Set<String> others = new HashSet<>(but);
        while (true) {
            Picked picked = pick(account, room, least, others, before, id);
            if (!picked.rows().isEmpty()) {
                Row first = picked.rows().get(0);
                return Optional.of(new Claim(id, account, first.object(), first.sync(), first.change().operation(),
                        picked.halved(), picked.rows().stream().map(Row::change).toList()));
            }
            if (picked.dropped() == 0) {
                if (picked.sync() == null) {
                    return Optional.empty();
                }
                // somebody else is claiming all of it just now, which hides no other work
                others.add(picked.sync());
            }
        }
    }

    /** @param most records of a call */
    static String claimOf(int most) {
        return CLAIM.formatted(Pauses.ACCOUNTS, Pauses.SYNCS, most,
                TAKE.formatted("?::uuid[]", "clock_timestamp() + ? * interval '1 millisecond'"), KINDS);
    }

    /**
     * Of one account and object, as a claim is, these are the rows themselves; of several, some more, which a join
     * leaves out.
     */
    static String among(String table, String rows) {
        return """
                %1$s.account = any (array(select distinct account from %2$s))
                  and %1$s.object = any (array(select distinct object from %2$s))
                  and %1$s.key = any (array(select key from %2$s))""".formatted(table, rows);
    }

    private record Row(Change change, String object, String sync) { }

    /**
     * @param dropped how many changed nothing or wait for their parents: behind them may be work
     * @param sync    of the most urgent work, or null where there was none
     */
    private record Picked(int dropped, boolean halved, String sync, List<Row> rows) { }

    private Picked pick(String account, Room room, Priority least, Set<String> but, List<Claim> before, UUID id)
            throws SQLException {
        int[] dropped = new int[1];
        boolean[] halved = new boolean[1];
        String[] sync = new String[1];
        Object[] leases = before.stream().map(Claim::lease).toArray();
        Object[] objects = before.stream().map(Claim::object).toArray();
        List<Row> rows = database.planned(connection -> {
            Parents.makeDue(connection, before);
            return Database.query(connection, claimOf(room.upserts()), row -> {
                dropped[0] = row.getInt("dropped");
                halved[0] = row.getBoolean("halved");
                sync[0] = row.getString("head");
                return row.getString("key") == null ? null
                        : new Row(new Change(row.getString("key"), Operation.of(row.getString("inflight_operation")),
                                row.getString("crm_id"), Json.fields(row.getString("inflight"))),
                                row.getString("object"), row.getString("sync"));
            }, account, room.deletes(), least.rank(), connection.createArrayOf("text", but.toArray()), !before.isEmpty(),
                    connection.createArrayOf("text", objects), account, account, connection.createArrayOf("uuid", leases), id,
                    lease.toMillis());
        });
        return new Picked(dropped[0], halved[0], sync[0], rows.stream().filter(Objects::nonNull).toList());
    }

    /** Whether what is tried again goes in smaller calls, until a record that spoils them stands alone. */
    public enum Split {
        /** None is at fault. */
        NEVER(0),
        /** The CRM took the call, but others were at some of its records: those that name one parent go together. */
        BY_PARENT(0),
        /** The CRM refused the call for what is in it: at once, without a pause. */
        AT_ONCE(0),
        /** The CRM failed over it, which is mostly its own trouble: from the third time on. */
        IN_TIME(2);

        private final int attempts;

        Split(int attempts) {
            this.attempts = attempts;
        }
    }

    /**
     * Into so many parts. One bad record in 200 is found with as many calls as by halves, but half as many of them are
     * refused.
     */
    private static final int PARTS = 4;

    /** Takes the outcomes of a call that was answered record by record. */
    public int settle(Claim claim, List<Outcome> outcomes) throws SQLException {
        return settle(claim, outcomes, Split.NEVER);
    }

    /**
     * Takes the outcomes of a claim's call. What another process has claimed since, because the lease had ended, is
     * left alone.
     *
     * @return how many records were settled or returned
     */
    public int settle(Claim claim, List<Outcome> outcomes, Split split) throws SQLException {
        return settle(claim, outcomes, split, null);
    }

    /**
     * The same.
     *
     * @param parent the field that names a record's parent, or null
     */
    public int settle(Claim claim, List<Outcome> outcomes, Split split, String parent) throws SQLException {
        return database.repeatable(connection -> {
            if (!isDone(claim, outcomes)) {
                return decided(connection, claim, outcomes, split, parent);
            }
            int done = done(connection, claim, outcomes);
            return done == outcomes.size() ? done : done + decided(connection, claim, outcomes, split, parent);
        });
    }

    private static boolean isDone(Claim claim, List<Outcome> outcomes) {
        return claim.operation() == Operation.UPSERT
                && outcomes.stream().allMatch(it -> it.status() == Outcome.Status.DONE);
    }

    private static int done(Connection connection, Claim claim, List<Outcome> outcomes) throws SQLException {
        return Database.queryAfter(connection, Parents.FREE, DONE, row -> row.getInt(1), claim.account(), claim.object(),
                texts(connection, outcomes, Outcome::key), texts(connection, outcomes, Outcome::key),
                texts(connection, outcomes, Outcome::crmId), claim.account(), claim.object(), claim.lease()).get(0);
    }

    private int decided(Connection connection, Claim claim, List<Outcome> outcomes, Split split, String parent)
            throws SQLException {
        int again = (int) outcomes.stream().filter(outcome -> outcome.status() == Outcome.Status.RETRY).count();
        Integer fill = again == 0 ? null : fill(split, outcomes.size(), again);
        String together = split == Split.BY_PARENT ? parent : null;
        List<Outcome> known = outcomes.stream().filter(outcome -> outcome.status() != Outcome.Status.RETRY).toList();
        return Database.queryAfter(connection, Parents.FREE, SETTLE, row -> row.getInt(1),
                claim.account(), claim.object(), texts(connection, known, Outcome::key),
                texts(connection, outcomes, Outcome::key),
                texts(connection, outcomes, outcome -> outcome.status().toString()),
                texts(connection, outcomes, Outcome::crmId),
                texts(connection, outcomes, Outcome::code),
                texts(connection, outcomes, Outcome::message),
                texts(connection, outcomes, outcome -> String.join(",", outcome.fields())),
                backoffs(connection, claim, outcomes, split), claim.account(), claim.object(), claim.lease(),
                rest.critical().toMillis(), rest.other().toMillis(), split.attempts, fill, together, together)
                .get(0);
    }

    /** A few that are locked among many go in a smaller call as it is. */
    private static Integer fill(Split split, int all, int again) {
        return switch (split) {
            case NEVER -> null;
            case BY_PARENT -> Math.min(again, part(all));
            case AT_ONCE, IN_TIME -> part(again);
        };
    }

    private static int part(int records) {
        return (records + PARTS - 1) / PARTS;
    }

    private Array backoffs(Connection connection, Claim claim, List<Outcome> outcomes, Split split)
            throws SQLException {
        if (split == Split.AT_ONCE) {
            return connection.createArrayOf("bigint", outcomes.stream().map(outcome -> 0L).toArray());
        }
        int attempts = outcomes.stream().anyMatch(it -> it.status() == Outcome.Status.RETRY)
                ? Database.query(connection, "select max(attempts) + 1 from sluice.outbox where lease = ?",
                        row -> row.getInt(1), claim.lease()).get(0) : 0;
        long together = backoff.after(attempts, Math::random).toMillis();
        return connection.createArrayOf("bigint", outcomes.stream().map(outcome -> together).toArray());
    }

    private static Array texts(Connection connection, List<Outcome> outcomes, Function<Outcome, String> part)
            throws SQLException {
        return connection.createArrayOf("text", outcomes.stream().map(part).toArray());
    }

    /** Puts a claim back whose call was refused before it did anything: it waits again, in its place. */
    public void release(Claim claim) throws SQLException {
        database.planned(connection -> Database.update(connection, RELEASE, claim.lease()));
    }

    /** Puts back what was claimed for a job that came to nothing, as certainly not done. */
    public static int release(Connection connection, UUID lease) throws SQLException {
        Database.fixPlans(connection);
        return Database.update(connection, RELEASE, lease);
    }

    /**
     * Puts back what is left of a claim of which nobody knows whether it was done.
     *
     * @param why for whoever looks at the record
     */
    public static int abandon(Connection connection, UUID lease, String why) throws SQLException {
        Database.fixPlans(connection);
        return Database.update(connection, ABANDON, lease, why);
    }

    /** Gives back what processes that died had claimed. @return how many records */
    public int expireLeases() throws SQLException {
        int all = 0;
        int some;
        do {
            some = database.planned(connection -> Database.update(connection, EXPIRE));
            all += some;
        } while (some == ENDED_AT_ONCE);
        return all;
    }
}

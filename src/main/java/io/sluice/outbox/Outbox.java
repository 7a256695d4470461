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
 * What waits to be sent: one row per record, the only owner of retries.
 *
 * <p>A claim moves the waiting fields in flight under a lease; changes that arrive meanwhile gather beside them. So
 * there is one write in flight per record, ever. The lease outlives the call by the time in which its request could
 * still arrive. How a claim ends is the {@link Settlement}'s.
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
                where held.sync not in (%s) and held.sync = any (coalesce(?::text[], array[held.sync])))""".formatted(PauseStore.ACCOUNTS, PauseStore.SYNCS);

    /**
     * Moves what was picked in flight. What equals the base is an echo or a no-op and is dropped, unless a call may have
     * written over it; so is the delete of a
     * record that was never sent. The stamp of a dropped field is dropped with it: a merge must not take the field for one
     * that is still to be sent. What names a parent that is not in the CRM yet is left to wait. Fields of a second write
     * go on waiting, as what arrives in flight does.
     */
    static final String TAKE = """
            %s,
            effective as materialized (
                select p.account, p.object, p.key, p.operation, p.attempts, p.stamps, p.since, p.priority, r.crm_id,
                       r.key is not null as known, coalesce(circle.fields, p.second_write) as second_write,
                       case when r.key is null then p.fields
                            else (select coalesce(jsonb_object_agg(f.key, f.value), '{}') from jsonb_each(p.fields) as f
                                  where r.base -> f.key is distinct from f.value
                                     or r.unproven <> '{}' and (jsonb_exists(r.unproven, f.key) or jsonb_exists(r.unproven, '*')))
                       end as fields, p.fields as all_fields
                from picked p left join lateral (
                    select * from sluice.sync_state
                    where account = p.account and object = p.object and key = p.key limit 1) as r on true
                left join circles circle on circle.object = p.object and circle.key = p.key),
            pointless as materialized (
                select account, object, key from effective
                where operation = 'upsert' and known and fields = '{}'
                   or operation = 'delete' and not known and attempts = 0),
            idle as (
                delete from sluice.outbox o where %s and o.key not in (select key from orphans) returning o.key),
            taken as (
                update sluice.outbox o set
                    inflight_operation = e.operation,
                    inflight_stamps = case when e.fields = e.all_fields then e.stamps
                        else sluice.only(e.stamps, array(select jsonb_object_keys(e.fields)) || '*'::text) end,
                    inflight = case when e.second_write is null then e.fields
                                    else sluice.first_write(e.fields, e.second_write) end,
                    inflight_since = e.since, lease = ?, lease_until = %%s,
                    operation = case when e.second_write is not null and sluice.only(e.fields, e.second_write) <> '{}'
                                     then 'upsert' end,
                    fields = case when e.second_write is null then '{}' else sluice.only(e.fields, e.second_write) end,
                    stamps = case when e.second_write is null then '{}'
                                  else sluice.only(sluice.named(e.stamps, e.fields), e.second_write) end,
                    second_write = null, aged = 0, waits_for = null, waits_for_object = null
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
     * their own, those of one parent together. A claim ends before {@link #BYTES} of fields, but has one record at least.
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
                  and kind.sync = any (coalesce(?::text[], array[kind.sync]))
                  and (not ? or h.operation = 'upsert' and h.fill is null) and h.object <> all (?::text[])
                order by h.priority, h.since, h.operation limit 1),
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
            filling as materialized (
                (select * from whole order by priority, since limit (select fill from head))
                union all
                (select * from halves order by priority, parent, since limit (select fill from head))),
            picked as materialized (
                select * from (select f.*, row_number() over (rows unbounded preceding) as sluice_place,
                                      sum(coalesce(octet_length(f.fields::text), 0)) over (rows unbounded preceding) as sluice_bytes
                               from filling f) as f
                where sluice_bytes <= %6$d or sluice_place = 1),
            %4$s
            select (select count(*) from idle) + (select count(*) from held) as dropped,
                   (select halved from head) is not null as halved, (select sync from head) as head, taken.*
            from (values (1)) as always(row) left join taken on true
            order by taken.priority, taken.parent, taken.since, taken.key""";

    /**
     * Of fields, as JSON: a call of 1,000 long texts would be 130 MB, which neither a CRM takes (50 MiB a request is the
     * lowest limit that is known) nor the heap.
     */
    static final int BYTES = 8 << 20;

    private static final String HEAD = """
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
            order by h.priority, h.since, h.operation limit 1""".formatted(PauseStore.ACCOUNTS, PauseStore.SYNCS, KINDS);

    private static final String UNSERVED = """
            select sync, count(*) from sluice.outbox where sync <> all (?::text[]) group by sync""";

    private static final String RENEW = """
            update sluice.outbox set lease_until = clock_timestamp() + ? * interval '1 millisecond'
            where lease = any (?) and lease_until > clock_timestamp()""";

    private static final String IN_BULK = """
            select from sluice.bulk_job where account = ? and sync = ? and ended_at is null limit 1""";

    /** A step up for each patience that went by, but never into the critical. */
    private static final String AGE = """
            with waited as materialized (
                select ctid from sluice.outbox
                where operation is not null and lease is null and priority > 1
                  and since < clock_timestamp() - (aged + 1) * ? * interval '1 millisecond'
                order by account, object, key limit 10000 for update skip locked)
            update sluice.outbox set priority = priority - 1, aged = aged + 1
            where ctid = any (array(select ctid from waited))""";

    private final Database database;
    private final Duration lease;
    /** The syncs whose work is claimed; null: all. */
    private volatile Set<String> served;

    /** @param lease longer than the longest call, late arrival included */
    public Outbox(Database database, Duration lease) {
        this.database = database;
        this.lease = lease;
    }

    /** Claims work of these syncs alone: what a file that is gone has left behind waits for its return. */
    public void serve(Collection<String> syncs) {
        served = Set.copyOf(syncs);
    }

    private Array served(Connection connection) throws SQLException {
        return served == null ? null : Database.texts(connection, served);
    }

    /** How many records wait of each sync that is not served. */
    public Map<String, Long> unserved() throws SQLException {
        Map<String, Long> unserved = new TreeMap<>();
        if (served != null) {
            database.transaction(connection -> Database.query(connection, UNSERVED,
                    row -> unserved.put(row.getString(1), row.getLong(2)), served(connection)));
        }
        return unserved;
    }

    /** Which of these accounts have work that is due. */
    public List<String> waiting(Collection<String> accounts) throws SQLException {
        return database.transaction(connection -> Database.query(connection, WAITING, row -> row.getString(1),
                Database.texts(connection, accounts), served(connection)));
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
                Database.texts(connection, but), served(connection)).stream().findFirst());
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
     * @param interval after which a record goes up a step
     * @return how many records went up
     */
    public int age(Duration interval) throws SQLException {
        return database.update(AGE, interval.toMillis());
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

    /**
     * The lease of claims that go in one call.
     *
     * @param since {@link System#nanoTime()} before the first was made
     */
    public Lease lease(List<Claim> claims, long since) {
        return new Lease(this, claims, since);
    }

    /** Lets leases that have not ended last as long as new ones. @return how many records are under them */
    int renew(List<UUID> leases) throws SQLException {
        return database.transaction(connection -> Database.update(connection, RENEW, lease.toMillis(),
                connection.createArrayOf("uuid", leases.toArray())));
    }

    /** @param most records of a call */
    static String claimOf(int most) {
        return CLAIM.formatted(PauseStore.ACCOUNTS, PauseStore.SYNCS, most,
                TAKE.formatted("?::uuid[]", "clock_timestamp() + ? * interval '1 millisecond'"), KINDS, BYTES);
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

    private record Row(RecordChange change, String object, String sync) { }

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
                        : new Row(new RecordChange(row.getString("key"), Operation.of(row.getString("inflight_operation")),
                                row.getString("crm_id"), Json.fields(row.getString("inflight"))),
                                row.getString("object"), row.getString("sync"));
            }, account, room.deletes(), least.rank(), Database.texts(connection, but), served(connection), !before.isEmpty(),
                    connection.createArrayOf("text", objects), account, account, connection.createArrayOf("uuid", leases), id,
                    lease.toMillis());
        });
        return new Picked(dropped[0], halved[0], sync[0], rows.stream().filter(Objects::nonNull).toList());
    }
}

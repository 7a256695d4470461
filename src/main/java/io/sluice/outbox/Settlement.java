package io.sluice.outbox;

import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.Sync;
import io.sluice.store.Database;
import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;

/**
 * How every claim ends. Record by record, with the outcomes of its call: what is done moves into the record's base, what
 * retrying can't heal goes to the dead letters, the rest returns to the outbox with a due time. Or as a whole: released,
 * where the CRM certainly did nothing of it; abandoned, or given back when its lease has ended, where nobody knows.
 */
public final class Settlement {

    /** What was in flight waits again, below what arrived meanwhile. */
    static final String GIVE_BACK_AFTER = """
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
     * Nobody knows whether the CRM has what was given back. The base stays, and beside it stands what may have been written:
     * the old value, should it come again, is a change and no no-op, and neither of the two is a change of the CRM's when it
     * is read. What was read before is too old to tell, hence the time.
     */
    private static final String DOUBT = """
            insert into sluice.sync_state as r (account, object, key, sync, unproven)
                select m.account, m.object, m.key, m.sync, case when m.inflight_operation = 'delete' then '{"*": []}'
                       else sluice.add_unproven('{}', m.inflight) end
                from %1$s m
                where (m.inflight_operation = 'upsert' or exists (select from sluice.sync_state k
                           where k.account = m.account and k.object = m.object and k.key = m.key)) and %2$s
                on conflict (account, object, key) do update set settled_at = now(),
                    unproven = (select sluice.add_unproven(r.unproven, coalesce(jsonb_object_agg(d.key, v.value), '{}'))
                             from jsonb_each(excluded.unproven) as d cross join lateral jsonb_array_elements(d.value) as v)
                            || case when jsonb_exists(excluded.unproven, '*') then '{"*": []}' else '{}' end::jsonb""";

    /** What was written is what both sides have. Before the first write of a record nothing was known of any field: *. */
    private static final String AGREE = """
            insert into sluice.sync_state as r (account, object, key, sync, crm_id, base, stamps, prior)
                select account, object, key, sync, crm_id, inflight, inflight_stamps, '{"*": [null, null]}' from %s
                on conflict (account, object, key) do update set
                    sync = excluded.sync, crm_id = coalesce(excluded.crm_id, r.crm_id),
                    base = r.base || excluded.base,
                    prior = case when r.crm_id is null and r.base = '{}' then excluded.prior else r.prior end
                            || sluice.prior(r.prior, r.base, r.stamps, excluded.base),
                    stamps = r.stamps || sluice.named(excluded.stamps, excluded.base),
                    unproven = case when r.unproven = '{}' then r.unproven
                                 else r.unproven - '*' - array(select jsonb_object_keys(excluded.base)) end,
                    settled_at = now()""";

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
                select o.*, case a.status when 'doubted' then 'retry' else a.status end as status,
                       a.status = 'doubted' as is_doubted, a.crm_id, a.code, a.message, a.named, a.backoff_ms
                from sluice.outbox o join answer a using (key)
                where o.account = ? and o.object = ? and o.key = any (array(select key from answer))
                  and o.lease is not distinct from ? order by o.account, o.object, o.key for update of o),
            done_deletes as materialized (
                select account, object, key from mine where status = 'done' and inflight_operation = 'delete'),
            over as materialized (
                select account, object, key from mine where status not in ('retry', 'gone') and operation is null),
            agreed as (
                %6$s),
            deleted as (
                delete from sluice.sync_state r where %4$s),
            buried as (
                insert into sluice.tombstone as d (account, object, key)
                select account, object, key from done_deletes
                on conflict (account, object, key) do update set deleted_at = now()),
            doubted as (
                %2$s),
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
                  and m.status not in ('retry', 'gone') and m.operation is not null),
            returned as (
                update sluice.outbox o set %1$s,
                    fill = case when o.attempts >= ? then coalesce(?::smallint, o.fill) else o.fill end,
                    parent = coalesce(m.inflight ->> ?, (
                        select r.base ->> ? from sluice.sync_state r
                        where r.account = m.account and r.object = m.object and r.key = m.key), o.parent),
                    due = now() + m.backoff_ms * interval '1 millisecond',
                    last_error = concat_ws(': ', m.code, m.message)
                from mine m
                where o.account = m.account and o.object = m.object and o.key = m.key and %3$s
                  and m.status in ('retry', 'gone'))
            select count(*) from mine""".formatted(GIVE_BACK, DOUBT.formatted("mine", "m.is_doubted"),
            Outbox.among("o", "mine"), Outbox.among("r", "done_deletes"), Outbox.among("o", "over"),
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
                select o.account, o.object, o.key, o.sync, o.inflight_operation, o.inflight from sluice.outbox o
                where %%s for update of o %%s),
            doubted as (
                %2$s)
            update sluice.outbox o set %1$s, last_error = %%s
            from ended e
            where o.account = e.account and o.object = e.object and o.key = e.key and %3$s
            """.formatted(GIVE_BACK, DOUBT.formatted("ended", "true"), Outbox.among("o", "ended"));

    /**
     * By the index of leases, oldest first and a part at a time, so that the question whether one ended costs nothing
     * however much waits. What others are settling is skipped, so no order of keys is needed.
     */
    static final String EXPIRE = RETURN.formatted(
            "o.lease_until < 'infinity' and o.lease_until < now() order by o.lease_until limit " + ENDED_AT_ONCE, "skip locked",
            "'nobody settled this before its lease ended: the process was killed, or the call was cut'");

    private static final String ABANDON = RETURN.formatted("o.lease = ? order by o.account, o.object, o.key", "", "?");

    private final Database database;
    private final Backoff backoff;
    private final WriteDebounce writeDebounce;
    private final GoneRecords gone = new GoneRecords();

    /**
     * @param backoff until what failed is tried again
     * @param writeDebounce    of a record after a write
     */
    public Settlement(Database database, Backoff backoff, WriteDebounce writeDebounce) {
        this.database = database;
        this.backoff = backoff;
        this.writeDebounce = writeDebounce;
    }

    /** Tells what these syncs receive, for records that a CRM has no more. */
    public Settlement knowing(Collection<Sync> syncs) {
        gone.know(syncs);
        return this;
    }

    /** Takes the outcomes of a call that was answered record by record, as below. */
    public int settle(Claim claim, List<Outcome> outcomes) throws SQLException {
        return settle(claim, outcomes, SplitRule.NEVER, null);
    }

    /**
     * Takes the outcomes of a claim's call. What another process has claimed since, because the lease had ended, is
     * left alone. So are records whose call may still be executed: they stay in flight until their lease ends, so that
     * nothing of them overtakes it, and go back then as doubted.
     *
     * @param parent the field that names a record's parent, or null
     * @return how many records were settled or returned
     */
    public int settle(Claim claim, List<Outcome> all, SplitRule splitRule, String parent) throws SQLException {
        List<Outcome> outcomes = all.stream().filter(it -> it.uncertainty() != Outcome.Uncertainty.UNANSWERED).toList();
        if (outcomes.isEmpty()) {
            return 0;
        }
        try {
            return database.repeatable(connection -> settle(connection, claim, outcomes, splitRule, parent));
        } catch (SQLException failure) {
            if (!SharedIds.isCauseOf(failure)) {
                throw failure;
            }
        }
        return database.repeatable(connection -> {
            SharedIds shared = SharedIds.find(connection, claim, outcomes);
            int settled = settle(connection, claim, shared.outcomes(), splitRule, parent);
            shared.repair(connection);
            return settled;
        });
    }

    private int settle(Connection connection, Claim claim, List<Outcome> outcomes, SplitRule splitRule, String parent)
            throws SQLException {
        if (!isDone(claim, outcomes)) {
            UniqueValues values = UniqueValues.of(connection, claim, outcomes);
            int settled = decided(connection, claim, values.outcomes(), splitRule, parent);
            values.prepare(connection);
            return settled;
        }
        int done = done(connection, claim, outcomes);
        return done == outcomes.size() ? done : done + decided(connection, claim, outcomes, splitRule, parent);
    }

    /**
     * Splits a claim's deletes off that would delete another key's record ({@link SharedIds}); they are done.
     *
     * @return what is left to be sent
     */
    public Claim keepingOthers(Claim claim) throws SQLException {
        List<Integer> others = SharedIds.ofOthers(database, claim);
        if (others.isEmpty()) {
            return claim;
        }
        settle(claim, others.stream().map(i -> Outcome.done(claim.changes().get(i).key(), null)).toList());
        return new Claim(claim.lease(), claim.account(), claim.object(), claim.sync(), claim.operation(), claim.halved(),
                IntStream.range(0, claim.size()).filter(i -> !others.contains(i)).mapToObj(claim.changes()::get).toList());
    }

    private static boolean isDone(Claim claim, List<Outcome> outcomes) {
        return claim.operation() == Operation.UPSERT
                && outcomes.stream().allMatch(it -> it.status() == Outcome.Status.DONE);
    }

    private static int done(Connection connection, Claim claim, List<Outcome> outcomes) throws SQLException {
        return Database.queryAfter(connection, Parents.FREE, DONE, row -> row.getInt(1), claim.account(), claim.object(),
                Database.texts(connection, outcomes, Outcome::key), Database.texts(connection, outcomes, Outcome::key),
                Database.texts(connection, outcomes, Outcome::crmId), claim.account(), claim.object(),
                claim.lease()).get(0);
    }

    private int decided(Connection connection, Claim claim, List<Outcome> outcomes, SplitRule splitRule, String parent)
            throws SQLException {
        int again = (int) outcomes.stream().filter(outcome -> outcome.status() == Outcome.Status.RETRY).count();
        String together = splitRule == SplitRule.BY_PARENT ? parent : null;
        List<Outcome> known = outcomes.stream().filter(outcome -> outcome.status() == Outcome.Status.DONE
                || outcome.status() == Outcome.Status.REJECTED).toList();
        int settled = Database.queryAfter(connection, Parents.FREE, SETTLE, row -> row.getInt(1),
                claim.account(), claim.object(), Database.texts(connection, known, Outcome::key),
                Database.texts(connection, outcomes, Outcome::key),
                Database.texts(connection, outcomes, Settlement::status),
                Database.texts(connection, outcomes, Outcome::crmId),
                Database.texts(connection, outcomes, Outcome::code),
                Database.texts(connection, outcomes, Outcome::message),
                Database.texts(connection, outcomes, outcome -> String.join(",", outcome.fields())),
                backoffs(connection, claim, outcomes, splitRule), claim.account(), claim.object(), claim.lease(),
                writeDebounce.critical().toMillis(), writeDebounce.other().toMillis(), splitRule.attempts(), splitRule.fill(outcomes.size(), again),
                together, together).get(0);
        gone.settle(connection, claim, outcomes);
        return settled;
    }

    private static String status(Outcome outcome) {
        return outcome.uncertainty() == Outcome.Uncertainty.NONE ? outcome.status().toString() : "doubted";
    }

    private Array backoffs(Connection connection, Claim claim, List<Outcome> outcomes, SplitRule splitRule)
            throws SQLException {
        if (splitRule == SplitRule.AT_ONCE) {
            return connection.createArrayOf("bigint", outcomes.stream().map(outcome -> patience(claim, outcome, 0L)).toArray());
        }
        int attempts = outcomes.stream().anyMatch(it -> it.status() == Outcome.Status.RETRY)
                ? Database.query(connection, "select max(attempts) + 1 from sluice.outbox where lease = ?",
                        row -> row.getInt(1), claim.lease()).get(0) : 0;
        long together = backoff.after(attempts, Math::random).toMillis();
        return connection.createArrayOf("bigint", outcomes.stream().map(outcome -> patience(claim, outcome, together)).toArray());
    }

    private static long patience(Claim claim, Outcome outcome, long backoff) {
        return outcome.status() != Outcome.Status.GONE ? backoff
                : claim.operation() == Operation.DELETE ? 0L : GoneRecords.PATIENCE.toMillis();
    }

    /** Puts a claim back whose call was refused before it did anything: it waits again, in its place. */
    public void release(Claim claim) throws SQLException {
        database.planned(connection -> Database.update(connection, RELEASE, claim.lease()));
    }

    /** Puts back some records of a claim, as above: what does not fit into its call. */
    public void release(Claim claim, List<String> keys) throws SQLException {
        database.planned(connection -> Database.update(connection, RELEASE + " and o.key = any (?)", claim.lease(),
                Database.texts(connection, keys)));
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

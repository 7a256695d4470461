// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import io.sluice.Backoff;
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
import java.util.stream.Stream;

/**
 * Ends every claim. Record by record, with the outcomes of its call: acknowledged fields move into the record's base,
 * rejected ones become a dead letter, the rest returns to the outbox with a due time. Or as a whole: released, where the CRM
 * certainly did nothing; abandoned, or given back when the lease has ended, where that is unknown.
 */
public final class Settlement {

    /** Queues the fields in flight again, below those that arrived meanwhile. */
    static final String GIVE_BACK_AFTER =
            """
            operation = coalesce(o.operation, o.inflight_operation),
                    fields = case when o.operation = 'delete' or o.operation is null and o.inflight_operation = 'delete'
                                  then '{}' else coalesce(o.inflight, '{}') || o.fields end,
                    stamps = case when o.operation = 'delete' then o.stamps
                                  when o.operation is null and o.inflight_operation = 'delete' then o.inflight_stamps
                                  else coalesce(sluice.named(o.inflight_stamps, o.inflight), '{}') || o.stamps end,
                    since = least(o.since, o.inflight_since), attempts = o.attempts + %1$d,
                    trace = coalesce(o.inflight_trace, o.trace), inflight_trace = null,
                    inflight_operation = null, inflight = null, inflight_stamps = null, inflight_since = null,
                    lease = null, lease_until = null""";

    private static final String GIVE_BACK = GIVE_BACK_AFTER.formatted(1);

    /** Queues records again that were certainly not written, at no cost of an attempt. */
    private static final String RELEASE =
            "update sluice.outbox o set " + GIVE_BACK_AFTER.formatted(0) + " where o.lease = ?";

    /**
     * Notes the values of which it is unknown whether the CRM has them. The base stays, beside the values that may have been
     * written: the old value, should it come again, is a change and no no-op, and neither value counts as a change by the CRM
     * when it is read. A record that was read before proves nothing, hence the time.
     */
    private static final String NOTE_UNPROVEN =
            """
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

    /** Moves acknowledged values into the base. Before the first write of a record no field was known: *. */
    private static final String ACKNOWLEDGE =
            """
            insert into sluice.sync_state as r (account, object, key, sync, crm_id, base, stamps, prior)
                select account, object, key, sync, crm_id, inflight, inflight_stamps, '{"*": []}' from %s
                on conflict (account, object, key) do update set
                    sync = excluded.sync, crm_id = coalesce(excluded.crm_id, r.crm_id),
                    base = r.base || excluded.base,
                    prior = case when r.crm_id is null and r.base = '{}' then excluded.prior else r.prior end
                            || sluice.prior(r.prior, r.base, r.stamps, r.unproven, excluded.base, false, r.settled_at),
                    stamps = r.stamps || sluice.named(excluded.stamps, excluded.base),
                    unproven = case when r.unproven = '{}' then r.unproven
                                 else r.unproven - '*' - array(select jsonb_object_keys(excluded.base)) end,
                    settled_at = now()""";

    /** Returns the priority of each settled record, and the seconds since its oldest change that the call carried. */
    private static final String SETTLED =
            "array_agg(priority::int), array_agg(extract(epoch from clock_timestamp() - inflight_since)::float8)";

    /** Returns for each settled record what its trace needs, as text of JSON, or null if it is not traced. Times are in µs. */
    private static final String TRACED =
            """
            array_agg(case when inflight_trace is not null then jsonb_build_object('trace', inflight_trace, 'attempts', attempts,
                'since', (extract(epoch from inflight_since) * 1000000)::bigint,
                'due', (extract(epoch from due) * 1000000)::bigint)::text end)""";

    /**
     * Settles outcomes of all kinds. Records are found by their keys, not by their lease (hence {@code is not distinct from}):
     * the lease of a bulk job has many more. A rejected record becomes a dead letter, unless newer work waits: then the
     * rejected fields join that, or are pointless, where it is a delete. A value that was just rejected replaces the one that an
     * operator gave its field in an earlier letter, so the field counts as edited no more.
     */
    static final String SETTLE =
            """
            with answer as (
                select * from unnest(?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::bigint[])
                    as a(key, status, crm_id, code, message, named, backoff_ms)),
            mine as materialized (
                select o.*, case a.status when 'unproven' then 'retry' when 'other' then 'gone' else a.status end as status,
                       a.status in ('unproven', 'other') as is_unproven, a.crm_id, a.code, a.message, a.named, a.backoff_ms
                from sluice.outbox o join answer a using (key)
                where o.account = ? and o.object = ? and o.key = any (array(select key from answer))
                  and o.lease is not distinct from ? order by o.account, o.object, o.key for update of o),
            done_deletes as materialized (
                select account, object, key from mine where status = 'done' and inflight_operation = 'delete'),
            closed as materialized (
                select account, object, key from mine where status not in ('retry', 'gone') and operation is null),
            agreed as (
                %6$s),
            deleted as (
                delete from sluice.sync_state r where %4$s returning r.*),
            tombstones as (
                insert into sluice.tombstone as d (account, object, key, crm_id, base, stamps, unproven, prior)
                select account, object, key, r.crm_id, r.base, r.stamps, r.unproven, r.prior
                from done_deletes left join deleted r using (account, object, key)
                on conflict (account, object, key) do update set
                    deleted_at = now(), crm_id = excluded.crm_id, base = excluded.base, stamps = excluded.stamps,
                    unproven = excluded.unproven, prior = excluded.prior),
            now_unproven as (
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
                    message = excluded.message, rejected_fields = excluded.rejected_fields, died_at = now(),
                    edited_fields = case when excluded.operation = 'delete' then '{}' else array(
                        select name from unnest(d.edited_fields) as name where not jsonb_exists(excluded.fields, name)) end),
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
                    inflight_trace = null, lease = null, lease_until = null, last_error = null, max_batch = null,
                    parent = null, due = clock_timestamp() + case when o.priority = 0 then ? else ? end * interval '1 millisecond'
                from mine m
                where o.account = m.account and o.object = m.object and o.key = m.key and %3$s
                  and m.status not in ('retry', 'gone') and m.operation is not null),
            returned as (
                update sluice.outbox o set %1$s,
                    max_batch = case when o.attempts >= ? then coalesce(?::smallint, o.max_batch) else o.max_batch end,
                    parent = coalesce(m.inflight ->> ?, (
                        select r.base ->> ? from sluice.sync_state r
                        where r.account = m.account and r.object = m.object and r.key = m.key), o.parent),
                    due = now() + m.backoff_ms * interval '1 millisecond',
                    last_error = concat_ws(': ', m.code, m.message)
                from mine m
                where o.account = m.account and o.object = m.object and o.key = m.key and %3$s
                  and m.status in ('retry', 'gone'))
            select %7$s, array_agg(status), %8$s from mine"""
                    .formatted(
                            GIVE_BACK,
                            NOTE_UNPROVEN.formatted("mine", "m.is_unproven"),
                            Outbox.among("o", "mine"),
                            Outbox.among("r", "done_deletes"),
                            Outbox.among("o", "closed"),
                            ACKNOWLEDGE.formatted("mine where status = 'done' and inflight_operation = 'upsert'"),
                            SETTLED,
                            TRACED);

    /**
     * Settles the common case of an upsert in half the time: all done, and nothing newer waits. Records are found by keys, as
     * in {@link #SETTLE}; the index returns them in order.
     */
    static final String DONE =
            """
            with answer as (
                select * from unnest(?::text[], ?::text[]) as a(key, crm_id)),
            done as (
                delete from sluice.outbox o using answer
                where o.account = ? and o.object = ? and o.key = any (array(select key from answer))
                  and o.key = answer.key and o.lease is not distinct from ?
                  and o.inflight_operation = 'upsert' and o.operation is null
                returning o.account, o.object, o.key, o.sync, answer.crm_id, o.inflight, o.inflight_stamps, o.priority,
                          o.inflight_since, o.inflight_trace, o.attempts, o.due),
            agreed as (
                %s)
            select %s, null, %s from done"""
                    .formatted(ACKNOWLEDGE.formatted("done"), SETTLED, TRACED);

    private static final int EXPIRED_PER_TRANSACTION = 1000;

    private static final String RETURN =
            """
            with ended as materialized (
                select o.account, o.object, o.key, o.sync, o.inflight_operation, o.inflight from sluice.outbox o
                where %%s for update of o %%s),
            now_unproven as (
                %2$s)
            update sluice.outbox o set %1$s, last_error = %%s
            from ended e
            where o.account = e.account and o.object = e.object and o.key = e.key and %3$s
            """
                    .formatted(GIVE_BACK, NOTE_UNPROVEN.formatted("ended", "true"), Outbox.among("o", "ended"));

    /**
     * Ends expired leases by their index, oldest first and a part at a time, so that the check costs nothing however many
     * records wait. Records that others are settling are skipped, so no order of keys is needed.
     */
    static final String EXPIRE = RETURN.formatted(
            "o.lease_until < 'infinity' and o.lease_until < now() order by o.lease_until limit "
                    + EXPIRED_PER_TRANSACTION,
            "skip locked",
            "'not settled before the lease ended: the process was killed, or the call was cut'");

    private static final String ABANDON = RETURN.formatted("o.lease = ? order by o.account, o.object, o.key", "", "?");

    private final Database database;
    private final Backoff backoff;
    private final WriteDebounce writeDebounce;
    private final SettlementRecorder recorder;
    private final GoneRecords gone = new GoneRecords();

    /** Makes a settlement that is not measured. */
    public Settlement(Database database, Backoff backoff, WriteDebounce writeDebounce) {
        this(database, backoff, writeDebounce, SettlementRecorder.NONE);
    }

    /**
     * @param backoff       the delay before a failed record is tried again
     * @param writeDebounce the minimum time between two writes of a record
     * @param recorder      measures the settled records
     */
    public Settlement(Database database, Backoff backoff, WriteDebounce writeDebounce, SettlementRecorder recorder) {
        this.database = database;
        this.backoff = backoff;
        this.writeDebounce = writeDebounce;
        this.recorder = recorder;
    }

    /** Sets the syncs, whose directions decide about records that were deleted in the CRM. */
    public Settlement withSyncs(Collection<Sync> syncs) {
        gone.setSyncs(syncs);
        return this;
    }

    /** Settles the outcomes of a call that was answered record by record. */
    public int settle(Claim claim, List<Outcome> outcomes) throws SQLException {
        return settle(claim, outcomes, SplitRule.NEVER, null);
    }

    /**
     * Settles the outcomes of a claim's call. Records that another process has claimed since, because the lease had ended,
     * are left alone. So are records whose call may still be executed: they stay in flight until their lease ends, so that no
     * later write overtakes the call, and are then given back as unproven.
     *
     * @param parent the field that names a record's parent, or null
     * @return the number of records settled or returned
     */
    public int settle(Claim claim, List<Outcome> all, SplitRule splitRule, String parent) throws SQLException {
        List<Outcome> outcomes = all.stream()
                .filter(it -> it.uncertainty() != Outcome.Uncertainty.UNANSWERED)
                .toList();
        recorder.unanswered(claim, all.size() - outcomes.size());
        if (outcomes.isEmpty()) {
            return 0;
        }
        List<SettledRecord> settled = settleAnswered(claim, outcomes, splitRule, parent);
        recorder.settled(claim, settled);
        return settled.size();
    }

    private List<SettledRecord> settleAnswered(Claim claim, List<Outcome> outcomes, SplitRule splitRule, String parent)
            throws SQLException {
        try {
            return database.repeatable(connection -> settle(connection, claim, outcomes, splitRule, parent));
        } catch (SQLException failure) {
            if (!SharedIds.isCauseOf(failure)) {
                throw failure;
            }
        }
        return database.repeatable(connection -> {
            SharedIds shared = SharedIds.find(connection, claim, outcomes);
            List<SettledRecord> settled = settle(connection, claim, shared.outcomes(), splitRule, parent);
            shared.repair(connection);
            return settled;
        });
    }

    private List<SettledRecord> settle(
            Connection connection, Claim claim, List<Outcome> outcomes, SplitRule splitRule, String parent)
            throws SQLException {
        if (!isDone(claim, outcomes)) {
            UniqueValues values = UniqueValues.of(connection, claim, outcomes);
            List<SettledRecord> settled = settleAll(connection, claim, values.outcomes(), splitRule, parent);
            values.prepare(connection);
            return settled;
        }
        List<SettledRecord> done = done(connection, claim, outcomes);
        return done.size() == outcomes.size()
                ? done
                : Stream.concat(done.stream(), settleAll(connection, claim, outcomes, splitRule, parent).stream())
                        .toList();
    }

    /**
     * Settles deletes of a claim that would delete another key's record ({@link SharedIds}) as done, without a call.
     *
     * @return the rest of the claim, to be sent
     */
    public Claim settleDeletesOfOthers(Claim claim) throws SQLException {
        List<Integer> others = SharedIds.ofOthers(database, claim);
        if (others.isEmpty()) {
            return claim;
        }
        settle(
                claim,
                others.stream()
                        .map(i -> Outcome.done(claim.changes().get(i).key(), null))
                        .toList());
        return new Claim(
                claim.lease(),
                claim.account(),
                claim.object(),
                claim.sync(),
                claim.operation(),
                claim.split(),
                IntStream.range(0, claim.size())
                        .filter(i -> !others.contains(i))
                        .mapToObj(claim.changes()::get)
                        .toList());
    }

    private static boolean isDone(Claim claim, List<Outcome> outcomes) {
        return claim.operation() == Operation.UPSERT
                && outcomes.stream().allMatch(it -> it.status() == Outcome.Status.DONE);
    }

    private static List<SettledRecord> done(Connection connection, Claim claim, List<Outcome> outcomes)
            throws SQLException {
        return Database.queryAfter(
                        connection,
                        Parents.UNBLOCK,
                        DONE,
                        SettledRecord::all,
                        claim.account(),
                        claim.object(),
                        Database.texts(connection, outcomes, Outcome::key),
                        Database.texts(connection, outcomes, Outcome::key),
                        Database.texts(connection, outcomes, Outcome::crmId),
                        claim.account(),
                        claim.object(),
                        claim.lease())
                .get(0);
    }

    private List<SettledRecord> settleAll(
            Connection connection, Claim claim, List<Outcome> outcomes, SplitRule splitRule, String parent)
            throws SQLException {
        int retried = (int) outcomes.stream()
                .filter(outcome -> outcome.status() == Outcome.Status.RETRY)
                .count();
        String together = splitRule == SplitRule.BY_PARENT ? parent : null;
        List<Outcome> known = outcomes.stream()
                .filter(outcome ->
                        outcome.status() == Outcome.Status.DONE || outcome.status() == Outcome.Status.REJECTED)
                .toList();
        List<SettledRecord> settled = Database.queryAfter(
                        connection,
                        Parents.UNBLOCK,
                        SETTLE,
                        SettledRecord::all,
                        claim.account(),
                        claim.object(),
                        Database.texts(connection, known, Outcome::key),
                        Database.texts(connection, outcomes, Outcome::key),
                        Database.texts(connection, outcomes, Settlement::status),
                        Database.texts(connection, outcomes, Outcome::crmId),
                        Database.texts(connection, outcomes, Outcome::code),
                        Database.texts(connection, outcomes, Outcome::message),
                        Database.texts(connection, outcomes, outcome -> String.join(",", outcome.fields())),
                        backoffs(connection, claim, outcomes, splitRule),
                        claim.account(),
                        claim.object(),
                        claim.lease(),
                        writeDebounce.critical().toMillis(),
                        writeDebounce.other().toMillis(),
                        splitRule.attempts(),
                        splitRule.maxBatch(outcomes.size(), retried),
                        together,
                        together)
                .get(0);
        gone.settle(connection, claim, outcomes);
        return settled;
    }

    private static String status(Outcome outcome) {
        return outcome.uncertainty() == Outcome.Uncertainty.NONE
                ? outcome.status().toString()
                : outcome.status() == Outcome.Status.GONE ? "other" : "unproven";
    }

    private Array backoffs(Connection connection, Claim claim, List<Outcome> outcomes, SplitRule splitRule)
            throws SQLException {
        if (splitRule == SplitRule.AT_ONCE) {
            return connection.createArrayOf(
                    "bigint",
                    outcomes.stream().map(outcome -> delay(claim, outcome, 0L)).toArray());
        }
        int attempts = outcomes.stream().anyMatch(it -> it.status() == Outcome.Status.RETRY)
                ? Database.query(
                                connection,
                                "select max(attempts) + 1 from sluice.outbox where lease = ?",
                                row -> row.getInt(1),
                                claim.lease())
                        .get(0)
                : 0;
        long together = backoff.after(attempts, Math::random).toMillis();
        return connection.createArrayOf(
                "bigint",
                outcomes.stream()
                        .map(outcome -> delay(claim, outcome, together))
                        .toArray());
    }

    private static long delay(Claim claim, Outcome outcome, long backoff) {
        return outcome.status() != Outcome.Status.GONE
                ? backoff
                : claim.operation() == Operation.DELETE ? 0L : GoneRecords.LOOKUP_DELAY.toMillis();
    }

    /** Releases a claim whose call was rejected before it did anything: its records keep their place in the queue. */
    public void release(Claim claim) throws SQLException {
        database.planned(connection -> Database.update(connection, RELEASE, claim.lease()));
    }

    /** Releases some records of a claim, which do not fit into its call. */
    public void release(Claim claim, List<String> keys) throws SQLException {
        database.planned(connection -> Database.update(
                connection, RELEASE + " and o.key = any (?)", claim.lease(), Database.texts(connection, keys)));
    }

    /** Releases the records of a job that was not created. */
    public static int release(Connection connection, UUID lease) throws SQLException {
        Database.fixPlans(connection);
        return Database.update(connection, RELEASE, lease);
    }

    /**
     * Gives back the rest of a claim of which it is unknown whether it was done.
     *
     * @param why the error to show with the records
     */
    public static int abandon(Connection connection, UUID lease, String why) throws SQLException {
        Database.fixPlans(connection);
        return Database.update(connection, ABANDON, lease, why);
    }

    /** Gives back the claims of dead processes. @return the number of records */
    public int expireLeases() throws SQLException {
        int all = 0;
        int some;
        do {
            some = database.planned(connection -> Database.update(connection, EXPIRE));
            all += some;
        } while (some == EXPIRED_PER_TRANSACTION);
        return all;
    }
}

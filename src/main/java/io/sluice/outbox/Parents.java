// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import io.sluice.RecordChange;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/**
 * Sends parents first: a record that names another one waits until that one is in the CRM. Keeps the table {@code parent},
 * and the parts of a claim and of a settlement that serve it.
 */
public final class Parents {

    /**
     * A field of a sync that names a record of another sync of the account.
     *
     * @param field  the child's field, {@code Parent__r.Key__c}
     * @param object the parent's object
     * @param table  the parent's table, {@code schema.table}
     */
    public record Parent(String sync, String field, String object, String table) {}

    private static final String DELETE = "delete from sluice.parent where account = ?";

    private static final String DECLARE =
            """
            insert into sluice.parent (account, sync, field, object, source)
            select ?, * from unnest(?::text[], ?::text[], ?::text[], ?::text[])""";

    /** The interval at which a waiting child is checked again; nothing else reports that its parent no longer holds it up. */
    private static final int RECHECK_MILLIS = 30_000;

    /** The delay for two records that were made to wait at once: they may name each other, which the next check sees. */
    private static final int BOTH_WAIT_MILLIS = 1_000;

    /** The maximum number of records in a detected cycle; for a longer one the CRM's own answer decides. */
    private static final int MAX_CYCLE = 50;

    /** The delay for a parent that is still in the change log, which the drain soon moves into the outbox. */
    private static final int DRAIN_DELAY_MILLIS = 100;

    /**
     * Keeps back picked records whose parent we know and the CRM does not have: the parent waits or is in flight, is a dead
     * letter, or may still be in the change log, of which only rows older than the child can hold it. A parent that we do not
     * know is left to the CRM to judge. Records that name each other in a cycle, or one that names itself, would wait for
     * ever: the record that closes the cycle is sent without that field, which a second write sets.
     *
     * <p>Such children are not claimed, and their parents become as urgent as they are. A child that is sent in the same call
     * as its parent, and after it, need not wait: the text has a place for the leases of the earlier claims.
     */
    static final String KEEP_BACK =
            """
            children as materialized (
                select p.account, p.object, p.key, p.since, p.priority, named.object as parent_object, named.source,
                       named.field, p.fields ->> named.field as parent_key
                from picked p join sluice.parent named on named.account = p.account and named.sync = p.sync
                left join lateral (
                    select r.key from sluice.sync_state r
                    where r.account = p.account and r.object = named.object and r.key = p.fields ->> named.field
                      and (r.unproven = '{}' or r.crm_id is not null)
                    limit 1) as settled on true
                where p.operation = 'upsert' and p.fields ->> named.field is not null and settled.key is null),
            chain(account, object, key, field, at_object, at_key, steps) as (
                select account, object, key, field, parent_object, parent_key, 1 from children
                union all
                select h.account, h.object, h.key, h.field, q.waits_for_object, q.waits_for, h.steps + 1
                from chain h cross join lateral (
                    select waits_for_object, waits_for from sluice.outbox
                    where account = h.account and object = h.at_object and key = h.at_key and waits_for is not null limit 1)
                    as q
                where (h.at_object, h.at_key) <> (h.object, h.key) and h.steps < %4$d),
            cycles as materialized (
                select object, key, array_agg(field) as fields from chain
                where (at_object, at_key) = (object, key) group by object, key),
            blocked as materialized (
                select c.account, c.object, c.key, c.priority, c.parent_object, c.parent_key,
                       waiting.key is not null as comes, dead.key is not null as dead
                from children c
                left join lateral (
                    select q.key from sluice.outbox q
                    where q.account = c.account and q.object = c.parent_object and q.key = c.parent_key
                      and (q.operation = 'upsert' or q.inflight_operation = 'upsert')
                    limit 1) as waiting on true
                left join lateral (
                    select d.key from sluice.dead_letter d
                    where d.account = c.account and d.object = c.parent_object and d.key = c.parent_key limit 1)
                    as dead on true
                left join lateral (
                    select l.changed_at from sluice.change_log l where l.source = c.source order by l.seq limit 1)
                    as captured on true
                left join lateral (
                    select q.key from sluice.outbox q
                    where q.account = c.account and q.object = c.parent_object and q.key = c.parent_key
                      and q.inflight_operation = 'upsert' and q.lease = any (%%s) limit 1) as before on true
                where before.key is null and (c.object, c.key) not in (select object, key from cycles) and (waiting.key is not null or dead.key is not null
                   or captured.changed_at <= c.since + interval '1 second')),
            kept_back as (
                update sluice.outbox o set
                    waits_for = e.parent_key, waits_for_object = e.parent_object,
                    due = clock_timestamp() + case when (e.parent_object, e.parent_key) in (select object, key from blocked)
                                                   then %5$d when e.comes or e.dead then %1$d else %2$d end
                                              * interval '1 millisecond',
                    last_error = case when e.dead then concat('waits for ', e.parent_object, ' ', e.parent_key,
                                              ', which is a dead letter; repair and replay that one first')
                                      else o.last_error end
                from blocked e
                where o.account = e.account and o.object = e.object and o.key = e.key and %3$s
                returning o.key),
            raised as (
                update sluice.outbox o set priority = e.priority
                from (select account, parent_object, parent_key, min(priority) as priority from blocked
                      where comes group by 1, 2, 3) as e
                where o.account = e.account and o.object = e.parent_object and o.key = e.parent_key
                  and o.account = any (array(select distinct account from blocked))
                  and o.object = any (array(select distinct parent_object from blocked))
                  and o.key = any (array(select parent_key from blocked))
                  and o.operation is not null and o.priority > e.priority)"""
                    .formatted(
                            RECHECK_MILLIS,
                            DRAIN_DELAY_MILLIS,
                            Outbox.among("o", "blocked"),
                            MAX_CYCLE,
                            BOTH_WAIT_MILLIS);

    /** Makes children due once it is known whether the CRM accepts their parent; a child of a dead letter then reports it. */
    static final String UNBLOCK =
            """
            update sluice.outbox o set waits_for = null, waits_for_object = null, last_error = null,
                due = clock_timestamp()
            where o.account = ? and o.waits_for_object = ? and o.waits_for = any (?::text[]) and o.lease is null""";

    private static final String MAKE_DUE =
            """
            update sluice.outbox o set waits_for = null, waits_for_object = null, due = clock_timestamp()
            where o.account = ? and o.waits_for_object = ? and o.waits_for = any (?::text[]) and o.lease is null""";

    private final Database database;

    public Parents(Database database) {
        this.database = database;
    }

    /** Replaces the parents of an account. */
    public void declare(String account, List<Parent> parents) throws SQLException {
        database.transaction(connection -> {
            Database.update(connection, DELETE, account);
            return Database.update(
                    connection,
                    DECLARE,
                    account,
                    Database.texts(connection, parents, Parent::sync),
                    Database.texts(connection, parents, Parent::field),
                    Database.texts(connection, parents, Parent::object),
                    Database.texts(connection, parents, Parent::table));
        });
    }

    /** Makes due the children of records that are about to be sent, so that they may share the call. */
    static void makeDue(Connection connection, List<Claim> parents) throws SQLException {
        if (!parents.isEmpty()) {
            Claim last = parents.get(parents.size() - 1);
            Database.update(
                    connection,
                    MAKE_DUE,
                    last.account(),
                    last.object(),
                    Database.texts(connection, last.changes(), RecordChange::key));
        }
    }
}

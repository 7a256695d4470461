package io.sluice.outbox;

import io.sluice.RecordChange;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/**
 * Parents first: a record that names another one waits until that one is in the CRM. The table {@code parent}, and what a
 * claim and a settlement do for it.
 */
public final class Parents {

    /**
     * A field of a sync that names a record which another sync of the account feeds.
     *
     * @param field  of the child, {@code Parent__r.Key__c}
     * @param object of the parent
     * @param table  of the parent, {@code schema.table}
     */
    public record Parent(String sync, String field, String object, String table) {
    }

    private static final String FORGET = "delete from sluice.parent where account = ?";

    private static final String DECLARE = """
            insert into sluice.parent (account, sync, field, object, source)
            select ?, * from unnest(?::text[], ?::text[], ?::text[], ?::text[])""";

    /** After that long it is looked at anew whether the parent still has to be waited for; nobody else tells. */
    private static final int LOOK_AGAIN_MILLIS = 30_000;

    /** Two that were left to wait at once may name each other, which the next look sees. */
    private static final int BOTH_WAIT_MILLIS = 1_000;

    /** Records of a circle; what waits in a longer one is written by the CRM's own answer. */
    private static final int LONGEST_CIRCLE = 50;

    /** What is still in the change log comes into the outbox soon. */
    private static final int DRAINED_MILLIS = 100;

    /**
     * Of what was picked, the records whose parent the CRM does not have although we know of it: it waits or is in flight,
     * stands in the dead letters, or may still be in the change log, of which what is older than the child can hold it. A
     * parent that nobody knows is left to the CRM to judge. Records that name each other in a circle, or one that
     * names itself, would wait for ever: the one that closes the circle goes without that field, which a second write
     * sets.
     *
     * <p>They are not taken, and their parents become as urgent as they are. What goes in the same call as its parent, and
     * after that, need not wait: the text has a place for the leases of what goes before.
     */
    static final String HOLD = """
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
            circles as materialized (
                select object, key, array_agg(field) as fields from chain
                where (at_object, at_key) = (object, key) group by object, key),
            orphans as materialized (
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
                where before.key is null and (c.object, c.key) not in (select object, key from circles) and (waiting.key is not null or dead.key is not null
                   or captured.changed_at <= c.since + interval '1 second')),
            held as (
                update sluice.outbox o set
                    waits_for = e.parent_key, waits_for_object = e.parent_object,
                    due = clock_timestamp() + case when (e.parent_object, e.parent_key) in (select object, key from orphans)
                                                   then %5$d when e.comes or e.dead then %1$d else %2$d end
                                              * interval '1 millisecond',
                    last_error = case when e.dead then concat('waits for ', e.parent_object, ' ', e.parent_key,
                                              ', which stands in the dead letters; mend and replay that one first')
                                      else o.last_error end
                from orphans e
                where o.account = e.account and o.object = e.object and o.key = e.key and %3$s
                returning o.key),
            raised as (
                update sluice.outbox o set priority = e.priority
                from (select account, parent_object, parent_key, min(priority) as priority from orphans
                      where comes group by 1, 2, 3) as e
                where o.account = e.account and o.object = e.parent_object and o.key = e.parent_key
                  and o.account = any (array(select distinct account from orphans))
                  and o.object = any (array(select distinct parent_object from orphans))
                  and o.key = any (array(select parent_key from orphans))
                  and o.operation is not null and o.priority > e.priority)""".formatted(LOOK_AGAIN_MILLIS,
            DRAINED_MILLIS, Outbox.among("o", "orphans"), LONGEST_CIRCLE, BOTH_WAIT_MILLIS);

    /** What waited for records of which it is known now whether the CRM takes them; of a dead one it is to say so. */
    static final String FREE = """
            update sluice.outbox o set waits_for = null, waits_for_object = null, last_error = null,
                due = clock_timestamp()
            where o.account = ? and o.waits_for_object = ? and o.waits_for = any (?::text[]) and o.lease is null""";

    private static final String MAKE_DUE = """
            update sluice.outbox o set waits_for = null, waits_for_object = null, due = clock_timestamp()
            where o.account = ? and o.waits_for_object = ? and o.waits_for = any (?::text[]) and o.lease is null""";

    private final Database database;

    public Parents(Database database) {
        this.database = database;
    }

    /** Replaces what is known of an account. */
    public void declare(String account, List<Parent> parents) throws SQLException {
        database.transaction(connection -> {
            Database.update(connection, FORGET, account);
            return Database.update(connection, DECLARE, account, Database.texts(connection, parents, Parent::sync),
                    Database.texts(connection, parents, Parent::field), Database.texts(connection, parents, Parent::object),
                    Database.texts(connection, parents, Parent::table));
        });
    }

    /** What waits for records that are about to go may go with them. */
    static void makeDue(Connection connection, List<Claim> parents) throws SQLException {
        if (!parents.isEmpty()) {
            Claim last = parents.get(parents.size() - 1);
            Database.update(connection, MAKE_DUE, last.account(), last.object(),
                    Database.texts(connection, last.changes(), RecordChange::key));
        }
    }
}

package io.sluice.capture;

import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.outbox.Rest;
import io.sluice.store.Json;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * The statement that moves a table's changes into the outbox: takes a batch out of the change log, folds it to one
 * row per key, reads the values from the table as it is now, and enters that for every sync of the table. One
 * statement sees one snapshot, so a change that commits while it runs waits for the next one; and what it reads is
 * never older than a change it takes, so that no value can overtake a newer one, in whatever order changes are taken.
 */
final class DrainSql {

    private static final int MOST_PAIRS = 50;

    private DrainSql() {
    }

    static String of(Source source, Rest rest, ChangeLog.Taking taking) {
        List<Sync> syncs = source.syncs();
        StringBuilder sql = new StringBuilder("""
                with %s,
                stamped as (
                    select key, jsonb_object_agg(name, changed_at) as stamps
                    from (select key, name, max(changed_at) as changed_at
                          from batch cross join unnest(columns) as name group by key, name) as latest
                    group by key),
                folded as materialized (
                    select key, bool_or(op <> 'U') as whole, bool_or(op in ('D', 'K')) as deleted,
                           bool_and(op = 'S') as loaded,
                           min(changed_at) as since, max(changed_at) as latest, s.stamps,
                           case when bool_and(origin is not null) and min(origin) = max(origin) then min(origin) end
                               as origin
                    from batch left join stamped s using (key) group by key, s.stamps)""".formatted(
                ChangeLog.take(Sql.text(source.table()), taking)));
        for (int i = 0; i < syncs.size(); i++) {
            sql.append(",\nsync_").append(i).append(" as (\n").append(enter(source, syncs.get(i), rest)).append(")");
            sql.append(",\nrevived_").append(i).append(" as (\n").append(revive(syncs.get(i), i)).append(")");
        }
        return sql.append("\nselect count(*) from batch").toString();
    }

    /**
     * A row that is there is an upsert, one that is gone and was deleted a delete; one that is gone otherwise has its
     * delete in a later batch. A record that never settled, that was inserted, or that a first load names, is sent
     * whole; of any other only what changed. What stands in the dead letters goes with the next change of its record, and
     * counts as an attempt: an earlier one, whose answer was lost, may have written it.
     *
     * <p>What a first load names is no news, so none of it is more urgent than normal until it changes: of a large table the
     * urgent rows would go by calls, and before all that changes meanwhile.
     *
     * <p>What a sync alone has applied goes to the others only. Where others changed the record too, it may go back with
     * that: it equals what the CRM is known to have, and a claim drops such.
     *
     * <p>Rows and records are looked up one by one ({@code limit 1} leaves no other way): a join would read the whole table
     * for each batch.
     *
     * <p>A record that is sent whole has all its fields put together at once; to take them apart first, as those of which
     * only some go are, would cost half of the whole statement.
     *
     * <p>Rows are entered in the order of their keys, as settling takes them, so that the two can't lock each other out.
     */
    private static String enter(Source source, Sync sync, Rest rest) {
        return """
                insert into sluice.outbox as o
                    (account, object, key, sync, operation, fields, stamps, priority, since, due, attempts)
                select %1$s, %2$s, sluice_folded.key, %3$s,
                       case when t.whole is null then 'delete' else 'upsert' end,
                       case when t.whole is null then '{}' else coalesce(d.fields, '{}') || w.fields end,
                       case when t.whole is null then '{}' else coalesce(d.stamps, '{}') || w.stamps end,
                       case when sluice_folded.loaded then greatest(coalesce(t.priority, %4$d), %15$d)
                            else coalesce(t.priority, %4$d) end,
                       sluice_folded.since,
                       coalesce(r.settled_at + case when t.priority = 0 then %13$d else %14$d end
                                               * interval '1 millisecond', clock_timestamp()),
                       case when d.key is null then 0 else 1 end
                from folded as sluice_folded
                left join lateral (
                    select %5$s as priority, %6$s as whole
                    from %7$s as %8$s where %9$s = sluice_folded.key::%10$s limit 1) as t on true
                left join lateral (
                    select key, settled_at from sluice.record
                    where account = %1$s and object = %2$s and key = sluice_folded.key limit 1) as r on true
                left join lateral (
                    select key, fields, stamps from sluice.dead_letter
                    where account = %1$s and object = %2$s and key = sluice_folded.key limit 1) as d on true
                cross join lateral (
                    select %16$s as fields, %17$s as stamps where t.whole is not null and (sluice_folded.whole or r.key is null)
                    union all
                    select changed.* from (
                        select coalesce(jsonb_object_agg(m.field, c.value), '{}') as fields,
                               coalesce(jsonb_object_agg(m.field, sluice_folded.stamps -> m.name), '{}') as stamps
                        from jsonb_each(t.whole) as c
                        join (values %11$s) as m(name, field) on m.name = c.key
                        where jsonb_exists(sluice_folded.stamps, m.name)) as changed
                    where t.whole is null or not sluice_folded.whole and r.key is not null) as w
                where sluice_folded.origin is distinct from %3$s and %12$s
                order by sluice_folded.key
                on conflict (account, object, key) do update set
                    sync = excluded.sync,
                    operation = excluded.operation,
                    fields = case when excluded.operation = 'delete' then '{}' else o.fields || excluded.fields end,
                    stamps = case when excluded.operation = 'delete' then '{}'
                                  else sluice.later(o.stamps, excluded.stamps) end,
                    priority = case when o.operation is null then excluded.priority
                                    else least(o.priority, excluded.priority) end,
                    promoted = case when excluded.priority < o.priority then 0 else o.promoted end,
                    since = case when o.operation is null then excluded.since else least(o.since, excluded.since) end
                returning o.key"""
                .formatted(Sql.text(sync.getAccount()), Sql.text(sync.getObject()), Sql.text(sync.getName()),
                        sync.getPriority().rank(), priority(sync), whole(source), source.quoted(), source.alias(),
                        source.alias() + "." + source.key().quoted(), source.key().sqlType(), mapping(sync),
                        wanted(sync), rest.critical().toMillis(), rest.other().toMillis(), Priority.NORMAL.rank(),
                        object(sync, column -> "t.whole -> " + column),
                        object(sync, column -> "coalesce(sluice_folded.stamps -> " + column
                                + ", to_jsonb(sluice_folded.latest))"));
    }

    /** An object of all of a sync's fields; PostgreSQL gives a function 100 arguments at most. */
    private static String object(Sync sync, UnaryOperator<String> value) {
        List<String> pairs = sync.getFields().entrySet().stream()
                .map(entry -> Sql.text(entry.getValue()) + ", " + value.apply(Sql.text(entry.getKey()))).toList();
        StringBuilder object = new StringBuilder();
        for (int from = 0; from < pairs.size(); from += MOST_PAIRS) {
            object.append(from == 0 ? "" : " || ").append("jsonb_build_object(")
                    .append(String.join(", ", pairs.subList(from, Math.min(pairs.size(), from + MOST_PAIRS)))).append(")");
        }
        return object.toString();
    }

    private static String revive(Sync sync, int index) {
        return """
                delete from sluice.dead_letter
                where account = %2$s and object = %3$s and key = any (array(select key from sync_%1$d))""".formatted(index,
                Sql.text(sync.getAccount()), Sql.text(sync.getObject()));
    }

    private static String wanted(Sync sync) {
        String upserts = "t.whole is not null and w.fields <> '{}'";
        return sync.getDeletes().equals("propagate")
                ? "(t.whole is null and sluice_folded.deleted or " + upserts + ")" : upserts;
    }

    /** JSON with every mapped column. */
    private static String whole(Source source) {
        return "('{' || concat_ws(','" + source.mapped().stream()
                .map(column -> ", " + Sql.text(Json.text(column.name()) + ":") + " || "
                        + column.json(source.alias(), source.timeZone()))
                .collect(Collectors.joining()) + ") || '}')::jsonb";
    }

    private static String priority(Sync sync) {
        StringBuilder sql = new StringBuilder("case");
        condition(sql, sync.getCritical(), 0);
        condition(sql, sync.getHigh(), 1);
        condition(sql, sync.getLow(), 3);
        return sql.length() == 4 ? Integer.toString(sync.getPriority().rank())
                : sql + " else " + sync.getPriority().rank() + " end";
    }

    private static void condition(StringBuilder sql, String condition, int rank) {
        if (condition != null) {
            sql.append(" when (").append(condition).append(") then ").append(rank);
        }
    }

    private static String mapping(Sync sync) {
        return sync.getFields().entrySet().stream()
                .map(entry -> "(" + Sql.text(entry.getKey()) + ", " + Sql.text(entry.getValue()) + ")")
                .collect(Collectors.joining(", "));
    }
}

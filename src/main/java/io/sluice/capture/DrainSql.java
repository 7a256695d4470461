package io.sluice.capture;

import io.sluice.Sync;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The statement that moves a table's changes into the outbox: takes a batch out of the change log, folds it to one
 * row per key, and enters that for every sync of the table. One statement sees one snapshot, so a change that commits
 * while it runs waits for the next one.
 */
final class DrainSql {

    private DrainSql() {
    }

    static String of(Source source) {
        List<Sync> syncs = source.syncs();
        StringBuilder sql = new StringBuilder("""
                with batch as (
                    delete from sluice.change_log
                    where seq in (select seq from sluice.change_log where source = ? order by seq limit ?)
                    returning seq, key, op, columns::jsonb as columns, changed_at),
                marked as (
                    select *, max(seq) filter (where op = 'D') over (partition by key) as deleted_at from batch),
                folded as materialized (
                    select key,
                           (array_agg(op order by seq desc))[1] as op,
                           bool_or(op = 'S') as whole,
                           sluice.fold(columns order by seq)
                               filter (where columns is not null and seq > coalesce(deleted_at, 0)) as columns,
                           sluice.fold((select jsonb_object_agg(name, marked.changed_at)
                                        from jsonb_object_keys(marked.columns) as name) order by seq)
                               filter (where columns is not null and seq > coalesce(deleted_at, 0)) as stamps,
                           min(changed_at) as since,
                           max(changed_at) as latest
                    from marked group by key)""");
        for (int i = 0; i < syncs.size(); i++) {
            sql.append(",\nsync_").append(i).append(" as (\n").append(enter(source, syncs.get(i))).append(")");
            sql.append(",\nrevived_").append(i).append(" as (\n").append(revive(syncs.get(i))).append(")");
        }
        return sql.append("\nselect count(*) from batch").toString();
    }

    /**
     * A record that never settled, or that a snapshot names, is read whole from the table; of any other only what
     * changed is sent. What stands in the dead letters goes with the next change of its record.
     */
    private static String enter(Source source, Sync sync) {
        return """
                insert into sluice.outbox as o
                    (account, object, key, sync, operation, fields, stamps, priority, since)
                select %1$s, %2$s, f.key, %3$s,
                       case when f.op = 'D' then 'delete' else 'upsert' end,
                       case when f.op = 'D' then '{}' else coalesce(d.fields, '{}') || w.fields end,
                       case when f.op = 'D' then '{}' else coalesce(d.stamps, '{}') || w.stamps end,
                       coalesce(t.priority, %4$d), f.since
                from folded f
                left join lateral (
                    select %5$s as priority, %6$s::jsonb as whole from %7$s as t where t.%8$s = f.key::%9$s) as t on true
                left join sluice.record r on r.account = %1$s and r.object = %2$s and r.key = f.key
                left join sluice.dead_letter d on d.account = %1$s and d.object = %2$s and d.key = f.key
                cross join lateral (
                    select coalesce(jsonb_object_agg(m.field, c.value), '{}') as fields,
                           coalesce(jsonb_object_agg(m.field, coalesce(f.stamps -> c.key, to_jsonb(f.latest))), '{}')
                               as stamps
                    from jsonb_each(case when t.whole is not null and (f.whole or r.key is null)
                                         then t.whole else f.columns end) as c
                    join (values %10$s) as m(name, field) on m.name = c.key) as w
                where %11$s
                on conflict (account, object, key) do update set
                    sync = excluded.sync,
                    operation = excluded.operation,
                    fields = case when excluded.operation = 'delete' then '{}' else o.fields || excluded.fields end,
                    stamps = case when excluded.operation = 'delete' then '{}' else o.stamps || excluded.stamps end,
                    priority = case when o.operation is null then excluded.priority
                                    else least(o.priority, excluded.priority) end,
                    since = case when o.operation is null then excluded.since else least(o.since, excluded.since) end"""
                .formatted(Sql.text(sync.getAccount()), Sql.text(sync.getObject()), Sql.text(sync.getName()),
                        sync.getPriority().rank(), priority(sync), Triggers.whole(source, "t"), source.quoted(),
                        source.key().quoted(), source.key().type(), mapping(sync), wanted(sync));
    }

    private static String revive(Sync sync) {
        return """
                delete from sluice.dead_letter d using folded f
                where d.account = %s and d.object = %s and d.key = f.key""".formatted(
                Sql.text(sync.getAccount()), Sql.text(sync.getObject()));
    }

    private static String wanted(Sync sync) {
        String upserts = "f.op <> 'D' and w.fields <> '{}'";
        return sync.getDeletes().equals("propagate") ? "(f.op = 'D' or " + upserts + ")" : upserts;
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

// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.outbox.InitialExportJobs.OpenJob;
import io.sluice.outbox.WriteDebounce;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Builds the statement that moves a table's changes into the outbox: takes a batch out of the change log, folds it to one row
 * per key, reads the current values from the table, and enters them for every sync of the table. One statement sees one
 * snapshot, so a change that commits while it runs waits for the next one; and the values that it reads are never older than a
 * change it takes, so that no value can overtake a newer one, in whatever order changes are taken.
 */
final class DrainSql {

    private static final int MOST_PAIRS = 50;
    /** The maximum number of index entries that one lookup reads. */
    private static final int LOOK = 100;

    /**
     * Counts the changes of a sync that need no call of their own: of each key the changes that were merged in the log, and one
     * more where a record was waiting in the outbox. Rows of an export are no changes. Most keys have one change, so that few are
     * joined.
     */
    private static final String COALESCED =
            """
            select (select count(*) from sync_%1$d where merged) + coalesce((
                       select sum(case when f.changes_%1$d > 1 then f.changes_%1$d - 1 when s.merged then -1 else 0 end)
                       from folded as f join sync_%1$d as s using (key) where f.changes_%1$d <> 1), 0) as changes""";

    private DrainSql() {}

    /**
     * Takes a maximum number of changes from a sequence number on; returns {@code moved}, their number, {@code last}, the highest
     * sequence number, {@code snapshot}, and for the first sync {@code coalesced_0}, the number of changes that needed no call of
     * their own.
     */
    static String of(CapturedTable capturedTable, WriteDebounce writeDebounce, ChangeLog.Taking taking) {
        return of(capturedTable, writeDebounce, taking, List.of(), 0);
    }

    /**
     * Enters one row of the log, which stays there; the parameter is its sequence number.
     *
     * @param conditions whether the syncs' conditions decide its priority
     */
    static String ofOne(CapturedTable capturedTable, WriteDebounce writeDebounce, boolean conditions) {
        return of(
                capturedTable, writeDebounce, ChangeLog.one(Sql.text(capturedTable.table())), List.of(), conditions, 0);
    }

    /**
     * Builds the statement that also fills jobs; its parameters include the lease of each job, and it returns for the first one
     * {@code records_0} and {@code bytes_0}, the number and the size of the records that it got.
     *
     * @param jobs   jobs for rows of an initial export, of different syncs
     * @param traced the part of the changes that is traced, from 0 to 1; rows of an initial export are not
     */
    static String of(
            CapturedTable capturedTable,
            WriteDebounce writeDebounce,
            ChangeLog.Taking taking,
            List<OpenJob> jobs,
            double traced) {
        return of(
                capturedTable,
                writeDebounce,
                ChangeLog.take(Sql.text(capturedTable.table()), taking),
                jobs,
                true,
                traced);
    }

    private static String of(
            CapturedTable capturedTable,
            WriteDebounce writeDebounce,
            String taken,
            List<OpenJob> jobs,
            boolean conditions,
            double traced) {
        List<Sync> syncs = capturedTable.syncs();
        StringBuilder sql = new StringBuilder(
                """
                with %s,
                stamped as (
                    select key, jsonb_object_agg(name, changed_at) as stamps
                    from (select key, name, max(changed_at) as changed_at
                          from batch cross join unnest(columns) as name where columns is not null
                          group by key, name) as latest
                    group by key),
                folded as materialized (
                    select key, bool_or(op <> 'U') as whole, bool_or(op in ('D', 'K')) as deleted,
                           bool_or(op = 'K') as renamed,
                           bool_and(op = 'S') as loaded,
                           min(changed_at) as since, max(changed_at) as latest, s.stamps%s,
                           case when bool_and(origin is not null) and min(origin) = max(origin) then min(origin) end
                               as origin
                    from batch left join stamped s using (key) group by key, s.stamps)"""
                        .formatted(taken, changes(syncs)));
        StringBuilder filled = new StringBuilder();
        StringBuilder coalesced = new StringBuilder();
        for (int i = 0; i < jobs.size(); i++) {
            OpenJob job = jobs.get(i);
            Sync sync = syncs.stream()
                    .filter(it -> it.getName().equals(job.sync()))
                    .findFirst()
                    .orElseThrow();
            sql.append(",\n").append(fill(capturedTable, sync, i, job.reserved()));
            filled.append(
                    ", (select count(*) from filled_%1$d) as records_%1$d, (select bytes from size_%1$d) as bytes_%1$d"
                            .formatted(i));
        }
        for (int i = 0; i < syncs.size(); i++) {
            String name = syncs.get(i).getName();
            int job = jobs.stream().map(OpenJob::sync).toList().indexOf(name);
            String others = job < 0 ? "" : " and sluice_folded.key not in (select key from filled_" + job + ")";
            sql.append(",\nsync_")
                    .append(i)
                    .append(" as (\n")
                    .append(enter(capturedTable, syncs.get(i), writeDebounce, others, conditions, traced))
                    .append(")");
            sql.append(",\ncoalesced_")
                    .append(i)
                    .append(" as (\n")
                    .append(COALESCED.formatted(i))
                    .append(")");
            coalesced.append(", (select changes from coalesced_%1$d) as coalesced_%1$d".formatted(i));
            sql.append(",\nrevived_")
                    .append(i)
                    .append(" as (\n")
                    .append(revive(syncs.get(i), i))
                    .append(")");
        }
        return sql.append("\nselect (select count(*) from batch) as moved, (select max(seq) from taken) as last,"
                        + " pg_current_snapshot()::text as snapshot")
                .append(filled)
                .append(coalesced)
                .toString();
    }

    /**
     * Moves rows of an initial export in flight at once, whole: those of records that the CRM is not known to have, without
     * queued changes, and without reserved texts. All others are queued.
     */
    private static String fill(CapturedTable capturedTable, Sync sync, int index, String reserved) {
        return """
                times_%1$d as materialized (
                    select latest, jsonb_build_object('*', latest) as stamps
                    from (select distinct latest from folded where loaded) as moment),
                read_%1$d as materialized (
                    select sluice_folded.key, sluice_folded.since, m.stamps, t.priority, t.fields, t.reserved
                    from folded as sluice_folded join times_%1$d m using (latest)
                    cross join lateral (
                        select %3$s as priority, %4$s as fields, %2$s as reserved
                        from %5$s as %6$s where %7$s = sluice_folded.key::%8$s limit 1) as t
                    where sluice_folded.loaded and sluice_folded.origin is distinct from %9$s),
                size_%1$d as (
                    select coalesce(sum(octet_length(key) + pg_column_size(fields)), 0) as bytes,
                           min(key collate "C") as first, max(key collate "C") as last from read_%1$d),
                %13$s,
                %14$s,
                filled_%1$d as (
                    insert into sluice.outbox
                        (account, object, key, sync, priority, since, inflight_operation, inflight, inflight_stamps,
                         inflight_since, lease, lease_until)
                    select %10$s, %11$s, w.key, %9$s, greatest(w.priority, %12$d), w.since, 'upsert', w.fields, w.stamps,
                           w.since, ?::uuid, 'infinity'
                    from read_%1$d w
                    left join lateral (
                        select key from sluice.sync_state
                        where (select possible from sync_state_%1$d)
                          and account = %10$s and object = %11$s and key = w.key limit 1) as r on true
                    left join lateral (
                        select key from sluice.dead_letter
                        where (select possible from dead_letter_%1$d)
                          and account = %10$s and object = %11$s and key = w.key limit 1) as d on true
                    where r.key is null and d.key is null and not w.reserved
                    on conflict (account, object, key) do nothing
                    returning key)"""
                .formatted(
                        index,
                        reserved(capturedTable, sync, reserved),
                        priority(sync),
                        object(sync.getFields().entrySet().stream()
                                .map(entry -> Map.entry(
                                        entry.getValue(),
                                        capturedTable
                                                .column(entry.getKey())
                                                .value(capturedTable.alias(), capturedTable.timeZone())))
                                .toList()),
                        capturedTable.quoted(),
                        capturedTable.alias(),
                        capturedTable.alias() + "." + capturedTable.key().quoted(),
                        capturedTable.key().sqlType(),
                        Sql.text(sync.getName()),
                        Sql.text(sync.getAccount()),
                        Sql.text(sync.getObject()),
                        Priority.NORMAL.rank(),
                        among("sync_state", index, sync),
                        among("dead_letter", index, sync));
    }

    /**
     * Whether any row of a batch can be in a table: one lookup of the range of their keys, in the order of its index, shows for
     * all rows of an export into an empty CRM that none is.
     */
    private static String among(String table, int index, Sync sync) {
        return """
                %1$s_%2$d as materialized (
                    select count(*) = %3$d or coalesce(bool_or(account = %4$s and object = %5$s), false) as possible from (
                        select account, object from sluice.%1$s
                        where key between (select first from size_%2$d) and (select last from size_%2$d) limit %3$d) as near)"""
                .formatted(table, index, LOOK, Sql.text(sync.getAccount()), Sql.text(sync.getObject()));
    }

    /**
     * Whether a text is part of any of a row's fields, compared byte by byte, because not every collation supports the search
     * for a part. A search in the JSON would take ten times as long.
     */
    private static String reserved(CapturedTable capturedTable, Sync sync, String text) {
        List<String> places = text == null
                ? List.of()
                : Stream.concat(
                                Stream.of(capturedTable.key()),
                                sync.getFields().keySet().stream().map(capturedTable::column))
                        .filter(Column::isFreeText)
                        .map(it -> "strpos(" + it.value(capturedTable.alias(), capturedTable.timeZone())
                                + " collate pg_catalog.\"C\", " + Sql.text(text) + ")")
                        .toList();
        return places.isEmpty() ? "false" : "coalesce(greatest(" + String.join(", ", places) + "), 0) > 0";
    }

    /**
     * Decides the work of each key. An existing row is an upsert, a deleted row a delete; a row that is missing without a delete
     * in this batch has its delete in a later one. A record that never settled, that was inserted, or that an initial export
     * names, is sent whole; of any other only the changed fields. A dead letter is sent with the next change of its record, and
     * counts as an attempt: an earlier one, whose answer was lost, may have written it.
     *
     * <p>Rows of an initial export are not more urgent than normal until they change: the urgent rows of a large table would be
     * sent by single calls, and before all changes made meanwhile.
     *
     * <p>Of rows that a sync has applied only the fields that differ from what the CRM has, or will have once all that waits is
     * written, are sent back: those changed by the application's own triggers, in that row or in others. Where another transaction changed the record too, the rest may
     * be queued with it: it equals the CRM's known values, and a claim drops such fields.
     *
     * <p>A delete keeps its time, with which an edit in the CRM is compared. That of a row whose key was changed has none: the
     * row still exists, so an edit does not restore the former one.
     *
     * <p>A dead letter without fields belongs to a row that could not be read: its next change is read whole.
     *
     * <p>A dead letter that an operator edited holds values that the row does not have until the letter is replayed. The record's
     * next change goes without them: the row is sent whole instead, and the edit ends with the letter.
     *
     * <p>Rows and records are looked up one by one ({@code limit 1} leaves no other way): a join would read the whole table for
     * each batch.
     *
     * <p>The fields of a record that is sent whole are assembled at once; to expand them first, as for records of which only
     * some fields are sent, would cost half of the whole statement.
     *
     * <p>Rows are entered in the order of their keys, as settling takes them, so that the two can't deadlock.
     */
    private static String enter(
            CapturedTable capturedTable,
            Sync sync,
            WriteDebounce writeDebounce,
            String others,
            boolean conditions,
            double traced) {
        return """
                insert into sluice.outbox as o
                    (account, object, key, sync, operation, fields, stamps, priority, since, due, attempts%19$s)
                select %1$s, %2$s, sluice_folded.key, %3$s,
                       case when t.whole is null then 'delete' else 'upsert' end,
                       case when t.whole is null then '{}'
                            when d.edited then %16$s
                            else coalesce(d.fields, '{}') || w.fields end,
                       case when t.whole is not null and d.edited then %17$s || (d.stamps - d.edited_fields) || w.stamps
                            when t.whole is not null then coalesce(d.stamps, '{}') || w.stamps
                            when sluice_folded.renamed then '{}'
                            else jsonb_build_object('*', sluice_folded.latest) end,
                       case when sluice_folded.loaded then greatest(coalesce(t.priority, %4$d), %15$d)
                            else coalesce(t.priority, %4$d) end,
                       sluice_folded.since,
                       coalesce(greatest(r.settled_at + case when t.priority = 0 then %13$d else %14$d end
                                                        * interval '1 millisecond',
                                         case when t.whole is not null
                                              then sluice.held_until(t.priority, r.taken_at, r.held_until) end), clock_timestamp()),
                       case when d.key is null then 0 else 1 end%20$s
                from folded as sluice_folded
                left join lateral (
                    select %5$s as priority, %6$s as whole
                    from %7$s as %8$s where %9$s = sluice_folded.key::%10$s limit 1) as t on true
                left join lateral (
                    select key, settled_at, held_until, taken_at, base
                    from sluice.sync_state
                    where account = %1$s and object = %2$s and key = sluice_folded.key limit 1) as r on true
                left join lateral (
                    select key, fields, stamps, edited_fields, operation = 'upsert' and fields = '{}' as unread,
                           edited_fields <> '{}' as edited
                    from sluice.dead_letter where account = %1$s and object = %2$s and key = sluice_folded.key limit 1) as d on true
                left join lateral (
                    select coalesce(inflight, '{}') || fields as fields from sluice.outbox
                    where sluice_folded.origin = %3$s and account = %1$s and object = %2$s and key = sluice_folded.key limit 1)
                    as q on true
                cross join lateral (
                    select coalesce(sluice_folded.origin = %3$s and r.key is not null and t.whole is not null, false) as own,
                           sluice_folded.whole or r.key is null or coalesce(d.unread, false) as whole) as way
                cross join lateral (
                    select %16$s as fields, %17$s as stamps where t.whole is not null and way.whole and not way.own
                    union all
                    select own.* from (
                        select coalesce(jsonb_object_agg(m.field, c.value), '{}') as fields,
                               coalesce(jsonb_object_agg(m.field, coalesce(sluice_folded.stamps -> m.name,
                                                                           to_jsonb(sluice_folded.latest))), '{}') as stamps
                        from jsonb_each(t.whole) as c
                        join (values %11$s) as m(name, field) on m.name = c.key
                        where (sluice_folded.whole or jsonb_exists(sluice_folded.stamps, m.name))
                          and coalesce(q.fields -> m.field, r.base -> m.field, 'null') is distinct from c.value) as own
                    where way.own
                    union all
                    select changed.* from (
                        select coalesce(jsonb_object_agg(m.field, c.value), '{}') as fields,
                               coalesce(jsonb_object_agg(m.field, sluice_folded.stamps -> m.name), '{}') as stamps
                        from jsonb_each(t.whole) as c
                        join (values %11$s) as m(name, field) on m.name = c.key
                        where jsonb_exists(sluice_folded.stamps, m.name)) as changed
                    where t.whole is null or not way.whole and not way.own) as w
                where (sluice_folded.origin is distinct from %3$s or t.whole is not null or r.key is not null)
                  and %12$s%18$s
                order by sluice_folded.key
                on conflict (account, object, key) do update set
                    sync = excluded.sync,
                    operation = excluded.operation,
                    merged = o.operation is not null,
                    fields = case when excluded.operation = 'delete' then '{}' else o.fields || excluded.fields end,
                    stamps = case when excluded.operation = 'delete' or o.operation = 'delete' then excluded.stamps
                                  else sluice.later(o.stamps, excluded.stamps) end,
                    priority = case when o.operation is null then excluded.priority
                                    else least(o.priority, excluded.priority) end,
                    aged = case when o.operation is null or excluded.priority < o.priority then 0 else o.aged end,
                    since = case when o.operation is null then excluded.since else least(o.since, excluded.since) end%21$s
                returning o.key, o.merged"""
                .formatted(
                        Sql.text(sync.getAccount()),
                        Sql.text(sync.getObject()),
                        Sql.text(sync.getName()),
                        sync.getPriority().rank(),
                        conditions
                                ? priority(sync)
                                : Integer.toString(sync.getPriority().rank()),
                        whole(capturedTable),
                        capturedTable.quoted(),
                        capturedTable.alias(),
                        capturedTable.alias() + "." + capturedTable.key().quoted(),
                        capturedTable.key().sqlType(),
                        mapping(sync),
                        wanted(sync),
                        writeDebounce.critical().toMillis(),
                        writeDebounce.other().toMillis(),
                        Priority.NORMAL.rank(),
                        object(sync, column -> "t.whole -> " + Sql.text(column)),
                        object(
                                sync,
                                column -> "coalesce(sluice_folded.stamps -> " + Sql.text(column)
                                        + ", to_jsonb(sluice_folded.latest))"),
                        others,
                        traced > 0 ? ", trace" : "",
                        traced > 0
                                ? ",\n                       case when not sluice_folded.loaded and random() < "
                                        + traced + " then sluice.new_trace() end"
                                : "",
                        traced > 0
                                ? ",\n                    trace = case when o.operation is null then excluded.trace else o.trace end"
                                : "");
    }

    /** The number of changes of a key that each sync did not apply itself. */
    private static String changes(List<Sync> syncs) {
        StringBuilder columns = new StringBuilder();
        for (int i = 0; i < syncs.size(); i++) {
            columns.append(", count(*) filter (where op <> 'S' and origin is distinct from %s) as changes_%d"
                    .formatted(Sql.text(syncs.get(i).getName()), i));
        }
        return columns.toString();
    }

    /** An object of all of a sync's fields. */
    private static String object(Sync sync, UnaryOperator<String> value) {
        return object(sync.getFields().entrySet().stream()
                .map(entry -> Map.entry(entry.getValue(), value.apply(entry.getKey())))
                .toList());
    }

    /**
     * An object of names and SQL for their values; a function of PostgreSQL has at most 100 arguments. To concatenate the text
     * of the object and parse it would take twice as long.
     */
    static String object(List<Map.Entry<String, String>> members) {
        List<String> pairs = members.stream()
                .map(it -> Sql.text(it.getKey()) + ", " + it.getValue())
                .toList();
        StringBuilder object = new StringBuilder();
        for (int from = 0; from < pairs.size(); from += MOST_PAIRS) {
            object.append(from == 0 ? "" : " || ")
                    .append("jsonb_build_object(")
                    .append(String.join(", ", pairs.subList(from, Math.min(pairs.size(), from + MOST_PAIRS))))
                    .append(")");
        }
        return object.toString();
    }

    private static String revive(Sync sync, int index) {
        return """
                delete from sluice.dead_letter
                where account = %2$s and object = %3$s and key = any (array(select key from sync_%1$d))"""
                .formatted(index, Sql.text(sync.getAccount()), Sql.text(sync.getObject()));
    }

    private static String wanted(Sync sync) {
        String upserts = "t.whole is not null and w.fields <> '{}'";
        return sync.getDeletes() == Sync.Deletes.PROPAGATE
                ? "(t.whole is null and sluice_folded.deleted or " + upserts + ")"
                : upserts;
    }

    /** JSON with every mapped column. */
    private static String whole(CapturedTable capturedTable) {
        return object(capturedTable.mapped().stream()
                .map(column -> Map.entry(column.name(), column.value(capturedTable.alias(), capturedTable.timeZone())))
                .toList());
    }

    private static String priority(Sync sync) {
        StringBuilder sql = new StringBuilder("case");
        condition(sql, sync.getCritical(), 0);
        condition(sql, sync.getHigh(), 1);
        condition(sql, sync.getLow(), 3);
        return sql.length() == 4
                ? Integer.toString(sync.getPriority().rank())
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

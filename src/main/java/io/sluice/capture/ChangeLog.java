// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

/** Holds the SQL of {@code sluice.change_log}: appends by triggers and exports, and removals by the drain. */
final class ChangeLog {

    /** Whether the oldest rows are of an initial export, and whether changes that {@link Taking#NEWEST} takes are behind them. */
    static final String LOADING =
            """
            select op = 'S' as loading, exists (
                select from sluice.change_log where source = ? and records = 1 and op <> 'S') as single
            from sluice.change_log where source = ? order by seq limit 1""";

    static final String BACKLOG = "select coalesce(sum(records), 0) from sluice.change_log where source = ?";

    /** The maximum number of keys in a row of the log, which limits a drain's batch and the application's memory. */
    static final int KEYS = 1_000;

    /** The maximum number of rows of the log that a drain takes at once. */
    static final int ROWS = 20_000;

    private ChangeLog() {}

    /**
     * Appends changed records, those with the same changed columns in one row. All names are qualified, operators too: see
     * {@link Triggers}.
     *
     * @param source  the table's name as an SQL literal
     * @param changes a query that returns {@code key}, {@code op} and {@code columns}
     */
    static String append(String source, String changes) {
        return """
                insert into sluice.change_log (source, keys, records, op, columns)
                select %s, pg_catalog.array_agg(key), pg_catalog.count(*), op, columns
                from (select key, op::pg_catalog."char", columns,
                             (pg_catalog.row_number() over () operator(pg_catalog.-) 1) operator(pg_catalog./) %d as part
                      from (%s) as changed) as parted
                group by op, columns, part"""
                .formatted(source, KEYS, changes);
    }

    /** Whether there are rows from a sequence number on, and the transactions that are under way. */
    static final String PEEK =
            """
            select exists (select from sluice.change_log where source = ? and seq >= ?) as any,
                   pg_current_snapshot()::text as snapshot""";

    /** The first row from a sequence number on. */
    static final String HEAD =
            """
            select seq, records from sluice.change_log where source = ? and seq >= ? order by seq limit 1""";

    static final String DELETE = "delete from sluice.change_log where source = ? and seq = ?";

    /**
     * Gives each key of the oldest rows a row of its own, so that one that can't be drained is alone. The new rows come last,
     * which is harmless: whenever a change is taken, the values that are read are never older.
     */
    static final String PART =
            """
            with taken as (
                delete from sluice.change_log where source = ? and seq = any (array(
                    select seq from sluice.change_log where source = ? and seq >= ? and records > 1 order by seq limit 20))
                returning *),
            parted as (
                insert into sluice.change_log (source, keys, records, op, columns, changed_at, origin)
                select source, array[key], 1, op, columns, changed_at, origin from taken cross join unnest(keys) as key
                returning 1)
            select count(*) from parted""";

    /** The changes that a drain takes; each statement has two parameters, the maximum number and the first sequence number. */
    enum Taking {
        /** The oldest rows of any size. */
        OLDEST(
                """
                select seq from (
                    select seq, most, sum(records) over (order by seq) - records as before
                    from (select seq, records, ? as most from sluice.change_log
                          where source = %1$s and seq >= ? order by seq limit 20000) as oldest) as counted
                where before < most"""),
        /** The oldest rows, as many as there is room for. */
        FITTING(
                """
                select seq from (
                    select seq, most, sum(records) over (order by seq) as through
                    from (select seq, records, ? as most from sluice.change_log
                          where source = %1$s and seq >= ? order by seq limit 20000) as oldest) as counted
                where through <= most"""),
        /** The newest changes of single records, because urgent records are seldom changed by the thousand. */
        NEWEST(
                """
                select seq from (select ?::integer as most) as wanted cross join lateral (
                    select seq from sluice.change_log
                    where source = %1$s and records = 1 and op <> 'S' and seq >= ?
                    order by seq desc limit most) as newest""");

        private final String which;

        Taking(String which) {
            this.which = which;
        }
    }

    /** Takes changes out and returns {@code key}, {@code op}, {@code columns}, {@code changed_at} and {@code origin} of each. */
    static String take(String source, Taking taking) {
        return """
                taken as materialized (
                    delete from sluice.change_log
                    where source = %1$s and seq = any (array(%2$s))
                    returning seq, keys, op, columns, changed_at, origin),
                batch as materialized (
                    select unnest(keys) as key, op, columns, changed_at, origin from taken)"""
                .formatted(source, taking.which.formatted(source));
    }

    /** Returns the same of one row of the log, which stays; one parameter, its sequence number. */
    static String one(String source) {
        return """
                taken as materialized (
                    select seq, keys, op, columns, changed_at, origin from sluice.change_log where source = %1$s and seq = ?),
                batch as materialized (
                    select unnest(keys) as key, op, columns, changed_at, origin from taken)"""
                .formatted(source);
    }
}

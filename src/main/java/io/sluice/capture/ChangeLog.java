package io.sluice.capture;

/** The SQL of {@code sluice.change_log}: what is appended by triggers and loads, and taken out by the drain. */
final class ChangeLog {

    static final String BACKLOG = "select coalesce(sum(records), 0) from sluice.change_log where source = ?";

    /** Most keys in a row of the log: bounds what a drain takes at once, and the application's memory. */
    private static final int KEYS = 10_000;

    private ChangeLog() {
    }

    /**
     * Appends changed records, those that changed alike in one row. Names say their schema, operators too: see
     * {@link Triggers}.
     *
     * @param source  the table's name as an SQL literal
     * @param changes a query that yields {@code key}, {@code op} and {@code columns}
     */
    static String append(String source, String changes) {
        return """
                insert into sluice.change_log (source, keys, records, op, columns)
                select %s, pg_catalog.array_agg(key), pg_catalog.count(*), op, columns
                from (select key, op::pg_catalog."char", columns,
                             pg_catalog.row_number() over () operator(pg_catalog./) %d as part
                      from (%s) as changed) as parted
                group by op, columns, part""".formatted(source, KEYS, changes);
    }

    /**
     * Takes the oldest changes out, about as many as the two parameters say, and yields {@code key}, {@code op},
     * {@code columns} and {@code changed_at} of each.
     */
    static String take(String source) {
        return """
                taken as materialized (
                    delete from sluice.change_log
                    where source = %1$s and seq in (
                        select seq from (
                            select seq, sum(records) over (order by seq) - records as before
                            from (select seq, records from sluice.change_log
                                  where source = %1$s order by seq limit ?) as oldest) as counted
                        where before < ?)
                    returning keys, op, columns, changed_at),
                batch as materialized (
                    select unnest(keys) as key, op, columns, changed_at from taken)""".formatted(source);
    }
}

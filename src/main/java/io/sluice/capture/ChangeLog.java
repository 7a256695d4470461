package io.sluice.capture;

/** The SQL of {@code sluice.change_log}: what is appended by triggers and loads, and taken out by the drain. */
final class ChangeLog {

    /** Whether the longest there are rows of a first load, and whether behind them is what {@link Taking#NEWEST} takes. */
    static final String LOADING = """
            select op = 'S' as loading, exists (
                select from sluice.change_log where source = ? and records = 1 and op <> 'S') as news
            from sluice.change_log where source = ? order by seq limit 1""";

    static final String BACKLOG = "select coalesce(sum(records), 0) from sluice.change_log where source = ?";

    /** Most keys in a row of the log: bounds what a drain takes at once, and the application's memory. */
    static final int KEYS = 1_000;

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
                             (pg_catalog.row_number() over () operator(pg_catalog.-) 1) operator(pg_catalog./) %d as part
                      from (%s) as changed) as parted
                group by op, columns, part""".formatted(source, KEYS, changes);
    }

    /** Which changes a drain takes out; each with one parameter, how many. */
    enum Taking {
        /** The longest there, whatever their size. */
        OLDEST("""
                select seq from (
                    select seq, most, sum(records) over (order by seq) - records as before
                    from (select seq, records, ? as most from sluice.change_log
                          where source = %1$s order by seq limit 20000) as oldest) as counted
                where before < most"""),
        /** The longest there, as many as there is room for. */
        FITTING("""
                select seq from (
                    select seq, most, sum(records) over (order by seq) as through
                    from (select seq, records, ? as most from sluice.change_log
                          where source = %1$s order by seq limit 20000) as oldest) as counted
                where through <= most"""),
        /** Of single records that changed, the last that came: what is urgent is seldom changed by the thousand. */
        NEWEST("""
                select seq from sluice.change_log where source = %1$s and records = 1 and op <> 'S' order by seq desc limit ?""");

        private final String which;

        Taking(String which) {
            this.which = which;
        }
    }

    /** Takes changes out and yields {@code key}, {@code op}, {@code columns}, {@code changed_at} and {@code origin} of each. */
    static String take(String source, Taking taking) {
        return """
                taken as materialized (
                    delete from sluice.change_log
                    where source = %1$s and seq = any (array(%2$s))
                    returning keys, op, columns, changed_at, origin),
                batch as materialized (
                    select unnest(keys) as key, op, columns, changed_at, origin from taken)""".formatted(source,
                taking.which.formatted(source));
    }
}

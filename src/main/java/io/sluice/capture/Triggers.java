package io.sluice.capture;

import io.sluice.store.Database;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * The statement-level triggers that write the change log in the application's own transaction.
 *
 * <p>A trigger with transition tables serves one event, so a table has four: insert, update, delete, truncate. An update
 * joins old and new rows by key: an old one without a partner is a delete, a new one an insert, which is how a change
 * of the key shows. They are {@code ENABLE ALWAYS}, or rows that replication applies were missed. A transaction with
 * {@code sluice.applying} set writes what came from a CRM and is not captured.
 */
final class Triggers {

    private static final String EXISTING = """
            select tgname, tgenabled from pg_trigger
            where tgrelid = to_regclass(?) and tgname like 'sluice\\_%' and not tgisinternal""";

    /** A partition that statements name directly fires its own triggers, not its parent's. */
    private static final String RELATIONS = """
            select format('%I.%I', n.nspname, c.relname)
            from (select to_regclass(?)::oid as oid
                  union select inhrelid from pg_inherits where inhparent = to_regclass(?)
                  union select relid from pg_partition_tree(to_regclass(?))) as tree
            join pg_class c on c.oid = tree.oid
            join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p')""";

    private static final String STRAY = """
            select distinct format('%I.%I', n.nspname, c.relname), n.nspname || '.' || c.relname
            from pg_trigger t
            join pg_class c on c.oid = t.tgrelid
            join pg_namespace n on n.oid = c.relnamespace
            where t.tgname = 'sluice_insert' and not t.tgisinternal""";

    private Triggers() {
    }

    /**
     * Creates what is missing and brings the functions up to date with the mapped columns. Only a first installation
     * locks the table, and it gives up after two seconds of waiting so that the application's writers never queue
     * behind it for longer.
     */
    static void install(Connection connection, Source source) throws SQLException {
        String function = functionName(source.table());
        for (String statement : functions(source, function)) {
            execute(connection, statement);
        }
        String quoted = source.quoted();
        for (String relation : Database.query(connection, RELATIONS, row -> row.getString(1), quoted, quoted, quoted)) {
            List<String> existing = Database.query(connection, EXISTING, row -> row.getString(1), relation);
            for (Event event : Event.values()) {
                if (!existing.contains(event.trigger())) {
                    execute(connection, "set local lock_timeout = '2s'");
                    execute(connection, event.create(relation, function));
                    execute(connection, "alter table " + relation + " enable always trigger " + event.trigger());
                }
            }
        }
    }

    /** Removes the triggers of tables that no sync reads any more, whose change log nobody would drain. */
    static void removeStray(Connection connection, List<String> tables) throws SQLException {
        record Stray(String quoted, String name) { }
        for (Stray stray : Database.query(connection, STRAY, row -> new Stray(row.getString(1), row.getString(2)))) {
            boolean partition = !Database.query(connection, "select 1 from pg_inherits where inhrelid = to_regclass(?)",
                    row -> 1, stray.quoted()).isEmpty();
            if (!tables.contains(stray.name()) && !partition) {
                execute(connection, "set local lock_timeout = '2s'");
                for (Event event : Event.values()) {
                    execute(connection, "drop trigger if exists " + event.trigger() + " on " + stray.quoted());
                }
                Database.update(connection, "delete from sluice.change_log where source = ?", stray.name());
            }
        }
    }

    private enum Event {
        INSERT("referencing new table as new_rows"),
        UPDATE("referencing old table as old_rows new table as new_rows"),
        DELETE("referencing old table as old_rows"),
        TRUNCATE("");

        private final String referencing;

        Event(String referencing) {
            this.referencing = referencing;
        }

        String suffix() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }

        String trigger() {
            return "sluice_" + suffix();
        }

        String create(String relation, String function) {
            String when = this == TRUNCATE ? "before" : "after";
            return "create trigger " + trigger() + " " + when + " " + suffix() + " on " + relation + " " + referencing
                    + " for each statement execute function sluice." + Sql.name(function + "_" + suffix()) + "()";
        }
    }

    /** Readable where it fits PostgreSQL's 63 characters, else told apart by a hash. */
    static String functionName(String table) {
        String readable = "capture_" + table.replace('.', '_');
        return readable.length() <= 50 ? readable
                : readable.substring(0, 40) + "_"
                        + UUID.nameUUIDFromBytes(table.getBytes(StandardCharsets.UTF_8)).toString().substring(0, 8);
    }

    private static List<String> functions(Source source, String function) {
        String key = source.key().quoted();
        String table = Sql.text(source.table());
        String insert = """
                insert into sluice.change_log (source, key, op, columns)
                select %s, n.%s::text, 'I', %s from new_rows n;""".formatted(table, key, whole(source, "n"));
        String update = """
                insert into sluice.change_log (source, key, op, columns)
                select %1$s, coalesce(n.%2$s, o.%2$s)::text,
                       case when o.%2$s is null then 'I' when n.%2$s is null then 'D' else 'U' end::"char",
                       case when o.%2$s is null then %3$s when n.%2$s is not null then %4$s end
                from old_rows o full join new_rows n on n.%2$s = o.%2$s
                where o.%2$s is null or n.%2$s is null or %5$s;""".formatted(table, key, whole(source, "n"),
                changed(source), source.mapped().stream().map(column -> column.differs("o", "n"))
                        .collect(Collectors.joining(" or ")));
        String delete = """
                insert into sluice.change_log (source, key, op)
                select %s, o.%s::text, 'D' from old_rows o;""".formatted(table, key);
        String truncate = """
                insert into sluice.change_log (source, key, op)
                select %s, t.%s::text, 'D' from %s t;""".formatted(table, key, source.quoted());
        return List.of(function(function + "_insert", insert), function(function + "_update", update),
                function(function + "_delete", delete),
                function(function + "_truncate", truncate));
    }

    /** Security definer, so that the application's role needs no right on our tables. */
    private static String function(String name, String body) {
        return """
                create or replace function sluice.%s() returns trigger
                language plpgsql security definer set search_path = pg_catalog, pg_temp as $capture$
                begin
                    if coalesce(current_setting('sluice.applying', true), '') <> 'on' then
                        %s
                    end if;
                    return null;
                end $capture$""".formatted(Sql.name(name), body);
    }

    /** JSON with every mapped column. */
    static String whole(Source source, String row) {
        return "('{' || concat_ws(','" + source.mapped().stream()
                .map(column -> ", " + Sql.text(jsonName(column)) + " || " + column.json(row, source.timeZone()))
                .collect(Collectors.joining()) + ") || '}')::json";
    }

    /** JSON with the mapped columns that differ; concat_ws leaves out what the case yields no value for. */
    private static String changed(Source source) {
        return "('{' || concat_ws(','" + source.mapped().stream()
                .map(column -> ", case when " + column.differs("o", "n") + " then "
                        + Sql.text(jsonName(column)) + " || " + column.json("n", source.timeZone()) + " end")
                .collect(Collectors.joining()) + ") || '}')::json";
    }

    private static String jsonName(Column column) {
        return "\"" + column.name().replace("\\", "\\\\").replace("\"", "\\\"") + "\":";
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}

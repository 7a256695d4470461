package io.sluice.capture;

import io.sluice.store.Database;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The statement-level triggers that write the change log in the application's own transaction: which rows changed, and
 * which of their mapped columns. Values stay where they are, so that a row costs the application little more than
 * comparing it.
 *
 * <p>A trigger with transition tables serves one event, so a table has four: insert, update, delete, truncate. An update
 * joins old and new rows by key. They are {@code ENABLE ALWAYS}, or rows that replication applies were missed. A
 * transaction with {@code sluice.applying} set is not captured; what one writes that has a sync's name in {@code
 * sluice.origin} came from that sync's CRM, and goes to the others.
 */
final class Triggers {

    private static final String SOUND = """
            select t.tgname from pg_trigger t join pg_proc p on p.oid = t.tgfoid
            where t.tgrelid = to_regclass(?) and t.tgenabled = 'A' and p.proname = ?
              and p.pronamespace = 'sluice'::regnamespace""";

    /** A partition that statements name directly fires its own triggers, not its parent's. */
    private static final String RELATIONS = """
            select format('%I.%I', n.nspname, c.relname)
            from (select to_regclass(?)::oid as oid
                  union select inhrelid from pg_inherits where inhparent = to_regclass(?)
                  union select relid from pg_partition_tree(to_regclass(?))) as tree
            join pg_class c on c.oid = tree.oid
            join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p')""";

    /** Of a table that no sync reads any more, or that had another name when they were made. */
    private static final String STRAY = """
            select format('%I.%I', n.nspname, c.relname), t.tgname
            from pg_trigger t
            join pg_proc p on p.oid = t.tgfoid and p.pronamespace = 'sluice'::regnamespace
            join pg_class c on c.oid = t.tgrelid
            join pg_namespace n on n.oid = c.relnamespace
            where t.tgname in ('sluice_insert', 'sluice_update', 'sluice_delete', 'sluice_truncate')
              and p.proname <> all(?)""";

    /** How long the application's writers may have to queue behind an installation. */
    private static final String PATIENCE = "2s";

    /** Leaves room for the event. */
    private static final int LONGEST_NAME = 63 - "_truncate".length();

    private Triggers() {
    }

    /**
     * Creates what is missing and brings the functions up to date with the mapped columns. Only a first installation
     * locks the table, and it gives up after two seconds of waiting so that the application's writers never queue
     * behind it for longer.
     *
     * @return whether a trigger was missing: until now changes may have gone by unseen
     */
    static boolean install(Connection connection, Source source) throws SQLException {
        // replicas start together, and PostgreSQL refuses to replace a function that another is replacing
        execute(connection, "select pg_advisory_xact_lock(hashtext('sluice.install'))");
        for (Event event : Event.values()) {
            execute(connection, function(source, event));
        }
        String quoted = source.quoted();
        List<String> creations = new ArrayList<>();
        for (String relation : Database.query(connection, RELATIONS, row -> row.getString(1), quoted, quoted, quoted)) {
            for (Event event : Event.values()) {
                if (Database.query(connection, SOUND, row -> row.getString(1), relation,
                        event.function(source.table())).isEmpty()) {
                    creations.add(event.create(relation, source.table()));
                }
            }
        }
        if (creations.isEmpty()) {
            return false;
        }
        lock(connection, quoted, "share row exclusive");
        for (String creation : creations) {
            execute(connection, creation);
        }
        return true;
    }

    /**
     * Takes the lock of a table and its partitions within {@link #PATIENCE} altogether, so that what follows waits for
     * nothing.
     */
    private static void lock(Connection connection, String relation, String mode) throws SQLException {
        execute(connection, "set local statement_timeout = '" + PATIENCE + "'");
        execute(connection, "lock table " + relation + " in " + mode + " mode");
        execute(connection, "set local statement_timeout to default");
    }

    /** Removes the triggers and the changes that nobody would drain, a table a transaction. */
    static void removeStray(Database database, List<String> tables) throws SQLException {
        String[] expected = tables.stream().flatMap(table -> Stream.of(Event.values()).map(it -> it.function(table)))
                .toArray(String[]::new);
        record Stray(String relation, String trigger) { }
        Map<String, List<Stray>> byRelation = database.transaction(connection -> Database.query(connection, STRAY,
                        row -> new Stray(row.getString(1), row.getString(2)),
                        connection.createArrayOf("text", expected)).stream())
                .collect(Collectors.groupingBy(Stray::relation));
        for (Map.Entry<String, List<Stray>> entry : byRelation.entrySet()) {
            database.transaction(connection -> {
                lock(connection, entry.getKey(), "access exclusive");
                for (Stray stray : entry.getValue()) {
                    execute(connection, "drop trigger if exists " + stray.trigger() + " on " + stray.relation());
                }
                return null;
            });
        }
        if (!byRelation.isEmpty()) {
            database.transaction(connection -> Database.update(connection,
                    "delete from sluice.change_log where source <> all(?)",
                    Database.texts(connection, tables)));
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

        String function(String table) {
            return functionName(table) + "_" + suffix();
        }

        String create(String relation, String table) {
            String when = this == TRUNCATE ? "before" : "after";
            return """
                    drop trigger if exists %1$s on %2$s;
                    create trigger %1$s %3$s %4$s on %2$s %5$s for each statement execute function sluice.%6$s();
                    alter table %2$s enable always trigger %1$s""".formatted(trigger(), relation, when, suffix(),
                    referencing, Sql.name(function(table)));
        }
    }

    /**
     * Readable where it fits PostgreSQL's 63 bytes, else told apart by a hash. The dot stays: {@code a.b_c} and
     * {@code a_b.c} are two tables.
     */
    static String functionName(String table) {
        String readable = "capture_" + table;
        return readable.getBytes(StandardCharsets.UTF_8).length <= LONGEST_NAME ? readable
                : "capture_" + UUID.nameUUIDFromBytes(table.getBytes(StandardCharsets.UTF_8));
    }

    private static String body(Source source, Event event) {
        Column key = source.key();
        return switch (event) {
            case INSERT -> append(source, "select " + key.keyText("n") + " as key, 'I' as op,"
                    + " null::pg_catalog.text[] as columns from new_rows n");
            case UPDATE -> """
                    if exists (select from new_rows offset 1) then
                        %s
                    else
                        %s
                        if not found then
                            %s
                        end if;
                    end if;""".formatted(ofManyRows(source), ofOneRow(source), ofOneKey(source));
            case DELETE -> append(source, "select " + key.keyText("o") + " as key, 'D' as op,"
                    + " null::pg_catalog.text[] as columns from old_rows o");
            // fires for the table and for each partition; each answers for its own rows, the only ones that go
            case TRUNCATE -> "execute pg_catalog.format(" + Sql.text(append(source, "select " + key.keyText("t")
                    + " as key, 'D' as op, null::pg_catalog.text[] as columns from only <table> t")
                    .replace("%", "%%").replace("<table>", "%I.%I")) + ", tg_table_schema, tg_table_name);";
        };
    }

    private static String append(Source source, String changes) {
        return ChangeLog.append(Sql.text(source.table()), changes) + ";";
    }

    /** The usual case, which needs no full join and no grouping: each node of a plan costs the application. */
    private static String ofOneRow(Source source) {
        Column key = source.key();
        return """
                insert into sluice.change_log (source, keys, records, op, columns)
                select %s, array[key], 1, 'U', columns
                from (select %s as key, %s as columns
                      from old_rows o cross join new_rows n where %s offset 0) as compared
                where columns operator(pg_catalog.<>) '{}';""".formatted(Sql.text(source.table()), key.keyText("n"),
                changed(source), key.same("o", "n"));
    }

    /** One row with another key than before. */
    private static String ofOneKey(Source source) {
        Column key = source.key();
        return """
                insert into sluice.change_log (source, keys, records, op)
                select %s, array[%s, %s], 2, 'K' from old_rows o cross join new_rows n where not %s;""".formatted(
                Sql.text(source.table()), key.keyText("o"), key.keyText("n"), key.same("o", "n"));
    }

    /** An old row without a partner is a delete, a new one an insert. */
    private static String ofManyRows(Source source) {
        Column key = source.key();
        // offset 0 keeps the comparisons from being made twice, once to filter and once to name
        return append(source, """
                select key, op, case when op operator(pg_catalog.=) 'U' then columns end as columns
                from (select case when n.%1$s is null then %2$s else %3$s end as key,
                             case when o.%1$s is null then 'I' when n.%1$s is null then 'D' else 'U' end as op,
                             %4$s as columns
                      from old_rows o full join new_rows n on %5$s offset 0) as compared
                where columns operator(pg_catalog.<>) '{}' or op operator(pg_catalog.<>) 'U'""".formatted(
                key.quoted(), key.keyText("o"), key.keyText("n"), changed(source), key.same("o", "n")));
    }

    /**
     * Security definer, so that the application's role needs no right on our tables. It runs with the search path of
     * whoever writes the table, since setting another for each call costs more than comparing the row; so each name in
     * it says its schema, operators, types and collations too, or that role's own would be run with our rights.
     */
    private static String function(Source source, Event event) {
        return """
                create or replace function sluice.%s() returns trigger language plpgsql security definer as %s"""
                .formatted(Sql.name(event.function(source.table())), Sql.text("""
                begin
                    if (pg_catalog.current_setting('sluice.applying', true) operator(pg_catalog.=) 'on') is not true then
                        %s
                    end if;
                    return null;
                end""".formatted(body(source, event))));
    }

    /** The names of the mapped columns that differ. */
    private static String changed(Source source) {
        return source.mapped().stream()
                .map(column -> "case when " + column.differs("o", "n") + " then " + Sql.text(column.name()) + " end")
                .collect(Collectors.joining(", ", "pg_catalog.array_remove(array[", "], null)"));
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import io.sluice.store.Database;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Installs the triggers that write the change log in the application's own transaction: the changed rows, and their changed
 * mapped columns. Values stay where they are, so that a row costs the application little more than a comparison.
 *
 * <p>A trigger with transition tables serves one event, so a table has four for statements: insert, update, delete,
 * truncate. An update joins old and new rows by key. The apply worker of logical replication, and a session that sets {@code
 * session_replication_role} to {@code replica}, fire row triggers alone
 * (<a href="https://www.postgresql.org/docs/current/logical-replication-architecture.html">PostgreSQL, Architecture of
 * logical replication</a>), so there is a fifth for rows that fires only there ({@code ENABLE REPLICA}), while the first
 * three fire only elsewhere. A transaction with {@code sluice.applying} set is not captured; the writes of one with a sync's
 * name in {@code sluice.origin} came from that sync's CRM.
 *
 * <p>A trigger never fails its host's statement. A function that names a column would fail once that column is dropped, renamed
 * or retyped, and one that names the change log would fail once somebody renames that while the statement waits for it. So an
 * exception block first reads the change of a single row, with the columns and the log by name: from then on it holds a lock on
 * the log, as the statement does on its own table, so that a change that could be read can be written behind the block.
 * Nothing is written in the block, because a subtransaction that writes gets an id of its own, and more than 64 of those in
 * one transaction overflow PostgreSQL's memory for it
 * (<a href="https://www.postgresql.org/docs/current/subxacts.html">PostgreSQL, Subtransactions</a>). For many rows the block
 * only names the columns; their types are compared with {@code pg_attribute}, because a value may not fit into the type that a
 * column had. Where anything fails, the keys are entered without their columns ({@code R}), or, where that fails too, a row
 * in {@code sluice.capture_gap}, after which the whole table is compared.
 */
final class Triggers {

    /** The version of the functions' text: replicas of two versions would replace each other's, see {@link MappingAgreement}. */
    static final int VERSION = 1;

    private static final String SOUND =
            """
            select t.tgname from pg_trigger t join pg_proc p on p.oid = t.tgfoid
            where t.tgrelid = to_regclass(?) and t.tgname = ? and t.tgenabled = ?::"char" and p.proname = ?
              and p.pronamespace = 'sluice'::regnamespace""";

    /**
     * {@code tree (oid)}, a recursive common table expression: a table with its partitions and with the tables that inherit from
     * it, at any depth. A statement that names one of these fires the triggers of that one, not its parent's.
     */
    static final String TREE =
            """
            tree (oid) as (
                select to_regclass(?)::oid
                union select i.inhrelid from tree join pg_inherits i on i.inhparent = tree.oid)
            """;

    private static final String RELATIONS = "with recursive " + TREE
            + """
            select format('%I.%I', n.nspname, c.relname), c.relkind = 'p'
            from tree
            join pg_class c on c.oid = tree.oid
            join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p')""";

    /** Finds triggers of a table that no sync reads any more, or that had another name when they were created. */
    private static final String STRAY =
            """
            select format('%I.%I', n.nspname, c.relname), t.tgname
            from pg_trigger t
            join pg_proc p on p.oid = t.tgfoid and p.pronamespace = 'sluice'::regnamespace
            join pg_class c on c.oid = t.tgrelid
            join pg_namespace n on n.oid = c.relnamespace
            where t.tgname in ('sluice_insert', 'sluice_update', 'sluice_delete', 'sluice_truncate', 'sluice_row')
              and p.proname <> all(?)""";

    /** Finds triggers on relations that are not the table that has the name now. */
    private static final String OTHERS = "with recursive " + TREE
            + """
            select format('%I.%I', n.nspname, c.relname), t.tgname
            from pg_trigger t
            join pg_proc p on p.oid = t.tgfoid and p.pronamespace = 'sluice'::regnamespace and p.proname = any(?)
            join pg_class c on c.oid = t.tgrelid
            join pg_namespace n on n.oid = c.relnamespace
            where not t.tgisinternal and t.tgrelid not in (select oid from tree)""";

    private static final String BODY =
            """
            select p.prosrc from pg_proc p
            where p.pronamespace = 'sluice'::regnamespace and p.proname = ? and p.pronargs = 0""";

    /** The maximum time for which the application's writers may queue behind an installation. */
    private static final String LOCK_TIMEOUT = "2s";

    /** Returns nothing, and locks the log; fails where the log lacks a column, or has one of another type. */
    private static final String LOG =
            """
            select from sluice.change_log sluice_l where false
              and sluice_l.source operator(pg_catalog.=) ''::pg_catalog.text
              and sluice_l.keys operator(pg_catalog.=) '{}'::pg_catalog.text[]
              and sluice_l.records operator(pg_catalog.=) 1 and sluice_l.op operator(pg_catalog.=) 'U'::pg_catalog."char"
              and sluice_l.columns operator(pg_catalog.=) '{}'::pg_catalog.text[]""";

    /** The maximum length of a name, which leaves room for the event. */
    private static final int LONGEST_NAME = 63 - "_truncate".length();

    private Triggers() {}

    /**
     * Creates missing triggers and updates the functions to the mapped columns. Only a first installation locks the table, and it
     * gives up after two seconds of waiting so that the application's writers never queue behind it for longer.
     *
     * @return whether a trigger was missing, so that changes may have been missed
     */
    static boolean install(Connection connection, CapturedTable capturedTable) throws SQLException {
        lockInstallation(connection);
        for (Event event : Event.values()) {
            String body = body(capturedTable, event);
            if (!Database.query(connection, BODY, row -> row.getString(1), event.function(capturedTable.table()))
                    .equals(List.of(body))) {
                execute(connection, function(capturedTable, event, body));
            }
        }
        String quoted = capturedTable.quoted();
        record Relation(String name, boolean partitioned) {}
        List<String> creations = new ArrayList<>();
        for (Relation relation : Database.query(
                connection, RELATIONS, row -> new Relation(row.getString(1), row.getBoolean(2)), quoted)) {
            for (Event event : Event.values()) {
                // PostgreSQL would clone it to each partition, which has its own
                if (event == Event.ROW && relation.partitioned()) {
                    continue;
                }
                if (Database.query(
                                connection,
                                SOUND,
                                row -> row.getString(1),
                                relation.name(),
                                event.trigger(),
                                event.state(),
                                event.function(capturedTable.table()))
                        .isEmpty()) {
                    creations.add(event.create(relation.name(), capturedTable.table()));
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

    /** Serializes installations: replicas start together, and PostgreSQL rejects two replacements of one function at once. */
    static void lockInstallation(Connection connection) throws SQLException {
        execute(connection, "select pg_advisory_xact_lock(hashtext('sluice.install'))");
    }

    /** Removes a table's triggers from relations that no longer belong to it, each in a transaction. */
    static void removeFromOthers(Database database, CapturedTable capturedTable) throws SQLException {
        String[] functions = Stream.of(Event.values())
                .map(event -> event.function(capturedTable.table()))
                .toArray(String[]::new);
        record Other(String relation, String trigger) {}
        for (Other other : database.transaction(connection -> Database.query(
                connection,
                OTHERS,
                row -> new Other(row.getString(1), row.getString(2)),
                capturedTable.quoted(),
                connection.createArrayOf("text", functions)))) {
            database.transaction(connection -> {
                lock(connection, other.relation(), "access exclusive");
                execute(connection, "drop trigger if exists " + other.trigger() + " on " + other.relation());
                return null;
            });
        }
    }

    /**
     * Locks a table and its partitions within {@link #LOCK_TIMEOUT} altogether, so that the rest waits for nothing.
     */
    private static void lock(Connection connection, String relation, String mode) throws SQLException {
        execute(connection, "set local statement_timeout = '" + LOCK_TIMEOUT + "'");
        execute(connection, "lock table " + relation + " in " + mode + " mode");
        execute(connection, "set local statement_timeout to default");
    }

    /** Removes triggers, and changes that no sync would drain, one table per transaction. */
    static void removeStray(Database database, List<String> tables) throws SQLException {
        String[] expected = tables.stream()
                .flatMap(table -> Stream.of(Event.values()).map(it -> it.function(table)))
                .toArray(String[]::new);
        record Stray(String relation, String trigger) {}
        Map<String, List<Stray>> byRelation = database.transaction(connection -> Database.query(
                        connection,
                        STRAY,
                        row -> new Stray(row.getString(1), row.getString(2)),
                        connection.createArrayOf("text", expected))
                        .stream())
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
            database.transaction(connection -> Database.update(
                    connection,
                    "delete from sluice.change_log where source <> all(?)",
                    Database.texts(connection, tables)));
        }
    }

    private enum Event {
        INSERT("referencing new table as new_rows"),
        UPDATE("referencing old table as old_rows new table as new_rows"),
        DELETE("referencing old table as old_rows"),
        TRUNCATE(""),
        /** All three events, one row at a time, where replication applies them. */
        ROW("");

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

        /** The value of {@code pg_trigger.tgenabled}. Replication fires the statement trigger of a truncate. */
        String state() {
            return switch (this) {
                case INSERT, UPDATE, DELETE -> "O";
                case TRUNCATE -> "A";
                case ROW -> "R";
            };
        }

        String create(String relation, String table) {
            String enable =
                    switch (this) {
                        case INSERT, UPDATE, DELETE -> "enable";
                        case TRUNCATE -> "enable always";
                        case ROW -> "enable replica";
                    };
            return """
                    drop trigger if exists %1$s on %2$s;
                    create trigger %1$s %3$s %4$s on %2$s %5$s for each %6$s execute function sluice.%7$s();
                    alter table %2$s %8$s trigger %1$s"""
                    .formatted(
                            trigger(),
                            relation,
                            this == TRUNCATE ? "before" : "after",
                            this == ROW ? "insert or update or delete" : suffix(),
                            referencing,
                            this == ROW ? "row" : "statement",
                            Sql.name(function(table)),
                            enable);
        }
    }

    /**
     * The name of a function: readable where it fits into PostgreSQL's 63 bytes, else with a hash. The dot stays: {@code a.b_c}
     * and {@code a_b.c} are two tables.
     */
    static String functionName(String table) {
        String readable = "capture_" + table;
        return readable.getBytes(StandardCharsets.UTF_8).length <= LONGEST_NAME
                ? readable
                : "capture_" + UUID.nameUUIDFromBytes(table.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Creates a function as security definer, so that the application's role needs no right on our tables. It runs with the
     * search path of the writing session, because to set another for each call costs more than the comparison; so each name in
     * it is qualified, operators, types and collations too: otherwise that role's own would run with our rights.
     */
    private static String function(CapturedTable capturedTable, Event event, String body) {
        return "create or replace function sluice." + Sql.name(event.function(capturedTable.table()))
                + "() returns trigger language plpgsql security definer as " + Sql.text(body);
    }

    private static String body(CapturedTable capturedTable, Event event) {
        String unusual = safely(
                event == Event.UPDATE
                        ? append(capturedTable, ofKeysAlone(capturedTable))
                        : event == Event.ROW ? ofReplicatedKey(capturedTable) : gap(capturedTable),
                event == Event.UPDATE || event == Event.ROW ? gap(capturedTable) : "");
        String work = event == Event.TRUNCATE
                ? safely(truncate(capturedTable), gap(capturedTable))
                : """
                begin
                    %s
                    sluice_safe := true;
                exception when others then
                    sluice_safe := false;
                end;
                if sluice_safe then
                    %s
                end if;
                if not sluice_safe then
                    %s
                end if;"""
                        .formatted(
                                read(capturedTable, event),
                                switch (event) {
                                    case INSERT -> ofKeys(capturedTable, "I", inserted(capturedTable));
                                    case DELETE -> ofKeys(capturedTable, "D", deleted(capturedTable));
                                    case UPDATE ->
                                        """
                            if sluice_one then
                                %s
                            elsif exists (select from new_rows) then
                                sluice_safe := (select %s);
                                if sluice_safe then
                                    %s
                                end if;
                            end if;"""
                                                .formatted(
                                                        ofOneUpdate(capturedTable),
                                                        made(capturedTable),
                                                        ofManyRows(capturedTable));
                                    default ->
                                        """
                            if tg_op operator(pg_catalog.=) 'UPDATE' then
                                %s
                            else
                                %s
                            end if;"""
                                                .formatted(
                                                        ofOneUpdate(capturedTable),
                                                        ofOneKey(
                                                                capturedTable,
                                                                "case when tg_op operator(pg_catalog.=) 'INSERT' then 'I' else 'D' end"));
                                },
                                unusual);
        return """
                declare
                    sluice_safe pg_catalog.bool;
                    sluice_one pg_catalog.bool;
                    sluice_same pg_catalog.bool;
                    sluice_key pg_catalog.text;
                    sluice_before pg_catalog.text;
                    sluice_columns pg_catalog.text[];
                    sluice_jit pg_catalog.text;
                    sluice_merge pg_catalog.text;
                begin
                    if (pg_catalog.current_setting('sluice.applying', true) operator(pg_catalog.=) 'on') is not true then
                        %s
                    end if;
                    return null;
                end"""
                .formatted(work);
    }

    /**
     * Reads the change of a single row, and for several rows only whether they could be read. {@code limit 1} tells the planner
     * that there is one row: otherwise it would compile the plan for the product of all.
     */
    private static String read(CapturedTable capturedTable, Event event) {
        Column key = capturedTable.key();
        String alone = " where not (select exists (select from %s offset 1)) and not exists (" + LOG + ");";
        return switch (event) {
            case INSERT ->
                "select " + key.keyText("n") + " into sluice_key from new_rows n" + alone.formatted("new_rows")
                        + "\nsluice_one := found;";
            case DELETE ->
                "select " + key.keyText("o") + " into sluice_key from old_rows o" + alone.formatted("old_rows")
                        + "\nsluice_one := found;";
            case UPDATE ->
                """
                    select %s, %s, %s, %s into sluice_key, sluice_before, sluice_same, sluice_columns
                    from (select * from old_rows limit 1) o cross join (select * from new_rows limit 1) n%s
                    sluice_one := found;"""
                        .formatted(
                                key.keyText("n"),
                                key.keyText("o"),
                                key.same("o", "n"),
                                changed(capturedTable, "o", "n"),
                                alone.formatted("new_rows"));
            default ->
                """
                    perform from (%1$s) as log;
                    if tg_op operator(pg_catalog.=) 'UPDATE' then
                        sluice_key := %2$s;
                        sluice_before := %3$s;
                        sluice_same := %4$s;
                        sluice_columns := %5$s;
                    elsif tg_op operator(pg_catalog.=) 'INSERT' then
                        sluice_key := %2$s;
                    else
                        sluice_key := %3$s;
                    end if;"""
                        .formatted(
                                LOG,
                                key.keyText("new"),
                                key.keyText("old"),
                                key.same("old", "new"),
                                changed(capturedTable, "old", "new"));
        };
    }

    private static String ofKeys(CapturedTable capturedTable, String operation, String changes) {
        return """
                if sluice_one then
                    %s
                else
                    %s
                end if;"""
                .formatted(ofOneKey(capturedTable, "'" + operation + "'"), append(capturedTable, changes));
    }

    private static String ofOneKey(CapturedTable capturedTable, String operation) {
        return "insert into sluice.change_log (source, keys, records, op) values (" + Sql.text(capturedTable.table())
                + ", array[sluice_key], 1, " + operation + ");";
    }

    private static String ofOneUpdate(CapturedTable capturedTable) {
        return """
                if not sluice_same then
                    insert into sluice.change_log (source, keys, records, op)
                    values (%1$s, array[sluice_before, sluice_key], 2, 'K');
                elsif sluice_columns operator(pg_catalog.<>) '{}' then
                    insert into sluice.change_log (source, keys, records, op, columns)
                    values (%1$s, array[sluice_key], 1, 'U', sluice_columns);
                end if;"""
                .formatted(Sql.text(capturedTable.table()));
    }

    /** @param otherwise statement that is tried where the work fails; where that fails too, nothing is done */
    private static String safely(String work, String otherwise) {
        return """
                begin
                    %s
                exception when others then
                    %s
                end;"""
                .formatted(work, otherwise.isEmpty() ? "null;" : safely(otherwise, ""));
    }

    /** Notes a change of which not even the key is known. */
    private static String gap(CapturedTable capturedTable) {
        return "insert into sluice.capture_gap (source, reason) values (" + Sql.text(capturedTable.table())
                + ", 'its key or the change log was altered');";
    }

    /** SQL that is true when the table has the key and the mapped columns, with the types of the function. */
    private static String made(CapturedTable capturedTable) {
        Map<Long, Set<String>> columns = new TreeMap<>();
        Stream.concat(Stream.of(capturedTable.key()), capturedTable.mapped().stream())
                .forEach(column -> columns.computeIfAbsent(capturedTable.typeOf(column), type -> new LinkedHashSet<>())
                        .add(column.name()));
        return "(select pg_catalog.count(*) from pg_catalog.pg_attribute sluice_a where sluice_a.attrelid"
                + " operator(pg_catalog.=) tg_relid and ("
                + columns.entrySet().stream()
                        .map(type -> "sluice_a.atttypid operator(pg_catalog.=) " + type.getKey() + "::pg_catalog.oid"
                                + " and sluice_a.attname operator(pg_catalog.=) any (array["
                                + type.getValue().stream().map(Sql::text).collect(Collectors.joining(", "))
                                + "]::pg_catalog.name[])")
                        .collect(Collectors.joining(" or "))
                + ")) operator(pg_catalog.=) "
                + columns.values().stream().mapToInt(Collection::size).sum();
    }

    private static String append(CapturedTable capturedTable, String changes) {
        return ChangeLog.append(Sql.text(capturedTable.table()), changes) + ";";
    }

    private static String inserted(CapturedTable capturedTable) {
        return "select " + capturedTable.key().keyText("n") + " as key, 'I' as op,"
                + " null::pg_catalog.text[] as columns from new_rows n";
    }

    private static String deleted(CapturedTable capturedTable) {
        return "select " + capturedTable.key().keyText("o") + " as key, 'D' as op,"
                + " null::pg_catalog.text[] as columns from old_rows o";
    }

    /** Captures a truncate: fires for the table and for each partition; each handles its own rows, the only ones deleted. */
    private static String truncate(CapturedTable capturedTable) {
        return """
                if pg_catalog.row_security_active(tg_relid) then
                    %s
                else
                    execute pg_catalog.format(%s, tg_table_schema, tg_table_name);
                end if;"""
                .formatted(
                        gap(capturedTable),
                        Sql.text(append(
                                        capturedTable,
                                        "select " + capturedTable.key().keyText("t")
                                                + " as key, 'D' as op, null::pg_catalog.text[] as columns from only <table> t")
                                .replace("%", "%%")
                                .replace("<table>", "%I.%I")));
    }

    /**
     * Joins old and new rows: an old row without a partner has got another key, under which the new one counts as inserted. PostgreSQL estimates fifty times too
     * many rows for the full join, and would sort both sides for it and compile it: of 10,000 rows that costs more than the rest.
     */
    private static String ofManyRows(CapturedTable capturedTable) {
        Column key = capturedTable.key();
        // offset 0 keeps the comparisons from being made twice, once to filter and once to name
        return """
                sluice_jit := pg_catalog.current_setting('jit');
                sluice_merge := pg_catalog.current_setting('enable_mergejoin');
                perform pg_catalog.set_config('jit', 'off', true), pg_catalog.set_config('enable_mergejoin', 'off', true);
                %s
                perform pg_catalog.set_config('jit', sluice_jit, true),
                        pg_catalog.set_config('enable_mergejoin', sluice_merge, true);"""
                .formatted(append(
                        capturedTable,
                        """
                select key, op, case when op operator(pg_catalog.=) 'U' then columns end as columns
                from (select case when n.%1$s is null then %2$s else %3$s end as key,
                             case when o.%1$s is null then 'I' when n.%1$s is null then 'K' else 'U' end as op,
                             %4$s as columns
                      from old_rows o full join new_rows n on %5$s offset 0) as compared
                where columns operator(pg_catalog.<>) '{}' or op operator(pg_catalog.<>) 'U'"""
                                .formatted(
                                        key.quoted(),
                                        key.keyText("o"),
                                        key.keyText("n"),
                                        changed(capturedTable, "o", "n"),
                                        key.same("o", "n"))));
    }

    /** Enters rows of a table whose other columns have changed as to be compared. */
    private static String ofKeysAlone(CapturedTable capturedTable) {
        Column key = capturedTable.key();
        return """
                select case when n.%1$s is null then %2$s else %3$s end as key,
                       case when n.%1$s is null then 'K' else 'R' end as op, null::pg_catalog.text[] as columns
                from old_rows o full join new_rows n on %4$s"""
                .formatted(key.quoted(), key.keyText("o"), key.keyText("n"), key.same("o", "n"));
    }

    private static String ofReplicatedKey(CapturedTable capturedTable) {
        Column key = capturedTable.key();
        return """
                if tg_op operator(pg_catalog.<>) 'INSERT' then
                    insert into sluice.change_log (source, keys, records, op) values (%1$s, array[%2$s], 1, 'D');
                end if;
                if tg_op operator(pg_catalog.<>) 'DELETE' then
                    insert into sluice.change_log (source, keys, records, op) values (%1$s, array[%3$s], 1, 'R');
                end if;"""
                .formatted(Sql.text(capturedTable.table()), key.keyText("old"), key.keyText("new"));
    }

    /** The names of the mapped columns that differ. */
    private static String changed(CapturedTable capturedTable, String before, String after) {
        return capturedTable.mapped().stream()
                .map(column ->
                        "case when " + column.differs(before, after) + " then " + Sql.text(column.name()) + " end")
                .collect(Collectors.joining(", ", "pg_catalog.array_remove(array[", "], null)"));
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import io.sluice.Suggestion;
import io.sluice.Sync;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A captured table with all syncs that read it. Its change log holds the columns that any of them maps.
 */
public final class CapturedTable {

    /** Resolves a domain to its base type, through any number of domains. */
    private static final String COLUMNS =
            """
            with recursive layer as (
                select a.attnum, a.attname, a.attnotnull, a.atttypid as declared, a.atttypid as type
                from pg_attribute a
                where a.attrelid = to_regclass(?) and a.attnum > 0 and not a.attisdropped
                union all
                select l.attnum, l.attname, l.attnotnull, l.declared, t.typbasetype
                from layer l join pg_type t on t.oid = l.type where t.typtype = 'd')
            select l.attname,
                   case when t.typcategory = 'A' then 'array'
                        when t.typtype = 'c' then 'composite'
                        when t.typnamespace <> 'pg_catalog'::regnamespace then 'other'
                        else t.typname end,
                   (select format('%I.%I', n.nspname, d.typname)
                    from pg_type d join pg_namespace n on n.oid = d.typnamespace where d.oid = l.declared),
                   l.attnotnull, l.declared
            from layer l join pg_type t on t.oid = l.type
            where t.typtype <> 'd' order by l.attnum""";

    private static final String UNIQUE_COLUMNS =
            """
            select a.attname
            from pg_index i
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
            where i.indrelid = to_regclass(?) and i.indisunique and i.indnkeyatts = 1
              and i.indpred is null and i.indexprs is null and i.indisvalid""";

    /** Finds a table of another owner: the right TRIGGER does not suffice for ALWAYS triggers. */
    private static final String OTHER_OWNER =
            """
            select format('%I', pg_get_userbyid(relowner)), format('%I', current_user)
            from pg_class where oid = to_regclass(?) and not pg_has_role(relowner, 'usage')""";

    /** Finds a table whose policies hide rows from the user although it may read the table. */
    private static final String ROW_SECURITY =
            """
            select format('%I', current_user) from pg_class
            where oid = to_regclass(?) and row_security_active(oid)""";

    private static final String TABLES =
            """
            select schemaname || '.' || tablename from pg_tables
            where schemaname not in ('pg_catalog', 'information_schema', 'sluice')""";

    private final String table;
    private final Map<String, Column> columns;
    /** The OID of each column's declared type. */
    private final Map<String, Long> types;

    private final String key;
    private final String timeZone;
    private final List<Sync> syncs;

    private CapturedTable(String table, Map<String, Column> columns, Map<String, Long> types, List<Sync> syncs) {
        this.table = table;
        this.columns = columns;
        this.types = types;
        this.key = syncs.get(0).getKey();
        this.timeZone = syncs.get(0).getTimeZone();
        this.syncs = List.copyOf(syncs);
    }

    /**
     * Finds the table of these syncs and checks their names in it.
     *
     * @param problems receives a sentence per wrong name
     * @return null when there were problems
     */
    static CapturedTable read(Database database, List<Sync> syncs, List<String> problems) throws SQLException {
        String table = syncs.get(0).getTable();
        String quoted = Sql.table(table);
        Map<String, Column> columns = new LinkedHashMap<>();
        Map<String, Long> types = new LinkedHashMap<>();
        database.query(
                COLUMNS,
                row -> {
                    types.put(row.getString(1), row.getLong(5));
                    return columns.put(
                            row.getString(1),
                            new Column(row.getString(1), row.getString(2), row.getString(3), row.getBoolean(4)));
                },
                quoted);
        int before = problems.size();
        if (columns.isEmpty()) {
            List<String> tables = database.query(TABLES, row -> row.getString(1));
            for (Sync sync : syncs) {
                problems.add(sync.location() + ": there is no table '" + table + "' in the database"
                        + Suggestion.hint(table, tables));
            }
            return null;
        }
        database.query(
                        OTHER_OWNER,
                        row -> "table '" + table + "' belongs to " + row.getString(1)
                                + ", and only its owner may put triggers on it; run: grant " + row.getString(1) + " to "
                                + row.getString(2),
                        quoted)
                .forEach(problem -> problems.add(syncs.get(0).location() + ": " + problem));
        database.query(
                        ROW_SECURITY,
                        row -> "row level security of table '" + table + "' hides rows from " + row.getString(1)
                                + ", so that their changes would be lost; run: alter role " + row.getString(1)
                                + " bypassrls, or: alter table "
                                + table + " no force row level security",
                        quoted)
                .forEach(problem -> problems.add(syncs.get(0).location() + ": " + problem));
        Set<String> unique = new LinkedHashSet<>(database.query(UNIQUE_COLUMNS, row -> row.getString(1), quoted));
        CapturedTable capturedTable = new CapturedTable(table, columns, types, syncs);
        for (Sync sync : syncs) {
            capturedTable.check(sync, unique, problems);
            capturedTable.checkConditions(sync, database, problems);
        }
        return problems.size() == before ? capturedTable : null;
    }

    /** PostgreSQL's name of each column's type; empty where there is no such table. */
    static Map<String, String> types(Database database, String table) throws SQLException {
        Map<String, String> types = new LinkedHashMap<>();
        database.query(COLUMNS, row -> types.put(row.getString(1), row.getString(2)), Sql.table(table));
        return types;
    }

    private void check(Sync sync, Set<String> unique, List<String> problems) {
        Column keyColumn = columns.get(sync.getKey());
        if (keyColumn == null) {
            problems.add(noColumn(sync, "key", sync.getKey()));
        } else if (!unique.contains(sync.getKey()) || !keyColumn.notNull()) {
            problems.add(sync.location() + ": key '" + sync.getKey() + "' of table '" + table
                    + "' must be unique and not null"
                    + (unique.isEmpty()
                            ? "; the table has no column with a unique index of its own, so make one with"
                                    + " alter table " + table + " add unique (" + sync.getKey() + ")"
                            : "; unique columns are " + String.join(", ", unique)));
        } else if (keyColumn.unsupportedKeyReason() != null) {
            problems.add(sync.location() + ": key '" + sync.getKey() + "' " + keyColumn.unsupportedKeyReason());
        }
        for (String column : sync.getFields().keySet()) {
            Column found = columns.get(column);
            if (found == null) {
                problems.add(noColumn(sync, "column", column));
            } else if (found.unsupportedReason() != null) {
                problems.add(sync.location() + ": column '" + column + "' " + found.unsupportedReason());
            }
        }
        if (!sync.getKey().equals(key) || !sync.getTimeZone().equals(timeZone)) {
            problems.add(
                    sync.location() + ": all syncs of table '" + table + "' share one key and one timeZone, but sync '"
                            + syncs.get(0).getName() + "' has key '" + key + "' and timeZone '" + timeZone + "'");
        }
    }

    private void checkConditions(Sync sync, Database database, List<String> problems) throws SQLException {
        Map<String, String> conditions = new LinkedHashMap<>();
        conditions.put("critical", sync.getCritical());
        conditions.put("high", sync.getHigh());
        conditions.put("low", sync.getLow());
        for (Map.Entry<String, String> condition : conditions.entrySet()) {
            if (condition.getValue() == null) {
                continue;
            }
            try {
                database.query(
                        "select from " + quoted() + " where (" + condition.getValue() + ") limit 0", row -> null);
            } catch (SQLException wrong) {
                if (wrong.getSQLState() == null
                        || !wrong.getSQLState().startsWith("42")
                                && !wrong.getSQLState().startsWith("22")) {
                    throw wrong;
                }
                problems.add(sync.location() + ": the condition " + condition.getKey() + " is no SQL condition over '"
                        + table + "': "
                        + wrong.getMessage().lines().findFirst().orElse("").replace("ERROR: ", ""));
            }
        }
    }

    private String noColumn(Sync sync, String role, String name) {
        return sync.location() + ": table '" + table + "' has no " + role + " '" + name + "'"
                + Suggestion.hint(name, columns.keySet());
    }

    public String table() {
        return table;
    }

    public String quoted() {
        return Sql.table(table);
    }

    /** The name of the table in conditions: without the schema. */
    public String alias() {
        return Sql.name(table.substring(table.indexOf('.') + 1));
    }

    public List<Sync> syncs() {
        return syncs;
    }

    public Column key() {
        return columns.get(key);
    }

    public String timeZone() {
        return timeZone;
    }

    public Column column(String name) {
        return columns.get(name);
    }

    /** The OID of a column's declared type. */
    long typeOf(Column column) {
        return types.get(column.name());
    }

    /** Whether both have the same triggers and drain. */
    boolean equalsShape(CapturedTable other) {
        return syncs.equals(other.syncs)
                && types.get(key).equals(other.types.get(key))
                && mapped().equals(other.mapped())
                && mapped().stream().allMatch(column -> typeOf(column) == other.typeOf(column));
    }

    /** The same table with a part of its syncs. */
    CapturedTable only(List<Sync> some) {
        return new CapturedTable(table, columns, types, some);
    }

    /** The columns that any sync maps. */
    List<Column> mapped() {
        Set<String> names = new LinkedHashSet<>();
        syncs.forEach(sync -> names.addAll(sync.getFields().keySet()));
        List<Column> mapped = new ArrayList<>();
        names.forEach(name -> mapped.add(columns.get(name)));
        return mapped;
    }
}

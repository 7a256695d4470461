// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import io.sluice.Sync;
import io.sluice.capture.Sql;
import io.sluice.crm.ObjectShape;
import io.sluice.crm.ObjectShape.Kind;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Checks whether the values of some rows of a sync's table fit into the CRM's fields, before they are sent. */
final class RowCheck {

    /** The number of rows to check: enough for common errors, few enough not to delay the start. */
    private static final int ROWS = 10_000;

    /** The length that a column's declaration allows, or the longest value found where it allows any. */
    private static final String LONGEST =
            """
            select coalesce((select case when a.atttypmod > 4 then a.atttypmod - 4 end from pg_attribute a
                             where a.attrelid = to_regclass(?) and a.attname = ? and not a.attisdropped),
                            (select max(length(value)) from (select %s::text as value from %s limit %d) as sampled), 0)""";

    private static final String ODD =
            """
            select count(distinct part) from (select %s::text as value from %s limit %d) as sampled,
                 lateral unnest(case when ? then string_to_array(value, ';') else array[value] end) as part
            where btrim(part) <> '' and part <> all (?::text[])""";

    private final Database database;

    RowCheck(Database database) {
        this.database = database;
    }

    /** The warnings, without any value of a row. */
    List<String> warnings(Sync sync, ObjectShape shape, Map<String, String> columns) throws SQLException {
        Map<String, Integer> longest = new HashMap<>();
        Map<String, Integer> odd = new HashMap<>();
        for (Map.Entry<String, String> entry : sync.getFields().entrySet()) {
            ObjectShape.Field field = shape.fields().get(entry.getValue());
            if (field == null || !columns.containsKey(entry.getKey())) {
                continue;
            }
            String column = Sql.name(entry.getKey());
            String table = Sql.table(sync.getTable());
            if (field.kind() == Kind.TEXT && field.facts().length() > 0) {
                longest.put(
                        entry.getKey(),
                        database.first(
                                        LONGEST.formatted(column, table, ROWS),
                                        row -> row.getInt(1),
                                        table,
                                        entry.getKey())
                                .orElse(0));
            } else if (!field.facts().options().isEmpty()) {
                odd.put(entry.getKey(), database.transaction(connection -> Database.query(
                                connection,
                                ODD.formatted(column, table, ROWS),
                                row -> row.getInt(1),
                                field.kind() == Kind.CHOICES,
                                Database.texts(connection, field.facts().options()))
                        .get(0)));
            }
        }
        return SyncCheck.warnings(sync, shape, columns, longest, odd);
    }
}

package io.sluice.merge;

import io.sluice.Sync;
import io.sluice.capture.Column;
import io.sluice.capture.Source;
import io.sluice.capture.Sql;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The rows of a sync's table: read by key under a lock, and written set by set. Values go by the CRM's field names. */
final class Target {

    private final Source source;
    /** CRM field to the column that holds it. */
    private final Map<String, Column> columns = new LinkedHashMap<>();

    Target(Source source, Sync sync) {
        this.source = source;
        sync.getFields().forEach((column, field) -> columns.put(field, source.column(column)));
    }

    Set<String> fields() {
        return columns.keySet();
    }

    /** The columns that hold these fields. */
    List<String> columns(Collection<String> fields) {
        return fields.stream().map(field -> columns.get(field).name()).toList();
    }

    Column column(String field) {
        return columns.get(field);
    }

    /**
     * Locks the rows that are there and that no transaction of the application is changing: nobody waits for anybody.
     *
     * @return their values by key
     */
    Map<String, Map<String, Object>> lock(Connection connection, Collection<String> keys) throws SQLException {
        return rows(connection, """
                select sluice_k.key, %s from unnest(?::text[]) as sluice_k(key)
                join %s as %s on %s.%s = sluice_k.key::%s
                order by sluice_k.key for update of %3$s skip locked""".formatted(values(), source.quoted(),
                source.alias(), source.alias(), source.key().quoted(), source.key().sqlType()),
                Database.texts(connection, keys));
    }

    /** Which of these keys the table has, whoever is changing them. */
    Set<String> present(Connection connection, Collection<String> keys) throws SQLException {
        return keys.isEmpty() ? Set.of() : new HashSet<>(Database.query(connection, """
                select sluice_k.key from unnest(?::text[]) as sluice_k(key)
                where exists (select from %s as %s where %s.%s = sluice_k.key::%s)""".formatted(source.quoted(),
                source.alias(), source.alias(), source.key().quoted(), source.key().sqlType()),
                row -> row.getString(1), Database.texts(connection, keys)));
    }

    /**
     * Gives rows the values that changed in the CRM.
     *
     * @param taken key to fields
     * @return the rows as they are then, which triggers of the application may have changed once more
     */
    Map<String, Map<String, Object>> update(Connection connection, Map<String, Map<String, Object>> taken)
            throws SQLException {
        Set<String> changed = new java.util.LinkedHashSet<>();
        taken.values().forEach(fields -> changed.addAll(fields.keySet()));
        if (changed.isEmpty()) {
            return Map.of();
        }
        String assignments = changed.stream().map(field -> {
            Column column = columns.get(field);
            return "%1$s = case when jsonb_exists(sluice_v.taken, %2$s) then %3$s else %4$s.%1$s end".formatted(
                    column.quoted(), Sql.text(field), value(field), source.alias());
        }).collect(Collectors.joining(",\n"));
        return rows(connection, """
                update %1$s as %2$s set %3$s
                from (select key, taken::jsonb from unnest(?::text[], ?::text[]) as v(key, taken)) as sluice_v
                where %2$s.%4$s = sluice_v.key::%5$s
                returning sluice_v.key, %6$s""".formatted(source.quoted(), source.alias(), assignments,
                source.key().quoted(), source.key().sqlType(), values()), keys(connection, taken), json(connection, taken));
    }

    /** Makes rows of records that the table does not have; one that came meanwhile is left alone. */
    Map<String, Map<String, Object>> insert(Connection connection, Map<String, Map<String, Object>> records)
            throws SQLException {
        if (records.isEmpty()) {
            return Map.of();
        }
        return rows(connection, """
                insert into %1$s as %2$s (%3$s, %4$s)
                select sluice_v.key::%5$s, %6$s
                from (select key, taken::jsonb from unnest(?::text[], ?::text[]) as v(key, taken)) as sluice_v
                on conflict (%3$s) do nothing
                returning %7$s, %8$s""".formatted(source.quoted(), source.alias(), source.key().quoted(),
                columns.values().stream().map(Column::quoted).collect(Collectors.joining(", ")),
                source.key().sqlType(),
                columns.keySet().stream().map(this::value).collect(Collectors.joining(", ")),
                source.key().keyText(source.alias()), values()), keys(connection, records), json(connection, records));
    }

    int delete(Connection connection, Collection<String> keys) throws SQLException {
        return keys.isEmpty() ? 0 : Database.update(connection, """
                delete from %1$s as %2$s using unnest(?::text[]) as sluice_k(key)
                where %2$s.%3$s = sluice_k.key::%4$s""".formatted(source.quoted(), source.alias(), source.key().quoted(),
                source.key().sqlType()), Database.texts(connection, keys));
    }

    private String value(String field) {
        return columns.get(field).ofText("(sluice_v.taken ->> " + Sql.text(field) + ")", source.timeZone());
    }

    /** JSON with every mapped field, in the form in which it is sent; of an array, as a function takes 100 arguments at most. */
    private String values() {
        return "'{' || array_to_string(array[" + columns.entrySet().stream()
                .map(entry -> Sql.text(Json.text(entry.getKey()) + ":") + " || "
                        + entry.getValue().json(source.alias(), source.timeZone()))
                .collect(Collectors.joining(", ")) + "], ',') || '}'";
    }

    private static Map<String, Map<String, Object>> rows(Connection connection, String sql, Object... parameters)
            throws SQLException {
        Map<String, Map<String, Object>> rows = new HashMap<>();
        Database.query(connection, sql, row -> rows.put(row.getString(1), Json.fields(row.getString(2))), parameters);
        return rows;
    }

    private static java.sql.Array keys(Connection connection, Map<String, ?> rows) throws SQLException {
        return Database.texts(connection, rows.keySet());
    }

    private static java.sql.Array json(Connection connection, Map<String, Map<String, Object>> rows)
            throws SQLException {
        List<String> json = new ArrayList<>();
        for (Map<String, Object> fields : rows.values()) {
            Map<String, Object> texts = new LinkedHashMap<>();
            fields.forEach((field, value) -> texts.put(field, Values.text(value)));
            json.add(Json.text(texts));
        }
        return Database.texts(connection, json);
    }
}

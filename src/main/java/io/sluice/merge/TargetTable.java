// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import io.sluice.Sync;
import io.sluice.capture.CapturedTable;
import io.sluice.capture.Column;
import io.sluice.capture.Sql;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reads and writes the rows of a sync's table: reads by key under a lock, writes in sets. Values have the CRM's field names.
 *
 * <p>A BEFORE trigger of the application that returns null skips its row without an error (<a
 * href="https://www.postgresql.org/docs/current/trigger-definition.html">PostgreSQL, Overview of trigger behavior</a>). A
 * skipped row is rejected like a constraint violation.
 */
final class TargetTable {

    /** SQL state of a constraint violation: a trigger that skips a row is a constraint without a message. */
    private static final String SKIPPED = "23000";
    /** PostgreSQL's lock_not_available. */
    private static final String LOCKED = "55P03";

    private static final String LOCK_TIMEOUT = "select set_config('lock_timeout', ?, true)";
    private static final String INSERT_LOCK_TIMEOUT = "100ms";

    /** Selects the traits of columns; an identity and the default of a domain count as a column default. */
    private static final String TRAITS =
            """
            select a.attname, format_type(a.atttypid, a.atttypmod) as declared, a.attgenerated <> '' as generated, a.attidentity = 'a' as always,
                   a.atthasdef or a.attidentity <> '' or t.typdefault is not null as has_default, a.attnotnull,
                   exists (select from pg_index i where i.indrelid = a.attrelid and i.indisunique and not i.indimmediate
                             and i.indnkeyatts = 1 and i.indkey[0] = a.attnum)
                   and not exists (select from pg_index i where i.indrelid = a.attrelid and i.indisunique
                             and i.indimmediate and i.indisvalid and i.indpred is null and i.indexprs is null
                             and i.indnkeyatts = 1 and i.indkey[0] = a.attnum) as deferrable
            from pg_attribute a join pg_type t on t.oid = a.atttypid
            where a.attrelid = to_regclass(?) and a.attnum > 0 and not a.attisdropped""";

    /**
     * Traits of a column.
     *
     * @param declared   type with length or scale
     * @param generated  whether the value is computed and can't be written
     * @param always     whether the value is an identity that the table always generates
     * @param hasDefault whether an insert without the column gives it a value
     * @param notNull    whether the column is not null
     * @param deferrable whether the only unique index is deferrable, so that {@code on conflict} can't use it
     */
    private record Trait(
            String declared,
            boolean generated,
            boolean always,
            boolean hasDefault,
            boolean notNull,
            boolean deferrable) {}

    private final CapturedTable capturedTable;
    private final Sequences sequences;
    private Map<String, Trait> traits;
    /** CRM field to the column that holds it. */
    private final Map<String, Column> columns = new LinkedHashMap<>();

    TargetTable(CapturedTable capturedTable, Sync sync) {
        this.capturedTable = capturedTable;
        this.sequences = new Sequences(capturedTable);
        sync.getFields().forEach((column, field) -> columns.put(field, capturedTable.column(column)));
    }

    Set<String> fields() {
        return columns.keySet();
    }

    /** Makes the writes that follow in this transaction count as the application's: they are sent to every CRM. */
    static void writeAsApplication(Connection connection) throws SQLException {
        Database.query(connection, "select set_config('sluice.origin', '', true)", row -> null);
    }

    /** Returns the same table as its other syncs see it. */
    Map<Sync, TargetTable> ofOthers(Sync own) {
        Map<Sync, TargetTable> others = new LinkedHashMap<>();
        capturedTable.syncs().stream()
                .filter(sync -> !sync.getName().equals(own.getName()))
                .forEach(sync -> others.put(sync, new TargetTable(capturedTable, sync)));
        return others;
    }

    /** Returns the columns of these fields. */
    List<String> columns(Collection<String> fields) {
        return fields.stream().map(field -> columns.get(field).name()).toList();
    }

    Column column(String field) {
        return columns.get(field);
    }

    /** Returns the fields whose columns only the table itself writes: they are sent to the CRM and never written from it. */
    Set<String> outward(Connection connection) throws SQLException {
        Map<String, Trait> known = traits(connection);
        return columns.entrySet().stream()
                .filter(entry -> isOutward(known.get(entry.getValue().name())))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    /** Whether only the table itself writes the field's column, as far as its traits are known. */
    boolean isOutward(String field) {
        return traits != null && isOutward(traits.get(columns.get(field).name()));
    }

    private boolean isOutward(Trait trait) {
        return trait != null && (trait.generated() || trait.always());
    }

    /** Returns the fields that an insert requires; none while the traits are not known. */
    Set<String> required() {
        return traits == null
                ? Set.of()
                : columns.entrySet().stream()
                        .filter(entry -> {
                            Trait trait = traits.get(entry.getValue().name());
                            return trait != null && trait.notNull() && !trait.hasDefault();
                        })
                        .map(Map.Entry::getKey)
                        .collect(Collectors.toSet());
    }

    private boolean hasDefault(String field) {
        Trait trait = traits.get(columns.get(field).name());
        return trait != null && trait.hasDefault();
    }

    private Map<String, Trait> traits(Connection connection) throws SQLException {
        if (traits == null) {
            Map<String, Trait> found = new HashMap<>();
            Database.query(
                    connection,
                    TRAITS,
                    row -> found.put(
                            row.getString(1),
                            new Trait(
                                    row.getString(2),
                                    row.getBoolean(3),
                                    row.getBoolean(4),
                                    row.getBoolean(5),
                                    row.getBoolean(6),
                                    row.getBoolean(7))),
                    capturedTable.quoted());
            traits = found;
        }
        return traits;
    }

    /**
     * Locks the rows that no transaction of the application is changing; it never waits for a lock.
     *
     * @return keys of the locked rows to their values
     */
    Map<String, Map<String, Object>> lock(Connection connection, Collection<String> keys) throws SQLException {
        return rows(
                connection,
                """
                select sluice_k.key, %s from unnest(?::text[]) as sluice_k(key)
                join %s as %s on %s.%s = sluice_k.key::%s
                order by sluice_k.key for update of %3$s skip locked"""
                        .formatted(
                                values(),
                                capturedTable.quoted(),
                                capturedTable.alias(),
                                capturedTable.alias(),
                                capturedTable.key().quoted(),
                                capturedTable.key().sqlType()),
                Database.texts(connection, keys));
    }

    /**
     * Converts external ids to the table's spelling of its keys: the key of the row that PostgreSQL finds by the external id, or
     * of the row that an insert would create.
     *
     * @param spelled external ids in the CRM's spelling
     * @return spelling to key; external ids that are no value of the key's type are left out
     */
    Map<String, String> keys(Connection connection, Collection<String> spelled) throws SQLException {
        Map<String, String> readable = new LinkedHashMap<>();
        spelled.stream()
                .filter(KeySpelling::isText)
                .forEach(each -> readable.put(
                        each, KeySpelling.readable(capturedTable.key().type(), each)));
        Set<String> texts = new java.util.LinkedHashSet<>(readable.values());
        if (texts.isEmpty()) {
            return Map.of();
        }
        Map<String, String> canonical;
        Savepoint before = connection.setSavepoint();
        try {
            canonical = canonical(connection, texts);
            connection.releaseSavepoint(before);
        } catch (SQLException failure) {
            if (!Applier.isRejection(failure)) {
                throw failure;
            }
            connection.rollback(before);
            canonical = canonical(
                    connection,
                    Database.query(
                            connection,
                            "select spelled from unnest(?::text[])"
                                    + " as spelled where sluice.is_readable(spelled, ?)",
                            row -> row.getString(1),
                            Database.texts(connection, texts),
                            declared(connection)));
        }
        Map<String, String> keys = new HashMap<>();
        for (Map.Entry<String, String> entry : readable.entrySet()) {
            String key = canonical.get(entry.getValue());
            if (key != null) {
                keys.put(entry.getKey(), key);
            }
        }
        return keys;
    }

    /** Without a row, the column's length and scale decide; an external id that they would cut is no key. */
    private Map<String, String> canonical(Connection connection, Collection<String> spelled) throws SQLException {
        if (spelled.isEmpty()) {
            return Map.of();
        }
        String key = capturedTable.key().quoted();
        String type = capturedTable.key().sqlType();
        Map<String, String> canonical = new HashMap<>();
        Database.query(
                connection,
                """
                select sluice_k.key, coalesce(
                    (select %1$s from %2$s as %3$s where %3$s.%4$s = sluice_k.key::%5$s limit 1),
                    (select %6$s from (select sluice_k.key::%5$s::%7$s as %4$s) as sluice_r
                     where sluice_r.%4$s = sluice_k.key::%5$s))
                from unnest(?::text[]) as sluice_k(key)"""
                        .formatted(
                                capturedTable.key().keyText(capturedTable.alias()),
                                capturedTable.quoted(),
                                capturedTable.alias(),
                                key,
                                type,
                                capturedTable.key().keyText("sluice_r"),
                                declared(connection)),
                row -> canonical.put(row.getString(1), row.getString(2)),
                Database.texts(connection, spelled));
        return canonical;
    }

    /** Returns the key's type with its length or scale. */
    private String declared(Connection connection) throws SQLException {
        return Database.query(
                        connection,
                        """
                select case when a.atttypmod < 0 then ? else format_type(a.atttypid, a.atttypmod) end from pg_attribute a
                where a.attrelid = to_regclass(?) and a.attname = ?""",
                        row -> row.getString(1),
                        capturedTable.key().sqlType(),
                        capturedTable.quoted(),
                        capturedTable.key().name())
                .get(0);
    }

    /** Returns the keys that exist in the table, locked or not. */
    Set<String> present(Connection connection, Collection<String> keys) throws SQLException {
        return keys.isEmpty()
                ? Set.of()
                : new HashSet<>(Database.query(
                        connection,
                        """
                select sluice_k.key from unnest(?::text[]) as sluice_k(key)
                where exists (select from %s as %s where %s.%s = sluice_k.key::%s)"""
                                .formatted(
                                        capturedTable.quoted(),
                                        capturedTable.alias(),
                                        capturedTable.alias(),
                                        capturedTable.key().quoted(),
                                        capturedTable.key().sqlType()),
                        row -> row.getString(1),
                        Database.texts(connection, keys)));
    }

    /**
     * Writes the CRM's values into rows.
     *
     * @param taken key to fields
     * @return rows after the update, including changes by triggers of the application
     */
    Map<String, Map<String, Object>> update(Connection connection, Map<String, Map<String, Object>> taken)
            throws SQLException {
        Set<String> changed = new java.util.LinkedHashSet<>();
        taken.values().forEach(fields -> changed.addAll(fields.keySet()));
        if (changed.isEmpty()) {
            return Map.of();
        }
        passSequences(connection, changed, taken);
        String assignments = changed.stream()
                .map(field -> {
                    Column column = columns.get(field);
                    return "%1$s = case when jsonb_exists(sluice_v.taken, %2$s) then %3$s else %4$s.%1$s end"
                            .formatted(column.quoted(), Sql.text(field), value(field), capturedTable.alias());
                })
                .collect(Collectors.joining(",\n"));
        Map<String, Map<String, Object>> updated = rows(
                connection,
                """
                update %1$s as %2$s set %3$s
                from (select key, taken::jsonb from unnest(?::text[], ?::text[]) as v(key, taken)) as sluice_v
                where %2$s.%4$s = sluice_v.key::%5$s
                returning sluice_v.key, %6$s"""
                        .formatted(
                                capturedTable.quoted(),
                                capturedTable.alias(),
                                assignments,
                                capturedTable.key().quoted(),
                                capturedTable.key().sqlType(),
                                values()),
                keys(connection, taken),
                json(connection, taken));
        updated.putAll(skipped(connection, taken, updated.keySet()));
        return updated;
    }

    /**
     * Converts values to the types of the columns, without triggers: 12.345 becomes 12.35 in a {@code numeric(5, 2)}.
     *
     * @param taken key to fields
     * @return key to fields in the form that {@link #update} returns
     */
    Map<String, Map<String, Object>> typed(Connection connection, Map<String, Map<String, Object>> taken)
            throws SQLException {
        Map<String, Map<String, Object>> typed = new HashMap<>();
        Map<String, Trait> known = traits(connection);
        for (String field : taken.values().stream()
                .flatMap(fields -> fields.keySet().stream())
                .distinct()
                .toList()) {
            Column column = columns.get(field);
            rows(
                            connection,
                            """
                    select sluice_v.key, '{' || %6$s || %1$s || '}' from unnest(?::text[], ?::text[]) as v(key, taken)
                    cross join lateral (select v.key, v.taken::jsonb as taken) as sluice_v
                    cross join lateral (select %2$s::%3$s as %4$s) as sluice_r
                    where jsonb_exists(sluice_v.taken, %5$s)"""
                                    .formatted(
                                            column.json("sluice_r", capturedTable.timeZone()),
                                            value(field),
                                            known.get(column.name()).declared(),
                                            column.quoted(),
                                            Sql.text(field),
                                            Sql.text(Json.text(field) + ":")),
                            keys(connection, taken),
                            json(connection, taken))
                    .forEach((key, value) ->
                            typed.computeIfAbsent(key, first -> new HashMap<>()).putAll(value));
        }
        return typed;
    }

    /** Reads the rows that an update did not return: a trigger may have written these values itself. */
    private Map<String, Map<String, Object>> skipped(
            Connection connection, Map<String, Map<String, Object>> taken, Set<String> updated) throws SQLException {
        Set<String> missing = new LinkedHashSet<>(taken.keySet());
        missing.removeAll(updated);
        Map<String, Map<String, Object>> rows = missing.isEmpty() ? Map.of() : lock(connection, missing);
        for (Map.Entry<String, Map<String, Object>> row : rows.entrySet()) {
            if (taken.get(row.getKey()).entrySet().stream()
                    .anyMatch(field -> !Values.same(row.getValue().get(field.getKey()), field.getValue()))) {
                throw new SQLException("a trigger of the table skips the update of the row", SKIPPED);
            }
        }
        return rows;
    }

    /**
     * Inserts rows; it leaves rows alone that another transaction has inserted meanwhile, or that a trigger inserts elsewhere. If
     * the CRM has no value, a column with a default is left out, so that the default applies.
     */
    Map<String, Map<String, Object>> insert(Connection connection, Map<String, Map<String, Object>> records)
            throws SQLException {
        if (records.isEmpty()) {
            return Map.of();
        }
        Set<String> outward = outward(connection);
        sequences.pass(connection, capturedTable.key(), records.keySet());
        passSequences(
                connection,
                columns.keySet().stream()
                        .filter(field -> !outward.contains(field))
                        .toList(),
                records);
        Map<Set<String>, Map<String, Map<String, Object>>> byFields = new LinkedHashMap<>();
        records.forEach((key, fields) -> byFields.computeIfAbsent(
                        columns.keySet().stream()
                                .filter(field -> !outward.contains(field))
                                .filter(field -> !hasDefault(field) || Values.text(fields.get(field)) != null)
                                .collect(Collectors.toCollection(LinkedHashSet::new)),
                        first -> new LinkedHashMap<>())
                .put(key, fields));
        Map<String, Map<String, Object>> made = new HashMap<>();
        Set<String> locked = new HashSet<>();
        String timeout = Database.query(connection, "select current_setting('lock_timeout')", row -> row.getString(1))
                .get(0);
        Database.query(connection, LOCK_TIMEOUT, row -> true, INSERT_LOCK_TIMEOUT);
        for (Map.Entry<Set<String>, Map<String, Map<String, Object>>> alike : byFields.entrySet()) {
            made.putAll(insertUnlocked(connection, alike.getKey(), alike.getValue(), locked));
        }
        Database.query(connection, LOCK_TIMEOUT, row -> true, timeout);
        Set<String> unmade = new LinkedHashSet<>(records.keySet());
        unmade.removeAll(made.keySet());
        unmade.removeAll(locked);
        if (!unmade.isEmpty()
                && present(connection, unmade).size() < unmade.size()
                && records.keySet().containsAll(made.keySet())) {
            throw new SQLException("a trigger of the table skips the insert of the row", SKIPPED);
        }
        return made;
    }

    /**
     * Inserts rows. A key that another transaction has inserted and not committed yet would hold up all of them, so those that
     * wait for it are left out.
     */
    private Map<String, Map<String, Object>> insertUnlocked(
            Connection connection, Set<String> fields, Map<String, Map<String, Object>> records, Set<String> locked)
            throws SQLException {
        Savepoint before = connection.setSavepoint();
        try {
            Map<String, Map<String, Object>> made = insert(connection, fields, records);
            connection.releaseSavepoint(before);
            return made;
        } catch (SQLException failure) {
            if (!LOCKED.equals(failure.getSQLState())) {
                throw failure;
            }
            connection.rollback(before);
        }
        if (records.size() == 1) {
            locked.addAll(records.keySet());
            return Map.of();
        }
        Map<String, Map<String, Object>> made = new HashMap<>();
        List<String> keys = List.copyOf(records.keySet());
        for (List<String> half :
                List.of(keys.subList(0, keys.size() / 2), keys.subList(keys.size() / 2, keys.size()))) {
            Map<String, Map<String, Object>> some = new LinkedHashMap<>(records);
            some.keySet().retainAll(half);
            made.putAll(insertUnlocked(connection, fields, some, locked));
        }
        return made;
    }

    private Map<String, Map<String, Object>> insert(
            Connection connection, Set<String> fields, Map<String, Map<String, Object>> records) throws SQLException {
        Trait ofKey = traits(connection).get(capturedTable.key().name());
        List<String> names = new ArrayList<>();
        List<String> values = new ArrayList<>();
        if (ofKey == null || !ofKey.generated()) {
            names.add(capturedTable.key().quoted());
            values.add("sluice_v.key::" + capturedTable.key().sqlType());
        }
        fields.forEach(field -> {
            names.add(columns.get(field).quoted());
            values.add(value(field));
        });
        boolean deferrable = ofKey != null && ofKey.deferrable();
        return rows(
                connection,
                """
                insert into %1$s as %2$s (%3$s) overriding system value
                select %4$s
                from (select key, taken::jsonb from unnest(?::text[], ?::text[]) as v(key, taken)) as sluice_v
                %5$s
                returning %6$s, %7$s"""
                        .formatted(
                                capturedTable.quoted(),
                                capturedTable.alias(),
                                String.join(", ", names),
                                String.join(", ", values),
                                deferrable
                                        ? "where not exists (select from %1$s as sluice_t where sluice_t.%2$s = sluice_v.key::%3$s)"
                                                .formatted(
                                                        capturedTable.quoted(),
                                                        capturedTable.key().quoted(),
                                                        capturedTable.key().sqlType())
                                        : "on conflict (" + capturedTable.key().quoted() + ") do nothing",
                                capturedTable.key().keyText(capturedTable.alias()),
                                values()),
                keys(connection, records),
                json(connection, records));
    }

    /** Advances the sequences before the rows exist: otherwise the application could get their numbers in between. */
    private void passSequences(Connection connection, Collection<String> fields, Map<String, Map<String, Object>> rows)
            throws SQLException {
        for (String field : fields) {
            sequences.pass(
                    connection,
                    columns.get(field),
                    rows.values().stream()
                            .map(row -> row.get(field))
                            .filter(java.util.Objects::nonNull)
                            .toList());
        }
    }

    int delete(Connection connection, Collection<String> keys) throws SQLException {
        return keys.isEmpty()
                ? 0
                : Database.update(
                        connection,
                        """
                delete from %1$s as %2$s using unnest(?::text[]) as sluice_k(key)
                where %2$s.%3$s = sluice_k.key::%4$s"""
                                .formatted(
                                        capturedTable.quoted(),
                                        capturedTable.alias(),
                                        capturedTable.key().quoted(),
                                        capturedTable.key().sqlType()),
                        Database.texts(connection, keys));
    }

    private String value(String field) {
        return columns.get(field).ofText("(sluice_v.taken ->> " + Sql.text(field) + ")", capturedTable.timeZone());
    }

    /**
     * Builds the SQL of a JSON object of all mapped fields in the form in which they are sent. It uses an array, since a function
     * takes at most 100 arguments.
     */
    private String values() {
        return "'{' || array_to_string(array["
                + columns.entrySet().stream()
                        .map(entry -> Sql.text(Json.text(entry.getKey()) + ":") + " || "
                                + entry.getValue().json(capturedTable.alias(), capturedTable.timeZone()))
                        .collect(Collectors.joining(", "))
                + "], ',') || '}'";
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

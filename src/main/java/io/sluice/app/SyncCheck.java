// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import io.sluice.Suggestion;
import io.sluice.Sync;
import io.sluice.crm.ObjectShape;
import io.sluice.crm.ObjectShape.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Finds the errors of a sync apart from its table, with and without the CRM's description. Pure functions. */
final class SyncCheck {

    /** Letters by which a misspelt name differs from the one that is meant. */
    private static final int SPELLING = 2;

    private SyncCheck() {}

    /** The missing or misspelt properties. */
    static List<String> words(Sync sync, Iterable<String> accounts) {
        List<String> problems = new ArrayList<>();
        List<String> names = new ArrayList<>();
        accounts.forEach(names::add);
        sync.mistakes().forEach(mistake -> problems.add(sync.location() + ": " + mistake.sentence()));
        if (sync.isUnreadable()) {
            return problems;
        }
        required(sync, "table", sync.getTable(), problems);
        required(sync, "key", sync.getKey(), problems);
        required(sync, "account", sync.getAccount(), problems);
        required(sync, "object", sync.getObject(), problems);
        required(sync, "externalId", sync.getExternalId(), problems);
        if (sync.getFields().isEmpty() && !isSaid(sync, "fields")) {
            problems.add(sync.location() + ": fields is empty; name at least one column and the CRM field it goes to");
        }
        if (sync.getAccount() != null && !names.contains(sync.getAccount())) {
            problems.add(sync.location() + ": there is no account '" + sync.getAccount() + "' in application.properties"
                    + Suggestion.hint(sync.getAccount(), names));
        }
        if (sync.getInitial() == Sync.Initial.BOTH && sync.getDirection() == Sync.Direction.OUT) {
            problems.add(sync.location()
                    + ": initial is 'both', which reads the CRM's records, but with direction 'out' the CRM"
                    + " is never read; use initial 'table' or direction 'both'");
        }
        if (sync.getFields().containsValue(sync.getExternalId())) {
            problems.add(sync.location() + ": fields maps a column to '" + sync.getExternalId()
                    + "', which the key fills already; take it out of fields");
        }
        if (sync.getKey() != null && sync.getKey().contains(",")) {
            problems.add(sync.location() + ": key is '" + sync.getKey()
                    + "', but one column identifies a row; join them in one:"
                    + " alter table " + sync.getTable() + " add "
                    + sync.getKey().replaceAll("\\W+", "_")
                    + " text generated always as (" + sync.getKey().strip().replaceAll("\\s*,\\s*", " || '-' || ")
                    + ") stored unique");
        }
        twoColumns(sync).forEach(problems::add);
        sync.getFields()
                .forEach(
                        (column, field) -> required(sync, "the CRM field of column '" + column + "'", field, problems));
        try {
            java.time.ZoneId.of(String.valueOf(sync.getTimeZone()));
        } catch (java.time.DateTimeException unknown) {
            problems.add(sync.location() + ": there is no time zone '" + sync.getTimeZone()
                    + "'; write it like Europe/Berlin or UTC");
        }
        return problems;
    }

    /** Two columns with one field: the one that comes last would win, whichever changed. */
    private static List<String> twoColumns(Sync sync) {
        Map<String, List<String>> columns = new LinkedHashMap<>();
        sync.getFields().forEach((column, field) -> columns.computeIfAbsent(
                        String.valueOf(field).toLowerCase(Locale.ROOT), name -> new ArrayList<>())
                .add(column));
        return columns.entrySet().stream()
                .filter(entry -> entry.getValue().size() > 1 && !entry.getKey().equals("null"))
                .map(entry -> sync.location() + ": columns '" + String.join("' and '", entry.getValue())
                        + "' go to one field '"
                        + sync.getFields().get(entry.getValue().get(0)) + "'; leave one of them out, or join them in a"
                        + " generated column")
                .toList();
    }

    /**
     * The conflicts between two syncs: records are known by account, object and key, so two syncs that feed one object would
     * overwrite and delete each other's.
     *
     * @param installed names of syncs that ran before: beside one of those, only the new one is wrong
     */
    static List<String> together(List<Sync> syncs, Set<String> installed) {
        List<String> problems = new ArrayList<>();
        Map<String, List<Sync>> byObject = syncs.stream()
                .filter(it -> it.getAccount() != null && it.getObject() != null && !it.isUnreadable())
                .collect(Collectors.groupingBy(
                        it -> it.getAccount() + " " + it.getObject().toLowerCase(Locale.ROOT),
                        LinkedHashMap::new,
                        Collectors.toList()));
        for (List<Sync> same : byObject.values()) {
            Set<Sync> wrong = new LinkedHashSet<>(same);
            List<Sync> running =
                    same.stream().filter(it -> installed.contains(it.getName())).toList();
            if (running.size() == 1) {
                wrong.removeAll(running);
            }
            if (same.size() > 1) {
                wrong.forEach(sync -> problems.add(sync.location() + ": "
                        + same.stream()
                                .filter(it -> it != sync)
                                .map(it -> "sync '" + it.getName() + "' (" + it.file() + ")")
                                .collect(Collectors.joining(" and "))
                        + (same.size() > 2 ? " feed " : " feeds ") + sync.getAccount() + " " + sync.getObject()
                        + " already, and"
                        + " they would overwrite and delete each other's records; put their fields into one sync, or their"
                        + " rows into one table"));
            }
        }
        return problems;
    }

    /** The syncs of one account that name one object in two ways. */
    static List<String> aliases(List<Sync> ofAccount, Map<String, ObjectShape> shapes) {
        List<String> problems = new ArrayList<>();
        for (Sync sync : ofAccount) {
            for (Sync other : ofAccount) {
                ObjectShape shape = shapes.get(sync.getObject());
                ObjectShape otherShape = shapes.get(other.getObject());
                if (shape != null
                        && otherShape != null
                        && !sync.getObject().equalsIgnoreCase(other.getObject())
                        && shape.name().equals(otherShape.name())) {
                    problems.add(sync.location() + ": '" + sync.getObject() + "' is the object '" + other.getObject()
                            + "' that sync '" + other.getName() + "' (" + other.file()
                            + ") feeds; put the fields of both into"
                            + " one sync");
                }
            }
        }
        return problems;
    }

    /** Whether a mistake says already why a property is missing: it is misspelt, or has no valid value. */
    private static boolean isSaid(Sync sync, String property) {
        return sync.mistakes().stream()
                .map(Sync.Mistake::property)
                .anyMatch(it -> it != null
                        && (Suggestion.distance(it, property) <= SPELLING
                                || property.equals("fields")
                                        && sync.getFields().isEmpty()
                                        && !SyncConfigurer.isProperty(it)));
    }

    private static void required(Sync sync, String property, String value, List<String> problems) {
        if ((value == null || value.isBlank() || value.equals("public.")) && !isSaid(sync, property)) {
            problems.add(sync.location() + ": " + property + " is missing");
        }
    }

    /**
     * The names that the CRM does not know, and the fields that it would reject.
     *
     * @param columns PostgreSQL's name of each column's type; missing columns are not checked
     */
    static List<String> fields(Sync sync, ObjectShape shape, Map<String, String> columns) {
        List<String> problems = new ArrayList<>();
        if (!sync.getObject().equals(shape.name()) && sync.getObject().equalsIgnoreCase(shape.name())) {
            problems.add(sync.location() + ": object is '" + sync.getObject() + "', but the CRM's name of it is '"
                    + shape.name() + "'; write it so, for events and records are found by that name");
        }
        externalId(sync, shape, columns, problems);
        Map<String, ObjectShape.Field> byLowerCase = shape.fields().values().stream()
                .collect(Collectors.toMap(
                        field -> field.name().toLowerCase(Locale.ROOT), field -> field, (one, other) -> one));
        for (Map.Entry<String, String> entry : sync.getFields().entrySet()) {
            int dot = entry.getValue().indexOf('.');
            String name = dot < 0 ? entry.getValue() : entry.getValue().substring(0, dot);
            ObjectShape.Field field = shape.fields().get(name);
            if (field == null) {
                ObjectShape.Field otherwise = byLowerCase.get(name.toLowerCase(Locale.ROOT));
                problems.add(column(sync, entry.getKey(), name) + ", which " + sync.getObject() + " does not have"
                        + (otherwise == null
                                ? Suggestion.hint(name, shape.fields().keySet())
                                : "; did you mean " + otherwise.name() + "?"));
            } else if (!field.writable()) {
                problems.add(column(sync, entry.getKey(), name) + " of " + sync.getObject() + ", which "
                        + (field.facts().readOnly() == null
                                ? "the CRM lets nobody write"
                                : field.facts().readOnly() + ", so that nobody can write it"));
            } else if (field.facts().createOnly() || field.facts().updateOnly()) {
                problems.add(column(sync, entry.getKey(), name) + " of " + sync.getObject() + ", which can be set "
                        + (field.facts().createOnly()
                                ? "in a new record alone, so that no later change could go there"
                                : "only in a record that is there already, so that no new row could go there"));
            } else if (dot < 0 && columns.containsKey(entry.getKey())) {
                Compatibility fit = Compatibility.of(columns.get(entry.getKey()), field.kind());
                if (fit.isImpossible()) {
                    problems.add(column(sync, entry.getKey(), name) + " of " + sync.getObject() + " (" + field.type()
                            + "), which " + fit.why());
                }
            }
        }
        return problems;
    }

    private static String column(Sync sync, String column, String field) {
        return sync.location() + ": column '" + column + "' goes to field '" + field + "'";
    }

    private static void externalId(Sync sync, ObjectShape shape, Map<String, String> columns, List<String> problems) {
        ObjectShape.Field externalId = shape.fields().get(sync.getExternalId());
        List<String> externalIds = shape.fields().values().stream()
                .filter(field ->
                        field.externalId() && field.writable() && field.facts().unique())
                .map(ObjectShape.Field::name)
                .toList();
        String where = sync.location() + ": field '" + sync.getExternalId() + "' of " + sync.getObject();
        String hint = Suggestion.hint(sync.getExternalId(), externalIds);
        if (externalId == null) {
            problems.add(sync.location() + ": " + sync.getObject() + " has no field '" + sync.getExternalId()
                    + "' to hold the key" + hint);
        } else if (externalId.externalId() && !externalId.writable()) {
            problems.add(
                    where + " is the CRM's own id, or is written by the CRM alone, so it can't hold the key" + hint);
        } else if (!externalId.externalId()) {
            problems.add(where + " is no external id, so records can't be found by it" + hint);
        } else if (!externalId.facts().unique()) {
            problems.add(
                    where + " is not unique, so that two records could have one key; make it unique in the CRM" + hint);
        } else if (columns.containsKey(sync.getKey())) {
            Compatibility fit = Compatibility.of(columns.get(sync.getKey()), externalId.kind());
            if (fit.isImpossible() || fit.why() != null) {
                problems.add(sync.location() + ": key '" + sync.getKey() + "' goes to field '" + sync.getExternalId()
                        + "' of "
                        + sync.getObject() + " (" + externalId.type() + "), which "
                        + (fit.isImpossible()
                                ? fit.why()
                                : fit.why() + "; use a text field, or a key of type integer"));
            }
        }
    }

    /** The fields that need texts whatever their columns hold. A referenced record is named by a text. */
    static Set<String> textFields(Sync sync, ObjectShape shape, Map<String, String> columns) {
        return sync.getFields().entrySet().stream()
                .filter(entry -> {
                    ObjectShape.Field field = shape.fields().get(entry.getValue());
                    return entry.getValue().contains(".")
                            || field != null
                                    && Compatibility.of(columns.getOrDefault(entry.getKey(), "text"), field.kind())
                                                    .way()
                                            == Compatibility.Way.AS_TEXT;
                })
                .map(Map.Entry::getValue)
                .collect(Collectors.toUnmodifiableSet());
    }

    /**
     * The warnings about some of the rows, a sentence each.
     *
     * @param longest maximum number of characters by a column's declaration, or of its longest value; absent without limit
     * @param odd     number of checked values of a column that are no option of its field
     */
    static List<String> warnings(
            Sync sync,
            ObjectShape shape,
            Map<String, String> columns,
            Map<String, Integer> longest,
            Map<String, Integer> odd) {
        List<String> warnings = new ArrayList<>();
        sync.getFields().forEach((column, name) -> {
            ObjectShape.Field field = shape.fields().get(name);
            if (field == null || !columns.containsKey(column)) {
                return;
            }
            String place = column(sync, column, name) + " of " + sync.getObject();
            Compatibility fit = Compatibility.of(columns.get(column), field.kind());
            if (!fit.isImpossible() && fit.why() != null) {
                warnings.add(place + ", which " + fit.why() + ": the CRM rejects records that have such");
            }
            int length = longest.getOrDefault(column, 0);
            if (field.kind() == Kind.TEXT
                    && field.facts().length() > 0
                    && length > field.facts().length()) {
                warnings.add(place + ", which takes " + field.facts().length() + " characters, but the column may hold "
                        + length + ": the CRM rejects records with longer values");
            }
            if (odd.getOrDefault(column, 0) > 0) {
                warnings.add(place + ", but " + odd.get(column) + " of the column's values are none of its "
                        + field.facts().options().size() + " options: the CRM rejects records that have such");
            }
        });
        return warnings;
    }
}

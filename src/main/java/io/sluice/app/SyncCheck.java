package io.sluice.app;

import io.sluice.Nearest;
import io.sluice.Sync;
import io.sluice.crm.ObjectShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a sync says wrongly, apart from its table: found without and with the CRM's describe. Pure functions. */
final class SyncCheck {

    private static final Set<String> CONFLICTS = Set.of("latest", "crm", "database");
    private static final Set<String> DELETES = Set.of("propagate", "keep");
    private static final Set<String> INSERTS = Set.of("propagate", "ignore");
    private static final Set<String> DIRECTIONS = Set.of("both", "out");
    private static final Set<String> INITIALS = Set.of("table", "both");

    private SyncCheck() {
    }

    /** What is missing or misspelt in itself. */
    static List<String> words(Sync sync, Iterable<String> accounts) {
        List<String> problems = new ArrayList<>();
        List<String> names = new ArrayList<>();
        accounts.forEach(names::add);
        required(sync, "table", sync.getTable(), problems);
        required(sync, "key", sync.getKey(), problems);
        required(sync, "account", sync.getAccount(), problems);
        required(sync, "object", sync.getObject(), problems);
        required(sync, "externalId", sync.getExternalId(), problems);
        if (sync.getFields().isEmpty()) {
            problems.add(sync.where() + ": fields is empty; name at least one column and the CRM field it goes to");
        }
        if (sync.getAccount() != null && !names.contains(sync.getAccount())) {
            problems.add(sync.where() + ": there is no account '" + sync.getAccount() + "' in application.properties"
                    + Nearest.hint(sync.getAccount(), names));
        }
        choice(sync, "conflicts", sync.getConflicts(), CONFLICTS, problems);
        choice(sync, "deletes", sync.getDeletes(), DELETES, problems);
        choice(sync, "inserts", sync.getInserts(), INSERTS, problems);
        choice(sync, "direction", sync.getDirection(), DIRECTIONS, problems);
        choice(sync, "initial", sync.getInitial(), INITIALS, problems);
        if ("both".equals(sync.getInitial()) && "out".equals(sync.getDirection())) {
            problems.add(sync.where() + ": initial is 'both', which reads the CRM's records, but with direction 'out' the CRM"
                    + " is never read; use initial 'table' or direction 'both'");
        }
        if (sync.getFields().containsValue(sync.getExternalId())) {
            problems.add(sync.where() + ": fields maps a column to '" + sync.getExternalId()
                    + "', which the key fills already; take it out of fields");
        }
        sync.getFields().forEach((column, field) -> required(sync, "the CRM field of column '" + column + "'", field, problems));
        try {
            java.time.ZoneId.of(String.valueOf(sync.getTimeZone()));
        } catch (java.time.DateTimeException unknown) {
            problems.add(sync.where() + ": there is no time zone '" + sync.getTimeZone()
                    + "'; write it like Europe/Berlin or UTC");
        }
        return problems;
    }

    private static void required(Sync sync, String property, String value, List<String> problems) {
        if (value == null || value.isBlank() || value.equals("public.")) {
            problems.add(sync.where() + ": " + property + " is missing");
        }
    }

    private static void choice(Sync sync, String property, String value, Set<String> choices, List<String> problems) {
        if (value == null || !choices.contains(value)) {
            problems.add(sync.where() + ": " + property + " is '" + value + "'"
                    + Nearest.hint(String.valueOf(value), choices));
        }
    }

    /** What the CRM does not know, or would not take. */
    static List<String> fields(Sync sync, ObjectShape shape) {
        List<String> problems = new ArrayList<>();
        ObjectShape.Field externalId = shape.fields().get(sync.getExternalId());
        List<String> externalIds = shape.fields().values().stream().filter(ObjectShape.Field::externalId)
                .map(ObjectShape.Field::name).toList();
        if (externalId == null) {
            problems.add(sync.where() + ": " + sync.getObject() + " has no field '" + sync.getExternalId()
                    + "' to hold the key" + Nearest.hint(sync.getExternalId(), externalIds));
        } else if (!externalId.externalId()) {
            problems.add(sync.where() + ": field '" + sync.getExternalId() + "' of " + sync.getObject()
                    + " is no external id, so records can't be found by it"
                    + Nearest.hint(sync.getExternalId(), externalIds));
        }
        for (Map.Entry<String, String> entry : sync.getFields().entrySet()) {
            int dot = entry.getValue().indexOf('.');
            String name = dot < 0 ? entry.getValue() : entry.getValue().substring(0, dot);
            ObjectShape.Field field = shape.fields().get(name);
            if (field == null) {
                problems.add(sync.where() + ": column '" + entry.getKey() + "' goes to field '" + name + "', which "
                        + sync.getObject() + " does not have" + Nearest.hint(name, shape.fields().keySet()));
            } else if (!field.writable()) {
                problems.add(sync.where() + ": column '" + entry.getKey() + "' goes to field '" + name + "' of "
                        + sync.getObject() + ", which the CRM lets nobody write");
            }
        }
        return problems;
    }
}

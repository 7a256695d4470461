// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.IdScheme;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import io.sluice.sandbox.store.Transaction;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Finds the types of association between two objects: HubSpot's own, and the labels that users created, which are
 * stored like records.
 */
final class AssociationTypes {

    /** Name of the table of labels; the API knows no object of this name. */
    static final String LABELS = "association_labels";

    private static final String PRIMARY = "Primary";
    /** Label of the other side of a primary association, after the name of the record that has it. */
    private static final String WITH_PRIMARY = " with Primary Company";
    /** First id of types without HubSpot's own id; far above those, so that no id stands for two types. */
    private static final int FIRST_UNLABELLED = 10_000;

    private static final int FIRST_LABEL = 1_000_000;
    private static final int MOST_OBJECTS = 100;
    private static final long LABEL_IDS = 8_000_000_000_000_000L;

    private static final Field FROM =
            Field.of("from_object", "From", PropertyType.STRING.field()).readOnly();
    private static final Field TO =
            Field.of("to_object", "To", PropertyType.STRING.field()).readOnly();
    private static final Field LABEL =
            Field.of("label", "Label", PropertyType.STRING.field()).readOnly();
    private static final Field INVERSE = Field.of("inverse_label", "Inverse label", PropertyType.STRING.field())
            .readOnly();

    /** Type ids that HubSpot documents, each with the id of its inverse. */
    private static final List<Known> KNOWN = List.of(
            new Known("contacts", "companies", 279, 280, null), new Known("contacts", "companies", 1, 2, PRIMARY),
            new Known("contacts", "deals", 4, 3, null), new Known("contacts", "tickets", 15, 16, null),
            new Known("deals", "companies", 341, 342, null), new Known("deals", "companies", 5, 6, PRIMARY),
            new Known("tickets", "companies", 339, 340, null), new Known("tickets", "companies", 26, 25, PRIMARY),
            new Known("tickets", "deals", 28, 27, null), new Known("contacts", "contacts", 449, 449, null),
            new Known("companies", "companies", 450, 450, null), new Known("deals", "deals", 451, 451, null),
            new Known("tickets", "tickets", 452, 452, null), new Known("line_items", "deals", 20, 19, null),
            new Known("notes", "contacts", 202, 201, null), new Known("notes", "companies", 190, 189, null),
            new Known("notes", "deals", 214, 213, null), new Known("notes", "tickets", 228, 227, null),
            new Known("tasks", "contacts", 204, 203, null), new Known("tasks", "companies", 192, 191, null),
            new Known("tasks", "deals", 216, 215, null), new Known("tasks", "tickets", 230, 229, null),
            new Known("calls", "contacts", 194, 193, null), new Known("calls", "companies", 182, 181, null),
            new Known("calls", "deals", 206, 205, null), new Known("calls", "tickets", 220, 219, null),
            new Known("emails", "contacts", 198, 197, null), new Known("emails", "companies", 186, 185, null),
            new Known("emails", "deals", 210, 209, null), new Known("emails", "tickets", 224, 223, null),
            new Known("meetings", "contacts", 200, 199, null), new Known("meetings", "companies", 188, 187, null),
            new Known("meetings", "deals", 212, 211, null), new Known("meetings", "tickets", 226, 225, null));

    private AssociationTypes() {}

    private record Known(String from, String to, int id, int inverse, String label) {}

    static ObjectType labels() {
        return new ObjectType(
                LABELS,
                "Association label",
                "Association labels",
                LABELS,
                IdScheme.counted(LABEL_IDS),
                List.of(
                        FROM,
                        TO,
                        LABEL,
                        INVERSE,
                        Field.of(StandardObjects.MERGED_INTO, "Merged into", PropertyType.STRING.field())
                                .readOnly()));
    }

    /** Finds all types between these objects, the unlabelled one first. */
    static List<AssociationType> between(Store store, Table from, Table to) {
        List<AssociationType> types = new ArrayList<>();
        for (Known known : KNOWN) {
            if (known.from.equals(from.type().name())
                    && known.to.equals(to.type().name())) {
                types.add(new AssociationType(false, known.id, known.label, known.inverse, known.label != null, false));
            } else if (known.to.equals(from.type().name())
                    && known.from.equals(to.type().name())) {
                types.add(new AssociationType(
                        false,
                        known.inverse,
                        known.label == null ? null : to.type().label() + WITH_PRIMARY,
                        known.id,
                        false,
                        known.label != null));
            }
        }
        if (types.isEmpty()) {
            types.add(new AssociationType(
                    true, unlabelled(store, from, to), null, unlabelled(store, to, from), false, false));
        }
        table(store).forEach(row -> label(store, row, from, to).ifPresent(types::addAll));
        return types;
    }

    /**
     * Answers the name of a type in versions before 4, as recorded: contact_to_company is the primary type, and
     * contact_to_company_unlabeled the unlabelled one where a primary one exists.
     */
    static String name(Store store, Table from, Table to, AssociationType type) {
        String pair = name(from) + "_to_" + name(to);
        if (type.label() == null) {
            return between(store, from, to).stream().anyMatch(other -> other.primary() || other.inversePrimary())
                    ? pair + "_unlabeled"
                    : pair;
        }
        return type.primary() || type.inversePrimary()
                ? pair
                : pair + "_" + type.label().toLowerCase(Locale.ROOT).replace(' ', '_');
    }

    private static String name(Table table) {
        return table.type().keyPrefix().startsWith("0-")
                ? table.type().label().toLowerCase(Locale.ROOT).replace(' ', '_')
                : Schemas.fullName(table.type());
    }

    /** Finds the unlabelled type, which every other type includes. */
    static AssociationType unlabelled(List<AssociationType> types) {
        return types.stream().filter(type -> type.label() == null).findFirst().orElseThrow();
    }

    /**
     * Answers the id of the unlabelled type of two custom objects. It follows from the order in which the objects were
     * declared, which never changes.
     */
    private static int unlabelled(Store store, Table from, Table to) {
        List<Table> tables = List.copyOf(store.tables());
        return FIRST_UNLABELLED + tables.indexOf(from) * MOST_OBJECTS + tables.indexOf(to);
    }

    private static Optional<List<AssociationType>> label(Store store, Row row, Table from, Table to) {
        ObjectType type = table(store).type();
        int number = FIRST_LABEL + 2 * row.number();
        String label = value(type, LABEL, row);
        String inverse = Optional.ofNullable(value(type, INVERSE, row)).orElse(label);
        boolean onward = from.type().name().equals(value(type, FROM, row))
                && to.type().name().equals(value(type, TO, row));
        boolean back = to.type().name().equals(value(type, FROM, row))
                && from.type().name().equals(value(type, TO, row));
        if (row.isDeleted() || !onward && !back) {
            return Optional.empty();
        }
        List<AssociationType> types = new ArrayList<>();
        // a label that reads the same from both sides is one type between records of one object
        boolean symmetric = from == to && inverse.equals(label);
        if (onward) {
            types.add(new AssociationType(true, number, label, symmetric ? number : number + 1, false, false));
        }
        if (back && !symmetric) {
            types.add(new AssociationType(true, number + 1, inverse, number, false, false));
        }
        return Optional.of(types);
    }

    /** Stores a label from a body {@code {"label","name","inverseLabel"}} and answers its types, one or two. */
    static List<AssociationType> create(ApiCall call, Request.Attempt attempt, Table from, Table to) {
        JsonNode body = call.body();
        String label = body.path("label").asText("").strip();
        if (label.isEmpty() || body.path("name").asText("").isBlank()) {
            throw HubspotError.missing(List.of("label", "name")).thrown();
        }
        Store store = call.store();
        if (between(store, from, to).stream().anyMatch(type -> label.equalsIgnoreCase(type.label()))) {
            throw HubspotError.invalid("A label '" + label + "' already exists between "
                            + from.type().name() + " and " + to.type().name() + ".")
                    .thrown();
        }
        Map<Field, Object> values = new HashMap<>(Map.of(
                field(store, FROM),
                from.type().name(),
                field(store, TO),
                to.type().name(),
                field(store, LABEL),
                label));
        if (body.hasNonNull("inverseLabel")) {
            values.put(field(store, INVERSE), body.path("inverseLabel").asText());
        }
        Row row;
        try (Transaction transaction = store.begin()) {
            row = transaction.insert(table(store), values, Origin.API.user());
            attempt.commit(transaction);
        }
        List<AssociationType> made = new ArrayList<>(label(store, row, from, to).orElseThrow());
        if (from != to) {
            made.addAll(label(store, row, to, from).orElseThrow());
        }
        return made;
    }

    /** Renames a label from a body {@code {"associationTypeId","label","inverseLabel"}}. */
    static void rename(ApiCall call, Request.Attempt attempt, Table from, Table to) {
        JsonNode body = call.body();
        HubspotError.require(body, "associationTypeId", "label");
        Store store = call.store();
        AssociationType type =
                own(store, from, to, body.path("associationTypeId").asInt());
        Row row = table(store).row((type.id() - FIRST_LABEL) / 2);
        // the row keeps the label as the object sees it from which it was made
        boolean onward = (type.id() - FIRST_LABEL) % 2 == 0;
        Map<Field, Object> values = new HashMap<>();
        values.put(field(store, onward ? LABEL : INVERSE), body.path("label").asText());
        if (body.hasNonNull("inverseLabel")) {
            values.put(
                    field(store, onward ? INVERSE : LABEL),
                    body.path("inverseLabel").asText());
        }
        try (Transaction transaction = store.begin()) {
            transaction.update(table(store), row, values, Origin.API.user());
            attempt.commit(transaction);
        }
    }

    /** Removes a label with its inverse; the records stay associated without the label. */
    static void delete(ApiCall call, Request.Attempt attempt, Table from, Table to) {
        AssociationType type =
                own(call.store(), from, to, Integer.parseInt(call.part(4).replaceAll("\\D", "0")));
        try (Transaction transaction = call.store().begin()) {
            Row row = table(call.store()).row((type.id() - FIRST_LABEL) / 2);
            transaction.delete(table(call.store()), row, Map.of(), Origin.API.user());
            attempt.commit(transaction);
        }
    }

    private static AssociationType own(Store store, Table from, Table to, int id) {
        return between(store, from, to).stream()
                .filter(type -> type.id() == id && id >= FIRST_LABEL)
                .findFirst()
                .orElseThrow(() -> HubspotError.invalid("There is no label with the type id " + id + " from "
                                + from.type().name() + " to " + to.type().name() + ".")
                        .thrown());
    }

    private static Table table(Store store) {
        return store.table(LABELS).orElseThrow();
    }

    private static Field field(Store store, Field declared) {
        return table(store).type().field(declared.name()).orElseThrow();
    }

    private static String value(ObjectType type, Field declared, Row row) {
        return (String) row.value(type.field(declared.name()).orElseThrow().column());
    }
}

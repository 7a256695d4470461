// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import io.sluice.sandbox.store.Transaction;
import io.sluice.sandbox.store.ValidationRule;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Writes single records into a transaction: absent properties stay, null or empty ones are cleared. A record that
 * breaks a rule throws before anything of it is written.
 */
final class RecordWriter {

    private final Account account;
    private final Store store;
    private final Table table;
    private final Transaction transaction;
    private final Request.Attempt attempt;
    private final Origin origin;

    RecordWriter(Account account, Table table, Transaction transaction, Request.Attempt attempt, Origin origin) {
        this.account = account;
        this.store = account.store();
        this.table = table;
        this.transaction = transaction;
        this.attempt = attempt;
        this.origin = origin;
    }

    /** Holds a written record, and whether the write created it. */
    record Written(Row row, boolean created) {}

    Written create(JsonNode properties) {
        return insert(read(properties), null);
    }

    /** @param companions the records that it is associated with */
    Written create(JsonNode properties, List<Companions> companions) {
        Written made = create(properties);
        Links links = new Links(store);
        companions.forEach(
                other -> links.add(transaction, new Links.End(table, made.row()), other.end(), other.types(), origin));
        return made;
    }

    boolean exists(Field key, String id) {
        return find(key, id) != null;
    }

    Written update(Field key, String id, JsonNode properties) {
        return change(existing(key, id), read(properties), id);
    }

    Written upsert(Field key, String id, JsonNode properties) {
        if (key == null) {
            return update(null, id, properties);
        }
        Map<Field, Object> values = read(properties);
        Object keyValue = normalized(key, id);
        values.putIfAbsent(key, keyValue);
        if (transaction.isLocked(table, key, keyValue)) {
            throw HubspotError.locked().thrown();
        }
        Optional<Row> row = transaction.find(table, key, keyValue).stream().findFirst();
        return row.isPresent() ? change(row.get(), values, id) : insert(values, id);
    }

    /** Archives a record; a missing record is no error. */
    void archive(String id) {
        Row row = live(id);
        if (row != null) {
            strike(id, row);
            transaction.delete(table, row, Map.of(), origin.user());
        }
    }

    /** Deletes a record for good, archived or not; a missing record is no error. */
    void forget(String id) {
        Row row = transaction.row(table, id);
        if (row != null && !row.isPurged()) {
            strike(id, row);
            transaction.purge(table, row, origin.user());
        }
    }

    Row restore(Row row) {
        if (row.value(table.type()
                        .field(StandardObjects.MERGED_INTO)
                        .orElseThrow()
                        .column())
                != null) {
            throw HubspotError.invalid("A record that was merged into another can't be restored.")
                    .thrown();
        }
        unique(row, values(row));
        return transaction.undelete(table, row, Map.of(), origin.user());
    }

    /**
     * Merges two records: the survivor takes the values that it lacks, and the other's associations. The other is
     * archived and leads to the survivor from then on.
     *
     * @param mintsId whether a new record takes the place of both instead
     */
    Row merge(String primaryId, String otherId, boolean mintsId) {
        Row primary = existing(null, primaryId);
        Row other = existing(null, otherId);
        if (primary.number() == other.number()) {
            throw HubspotError.invalid("A record can't be merged with itself.").thrown();
        }
        strike(primaryId, primary);
        strike(otherId, other);
        if (mintsId) {
            return merged(primary, other);
        }
        new Links(store).move(transaction, new Links.End(table, other), new Links.End(table, primary), origin);
        Map<Field, Object> moved = values(other);
        moved.keySet().removeIf(field -> primary.value(field.column()) != null);
        Field merged = table.type().field(StandardObjects.MERGED_IDS).orElseThrow();
        Object before = primary.value(merged.column());
        moved.put(merged, before == null ? other.id() : before + ";" + other.id());
        transaction.delete(
                table,
                other,
                Map.of(table.type().field(StandardObjects.MERGED_INTO).orElseThrow(), primary.id()),
                origin.user());
        return transaction.update(table, primary, moved, origin.user());
    }

    /** Creates a new record in place of both, as HubSpot does when it reports a newObjectId. */
    private Row merged(Row primary, Row other) {
        Map<Field, Object> values = values(other);
        values.putAll(values(primary));
        values.put(table.type().field(StandardObjects.MERGED_IDS).orElseThrow(), primary.id() + ";" + other.id());
        Row made = transaction.insert(table, values, origin.user());
        Field into = table.type().field(StandardObjects.MERGED_INTO).orElseThrow();
        for (Row one : List.of(primary, other)) {
            new Links(store).move(transaction, new Links.End(table, one), new Links.End(table, made), origin);
            transaction.delete(table, one, Map.of(into, made.id()), origin.user());
        }
        return made;
    }

    private Written insert(Map<Field, Object> values, String id) {
        strike(id == null ? key(values) : id, null);
        refused(null, values);
        unique(null, values);
        staged(null, values);
        required(values);
        values.values().removeIf(value -> value == null);
        return new Written(transaction.insert(table, values, origin.user()), true);
    }

    /** Answers the name by which faults know a record that has no id yet. */
    private static String key(Map<Field, Object> values) {
        return values.entrySet().stream()
                .filter(entry -> entry.getKey().unique() && entry.getValue() != null)
                .map(entry -> entry.getValue().toString())
                .findFirst()
                .orElse(null);
    }

    private Written change(Row row, Map<Field, Object> values, String id) {
        strike(id, row);
        refused(row, values);
        unique(row, values);
        staged(row, values);
        forwardAlone(row, values);
        return new Written(transaction.update(table, row, values, origin.user()), false);
    }

    /**
     * Whether the rules of the account's admins hold for this write. They don't for workflows ("Set validation rules for
     * properties", HubSpot Knowledge Base).
     */
    private boolean isRuled() {
        return !Origin.WORKFLOW.equals(origin);
    }

    private List<ValidationRule> rules() {
        return isRuled() ? table.rules().validations() : List.of();
    }

    /** Rejects values that the rules of the account's admins reject. */
    private void refused(Row row, Map<Field, Object> values) {
        List<HubspotError.Detail> wrong = rules().stream()
                .filter(rule -> values.containsKey(rule.test().field()))
                .filter(rule -> row != null || values.get(rule.test().field()) != null)
                .filter(rule -> rule.test().matches(values.get(rule.test().field())))
                .map(rule -> new HubspotError.Detail(
                        rule.error(), rule.message(), rule.test().field().name()))
                .toList();
        if (!wrong.isEmpty()) {
            throw HubspotError.invalid(wrong).thrown();
        }
    }

    private void required(Map<Field, Object> values) {
        List<String> missing = Stream.of(
                        StandardObjects.required(table.type()),
                        Schemas.required(account, table.type()),
                        rules().stream()
                                .filter(rule -> rule.test().matches(null))
                                .map(rule -> rule.test().field().name())
                                .toList())
                .flatMap(List::stream)
                .distinct()
                .filter(name -> values.entrySet().stream()
                        .noneMatch(entry -> entry.getKey().name().equals(name) && entry.getValue() != null))
                .toList();
        if (!missing.isEmpty()) {
            throw HubspotError.invalid("Error creating "
                            + (Schemas.isCustom(table.type())
                                    ? table.type().keyPrefix()
                                    : table.type()
                                            .label()
                                            .toUpperCase(Locale.ROOT)
                                            .replace(' ', '_'))
                            + ". Some required properties were not set.")
                    .in("properties", missing)
                    .thrown();
        }
    }

    /**
     * Checks that a record is in a stage of its pipeline, and puts a new one into the first pipeline unless it names
     * another. HubSpot's rejection of a stage of another pipeline in these words is from memory.
     */
    private void staged(Row row, Map<Field, Object> values) {
        Pipelines.Names names = Pipelines.names(table.type().name()).orElse(null);
        if (names == null) {
            return;
        }
        Field inPipeline = table.type().field(names.pipeline()).orElseThrow();
        Field inStage = table.type().field(names.stage()).orElseThrow();
        if (row != null && !values.containsKey(inPipeline) && !values.containsKey(inStage)) {
            return;
        }
        List<JsonNode> pipelines =
                Pipelines.live(Pipelines.kept(account, table.type().name()));
        if (row == null && values.get(inPipeline) == null && !pipelines.isEmpty()) {
            values.put(inPipeline, pipelines.get(0).path("id").asText());
        }
        Object pipeline = values.containsKey(inPipeline) || row == null
                ? values.get(inPipeline)
                : RecordJson.value(inPipeline, row);
        Object stage =
                values.containsKey(inStage) || row == null ? values.get(inStage) : RecordJson.value(inStage, row);
        if (pipeline == null || stage == null) {
            return;
        }
        List<String> stages = pipelines.stream()
                .filter(one -> one.path("id").asText().equals(pipeline))
                .findFirst()
                .map(one -> Pipelines.ids(one.path("stages")))
                .orElse(List.of());
        if (!stages.contains(stage)) {
            throw HubspotError.invalid(List.of(new HubspotError.Detail(
                            "INVALID_OPTION", stage + " was not one of the allowed options: " + stages, names.stage())))
                    .thrown();
        }
    }

    /**
     * Drops a lifecycle stage that goes backward, unless the stage was cleared first ("Lifecycle stages", HubSpot
     * Knowledge Base).
     */
    private static void forwardAlone(Row row, Map<Field, Object> values) {
        values.entrySet().removeIf(entry -> {
            if (!StandardObjects.LIFECYCLE_STAGE.equals(entry.getKey().name()) || entry.getValue() == null) {
                return false;
            }
            Object before = entry.getKey().read(row);
            return before != null
                    && StandardObjects.LIFECYCLE.indexOf(entry.getValue().toString())
                            < StandardObjects.LIFECYCLE.indexOf(before.toString());
        });
    }

    private Row existing(Field key, String id) {
        Row row = find(key, id);
        if (row == null) {
            throw HubspotError.notFound(
                            "Could not get some " + table.type().label().toUpperCase(Locale.ROOT)
                                    + " objects, they may be deleted or not exist. Check that ids are valid.")
                    .in("ids", List.of(id))
                    .thrown();
        }
        return row;
    }

    private Row find(Field key, String id) {
        return key == null
                ? live(id)
                : transaction.find(table, key, id).stream().findFirst().orElse(null);
    }

    private Row live(String id) {
        Row row = ApiCall.live(table, id);
        // as this transaction sees it, which may have archived or changed it
        Row own = row == null ? transaction.row(table, id) : transaction.row(table, row.id());
        return own == null || own.isDeleted() ? null : own;
    }

    private void strike(String key, Row row) {
        if (row != null && transaction.isLocked(table, row)) {
            throw HubspotError.locked().thrown();
        }
        attempt.rowFaults().strike(table, key, row).ifPresent(fault -> {
            throw HubspotError.thrown(fault, Map.of());
        });
    }

    /** Reads the values of a body's properties. Throws with the errors of all invalid ones. */
    private Map<Field, Object> read(JsonNode properties) {
        if (!properties.isObject()) {
            throw HubspotError.missing(List.of("properties")).thrown();
        }
        Map<Field, Object> values = new LinkedHashMap<>();
        List<HubspotError.Detail> wrong = new ArrayList<>();
        ObjectNode rules = isRuled() ? PropertyValidations.of(account, table.type()) : Answers.JSON.createObjectNode();
        properties.properties().forEach(entry -> {
            String name = entry.getKey();
            Field field =
                    table.type().field(name).filter(RecordJson::isProperty).orElse(null);
            if (field == null) {
                wrong.add(new HubspotError.Detail(
                        "PROPERTY_DOESNT_EXIST", "Property \"" + name + "\" does not exist", name));
            } else if (!field.updateable()) {
                wrong.add(new HubspotError.Detail("READ_ONLY_VALUE", "\"" + name + "\" is a read only property", name));
            } else {
                value(field, entry.getValue(), values, wrong);
                if (values.get(field) instanceof String value) {
                    wrong.addAll(PropertyValidations.broken(rules, field, value, store.now()));
                }
            }
        });
        if (!wrong.isEmpty()) {
            throw HubspotError.invalid(wrong).thrown();
        }
        return values;
    }

    private static void value(Field field, JsonNode value, Map<Field, Object> values, List<HubspotError.Detail> wrong) {
        if (value.isContainerNode()) {
            throw HubspotError.invalid("Invalid input JSON: the value of \"" + field.name() + "\" is a text.")
                    .thrown();
        }
        String text = value.isNull() ? "" : value.asText();
        if (text.isEmpty()) {
            values.put(field, null);
            return;
        }
        PropertyType type = PropertyType.of(field.type());
        if (!type.isText() && !text.equals(text.strip())) {
            wrong.add(new HubspotError.Detail(
                    "LEADING_TRAILING_WHITESPACE",
                    "\"" + text + "\" includes leading or trailing whitespace.",
                    field.name()));
            return;
        }
        if (PropertyDefinitions.isOwner(field.name()) && !Owners.isOwner(text)) {
            wrong.add(new HubspotError.Detail(
                    "INVALID_OPTION", text + " was not one of the allowed options: owners", field.name()));
            return;
        }
        boolean one = field.type() != FieldType.MULTIPICKLIST;
        if (one && field.options().restricted()
                ? !field.options().values().contains(text)
                : !field.options().take(text)) {
            wrong.add(new HubspotError.Detail(
                    "INVALID_OPTION",
                    text + " was not one of the allowed options: "
                            + field.options().values(),
                    field.name()));
            return;
        }
        try {
            values.put(field, type.normalize(text));
        } catch (IllegalArgumentException e) {
            wrong.add(type.wrong(field.name(), text));
        }
    }

    private static Object normalized(Field key, String id) {
        try {
            return PropertyType.of(key.type()).normalize(id);
        } catch (IllegalArgumentException e) {
            throw HubspotError.invalid(List.of(PropertyType.of(key.type()).wrong(key.name(), id)))
                    .thrown();
        }
    }

    /** Checks that no other live record has a unique value. */
    private void unique(Row row, Map<Field, Object> values) {
        values.forEach((field, value) -> {
            if (!field.unique() || value == null) {
                return;
            }
            for (Row other : transaction.find(table, field, value)) {
                if (row == null || other.number() != row.number()) {
                    throw (row == null ? taken(field, value, other) : taken(row, field, value, other)).thrown();
                }
            }
        });
    }

    private HubspotError taken(Field field, Object value, Row other) {
        if ("email".equals(field.name())) {
            return HubspotError.of(
                    409, "CONFLICT", table.type().label() + " already exists. Existing ID: " + other.id());
        }
        return HubspotError.invalid(List.of(new HubspotError.Detail(
                "CONFLICTING_UNIQUE_VALUE",
                "Cannot set " + field.name() + " to " + value + ": " + other.id() + " already has that value.",
                field.name())));
    }

    /**
     * Builds the recorded error for a change of a contact's e-mail address to one that is taken: 400 without a list of
     * errors.
     */
    private HubspotError taken(Row row, Field field, Object value, Row other) {
        return HubspotError.invalid("Cannot set PropertyValueCoordinates{portalId=" + Resources.PORTAL
                + ", objectTypeId=ObjectTypeId{legacyObjectType="
                + table.type().label().toUpperCase(Locale.ROOT)
                + "}, propertyName=" + field.name() + ", value=" + value + "} on " + row.id() + ". " + other.id()
                + " already has that value.");
    }

    private Map<Field, Object> values(Row row) {
        Map<Field, Object> values = new LinkedHashMap<>();
        for (Field field : table.type().fields()) {
            Object value = field.column() < 0 ? null : row.value(field.column());
            if (value != null && field.updateable()) {
                values.put(field, value);
            }
        }
        return values;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.CrmUser;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import io.sluice.sandbox.store.Transaction;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Edits records as a person does in HubSpot's own screens. Takes properties bare or under {@code properties}; {@code
 * {"archived":false}} restores an archived record, {@code {"objectIdToMerge":"5"}} merges another record into this one,
 * and {@code {"gdprDelete":true}} deletes it for good. Edits of the object {@code associations} create and remove
 * associations of any two records.
 */
public final class HubspotUser implements CrmUser {

    @Override
    public Optional<ObjectNode> read(Account account, Table table, String idOrKey) {
        return find(account, table, idOrKey).map(row -> show(account, table, row));
    }

    @Override
    public ObjectNode show(Account account, Table table, Row row) {
        return RecordJson.whole(table, row);
    }

    @Override
    public String write(Account account, Table table, String idOrKey, JsonNode fields, Request.Attempt attempt) {
        if (Links.ASSOCIATIONS.equals(table.type().name())) {
            return associate(account, fields, attempt);
        }
        JsonNode properties = fields.path("properties").isObject() ? fields.path("properties") : fields;
        if (idOrKey == null) {
            return change(account, table, attempt, writer -> writer.create(properties)
                    .row()
                    .id());
        }
        if (fields.has("archived") && !fields.path("archived").asBoolean()) {
            Row row = Optional.ofNullable(table.row(idOrKey))
                    .filter(r -> r.isDeleted() && !r.isPurged())
                    .orElseThrow(() -> unknown(table, idOrKey));
            return change(account, table, attempt, writer -> writer.restore(row).id());
        }
        String id = known(account, table, idOrKey).id();
        if (fields.has("objectIdToMerge")) {
            return change(account, table, attempt, writer -> writer.merge(
                            id, fields.path("objectIdToMerge").asText(), account.option(Account.MERGE_MINTS_ID))
                    .id());
        }
        if (fields.path("gdprDelete").asBoolean()) {
            return change(account, table, attempt, writer -> {
                writer.forget(id);
                return id;
            });
        }
        return change(account, table, attempt, writer -> writer.update(null, id, properties)
                .row()
                .id());
    }

    /** Sets properties of a record as a workflow does. */
    @Override
    public void automate(Account account, Table table, String id, JsonNode fields, Request.Attempt attempt) {
        change(account, table, attempt, Origin.WORKFLOW, writer -> writer.update(null, id, fields)
                .row()
                .id());
    }

    @Override
    public void delete(Account account, Table table, String idOrKey, Request.Attempt attempt) {
        Row row = known(account, table, idOrKey);
        if (!StandardObjects.isObject(table.type())) {
            try (Transaction transaction = account.store().begin()) {
                transaction.delete(table, row, Map.of(), Origin.USER.user());
                attempt.commit(transaction);
            }
            return;
        }
        String id = row.id();
        change(account, table, attempt, writer -> {
            writer.archive(id);
            return id;
        });
    }

    /**
     * Associates two records from {@code {"from":"ID","to":"ID","types":[1]}}; without types by the unlabelled type.
     */
    private static String associate(Account account, JsonNode fields, Request.Attempt attempt) {
        Links.End from = end(account, fields.path("from").asText());
        Links.End to = end(account, fields.path("to").asText());
        Set<Integer> numbers = new HashSet<>();
        fields.path("types").forEach(type -> numbers.add(type.asInt()));
        List<AssociationType> types = AssociationTypes.between(account.store(), from.table(), to.table()).stream()
                .filter(type -> numbers.contains(type.id()))
                .toList();
        if (types.size() < numbers.size()) {
            throw new IllegalArgumentException("Not every type of " + numbers + " is one from "
                    + from.table().type().name() + " to " + to.table().type().name() + ".");
        }
        try (Transaction transaction = account.store().begin()) {
            String id = new Links(account.store())
                    .add(transaction, from, to, types, Origin.USER)
                    .id();
            attempt.commit(transaction);
            return id;
        }
    }

    private static Links.End end(Account account, String id) {
        for (Table table : account.store().tables()) {
            Row row = StandardObjects.isObject(table.type()) ? ApiCall.live(table, id) : null;
            if (row != null) {
                return new Links.End(table, row);
            }
        }
        throw new IllegalArgumentException("There is no record with the id '" + id + "' to associate.");
    }

    private static String change(
            Account account, Table table, Request.Attempt attempt, Function<RecordWriter, String> work) {
        return change(account, table, attempt, Origin.USER, work);
    }

    private static String change(
            Account account, Table table, Request.Attempt attempt, Origin origin, Function<RecordWriter, String> work) {
        try (Transaction transaction = account.store().begin()) {
            String id = work.apply(new RecordWriter(account, table, transaction, attempt, origin));
            attempt.commit(transaction);
            return id;
        } catch (HubspotError.Thrown e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private static Row known(Account account, Table table, String idOrKey) {
        return find(account, table, idOrKey).orElseThrow(() -> unknown(table, idOrKey));
    }

    private static IllegalArgumentException unknown(Table table, String idOrKey) {
        return new IllegalArgumentException(
                "There is no record of " + table.type().name() + " with the id or unique value '" + idOrKey + "'.");
    }

    private static Optional<Row> find(Account account, Table table, String idOrKey) {
        return Optional.ofNullable(ApiCall.live(table, idOrKey)).or(() -> table.type().fields().stream()
                .filter(Field::unique)
                .map(key -> account.store().find(table, key, idOrKey))
                .flatMap(List::stream)
                .findFirst());
    }
}

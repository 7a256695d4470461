// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.CrmUser;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.RecordIds;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import io.sluice.sandbox.store.Transaction;
import java.util.List;
import java.util.Optional;

/**
 * Edits records as a person does in the org's own screens: by the rules of the API, with another user in
 * LastModifiedById. {@code {"IsDeleted":false}} takes a record out of the recycle bin by its id; {@code
 * {"IdToMerge":"003..."}} merges another record into this one.
 */
public final class SalesforceUser implements CrmUser {

    @Override
    public Optional<ObjectNode> read(Account account, Table table, String idOrKey) {
        return find(account, table, idOrKey).map(row -> show(account, table, row));
    }

    @Override
    public ObjectNode show(Account account, Table table, Row row) {
        ObjectNode record = Answers.JSON.createObjectNode();
        for (Field field : table.type().fields()) {
            Object value = field.read(row);
            if (value != null) {
                record.set(field.name(), Answers.JSON.valueToTree(field.type().toWire(value)));
            }
        }
        return record;
    }

    @Override
    public String write(Account account, Table table, String idOrKey, JsonNode fields, Request.Attempt attempt) {
        if (fields.has("IsDeleted") && !fields.path("IsDeleted").asBoolean()) {
            return change(account, attempt, writer -> writer.undelete(table, idOrKey));
        }
        String id = idOrKey == null ? null : known(account, table, idOrKey).id();
        if (fields.has("IdToMerge")) {
            return change(account, attempt, writer -> new Merger(account.store(), writer)
                    .merge(
                            table,
                            Answers.JSON.createObjectNode().put("Id", id),
                            List.of(fields.path("IdToMerge").asText()))
                    .outcome());
        }
        return change(
                account,
                attempt,
                writer -> id == null
                        ? writer.create(table, new SentRecord.Json(fields))
                        : writer.update(table, id, new SentRecord.Json(fields)));
    }

    @Override
    public void delete(Account account, Table table, String idOrKey, Request.Attempt attempt) {
        String id = known(account, table, idOrKey).id();
        change(account, attempt, writer -> writer.delete(table, id));
    }

    @Override
    public void automate(Account account, Table table, String id, JsonNode fields, Request.Attempt attempt) {
        change(
                account,
                attempt,
                SaveOptions.AUTOMATION,
                writer -> writer.update(table, id, new SentRecord.Json(fields)));
    }

    private interface Change {
        Outcome make(RecordWriter writer);
    }

    private static String change(Account account, Request.Attempt attempt, Change change) {
        return change(account, attempt, SaveOptions.SCREENS, change);
    }

    private static String change(Account account, Request.Attempt attempt, SaveOptions options, Change change) {
        try (Transaction transaction = account.store().begin()) {
            Outcome outcome = change.make(new RecordWriter(account.store(), transaction, attempt, options));
            if (outcome instanceof Outcome.Rejected rejected) {
                SalesforceError error = rejected.errors().get(0);
                throw new IllegalArgumentException(error.code() + ": " + error.message());
            }
            attempt.commit(transaction);
            return ((Outcome.Saved) outcome).id();
        }
    }

    private static Row known(Account account, Table table, String idOrKey) {
        return find(account, table, idOrKey)
                .orElseThrow(() -> new IllegalArgumentException(
                        "There is no " + table.type().name() + " with the id or external id '" + idOrKey + "'."));
    }

    private static Optional<Row> find(Account account, Table table, String idOrKey) {
        if (RecordIds.isWellFormed(idOrKey)) {
            Row row = table.row(idOrKey);
            if (row != null) {
                return Optional.of(row).filter(r -> !r.isDeleted());
            }
        }
        return table.type().fields().stream()
                .filter(Field::externalId)
                .map(key -> account.store().find(table, key, idOrKey))
                .flatMap(List::stream)
                .findFirst();
    }
}

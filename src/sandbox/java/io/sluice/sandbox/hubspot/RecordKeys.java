// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * Finds the records that a write carries, so that the referee can check that no two writes of one record overlap. A
 * record known by a unique property is listed under its id too, once it has one.
 */
final class RecordKeys {

    private RecordKeys() {}

    static Set<String> of(ApiCall call, String operation) {
        Set<String> keys = new HashSet<>();
        try {
            switch (operation) {
                case "update", "archive" ->
                    add(
                            keys,
                            call,
                            call.table(),
                            ApiCall.key(call.table(), call.parameter("idProperty")),
                            call.part(2));
                case "merge" -> {
                    JsonNode body = call.body();
                    add(
                            keys,
                            call,
                            call.table(),
                            null,
                            body.path("primaryObjectId").asText());
                    add(
                            keys,
                            call,
                            call.table(),
                            null,
                            body.path("objectIdToMerge").asText());
                }
                case "batchUpdate", "batchUpsert", "batchArchive" -> {
                    Table table = call.table();
                    for (JsonNode input : Batches.inputs(call)) {
                        add(keys, call, table, Batches.key(table, input), Batches.id(input));
                    }
                }
                default -> {}
            }
        } catch (HubspotError.Thrown e) {
            // the work says what is wrong with the request
            return Set.of();
        }
        return keys;
    }

    /** Finds the objects and records of a call that only its body names, for faults that name them. */
    static Request.Subject subject(ApiCall call, String operation) {
        Set<String> keys = new HashSet<>();
        Set<String> objects = new HashSet<>();
        try {
            switch (operation) {
                case "read" ->
                    add(
                            keys,
                            call,
                            call.table(),
                            ApiCall.key(call.table(), call.parameter("idProperty")),
                            call.part(2));
                case "create" -> addValues(keys, call.table(), call.body().path("properties"));
                case "batchRead" -> {
                    Field key = ApiCall.key(
                            call.table(), call.body().path("idProperty").asText(null));
                    for (JsonNode input : Batches.inputs(call)) {
                        keys.add(Batches.id(input));
                        add(keys, call, call.table(), key, Batches.id(input));
                    }
                }
                case "batchCreate" -> {
                    for (JsonNode input : Batches.inputs(call)) {
                        addValues(keys, call.table(), input.path("properties"));
                    }
                }
                case "batchUpdate", "batchUpsert", "batchArchive" -> {
                    for (JsonNode input : Batches.inputs(call)) {
                        keys.add(Batches.id(input));
                    }
                }
                case "associationsCreate", "associationsRead", "associationsArchive", "associationsLabels" -> {
                    objects.add(call.table(call.part(1)).type().name());
                    objects.add(call.table(call.part(2)).type().name());
                }
                default -> {}
            }
        } catch (HubspotError.Thrown e) {
            // the work says what is wrong with the request
            return Request.Subject.NONE;
        }
        return new Request.Subject(objects, keys);
    }

    private static void addValues(Set<String> keys, Table table, JsonNode properties) {
        table.type().fields().stream()
                .filter(Field::unique)
                .filter(field -> properties.has(field.name()))
                .forEach(field -> keys.add(field.name() + "/"
                        + properties.path(field.name()).asText().toLowerCase(Locale.ROOT)));
    }

    private static void add(Set<String> keys, ApiCall call, Table table, Field key, String id) {
        if (key != null) {
            keys.add(table.type().name() + "/" + key.name() + "/" + id.toLowerCase(Locale.ROOT));
        }
        Row row = call.find(table, key, id);
        if (row != null) {
            keys.add(row.id());
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.RecordIds;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Finds the records that a write carries, so that the referee can check that no two writes of one record overlap. A
 * record known by an external id is listed under its id too, once it has one.
 */
final class RecordKeys {

    private final Set<String> keys = new HashSet<>();

    private RecordKeys() {}

    /** Finds the names of the rows of a bulk job: their ids, or values of this external id. */
    static Set<String> of(Store store, Table table, Field key, List<String> values) {
        RecordKeys found = new RecordKeys();
        for (String value : values) {
            if (key == null || key.type() == FieldType.ID) {
                found.addId(value);
            } else {
                found.addKey(store, table, key, value);
            }
        }
        return found.keys;
    }

    /** Finds the names of records that are known by their ids. */
    static Set<String> ofIds(List<String> ids) {
        RecordKeys found = new RecordKeys();
        ids.forEach(found::addId);
        return found.keys;
    }

    static Set<String> of(ApiCall call, Resources resources) {
        RecordKeys found = new RecordKeys();
        try {
            found.collect(call, resources);
        } catch (RefusedException e) {
            // the work says what is wrong with the request
            return Set.of();
        }
        return found.keys;
    }

    private void collect(ApiCall call, Resources resources) {
        switch (resources.route(call.method(), call.rest()).operation()) {
            case "update", "delete" -> addId(call.part(2));
            case "upsert", "deleteByKey" -> {
                Table table = call.table(1);
                addKey(call.store(), table, Rows.key(table, call.part(2)), call.part(3));
            }
            case "collectionsUpdate" -> Collections.records(call).forEach(record -> addId(KeyedRows.idOf(record)));
            case "collectionsDelete" -> {
                for (String id : call.parameter("ids", "").split(",")) {
                    addId(id);
                }
            }
            case "collectionsUpsert" -> {
                Table table = call.table(2);
                table.type().field(call.part(3)).ifPresent(key -> {
                    for (JsonNode record : Collections.records(call)) {
                        addKey(call.store(), table, key, KeyedRows.keyOf(record, key));
                    }
                });
            }
            case "composite" -> collectParts(call, call.body().json(), resources);
            case "compositeGraph" ->
                call.body().json().path("graphs").forEach(graph -> collectParts(call, graph, resources));
            case "compositeBatch" ->
                call.body()
                        .json()
                        .path("batchRequests")
                        .forEach(one -> collectPart(CompositeBatch.inner(call, one), resources));
            default -> {}
        }
    }

    private void collectParts(ApiCall call, JsonNode composite, Resources resources) {
        composite.path("compositeRequest").forEach(one -> collectPart(Composite.inner(call, one), resources));
    }

    private void collectPart(ApiCall part, Resources resources) {
        if (part != null) {
            collect(part, resources);
        }
    }

    private void addId(String id) {
        if (RecordIds.isWellFormed(id)) {
            keys.add(RecordIds.full(id));
        }
    }

    private void addKey(Store store, Table table, Field key, String value) {
        if (value == null) {
            return;
        }
        keys.add(table.type().name() + "/" + key.name() + "/" + value.toLowerCase(Locale.ROOT));
        for (Row row : store.find(table, key, value)) {
            keys.add(row.id());
        }
    }
}

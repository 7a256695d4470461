package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;

import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.RecordIds;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;

import java.util.HashSet;
import java.util.Set;

/**
 * Which records a write carries, for the referee's check that no two writes of one record are under way at once. A
 * record known by an external id stands under its id too, once it has one.
 */
final class RecordKeys {

    private final ApiCall call;
    private final Set<String> keys = new HashSet<>();

    private RecordKeys(ApiCall call) {
        this.call = call;
    }

    static Set<String> of(ApiCall call, String operation) {
        RecordKeys found = new RecordKeys(call);
        try {
            found.collect(operation);
        } catch (RefusedException e) {
            // the work says what is wrong with the request
            return Set.of();
        }
        return found.keys;
    }

    private void collect(String operation) {
        switch (operation) {
            case "update", "delete" -> addId(call.part(2));
            case "upsert", "deleteByKey" -> {
                Table table = call.table(1);
                addKey(table, Rows.key(table, call.part(2)), call.part(3));
            }
            case "collectionsUpdate" -> Collections.records(call).forEach(record -> addId(Collections.idOf(record)));
            case "collectionsDelete" -> {
                for (String id : call.parameter("ids", "").split(",")) {
                    addId(id);
                }
            }
            case "collectionsUpsert" -> {
                Table table = call.table(2);
                table.type().field(call.part(3)).ifPresent(key -> {
                    for (JsonNode record : Collections.records(call)) {
                        addKey(table, key, Collections.keyOf(record, key));
                    }
                });
            }
            default -> { }
        }
    }

    private void addId(String id) {
        if (RecordIds.isWellFormed(id)) {
            keys.add(RecordIds.full(id));
        }
    }

    private void addKey(Table table, Field key, String value) {
        if (value == null) {
            return;
        }
        keys.add(table.type().name() + "/" + key.name() + "/" + value.toLowerCase(java.util.Locale.ROOT));
        for (Row row : call.store().find(table, key, value)) {
            keys.add(row.id());
        }
    }
}

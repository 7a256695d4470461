// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Selects the parts of records that a read shows: values, their history, and associated records ({@code properties},
 * {@code propertiesWithHistory} and {@code associations} of HubSpot's OpenAPI description).
 *
 * @param properties names of those whose values are shown
 * @param history    names of those of which each value is shown that they ever had
 * @param to         objects whose associated records are shown
 */
record Shown(ApiCall call, Table table, Set<String> properties, List<String> history, List<Table> to) {

    /** Maximum number of records in an answer with histories; from memory. */
    static final int MOST_WITH_HISTORY = 50;

    private static final int MOST_ASSOCIATED = 100;

    static Shown of(ApiCall call) {
        Table table = call.table();
        return of(
                call,
                table,
                call.list("properties"),
                call.list("propertiesWithHistory"),
                call.list("associations").stream().map(call::table).toList());
    }

    static Shown of(ApiCall call, Table table, List<String> properties, List<String> history, List<Table> to) {
        Set<String> names = ApiCall.properties(table, properties);
        names.addAll(history);
        return new Shown(call, table, names, history, to);
    }

    static List<String> names(JsonNode array) {
        List<String> names = new ArrayList<>();
        array.forEach(name -> names.add(name.asText()));
        return names;
    }

    ObjectNode json(Row row) {
        ObjectNode record = RecordJson.of(table, row, properties);
        if (!history.isEmpty()) {
            histories(record.putObject("propertiesWithHistory"), row);
        }
        associations(record, row);
        return record;
    }

    /** Writes the histories, newest value first; a removed value is an empty text. */
    private void histories(ObjectNode histories, Row row) {
        List<Row> versions = call.account().versions(table, row);
        for (String name : history) {
            Field field =
                    table.type().field(name).filter(RecordJson::isProperty).orElse(null);
            if (field == null) {
                continue;
            }
            List<ObjectNode> values = new ArrayList<>();
            String before = null;
            for (Row version : versions) {
                String value = RecordJson.value(field, version);
                if (!Objects.equals(before, value)) {
                    values.add(version(value, version));
                }
                before = value;
            }
            Collections.reverse(values);
            values.forEach(histories.putArray(field.name())::add);
        }
    }

    private static ObjectNode version(String value, Row version) {
        Origin origin = Origin.of(version.modifiedBy());
        ObjectNode shown = Answers.JSON
                .createObjectNode()
                .put("value", value == null ? "" : value)
                .put("timestamp", Answers.moment(version.stamp()))
                .put("sourceType", origin.source())
                .put("sourceId", origin.id());
        return origin.userId() == null ? shown : shown.put("updatedByUserId", origin.userId());
    }

    private void associations(ObjectNode record, Row row) {
        for (Table other : to) {
            List<Links.Link> links = new Links(call.store()).of(new Links.End(table, row), other);
            if (links.isEmpty()) {
                continue;
            }
            ObjectNode body = record.withObject("/associations").putObject(plural(other));
            ArrayNode results = body.putArray("results");
            links.stream().limit(MOST_ASSOCIATED).forEach(link -> link.types().forEach(type -> results.addObject()
                    .put("id", link.otherId())
                    .put("type", AssociationTypes.name(call.store(), table, other, type))));
            if (links.size() > MOST_ASSOCIATED) {
                String after = String.valueOf(links.get(MOST_ASSOCIATED - 1).number());
                body.putObject("paging")
                        .putObject("next")
                        .put("after", after)
                        .put(
                                "link",
                                call.call().origin()
                                        + "/crm/v4/objects/" + table.type().name() + "/" + row.id() + "/associations/"
                                        + other.type().name() + "?after=" + after);
            }
        }
    }

    private static String plural(Table table) {
        return Schemas.fullName(table.type());
    }
}

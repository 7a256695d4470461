// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import java.util.Set;

/** Shows records in HubSpot's form. */
final class RecordJson {

    private RecordJson() {}

    /** Shows a record with these properties, null where one is not set; unknown names are left out. */
    static ObjectNode of(Table table, Row row, Set<String> names) {
        ObjectNode record = Answers.JSON.createObjectNode().put("id", row.id());
        ObjectNode properties = record.putObject("properties");
        for (String name : names) {
            table.type()
                    .field(name)
                    .filter(RecordJson::isProperty)
                    .ifPresent(field -> properties.put(field.name(), value(field, row)));
        }
        return withTimes(record, row);
    }

    /** Shows a record with every property that is set. */
    static ObjectNode whole(Table table, Row row) {
        ObjectNode record = Answers.JSON.createObjectNode().put("id", row.id());
        ObjectNode properties = record.putObject("properties");
        for (Field field : table.type().fields()) {
            String value = isProperty(field) ? value(field, row) : null;
            if (value != null) {
                properties.put(field.name(), value);
            }
        }
        return withTimes(record, row);
    }

    /**
     * Answers the stored value as text, or null. It does not use {@link Field#read}, which reads an unset checkbox as
     * off.
     */
    static String value(Field field, Row row) {
        return (String)
                (field.source() == null
                        ? row.value(field.column())
                        : field.source().apply(row));
    }

    static boolean isProperty(Field field) {
        return !StandardObjects.MERGED_INTO.equals(field.name());
    }

    private static ObjectNode withTimes(ObjectNode record, Row row) {
        record.put("createdAt", Answers.moment(row.created()))
                .put("updatedAt", Answers.moment(row.modified()))
                .put("archived", row.isDeleted());
        return row.isDeleted() ? record.put("archivedAt", Answers.moment(row.stamp())) : record;
    }
}

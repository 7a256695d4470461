// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Table;
import java.util.Map;

/**
 * Represents a row of an upload whose cells have been parsed.
 *
 * @param row    the cells as they were uploaded
 * @param values by column, as {@link CsvColumns} tells them
 */
record CsvRecord(CsvColumns columns, String[] row, Object[] values) implements SentRecord {

    @Override
    public String id() {
        return columns.id(row);
    }

    @Override
    public String text(Field field) {
        return columns.text(row, field);
    }

    @Override
    public Map<Field, Object> values(Table table, RecordFields fields, boolean creating) {
        return columns.values(values, fields, creating);
    }
}

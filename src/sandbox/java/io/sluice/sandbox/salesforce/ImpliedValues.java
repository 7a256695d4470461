// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import java.util.Map;
import java.util.Objects;

/**
 * Adds the values that a written status or stage implies: "If the StageName is updated, then the ForecastCategoryName,
 * IsClosed, IsWon, and Probability are automatically updated" ("Opportunity", likewise "Case", "Task" and
 * "CampaignMember" in the Object Reference).
 */
final class ImpliedValues {

    private static final long DAY_MILLIS = 86_400_000;

    private final Table table;
    private final Row before;
    private final Map<Field, Object> values;

    /** @param before the record before the save, or null when it is new */
    private ImpliedValues(Table table, Row before, Map<Field, Object> values) {
        this.table = table;
        this.before = before;
        this.values = values;
    }

    /** @param now the stamp of the save, milliseconds since 1970 */
    static void add(Table table, Row before, Map<Field, Object> values, long now) {
        ImpliedValues implied = new ImpliedValues(table, before, values);
        switch (table.type().name()) {
            case "Opportunity" -> implied.stage();
            case "Case" -> implied.closed("Closed", "ClosedDate", now);
            case "Task" -> implied.closed("Completed", "CompletedDateTime", now);
            case "CampaignMember" -> implied.responded(now);
            default -> {}
        }
    }

    private void stage() {
        if (isChanged("StageName")) {
            OpportunityStages.of(values.get(field("StageName"))).ifPresent(stage -> {
                values.putIfAbsent(field("Probability"), stage.probability());
                values.putIfAbsent(field("ForecastCategoryName"), stage.category());
            });
        }
    }

    private void closed(String status, String date, long now) {
        if (isChanged("Status")) {
            boolean isClosed = status.equals(values.get(field("Status")));
            if (isClosed || before != null) {
                values.put(field(date), isClosed ? now : null);
            }
        }
    }

    private void responded(long now) {
        Field date = field("FirstRespondedDate");
        if (isChanged("Status")
                && "Responded".equals(values.get(field("Status")))
                && (before == null || date.read(before) == null)) {
            values.put(date, (int) (now / DAY_MILLIS));
        }
    }

    private boolean isChanged(String name) {
        Field field = field(name);
        return values.containsKey(field) && (before == null || !Objects.equals(values.get(field), field.read(before)));
    }

    private Field field(String name) {
        return table.type().field(name).orElseThrow();
    }
}

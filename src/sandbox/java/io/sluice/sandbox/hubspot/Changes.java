// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import io.sluice.sandbox.hubspot.webhook.Change;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Collects the changes of a commit in the form of webhooks. Runs before the commit's rows are installed in the tables.
 */
final class Changes {

    private final Store.Commit commit;
    private final List<Change> found = new ArrayList<>();

    private Changes(Store.Commit commit) {
        this.commit = commit;
    }

    static List<Change> of(Store.Commit commit) {
        Changes changes = new Changes(commit);
        commit.rows().forEach((table, rows) -> {
            if (StandardObjects.isObject(table.type())) {
                // deletions come before creations
                rows.stream()
                        .filter(Row::isDeleted)
                        .forEach(row -> changes.compare(table, table.row(row.number()), row));
                rows.stream()
                        .filter(row -> !row.isDeleted())
                        .forEach(row -> changes.compare(table, table.row(row.number()), row));
            }
        });
        return changes.found;
    }

    private void compare(Table table, Row before, Row after) {
        boolean was = before != null && !before.isDeleted();
        if (after.isPurged()) {
            if (before != null && !before.isPurged()) {
                add(table, after, Change.PRIVACY_DELETION, null, null);
            }
        } else if (after.isDeleted()) {
            if (was) {
                gone(table, after);
            }
        } else if (before == null && mergedIds(table, after) != null) {
            merged(table, after);
        } else {
            if (!was) {
                add(table, after, before == null ? Change.CREATION : Change.RESTORE, null, null);
            }
            properties(table, before, after)
                    .forEach(property -> add(table, after, Change.PROPERTY_CHANGE, property, null));
        }
    }

    /** Adds the deletion of a record that was archived. Of two merged records, the survivor is reported instead. */
    private void gone(Table table, Row after) {
        String survivor = (String)
                table.type().field(StandardObjects.MERGED_INTO).orElseThrow().read(after);
        Row primary = survivor == null
                ? null
                : commit.rows().get(table).stream()
                        .filter(row -> row.id().equals(survivor))
                        .findFirst()
                        .orElse(null);
        if (primary == null || table.row(primary.number()) == null) {
            add(table, after, Change.DELETION, null, null);
            return;
        }
        // one that moves is the list of merged ids, which is nobody's property
        int moved = properties(table, table.row(primary.number()), primary).size() - 1;
        add(
                table,
                primary,
                Change.MERGE,
                null,
                new Change.Merge(survivor, List.of(after.id()), survivor, Math.max(0, moved)));
    }

    /**
     * Adds the events of a merge that created a record: both merged records are reported as deleted first, and no
     * property is reported.
     */
    private void merged(Table table, Row made) {
        List<String> ids = List.of(mergedIds(table, made).split(";"));
        commit.rows().get(table).stream()
                .filter(row -> row.id().equals(ids.get(0)))
                .findFirst()
                .ifPresent(primary -> add(
                        table,
                        primary,
                        Change.MERGE,
                        null,
                        new Change.Merge(
                                ids.get(0),
                                ids.subList(1, ids.size()),
                                made.id(),
                                properties(table, null, made).size() - 1)));
    }

    private static String mergedIds(Table table, Row row) {
        return (String)
                table.type().field(StandardObjects.MERGED_IDS).orElseThrow().read(row);
    }

    private void add(Table table, Row row, String kind, Change.Property property, Change.Merge merge) {
        Origin origin = Origin.of(row.modifiedBy());
        found.add(new Change(
                table.type().name(),
                table.type().keyPrefix(),
                kind,
                row.id(),
                origin.source(),
                origin.id(),
                row.stamp(),
                property,
                merge));
    }

    /**
     * Formats a value as HubSpot sends it: dates and times as milliseconds since 1970, a cleared value as an empty
     * text.
     */
    static String wireValue(Field field, String value) {
        if (value == null) {
            return "";
        }
        PropertyType type = PropertyType.of(field.type());
        return type == PropertyType.DATE || type == PropertyType.DATETIME
                ? String.valueOf(PropertyType.moment(value))
                : value;
    }

    private static List<Change.Property> properties(Table table, Row before, Row after) {
        List<Change.Property> changed = new ArrayList<>();
        for (Field field : table.type().fields()) {
            if (field.source() != null || !RecordJson.isProperty(field)) {
                continue;
            }
            String old = before == null ? null : RecordJson.value(field, before);
            String now = RecordJson.value(field, after);
            if (!Objects.equals(old, now)) {
                changed.add(new Change.Property(field.name(), wireValue(field, now)));
            }
        }
        return changed;
    }
}

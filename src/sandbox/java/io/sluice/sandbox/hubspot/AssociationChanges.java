// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import io.sluice.sandbox.hubspot.webhook.Change;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Collects the associations that a commit creates and removes, in the form of webhooks: one per type and per end, so
 * that a primary association is reported twice from both ends. Runs before the commit's rows are installed in the
 * tables.
 */
final class AssociationChanges {

    private final Store store;
    private final Links links;
    private final List<Change> found = new ArrayList<>();

    private AssociationChanges(Store store) {
        this.store = store;
        this.links = new Links(store);
    }

    static List<Change> of(Store store, Store.Commit commit) {
        AssociationChanges changes = new AssociationChanges(store);
        Table table = store.table(Links.ASSOCIATIONS).orElseThrow();
        commit.rows().getOrDefault(table, List.of()).forEach(row -> changes.compare(table.row(row.number()), row));
        return changes.found;
    }

    private void compare(Row before, Row after) {
        Set<Integer> was = before == null ? Set.of() : links.kept(before).numbers();
        Set<Integer> is = links.kept(after).numbers();
        without(was, is).forEach(number -> add(after, number, true));
        without(is, was).forEach(number -> add(after, number, false));
    }

    private static Set<Integer> without(Set<Integer> all, Set<Integer> some) {
        Set<Integer> rest = new TreeSet<>(all);
        rest.removeAll(some);
        return rest;
    }

    private void add(Row row, int number, boolean removed) {
        Links.Kept kept = links.kept(row);
        Table one = table(kept.oneType());
        Table other = table(kept.otherType());
        type(one, other, number).ifPresent(type -> {
            add(row, type, removed, one, kept.oneId(), other, kept.otherId());
            type(other, one, type.inverse())
                    .ifPresent(inverse -> add(row, inverse, removed, other, kept.otherId(), one, kept.oneId()));
        });
    }

    private void add(Row row, AssociationType type, boolean removed, Table from, String fromId, Table to, String toId) {
        Origin origin = Origin.of(row.modifiedBy());
        found.add(new Change(
                from.type().name(),
                from.type().keyPrefix(),
                Change.ASSOCIATION_CHANGE,
                fromId,
                origin.source(),
                origin.id(),
                row.stamp(),
                null,
                null,
                new Change.Association(
                        name(from) + "_TO_" + name(to),
                        type.id(),
                        type.category(),
                        toId,
                        to.type().keyPrefix(),
                        removed,
                        type.primary())));
    }

    private static String name(Table table) {
        return table.type().label().toUpperCase(Locale.ROOT).replace(' ', '_');
    }

    private Optional<AssociationType> type(Table from, Table to, int number) {
        return AssociationTypes.between(store, from, to).stream()
                .filter(type -> type.id() == number)
                .findFirst();
    }

    private Table table(String typeId) {
        return store.tables().stream()
                .filter(table -> table.type().keyPrefix().equals(typeId))
                .findFirst()
                .orElseThrow();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Calculates a field of parent records from their children, as a roll-up summary field of Salesforce does
 * (<a href="https://help.salesforce.com/s/articleView?id=platform.fields_about_roll_up_summary_fields.htm">Roll-Up
 * Summary Field</a>). A write of a child writes the parents whose value it changes, in the same moment and under the
 * name of an automation. Example: two opportunities of 100 and 50 make {@code sum} of {@code Amount} 150; deleting the
 * second one makes it 100.
 *
 * @param children  the child records
 * @param reference the field of the children that holds the parent's id
 * @param function  what is calculated
 * @param summed    the field of the children that is added up or compared, or null for a count
 */
public record RollUp(Table children, Field reference, Function function, Field summed) {

    /** The calculations of a roll-up. */
    public enum Function {
        COUNT,
        SUM,
        MIN,
        MAX
    }

    /** Collects the ids of the parents whose value a commit may change; called before its rows are installed. */
    Set<String> parents(Table parents, Map<Table, List<Row>> written) {
        Set<String> ids = new LinkedHashSet<>();
        for (Row after : written.getOrDefault(children, List.of())) {
            Row before = children.row(after.number());
            if (before != null) {
                add(ids, before);
            }
            add(ids, after);
        }
        for (Row after : written.getOrDefault(parents, List.of())) {
            if (parents.row(after.number()) == null) {
                ids.add(after.id());
            }
        }
        return ids;
    }

    private void add(Set<String> ids, Row child) {
        Object parent = reference.read(child);
        if (parent != null) {
            ids.add((String) parent);
        }
    }

    /** Calculates the value of each of these parents. Reads all children. */
    Map<String, Object> values(Set<String> parents) {
        Map<String, List<Object>> found = parents.stream().collect(Collectors.toMap(id -> id, id -> new ArrayList<>()));
        for (Row child : children) {
            Object parent = child.isDeleted() ? null : reference.read(child);
            if (parent != null && found.containsKey(parent)) {
                found.get(parent).add(summed == null ? child.id() : summed.read(child));
            }
        }
        return parents.stream()
                .filter(id -> value(found.get(id)) != null)
                .collect(Collectors.toMap(id -> id, id -> value(found.get(id))));
    }

    private Object value(List<Object> values) {
        return switch (function) {
            case COUNT -> (double) values.size();
            case SUM ->
                values.stream()
                        .filter(Objects::nonNull)
                        .mapToDouble(value -> ((Number) value).doubleValue())
                        .sum();
            case MIN -> extreme(values, Comparator.naturalOrder());
            case MAX -> extreme(values, Comparator.reverseOrder());
        };
    }

    @SuppressWarnings("unchecked")
    private static Object extreme(List<Object> values, Comparator<Comparable<Object>> order) {
        return values.stream()
                .filter(Objects::nonNull)
                .map(value -> (Comparable<Object>) value)
                .min(order)
                .orElse(null);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Matches records with groups of conditions: all the conditions of at least one group must hold. */
final class SearchFilter {

    private static final int MOST_GROUPS = 5;
    private static final int MOST_IN_A_GROUP = 6;
    private static final int MOST = 18;

    private final List<List<Condition>> groups;

    private SearchFilter(List<List<Condition>> groups) {
        this.groups = groups;
    }

    /**
     * Holds one condition, with the values that its operator compares to.
     *
     * @param field null where the condition is about associations
     */
    private record Condition(
            Field field, String operator, List<SearchValue> values, List<String> texts, Predicate<Row> test) {}

    static SearchFilter of(ApiCall call, Table table, JsonNode filterGroups) {
        List<List<Condition>> groups = new ArrayList<>();
        for (JsonNode group : filterGroups) {
            List<Condition> conditions = new ArrayList<>();
            group.path("filters").forEach(filter -> conditions.add(condition(call, table, filter)));
            groups.add(conditions);
        }
        if (groups.size() > MOST_GROUPS
                || groups.stream().anyMatch(g -> g.size() > MOST_IN_A_GROUP)
                || groups.stream().mapToInt(List::size).sum() > MOST) {
            throw HubspotError.invalid("A search has up to " + MOST_GROUPS + " filterGroups of up to " + MOST_IN_A_GROUP
                            + " filters, " + MOST + " in all.")
                    .thrown();
        }
        return new SearchFilter(groups);
    }

    static Field field(Table table, String name) {
        return table.type().field(name).filter(RecordJson::isProperty).orElseThrow(() -> HubspotError.invalid(
                        "There is no property '" + name + "' in " + table.type().name() + ".")
                .thrown());
    }

    boolean test(Row row) {
        return groups.isEmpty()
                || groups.stream()
                        .anyMatch(g -> g.stream().allMatch(c -> c.test().test(row)));
    }

    /** Finds the rows that can match: few of them when one condition has an index. */
    Iterable<Row> candidates(Store store, Table table) {
        if (groups.size() == 1) {
            for (Condition condition : groups.get(0)) {
                if (condition.field() == null) {
                    continue;
                }
                boolean exact = "EQ".equals(condition.operator()) || "IN".equals(condition.operator());
                if (exact && condition.field().indexed()) {
                    return condition.texts().stream()
                            .distinct()
                            .flatMap(text -> store.find(table, condition.field(), text).stream())
                            .distinct()
                            .toList();
                }
                if (condition.operator().startsWith("GT")
                        && condition.field().name().endsWith("lastmodifieddate")) {
                    return store.stampedBetween(
                            table, condition.values().get(0).number().longValue(), Long.MAX_VALUE);
                }
            }
        }
        return table;
    }

    private static Condition condition(ApiCall call, Table table, JsonNode filter) {
        String name = filter.path("propertyName").asText();
        String operator = filter.path("operator").asText();
        List<String> texts = new ArrayList<>();
        filter.path("values").forEach(value -> texts.add(value.asText()));
        if (texts.isEmpty() && filter.has("value")) {
            texts.add(filter.path("value").asText());
        }
        if (filter.has("highValue")) {
            texts.add(filter.path("highValue").asText());
        }
        int needed =
                switch (operator) {
                    case "BETWEEN" -> 2;
                    case "HAS_PROPERTY", "NOT_HAS_PROPERTY" -> 0;
                    default -> 1;
                };
        if (texts.size() < needed) {
            throw HubspotError.invalid("The operator " + operator + " needs " + needed + " value(s) for " + name + ".")
                    .thrown();
        }
        if (AssociationFilter.isMeant(name)) {
            return new Condition(
                    null, operator, List.of(), texts, AssociationFilter.of(call, table, name, operator, texts));
        }
        Field field = field(table, name);
        PropertyType type = PropertyType.of(field.type());
        List<SearchValue> values = texts.stream()
                .map(text -> SearchValue.of(operator.endsWith("TOKEN") ? PropertyType.STRING : type, text))
                .toList();
        return new Condition(field, operator, values, texts, test(field, operator, values));
    }

    private static Predicate<Row> test(Field field, String operator, List<SearchValue> values) {
        Predicate<Row> set = row -> RecordJson.value(field, row) != null;
        return switch (operator) {
            case "HAS_PROPERTY" -> set;
            case "NOT_HAS_PROPERTY" -> set.negate();
            case "EQ", "IN" -> row -> equalsOne(field, row, values);
            case "NEQ", "NOT_IN" -> row -> !equalsOne(field, row, values);
            case "LT" -> row -> compare(field, row, values.get(0), n -> n < 0);
            case "LTE" -> row -> compare(field, row, values.get(0), n -> n <= 0);
            case "GT" -> row -> compare(field, row, values.get(0), n -> n > 0);
            case "GTE" -> row -> compare(field, row, values.get(0), n -> n >= 0);
            case "BETWEEN" ->
                row -> compare(field, row, values.get(0), n -> n >= 0)
                        && compare(field, row, values.get(1), n -> n <= 0);
            case "CONTAINS_TOKEN" ->
                row -> Tokens.contains(
                        RecordJson.value(field, row), values.get(0).text());
            case "NOT_CONTAINS_TOKEN" ->
                row -> !Tokens.contains(
                        RecordJson.value(field, row), values.get(0).text());
            default ->
                throw HubspotError.invalid("There is no operator '" + operator + "'.")
                        .thrown();
        };
    }

    private static boolean equalsOne(Field field, Row row, List<SearchValue> values) {
        SearchValue value = SearchValue.of(field, row);
        return value != null && values.stream().anyMatch(v -> value.compareTo(v) == 0);
    }

    private interface Sign {
        boolean fits(int comparison);
    }

    private static boolean compare(Field field, Row row, SearchValue to, Sign sign) {
        SearchValue value = SearchValue.of(field, row);
        return value != null && sign.fits(value.compareTo(to));
    }
}

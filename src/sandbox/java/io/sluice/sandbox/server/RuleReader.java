// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.store.AssignmentRule;
import io.sluice.sandbox.store.DuplicateRule;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldTest;
import io.sluice.sandbox.store.Rules;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import io.sluice.sandbox.store.ValidationRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Reads the rules of a CRM: validation, duplicate and assignment rules, and slow triggers. A rule is the one whose key
 * it has: {@code refuse}, {@code duplicates}, {@code assign} or {@code triggerMs}. HubSpot has validation rules alone.
 */
final class RuleReader {

    private static final List<String> KEYS = List.of("refuse", "duplicates", "assign", "triggerMs");
    /** Assignment rules exist for these objects alone ("Assignment Rules" in Salesforce Help). */
    private static final Set<String> ASSIGNED = Set.of("Lead", "Case");

    private RuleReader() {}

    /** Whether only accounts of Salesforce have this rule. */
    static boolean isSalesforces(JsonNode rule) {
        return !rule.has("refuse");
    }

    static boolean isRule(JsonNode automation) {
        return KEYS.stream().anyMatch(automation::has);
    }

    /**
     * Reads the rules of one object.
     *
     * @throws IllegalArgumentException saying what is wrong with one
     */
    static Rules read(Store store, Table table, List<JsonNode> automations) {
        List<ValidationRule> validations = new ArrayList<>();
        List<DuplicateRule> duplicates = new ArrayList<>();
        List<AssignmentRule> assignments = new ArrayList<>();
        long triggerMillis = 0;
        for (JsonNode rule : automations) {
            if (rule.has("refuse")) {
                validations.add(new ValidationRule(
                        test(table, rule.path("refuse")),
                        rule.path("message").asText("A validation rule refuses the record."),
                        rule.path("error").asText("INVALID_PROPERTY_VALUE")));
            } else if (rule.has("duplicates")) {
                duplicates.add(duplicateRule(table, rule));
            } else if (rule.has("assign")) {
                assignments.add(assignmentRule(store, table, rule));
            } else {
                triggerMillis = triggerMillis(rule);
            }
        }
        return new Rules(validations, duplicates, assignments, triggerMillis);
    }

    private static DuplicateRule duplicateRule(Table table, JsonNode rule) {
        List<Field> fields = new ArrayList<>();
        rule.path("duplicates").forEach(name -> fields.add(field(table, name.asText())));
        if (fields.isEmpty()) {
            throw new IllegalArgumentException("A duplicate rule compares fields: {\"duplicates\":[\"Email\"]}.");
        }
        String action = rule.path("action").asText("block");
        if (!Set.of("block", "alert").contains(action)) {
            throw new IllegalArgumentException(
                    "The action of a duplicate rule is block or alert, not '" + action + "'.");
        }
        return new DuplicateRule(
                fields, "alert".equals(action), rule.path("message").asText("Use one of these records?"));
    }

    private static AssignmentRule assignmentRule(Store store, Table table, JsonNode rule) {
        if (!ASSIGNED.contains(table.type().name())) {
            throw new IllegalArgumentException(
                    "Leads and cases have assignment rules; " + table.type().name() + " has none.");
        }
        String owner = rule.path("assign").asText();
        if (store.table("User").map(users -> users.row(owner)).isEmpty()) {
            throw new IllegalArgumentException("An assignment rule names a user; there is no user '" + owner + "'.");
        }
        return new AssignmentRule(
                rule.has("if")
                        ? test(table, rule.path("if"))
                        : new FieldTest(table.type().field("Id").orElseThrow(), value -> true),
                owner);
    }

    private static long triggerMillis(JsonNode rule) {
        long millis = rule.path("triggerMs").asLong();
        if (millis <= 0) {
            throw new IllegalArgumentException("A trigger takes some time for each record: {\"triggerMs\":5}.");
        }
        return millis;
    }

    private static Field field(Table table, String name) {
        return table.type()
                .field(name)
                .orElseThrow(() -> new IllegalArgumentException(
                        table.type().name() + " has no field '" + name + "' that a rule could look at."));
    }

    private static FieldTest test(Table table, JsonNode spec) {
        Field field = field(table, spec.path("field").asText());
        Predicate<Object> test;
        if (spec.has("equals")) {
            test = value ->
                    value != null && value.toString().equals(spec.path("equals").asText());
        } else if (spec.has("matches")) {
            Pattern pattern = Pattern.compile(spec.path("matches").asText());
            test = value -> value != null && pattern.matcher(value.toString()).matches();
        } else if (spec.has("empty")) {
            test = value -> (value == null) == spec.path("empty").asBoolean();
        } else if (spec.has("above")) {
            test = value -> number(field, value) > spec.path("above").asDouble();
        } else if (spec.has("below")) {
            test = value -> number(field, value) < spec.path("below").asDouble();
        } else {
            throw new IllegalArgumentException("A rule's test has equals, matches, empty, above or below.");
        }
        return new FieldTest(field, test);
    }

    /** Answers the number that a field holds, which HubSpot stores as a text; a value that is none passes no test. */
    private static double number(Field field, Object value) {
        if (value instanceof Number number) {
            return number.doubleValue();
        }
        return value instanceof String text && field.type().isDecimal() ? Double.parseDouble(text) : Double.NaN;
    }
}

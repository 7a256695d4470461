// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import io.sluice.sandbox.store.AssignmentRule;
import io.sluice.sandbox.store.DuplicateRule;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Rules;
import io.sluice.sandbox.store.Table;
import io.sluice.sandbox.store.Transaction;
import io.sluice.sandbox.store.ValidationRule;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Applies the customer's rules to the records that a transaction saves: assignment, validation and duplicate rules
 * (<a href="https://developer.salesforce.com/docs/atlas.en-us.apexcode.meta/apexcode/apex_triggers_order_of_execution.htm"
 * >Triggers and Order of Execution</a>).
 */
final class CustomerRules {

    private final Transaction transaction;
    private final SaveOptions options;

    CustomerRules(Transaction transaction, SaveOptions options) {
        this.transaction = transaction;
        this.options = options;
    }

    /**
     * Puts the owner of the first assignment rule that matches among the values.
     *
     * @param row the record before the save, or null when it is new
     */
    void assign(Table table, Row row, Map<Field, Object> values) {
        List<AssignmentRule> rules = options.assigns() ? table.rules().assignments() : List.of();
        rules.stream()
                .filter(rule ->
                        rule.test().matches(value(row, values, rule.test().field())))
                .findFirst()
                .ifPresent(rule -> values.put(table.type().field("OwnerId").orElseThrow(), rule.owner()));
    }

    private static Object value(Row row, Map<Field, Object> values, Field field) {
        if (row == null || values.containsKey(field)) {
            return values.get(field);
        }
        return field.read(row);
    }

    /**
     * Writes a row, and takes it back when a rule rejects it.
     *
     * @throws RefusedException with the rule's error
     */
    Row save(Table table, Supplier<Row> write) {
        Rules rules = table.rules();
        if (rules.validations().isEmpty() && rules.duplicates().isEmpty()) {
            return write.get();
        }
        Transaction.Savepoint before = transaction.savepoint();
        Row row = write.get();
        try {
            validate(rules, row);
            findDuplicates(table, row);
        } catch (RefusedException rejected) {
            transaction.backTo(before);
            throw rejected;
        }
        return row;
    }

    private static void validate(Rules rules, Row row) {
        for (ValidationRule rule : rules.validations()) {
            if (rule.rejects(row)) {
                throw new RefusedException(new SalesforceError(
                        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                        rule.message(),
                        List.of(rule.test().field().name())));
            }
        }
    }

    private void findDuplicates(Table table, Row row) {
        for (DuplicateRule rule : table.rules().duplicates()) {
            List<Row> found = rule.allowsSave() && options.allowsDuplicates()
                    ? List.of()
                    : transaction.scan(table, other -> rule.matches(row, other));
            if (!found.isEmpty()) {
                throw new RefusedException(new SalesforceError(
                        DuplicateResult.CODE,
                        rule.message(),
                        List.of(),
                        DuplicateResult.of(table.type(), rule, found)));
            }
        }
    }
}

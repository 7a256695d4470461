// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

/**
 * Rejects the records that pass a test, as a validation rule of Salesforce or of a HubSpot property does.
 *
 * @param message the error's message
 * @param error   the code of HubSpot's error; Salesforce has one code for all rules
 */
public record ValidationRule(FieldTest test, String message, String error) {

    /** Whether the rule rejects a record that would look so. */
    public boolean rejects(Row row) {
        return test.matches(test.field().read(row));
    }
}

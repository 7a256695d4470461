// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

/**
 * Gives the records that pass a test to an owner, as an entry of an assignment rule of Salesforce does.
 *
 * @param owner id of the user
 */
public record AssignmentRule(FieldTest test, String owner) {}

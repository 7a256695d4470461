// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.store;

import java.util.function.Predicate;

/**
 * A rule of the customer's by which the CRM refuses a record.
 *
 * @param test    whether the record as it would be is refused
 * @param message what is said then
 * @param field   where it is said, or null for the record as a whole
 */
public record Refusal(Predicate<Row> test, String message, String field) {}

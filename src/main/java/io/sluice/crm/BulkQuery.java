// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

/**
 * Describes how a CRM exports all records of an object at once: by a job whose results are read in large pages. The CRM
 * then has a count-, query-create-, bulk-status- and query-page-action.
 *
 * @param calls the calls that a job takes besides its pages
 * @param small the records in a page of the ordinary read of changes
 */
public record BulkQuery(int calls, int small) {}

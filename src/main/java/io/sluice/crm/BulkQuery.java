package io.sluice.crm;

/**
 * How a CRM hands over all records of an object at once: by a job, whose results are read in large pages. It then has a
 * count-, query-create-, bulk-status- and query-page-action.
 *
 * @param calls that a job takes besides its pages
 * @param small records of a page where what changed is read, the other way
 */
public record BulkQuery(int calls, int small) {
}

package io.sluice.crm;

/**
 * How a CRM takes very many upserts at once.
 *
 * @param records  of one job at most
 * @param bytes    of one job's records as JSON at most
 * @param jobs     that may be open at once
 * @param calls    that a job takes, from its creation to its results
 * @param reserved a text that means something else in its format, so that no record with it goes this way; or null
 */
public record Bulk(int records, long bytes, int jobs, int calls, String reserved) {
}

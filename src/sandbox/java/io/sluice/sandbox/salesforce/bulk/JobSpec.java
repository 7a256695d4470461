// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.bulk;

/**
 * Describes what a job was created for.
 *
 * @param id         of 18 characters, beginning with 750
 * @param operation  insert, update, upsert, delete or hardDelete; query or queryAll
 * @param externalId name of the field by which rows are upserted, or null
 * @param query      the SOQL of a query job, or null
 * @param version    of the API, such as v62.0
 * @param created    milliseconds since 1970
 */
public record JobSpec(
        String id,
        Type type,
        String operation,
        String object,
        String externalId,
        String query,
        String version,
        CsvFormat format,
        long created,
        String createdBy) {

    /** Direction of the rows, by its wire name. */
    public enum Type {
        INGEST("V2Ingest"),
        QUERY("V2Query");

        private final String wireName;

        Type(String wireName) {
            this.wireName = wireName;
        }

        public String wireName() {
            return wireName;
        }
    }
}

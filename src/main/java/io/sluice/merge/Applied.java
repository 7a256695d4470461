// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Result of applying records that a CRM changed or deleted.
 *
 * @param updated    number of rows that got a value
 * @param inserted   number of new rows
 * @param deleted    number of deleted rows
 * @param conflicts  number of fields that both sides had changed
 * @param withoutKey number of records without external id, which have no row and can't get one
 * @param rejected    records that the table rejected
 * @param deferred      CRM ids of deferred records, which a call or a transaction is changing just now; they must be read again
 * @param modifiedAt    times, by the CRM's clock, at which the records that changed a row were modified; none of a snapshot
 */
public record Applied(
        int updated,
        int inserted,
        int deleted,
        int conflicts,
        int withoutKey,
        List<RejectedRow> rejected,
        Set<String> deferred,
        List<Instant> modifiedAt) {

    public static final Applied NOTHING = new Applied(0, 0, 0, 0, 0, List.of(), Set.of());

    /**
     * A record that the table rejected; the rest of its page was applied.
     *
     * @param columns columns that would have been written
     * @param why     PostgreSQL's message
     */
    public record RejectedRow(String key, String crmId, List<String> columns, String why) {
        /** Replaces NUL and lone surrogates by question marks: PostgreSQL's text, which keeps the rejection, can't hold them. */
        public RejectedRow {
            key = text(key);
            crmId = text(crmId);
            why = text(why);
        }

        private static String text(String odd) {
            return odd == null
                    ? null
                    : new String(
                            odd.replace('\u0000', '?').getBytes(java.nio.charset.StandardCharsets.UTF_8),
                            java.nio.charset.StandardCharsets.UTF_8);
        }
    }

    /** Makes a result that is not measured by the time of its records. */
    public Applied(
            int updated,
            int inserted,
            int deleted,
            int conflicts,
            int withoutKey,
            List<RejectedRow> rejected,
            Set<String> deferred) {
        this(updated, inserted, deleted, conflicts, withoutKey, rejected, deferred, List.of());
    }

    /** Returns the result without the times of its records, so that the sum of many results stays small. */
    Applied withoutTimes() {
        return new Applied(updated, inserted, deleted, conflicts, withoutKey, rejected, deferred);
    }

    /** Number of changed rows and conflicts; 0 when all values were known already. */
    public int changes() {
        return updated + inserted + deleted + conflicts;
    }

    public Applied plus(Applied other) {
        List<RejectedRow> allRejected = new ArrayList<>(rejected);
        allRejected.addAll(other.rejected);
        Set<String> allDeferred = new java.util.LinkedHashSet<>(deferred);
        allDeferred.addAll(other.deferred);
        List<Instant> allTimes = new ArrayList<>(modifiedAt);
        allTimes.addAll(other.modifiedAt);
        return new Applied(
                updated + other.updated,
                inserted + other.inserted,
                deleted + other.deleted,
                conflicts + other.conflicts,
                withoutKey + other.withoutKey,
                allRejected,
                allDeferred,
                allTimes);
    }
}

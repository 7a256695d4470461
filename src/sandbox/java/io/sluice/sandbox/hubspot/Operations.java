// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

/**
 * Names the requests for the referee and knows the limits that exempt them ({@code x-hubspot-rate-limit-exemptions} in
 * HubSpot's OpenAPI descriptions).
 */
final class Operations {

    /** Operation of reads of the journal. */
    static final String JOURNAL = "journal";

    static final String JOURNAL_SUBSCRIPTIONS = "journalSubscriptions";
    static final String JOURNAL_SNAPSHOTS = "journalSnapshots";
    /** Operation of journal files, which have no limit. */
    static final String JOURNAL_FILE = "journalFile";

    static final String SEARCH = "search";
    private static final String ASSOCIATIONS = "associations";

    private Operations() {}

    /** Whether the operation is a search, which has its own limit instead of the ten-second one. */
    static boolean isSearch(String operation) {
        return SEARCH.equals(operation);
    }

    /** Whether the operation is below /webhooks-journal; each of these has only a limit of its own name, or none. */
    static boolean isJournal(String name) {
        return name.startsWith(JOURNAL);
    }

    static boolean isAssociationBatch(String operation) {
        return operation.startsWith(ASSOCIATIONS);
    }
}

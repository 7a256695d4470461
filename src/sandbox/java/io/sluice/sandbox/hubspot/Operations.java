// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

/** What the referee calls the requests, and which limits pass them by ({@code x-hubspot-rate-limit-exemptions}). */
final class Operations {

    /** Readings of the journal. */
    static final String JOURNAL = "journal";

    static final String JOURNAL_SUBSCRIPTIONS = "journalSubscriptions";
    static final String JOURNAL_SNAPSHOTS = "journalSnapshots";
    /** Files of it, which have no limit. */
    static final String JOURNAL_FILE = "journalFile";

    static final String SEARCH = "search";
    private static final String ASSOCIATIONS = "associations";

    private Operations() {}

    /** Searches have a limit of their own instead of the ten-second one. */
    static boolean isSearch(String operation) {
        return SEARCH.equals(operation);
    }

    /** What is under /webhooks-journal: each has a limit of its name alone, or none. */
    static boolean isJournal(String name) {
        return name.startsWith(JOURNAL);
    }

    static boolean isAssociationBatch(String operation) {
        return operation.startsWith(ASSOCIATIONS);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot.journal;

/**
 * Holds the settings of an account's journal.
 *
 * @param urlSeconds     how long the address of a file is good
 * @param historySeconds how long a file is kept: HubSpot keeps three days
 * @param snapshotMs     how long a snapshot takes, in milliseconds
 */
public record Settings(long urlSeconds, long historySeconds, long snapshotMs) {

    static final Settings FIRST = new Settings(900, 3 * 86_400, 50);

    public Settings {
        if (urlSeconds < 1 || historySeconds < 1 || snapshotMs < 1) {
            throw new IllegalArgumentException("urlSeconds, historySeconds and snapshotMs must be more than 0.");
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * Holds the lease of the records in one call, for the sender. The lease outlives a call that begins at once. A sender that
 * waited before the call (for a login, or for the answer of a call before it) renews the lease, so that it always ends after
 * the CRM can no longer execute the call.
 */
public final class Lease {

    /** The message header that passes the lease to a writer Kamelet. */
    public static final String HEADER = "SluiceLease";

    /** The time after the claim in which a call may begin without a renewal; a lease has more than that to spare. */
    private static final Duration MAX_AGE = Duration.ofMillis(500);

    private final Outbox outbox;
    private final List<UUID> leases;
    private final int records;
    /** The time of the claim or of the last renewal, or a moment before it, as {@link System#nanoTime}. */
    private long since;

    Lease(Outbox outbox, List<Claim> claims, long since) {
        this.outbox = outbox;
        this.leases = claims.stream().map(Claim::lease).toList();
        this.records = claims.stream().mapToInt(Claim::size).sum();
        this.since = since;
    }

    /** Whether a call that begins now ends before the lease; an older lease is renewed first. False if the lease was lost. */
    public boolean coversCall() throws SQLException {
        long now = System.nanoTime();
        if (now - since <= MAX_AGE.toNanos()) {
            return true;
        }
        if (outbox.renew(leases) < records) {
            return false;
        }
        since = now;
        return true;
    }
}

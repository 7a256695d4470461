package io.sluice.outbox;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * The lease of what one call carries, as its sender holds it. It outlives a call that begins at once; whoever waited before
 * the call (for a login, or for the answer of a call before it) renews it, so that it always ends after the call can't be
 * executed any more.
 */
public final class Lease {

    /** Message header in which a writer Kamelet gets it. */
    public static final String HEADER = "SluiceLease";

    /** How long after it was taken a call may begin without a renewal: less than what a lease has to spare. */
    private static final Duration SPARE = Duration.ofMillis(500);

    private final Outbox outbox;
    private final List<UUID> leases;
    private final int records;
    /** When it was taken or renewed, or earlier. */
    private long since;

    Lease(Outbox outbox, List<Claim> claims, long since) {
        this.outbox = outbox;
        this.leases = claims.stream().map(Claim::lease).toList();
        this.records = claims.stream().mapToInt(Claim::size).sum();
        this.since = since;
    }

    /** Whether a call that begins now can't outlive it; renewed where it is not fresh. False where it was lost. */
    public boolean covers() throws SQLException {
        long now = System.nanoTime();
        if (now - since <= SPARE.toNanos()) {
            return true;
        }
        if (outbox.renew(leases) < records) {
            return false;
        }
        since = now;
        return true;
    }
}

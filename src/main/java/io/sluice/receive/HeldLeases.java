// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the leases of streams that stay open between two polls. If another process read such a stream in turn, both would get
 * its events, and a CRM may count each delivery.
 */
final class HeldLeases {

    private static final Logger LOG = LoggerFactory.getLogger(HeldLeases.class);

    private final Map<String, StreamLease> held = new ConcurrentHashMap<>();

    /** Takes the lease of a stream that this process does not hold. */
    @FunctionalInterface
    interface Taking {
        Optional<StreamLease> take() throws SQLException;
    }

    /** Returns the lease that this process holds since its last poll of the stream, with a heartbeat; otherwise takes it. */
    Optional<StreamLease> findOrTake(String account, String stream, Taking taking) throws SQLException {
        StreamLease lease = held.remove(key(account, stream));
        return lease != null && lease.reopen() ? Optional.of(lease) : taking.take();
    }

    /** Keeps a lease for the next poll, unless another process has taken the stream. */
    void hold(StreamLease lease) {
        if (!lease.isLost()) {
            held.put(key(lease.account(), lease.stream()), lease);
        }
    }

    /** Releases all leases, so that another process continues at once. */
    void release() {
        held.values().forEach(lease -> {
            lease.close(Duration.ZERO);
            try {
                lease.release();
            } catch (SQLException away) {
                LOG.debug("{} is released when its lease ends", lease, away);
            }
        });
        held.clear();
    }

    private static String key(String account, String stream) {
        return account + " " + stream;
    }
}

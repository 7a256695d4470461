// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import io.sluice.quota.Quota;
import java.sql.SQLException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes old calls from the ledger; the route of housekeeping deletes the rest by statements. */
public final class Housekeeping {

    private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);

    private final Quota quota;
    private final Duration retention;

    /** @param retention time after which calls in the ledger are deleted */
    public Housekeeping(Quota quota, Duration retention) {
        this.quota = quota;
        this.retention = retention;
    }

    /** Deletes the old calls that no limit counts any more. */
    public void deleteOldCalls() throws SQLException {
        long deleted = quota.deleteOldCalls(retention);
        if (deleted > 0) {
            LOG.info("{} calls older than {} days were deleted from the ledger.", deleted, retention.toDays());
        }
    }
}

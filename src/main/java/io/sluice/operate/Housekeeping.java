// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import io.sluice.quota.Quota;
import java.sql.SQLException;
import java.time.Duration;

/** Deletes old calls from the ledger; the route of housekeeping deletes the rest by statements. */
public final class Housekeeping {

    private final Quota quota;
    private final Duration retention;

    /** @param retention time after which calls in the ledger are deleted */
    public Housekeeping(Quota quota, Duration retention) {
        this.quota = quota;
        this.retention = retention;
    }

    /** Deletes the old calls that no limit counts any more. @return their number */
    public long deleteOldCalls() throws SQLException {
        return quota.deleteOldCalls(retention);
    }
}

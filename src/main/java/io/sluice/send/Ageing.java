// SPDX-License-Identifier: Apache-2.0
package io.sluice.send;

import io.sluice.crm.Accounts;
import io.sluice.outbox.Outbox;
import io.sluice.quota.Quota;
import java.sql.SQLException;
import java.time.Duration;

/**
 * Raises the priority of records that have waited long, as far as the marks of their account's limits let them. Example: at 75 %
 * of a day low work waits for the window, however long; at 60 % it waits for nothing but more urgent work, and rises.
 */
public final class Ageing {

    private final Accounts accounts;
    private final Quota quota;
    private final Outbox outbox;

    public Ageing(Accounts accounts, Quota quota, Outbox outbox) {
        this.accounts = accounts;
        this.quota = quota;
        this.outbox = outbox;
    }

    /**
     * @param interval the time after which a record's priority rises by one step
     * @return the number of records raised
     */
    public int age(Duration interval) throws SQLException {
        int raised = 0;
        for (String account : outbox.waiting(accounts.names())) {
            raised += outbox.age(account, interval, quota.stopped(account));
        }
        return raised;
    }
}

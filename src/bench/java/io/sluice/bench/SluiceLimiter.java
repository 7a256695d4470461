// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import io.sluice.Priority;
import io.sluice.quota.CallReport;
import io.sluice.quota.Limit;
import io.sluice.quota.Limits;
import io.sluice.quota.Permit;
import io.sluice.quota.Quota;
import io.sluice.store.Database;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;

/** Sluice's quota for one account. */
final class SluiceLimiter implements Limiter {

    /** Short, so that a run of a minute shows what a call costs that died with its process. */
    static final Duration CALL_TIMEOUT = Duration.ofMillis(250);

    private static final Duration LATE_DELIVERY = Duration.ofMillis(250);
    private static final long ASK_AGAIN_MS = 5;
    private static final String OPERATION = "bench";

    private final Quota quota;
    private final String account;

    SluiceLimiter(Database database, String account, Limit limit) {
        this.quota = new Quota(database, Limits.of(Map.of(account, List.of(limit))), CALL_TIMEOUT, LATE_DELIVERY);
        this.account = account;
    }

    /** Opens the connections and loads the code that the first call needs. */
    void warmUp() throws SQLException {
        quota.usage(account);
    }

    @Override
    public void make(Callable<Integer> call) throws Exception {
        Optional<Permit> permit = ask();
        while (permit.isEmpty()) {
            Thread.sleep(ASK_AGAIN_MS);
            permit = ask();
        }
        quota.report(permit.get(), new CallReport(OPERATION, status(call), 1, 0));
    }

    private Optional<Permit> ask() throws SQLException {
        return quota.grant(account, OPERATION, Priority.NORMAL);
    }

    private static int status(Callable<Integer> call) throws Exception {
        try {
            return call.call();
        } catch (IOException noAnswer) {
            return CallReport.NO_ANSWER;
        }
    }
}

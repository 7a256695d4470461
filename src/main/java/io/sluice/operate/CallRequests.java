// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import io.sluice.status.CallHistory;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.apache.camel.Exchange;

/** Answers API requests about the calls of the last hours. */
public final class CallRequests {

    private static final int DEFAULT_MINUTES = 180;
    /** A day; longer times are a matter of the usage report. */
    private static final int MAX_MINUTES = 1440;

    private final CallHistory callHistory;
    private final Collection<String> accounts;
    private final InstantSource clock;

    public CallRequests(CallHistory callHistory, Collection<String> accounts, InstantSource clock) {
        this.callHistory = callHistory;
        this.accounts = List.copyOf(accounts);
        this.clock = clock;
    }

    public void answer(Exchange exchange) {
        ApiResponses.answer(exchange, () -> {
            ApiQuery query = ApiQuery.of(exchange, Set.of("account", "minutes"));
            query.required("account");
            return callHistory.calls(
                    query.known("account", accounts),
                    Duration.ofMinutes(query.number("minutes", DEFAULT_MINUTES, 5, MAX_MINUTES)),
                    clock.instant());
        });
    }
}

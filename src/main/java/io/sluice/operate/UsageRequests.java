// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import io.sluice.operate.ApiResponses.RejectedRequest;
import io.sluice.usage.UsageReport;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.apache.camel.Exchange;

/** Answers API requests about the usage. The answer to a wrong request says what is wrong. */
public final class UsageRequests {

    private static final Set<String> PARAMETERS = Set.of("account", "sync", "from", "to", "zone");
    private static final Duration DEFAULT_TIME = Duration.ofDays(7);

    private final UsageReport report;
    private final List<String> accounts;
    private final List<String> syncs;
    private final InstantSource clock;

    public UsageRequests(
            UsageReport report, Collection<String> accounts, Collection<String> syncs, InstantSource clock) {
        this.report = report;
        this.accounts = List.copyOf(accounts);
        this.syncs = List.copyOf(syncs);
        this.clock = clock;
    }

    /** Reports the usage of a time: by default of the last seven days. */
    public void report(Exchange exchange) {
        ApiResponses.answer(exchange, () -> {
            Instant now = clock.instant();
            return report.json(request(ApiQuery.of(exchange, PARAMETERS), now), now);
        });
    }

    private UsageReport.Request request(ApiQuery query, Instant now) throws RejectedRequest {
        ZoneId zone = zone(query.text("zone"));
        Instant to = ApiTimes.parse("Parameter", "to", query.text("to"), zone, now);
        Instant from = ApiTimes.parse("Parameter", "from", query.text("from"), zone, to.minus(DEFAULT_TIME));
        ApiTimes.checkOrder("Parameter", from, to);
        return new UsageReport.Request(query.known("account", accounts), query.known("sync", syncs), from, to, zone);
    }

    private static ZoneId zone(String name) throws RejectedRequest {
        try {
            return ZoneId.of(name == null ? "UTC" : name);
        } catch (DateTimeException unknown) {
            throw new RejectedRequest(
                    400, "Parameter 'zone' must be a time zone such as 'UTC' or 'Europe/Berlin', not '" + name + "'");
        }
    }
}

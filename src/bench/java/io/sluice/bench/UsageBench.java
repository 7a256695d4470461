// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.crm.Account;
import io.sluice.crm.hubspot.HubspotCrm;
import io.sluice.plan.LatencyTarget;
import io.sluice.plan.Planner;
import io.sluice.quota.Limit;
import io.sluice.quota.Limits;
import io.sluice.quota.Pool;
import io.sluice.quota.SavedCalls;
import io.sluice.store.Database;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.usage.UsageHours;
import io.sluice.usage.UsageReport;
import io.sluice.usage.WhatIf;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Measures the usage report over a week of 1,000,000 calls, and the replay of a month of 1,000,000 calls. */
public final class UsageBench implements Bench {

    private static final int CALLS = 1_000_000;
    private static final int REPORTS = 20;
    private static final Instant FROM = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration MONTH = Duration.ofDays(31);

    /** Calls of an account, evenly spread from a time on; %s: account, start and milliseconds between two calls. */
    private static final String LEDGER =
            """
            insert into sluice.api_call (account, operation, priority, granted_at, expires_at, completed_at, status,
                                         records, bytes, answer_bytes, object, throttled)
            select '%s', (array['upsert', 'upsert', 'search', 'read', 'delete'])[1 + n %% 5], n %% 4, at, at,
                   at + interval '150 ms', 200, n %% 10, n %% 10000, n %% 7000, 'object' || n %% 50, false
            from (select n, %s + n * interval '%d ms' as at from generate_series(0, %d - 1) as n) as call""";

    @FunctionalInterface
    private interface Timed {
        Object run() throws SQLException;
    }

    @Override
    public Map<String, Object> run(Path work) throws Exception {
        try (EmbeddedDatabase server = EmbeddedDatabase.start(work, 0);
                Database database = Database.of(server.url(), "sluice", null, 4)) {
            database.migrate();
            Map<String, Object> result = new LinkedHashMap<>();
            System.out.printf("%-60s %10s%n", "of 1,000,000 calls", "ms");
            fill(server, "week", "now() - interval '7 days'", 604);
            report(database, result);
            fill(server, "month", "timestamptz '2026-01-01T00:00:00Z'", 2_592);
            for (String daily : List.of("250000 per 24h", "30000 per 24h", "10000 per 24h")) {
                note(result, "what-if of a month, daily limit " + daily, millis(() -> replay(database, daily)));
            }
            return result;
        }
    }

    private static void note(Map<String, Object> result, String what, long millis) {
        System.out.printf("%-60s %,10d%n", what, millis);
        result.put(what, millis);
    }

    private static void report(Database database, Map<String, Object> result) throws SQLException {
        UsageHours usageHours = new UsageHours(database);
        note(result, "sum all hours", millis(usageHours::rollUp));
        UsageReport usageReport = new UsageReport(
                usageHours, new SavedCalls(database), List.of(account("week", pool("week"))), List.<Sync>of());
        Instant now = Instant.now();
        UsageReport.Request week =
                new UsageReport.Request("week", null, now.minus(Duration.ofDays(7)), now, ZoneOffset.UTC);
        long[] reports = new long[REPORTS];
        for (int i = 0; i < REPORTS; i++) {
            reports[i] = millis(() -> usageReport.json(week, now));
        }
        Arrays.sort(reports);
        note(result, "report of a week, median", reports[REPORTS / 2]);
    }

    private static Object replay(Database database, String daily) throws SQLException {
        Pool pool = pool("month");
        WhatIf whatIf = new WhatIf(
                database,
                new Limits(List.of(pool)),
                List.of(account("month", pool)),
                List.<Sync>of(),
                new Planner(new LatencyTarget(Duration.ofMinutes(15), Duration.ofHours(6)), 0, 5),
                Duration.ofMinutes(5));
        Map<String, Object> answer = whatIf.json(new WhatIf.Request(
                "month",
                FROM,
                FROM.plus(MONTH),
                List.of(Limit.parse("daily", daily)),
                null,
                null,
                Map.of(),
                new WhatIf.NewSync(1000, Priority.LOW)));
        Object recorded = ((Map<?, ?>) answer.get("calls")).get("recorded");
        if (!recorded.equals(CALLS)) {
            throw new IllegalStateException(recorded + " of " + CALLS + " calls were replayed");
        }
        return answer;
    }

    private static Pool pool(String account) {
        return Pool.of(account, List.of(Limit.parse("burst", "100 per 10s"), Limit.parse("daily", "250000 per 24h")));
    }

    private static Account account(String name, Pool pool) {
        return new Account(name, new HubspotCrm(), pool, false);
    }

    private static void fill(EmbeddedDatabase server, String account, String start, int millis) throws SQLException {
        try (Connection connection = DriverManager.getConnection(server.url());
                Statement statement = connection.createStatement()) {
            statement.execute(LEDGER.formatted(account, start, millis, CALLS));
            statement.execute("analyze sluice.api_call");
        }
    }

    private static long millis(Timed timed) throws SQLException {
        long begin = System.nanoTime();
        timed.run();
        return Duration.ofNanos(System.nanoTime() - begin).toMillis();
    }
}

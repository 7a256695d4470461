// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import io.sluice.Priority;
import io.sluice.quota.CallReport;
import io.sluice.quota.Limit;
import io.sluice.quota.Limits;
import io.sluice.quota.Permit;
import io.sluice.quota.Quota;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * What a grant costs when a day's window already holds few or many calls. Each granted call is reported at once, as an answer
 * would be. With several askers the time between two grants is what the account's one lock lets through, whatever each of them
 * waits.
 */
final class GrantCost {

    static final int ASKERS = 10;

    private static final Duration WARM_UP = Duration.ofSeconds(2);
    private static final Duration MEASURED = Duration.ofSeconds(4);

    private static final Duration DAY = Duration.ofHours(24);

    /** What an account calls; a busy minute has calls of each. */
    private static final String OPERATIONS = "{upsert,query,query-page,composite,delete,deleted,describe,bulk-status}";

    /** Completed calls, spread evenly over the time until now. */
    private static final String FILL =
            """
            with filled as (
                insert into sluice.api_call (account, operation, priority, granted_at, expires_at, completed_at, status)
                select ?, (?::text[])[1 + n %% 8], 2, at - interval '300 milliseconds', at + interval '1 minute', at, 200
                from (select n, now() - n * interval '%2$s' / %1$d as at from generate_series(1, %1$d) as n) as calls
                returning account, operation, completed_at)
            insert into sluice.usage_minute (account, minute, operation, calls, cost)
            select account, date_trunc('minute', completed_at), operation, count(*), count(*) from filled group by 1, 2, 3""";

    /** As if the CRM had reported its count hours ago, and no more since. */
    private static final String OLD_REPORT =
            """
            insert into sluice.reported_limit (account, name, max, used, reported_at)
            values (?, 'daily', 2000000, 500000, now() - interval '12 hours')""";

    private static final String ONE_ROW =
            """
            insert into sluice.api_call (account, operation, priority, granted_at, expires_at)
            values ('nobody', 'bench', 2, clock_timestamp(), clock_timestamp())""";

    /**
     * @param what     is measured
     * @param grant    milliseconds of a grant, with one asker
     * @param report   milliseconds of a report, with one asker
     * @param together milliseconds between two grants, with {@link #ASKERS}
     * @param server   milliseconds of processor time that PostgreSQL's processes took for each of these, reports included
     */
    record Figure(String what, double grant, double report, double together, double server) {}

    /** Times of one or more transactions, in nanoseconds. */
    private record Times(long grant, long report, int done) {

        Times plus(Times other) {
            return new Times(grant + other.grant, report + other.report, done + other.done);
        }
    }

    private final Database database;

    GrantCost(Database database) {
        this.database = database;
    }

    List<Figure> measure() throws Exception {
        List<Figure> figures = new ArrayList<>();
        figures.add(figure("a day, empty", granted("empty")));
        fill("few", 190, "24 hours");
        figures.add(figure("a day, 190 calls", granted("few")));
        fill("many", 90_000, "24 hours");
        figures.add(figure("a day, 90,000 calls", granted("many")));
        fill("million", 1_000_000, "24 hours");
        figures.add(figure("a day, 1,000,000 calls", granted("million")));
        database.update(OLD_REPORT, "million");
        figures.add(figure("a day, 1,000,000 calls, half of them reported by the CRM", granted("million")));
        fill("old", 100_000, "20 days");
        figures.add(figure("a day, 5,000 calls, and 95,000 older ones", granted("old")));
        fill("full", 190, "5 seconds");
        figures.add(figure("no grant, all 190 of a minute completed", deferred("full")));
        figures.add(figure("any commit of one row", () -> {
            long start = System.nanoTime();
            database.update(ONE_ROW);
            return new Times(System.nanoTime() - start, 0, 1);
        }));
        return figures;
    }

    private void fill(String account, int calls, String time) throws SQLException {
        database.update(FILL.formatted(calls, time), account, OPERATIONS);
        // as autovacuum does over a day
        database.update("vacuum analyze");
    }

    private Quota quota(String account, Limit limit) {
        return new Quota(
                database, Limits.of(Map.of(account, List.of(limit))), Duration.ofSeconds(20), Duration.ofSeconds(10));
    }

    private Callable<Times> granted(String account) {
        Quota quota = quota(account, new Limit("daily", 2_000_000, DAY));
        return () -> {
            long start = System.nanoTime();
            Permit permit = quota.grant(account, "upsert", Priority.CRITICAL)
                    .orElseThrow(() -> new IllegalStateException(account + " should have room"));
            long granted = System.nanoTime();
            quota.report(permit, new CallReport("upsert", 200, 1, 10));
            return new Times(granted - start, System.nanoTime() - granted, 1);
        };
    }

    private Callable<Times> deferred(String account) {
        Quota quota = quota(account, new Limit("burst", 190, Duration.ofMinutes(1)));
        return () -> {
            long start = System.nanoTime();
            if (quota.grant(account, "upsert", Priority.CRITICAL).isPresent()) {
                throw new IllegalStateException(account + " should have no room");
            }
            return new Times(System.nanoTime() - start, 0, 1);
        };
    }

    private Figure figure(String what, Callable<Times> transaction) throws Exception {
        run(transaction, ASKERS, WARM_UP);
        Times alone = run(transaction, 1, MEASURED);
        Duration before = serverTime();
        long start = System.nanoTime();
        int done = run(transaction, ASKERS, MEASURED).done();
        double together = (System.nanoTime() - start) / 1e6 / done;
        return new Figure(
                what,
                alone.grant() / 1e6 / alone.done(),
                alone.report() / 1e6 / alone.done(),
                together,
                serverTime().minus(before).toNanos() / 1e6 / done);
    }

    /** The processor time of the server and all it started that still runs. */
    private Duration serverTime() throws SQLException {
        long backend =
                database.first("select pg_backend_pid()", row -> row.getLong(1)).orElseThrow();
        ProcessHandle server =
                ProcessHandle.of(backend).flatMap(ProcessHandle::parent).orElseThrow();
        return Stream.concat(Stream.of(server), server.descendants())
                .map(process -> process.info().totalCpuDuration().orElse(Duration.ZERO))
                .reduce(Duration.ZERO, Duration::plus);
    }

    private static Times run(Callable<Times> transaction, int askers, Duration duration) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(askers);
        try {
            long end = System.nanoTime() + duration.toNanos();
            Callable<Times> asker = () -> {
                Times times = new Times(0, 0, 0);
                while (System.nanoTime() - end < 0) {
                    times = times.plus(transaction.call());
                }
                return times;
            };
            List<Future<Times>> all = new ArrayList<>();
            for (int i = 0; i < askers; i++) {
                all.add(threads.submit(asker));
            }
            Times times = new Times(0, 0, 0);
            for (Future<Times> one : all) {
                times = times.plus(one.get());
            }
            return times;
        } catch (ExecutionException failed) {
            throw new IllegalStateException("An asker failed", failed.getCause());
        } finally {
            threads.shutdownNow();
        }
    }
}

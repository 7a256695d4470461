// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import io.sluice.quota.Limit;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * What a grant costs, as the time between two of them: the elapsed time over the number of transactions. With several
 * askers that is what the account's one lock lets through, whatever each of them waits.
 */
final class GrantCost {

    static final int ASKERS = 10;

    /** So that the grants of the measurement do not count themselves. */
    private static final Duration MOMENT = Duration.ofMillis(1);

    private static final Duration WARM_UP = Duration.ofSeconds(1);
    private static final Duration MEASURED = Duration.ofSeconds(3);

    /** Calls that ended, or will have, at a time from now on. */
    private static final String FILL =
            """
            insert into sluice.api_call (account, operation, priority, granted_at, expires_at, completed_at, status)
            select ?, 'bench', 2, now(), now(), now() + n * interval '1 millisecond' + ? * interval '1 hour', 200
            from generate_series(1, ?) as n""";
    /** So late that a call counts during the whole measurement. */
    private static final int COUNTED = 1;

    private static final int LONG_OVER = -24;

    private static final String ONE_ROW =
            """
            insert into sluice.api_call (account, operation, priority, granted_at, expires_at)
            values ('nobody', 'bench', 2, clock_timestamp(), clock_timestamp())""";

    /**
     * @param what     is measured
     * @param alone    milliseconds per transaction of one asker
     * @param together the same of {@link #ASKERS}
     * @param server   milliseconds of processor time that PostgreSQL's processes took for each of these
     */
    record Figure(String what, double alone, double together, double server) {}

    private final Database database;

    GrantCost(Database database) {
        this.database = database;
    }

    List<Figure> measure() throws Exception {
        List<Figure> figures = new ArrayList<>();
        fill("few", COUNTED, 190);
        figures.add(figure("a grant, 190 calls counted", asking("few", 250, true)));
        fill("old", COUNTED, 190);
        fill("old", LONG_OVER, 100_000);
        figures.add(figure("the same, and 100,000 older ones", asking("old", 250, true)));
        fill("many", COUNTED, 90_000);
        figures.add(figure("a grant, 90,000 calls counted", asking("many", 100_000, true)));
        fill("full", COUNTED, 190);
        figures.add(figure("no grant, all 190 counted", asking("full", 190, false)));
        figures.add(figure("any commit of one row", () -> database.update(ONE_ROW)));
        return figures;
    }

    private void fill(String account, int endedInHours, int calls) throws SQLException {
        database.update(FILL, account, endedInHours, calls);
        database.update("analyze sluice.api_call");
    }

    private Callable<?> asking(String account, int max, boolean granted) {
        SluiceLimiter limiter =
                new SluiceLimiter(database, account, new Limit("bench", max, MOMENT), MOMENT, Duration.ZERO);
        return () -> {
            if (limiter.askAtOnce() != granted) {
                throw new IllegalStateException(account + " should " + (granted ? "" : "not ") + "have room");
            }
            return null;
        };
    }

    private Figure figure(String what, Callable<?> transaction) throws Exception {
        msPerTransaction(transaction, ASKERS, WARM_UP);
        double alone = msPerTransaction(transaction, 1, MEASURED);
        Duration before = serverTime();
        long start = System.nanoTime();
        double together = msPerTransaction(transaction, ASKERS, MEASURED);
        double transactions = (System.nanoTime() - start) / 1e6 / together;
        return new Figure(what, alone, together, serverTime().minus(before).toNanos() / 1e6 / transactions);
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

    private static double msPerTransaction(Callable<?> transaction, int askers, Duration duration) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(askers);
        try {
            long start = System.nanoTime();
            long end = start + duration.toNanos();
            Callable<Integer> asker = () -> {
                int done = 0;
                while (System.nanoTime() - end < 0) {
                    transaction.call();
                    done++;
                }
                return done;
            };
            List<Future<Integer>> all = new ArrayList<>();
            for (int i = 0; i < askers; i++) {
                all.add(threads.submit(asker));
            }
            int done = 0;
            for (Future<Integer> one : all) {
                done += one.get();
            }
            return (System.nanoTime() - start) / 1e6 / done;
        } catch (ExecutionException failed) {
            throw new IllegalStateException("An asker failed", failed.getCause());
        } finally {
            threads.shutdownNow();
        }
    }
}

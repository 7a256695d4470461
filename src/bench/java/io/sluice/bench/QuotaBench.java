// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import io.sluice.quota.Limit;
import io.sluice.store.Database;
import io.sluice.store.EmbeddedDatabase;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How many calls each limiter gets through a limit that the server keeps by a rolling window, behind a network whose
 * delays vary, and how many are refused: Sluice's and five others at the same time, then Sluice's in several
 * processes, then with one of them killed again and again. At last what a grant costs.
 */
public final class QuotaBench implements Bench {

    private static final String LIMIT_TEXT = "190 per 10s";
    private static final Limit LIMIT = Limit.parse("short", LIMIT_TEXT);
    private static final Duration RUN = Duration.ofSeconds(Long.getLong("bench.seconds", 60));
    private static final long POSSIBLE =
            LIMIT.max() * -Math.floorDiv(-RUN.toMillis(), LIMIT.window().toMillis());
    private static final long SEED = 4711;

    private final Map<String, Object> result = new LinkedHashMap<>();

    @Override
    public Map<String, Object> run(Path work) throws Exception {
        try (EmbeddedDatabase server = EmbeddedDatabase.start(work, 0);
                Database database = Database.of(server.url(), "sluice", null, GrantCost.ASKERS)) {
            database.migrate();
            head(database);
            sideBySide(database);
            shared("sluice, %d processes".formatted(SharedQuotaRun.REPLICAS), "shared", database, server.url(), false);
            shared(
                    "the same, a kill each %d s".formatted(SharedQuotaRun.BETWEEN_KILLS.toSeconds()),
                    "killed",
                    database,
                    server.url(),
                    true);
        }
        return result;
    }

    private void head(Database database) throws SQLException {
        String machine = "PostgreSQL %s, %d processors"
                .formatted(
                        database.first("show server_version", row -> row.getString(1))
                                .orElseThrow(),
                        Runtime.getRuntime().availableProcessors());
        result.put("machine", machine);
        result.put("seed", SEED);
        result.put("seconds", RUN.toSeconds());
        result.put("limit", LIMIT_TEXT);
        result.put("possible", POSSIBLE);
        result.put(
                "goals",
                "sluice: 0 refused and 99 % of the possible; in several processes, killed or not, 0 refused"
                        + " and 97 %");
        System.out.printf(
                "Calls through a limit of %s in %d s, %d callers a process, 5 to 80 ms a call. %s;" + " seed %d%n",
                LIMIT_TEXT, RUN.toSeconds(), Callers.THREADS, machine, SEED);
    }

    private void sideBySide(Database database) throws Exception {
        SluiceLimiter sluice = new SluiceLimiter(database, "alone", LIMIT);
        sluice.warmUp();
        Map<String, DistantServer> servers = new LinkedHashMap<>();
        try (CamelThrottle camel = new CamelThrottle(LIMIT)) {
            Map<String, Limiter> limiters = new LinkedHashMap<>();
            limiters.put("bucket4j, greedy refill", OtherLimiters.bucket4jGreedy(LIMIT));
            limiters.put("bucket4j, interval refill", OtherLimiters.bucket4jInterval(LIMIT));
            limiters.put("resilience4j", OtherLimiters.resilience4j(LIMIT));
            limiters.put("guava, smooth", OtherLimiters.guava(LIMIT));
            limiters.put("camel throttle", camel);
            limiters.put("sluice", sluice);
            List<Callers> callers = new ArrayList<>();
            limiters.forEach((name, limiter) -> {
                DistantServer server = new DistantServer(LIMIT, SEED + servers.size());
                servers.put(name, server);
                server.window().open(RUN);
                callers.add(new Callers(limiter, server));
            });
            Thread.sleep(RUN.toMillis());
            callers.forEach(Callers::close);
        }
        System.out.printf("%-34s %8s %8s %16s %12s%n", "", "accepted", "refused", "of the possible", "kept up");
        servers.forEach((name, server) -> result.put(name, line(name, server.window())));
    }

    private void shared(String name, String account, Database database, String url, boolean kill) throws Exception {
        DistantServer server = new DistantServer(LIMIT, SEED);
        SharedQuotaRun run;
        try (DistantHttpServer http = new DistantHttpServer(server)) {
            run = new SharedQuotaRun(database, url, account, LIMIT_TEXT, server, http);
            run.run(RUN, kill);
        }
        Map<String, Object> figures = line(name, server.window());
        figures.put("kills", run.kills());
        figures.put("diedWithTheirProcess", run.died());
        figures.put("unanswered", run.unanswered());
        result.put(name, figures);
        System.out.printf(
                "    %d kills; %d calls died with their process, %d had no answer in %d ms%n",
                run.kills(), run.died(), run.unanswered(), SluiceLimiter.CALL_TIMEOUT.toMillis());
    }

    private static Map<String, Object> line(String name, RollingWindow window) {
        double ofPossible = 100.0 * window.accepted() / POSSIBLE;
        double keptUp = 100 * window.pace();
        System.out.printf(
                "%-34s %8d %8d %14.1f %% %10.1f %%%n", name, window.accepted(), window.refused(), ofPossible, keptUp);
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("accepted", window.accepted());
        figures.put("refused", window.refused());
        figures.put("percentOfPossible", ofPossible);
        figures.put("percentKeptUp", keptUp);
        return figures;
    }
}

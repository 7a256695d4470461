// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/** One scenario: the same changes for a bundle under wide limits and one under narrow limits, and the replay of the first. */
final class WhatIfRun {

    /** Time from the beginning to the first change, in which both bundles start, where calls of an earlier time count. */
    private static final Duration START = Duration.ofSeconds(Long.getLong("bench.start-seconds", 150));
    /** Time in addition to a window before the first change. */
    private static final Duration MARGIN = Duration.ofSeconds(5);
    /** Limit of the bundle whose calls are replayed. */
    private static final int WIDE = 100_000;
    /** Time after the first change at which the first of the earlier calls leaves the window. */
    private static final Duration FIRST_LEAVES = Duration.ofSeconds(75);
    /** Time from one of them to the next. */
    private static final Duration BETWEEN_PAST = Duration.ofMillis(250);

    private static final Duration MIN_STOP = Duration.ofSeconds(10);

    /**
     * A transaction.
     *
     * @param atMillis time since the start
     * @param rows     number of new rows
     */
    record Change(long atMillis, String table, int rows) {}

    /**
     * What differs between the two bundles.
     *
     * @param max         narrow limit
     * @param past        calls of an hour before, which leave the window during the run
     * @param deals       priority of deals under the wide limits
     * @param direction   direction of the syncs
     * @param narrowDeals priority of deals under the narrow limits
     * @param common      settings of both bundles
     * @param settings    settings of the bundle under narrow limits
     * @param assumptions the same for the replay, beside the limit
     */
    record Scenario(
            String name,
            int max,
            Duration window,
            int past,
            String direction,
            String deals,
            String narrowDeals,
            Map<String, String> common,
            Map<String, String> settings,
            Map<String, Object> assumptions,
            List<Change> schedule) {}

    /**
     * A stop, in seconds since the start.
     *
     * @param table table whose changes waited
     */
    record Stop(String table, double from, double until) {

        private double overlap(Stop other) {
            return table.equals(other.table()) ? Math.min(until, other.until()) - Math.max(from, other.from()) : 0;
        }
    }

    /** A predicted stop beside the seen one; one of them may be null. */
    record Pair(Stop predicted, Stop seen) {

        double percentOfTime() {
            return 100 * Math.abs(predicted.until() - seen.until()) / seen.until();
        }

        double percentOfLength() {
            return 100 * Math.abs(predicted.until() - seen.until()) / (seen.until() - seen.from());
        }
    }

    /** The result of a scenario. @param recorded calls under the wide limits */
    record Figures(
            String scenario,
            int recorded,
            long predicted,
            int seen,
            long refused,
            long peak,
            int max,
            List<Pair> stops) {

        double percentOfCalls() {
            return 100.0 * Math.abs(predicted - seen) / seen;
        }

        void print() {
            System.out.printf(
                    "%s: %d calls under wide limits; under narrow ones predicted %d, seen %d: %.1f %% apart; %d refused; peak"
                            + " %d of %d%n",
                    scenario, recorded, predicted, seen, percentOfCalls(), refused, peak, max);
            System.out.printf(
                    "  %-10s %20s %20s %12s %12s%n", "stop of", "predicted, s", "seen, s", "% of time", "% of stop");
            for (Pair pair : stops) {
                boolean both = pair.predicted() != null && pair.seen() != null;
                System.out.printf(
                        "  %-10s %20s %20s %12s %12s%n",
                        (pair.seen() == null ? pair.predicted() : pair.seen()).table(),
                        text(pair.predicted()),
                        text(pair.seen()),
                        both ? "%.1f".formatted(pair.percentOfTime()) : "",
                        both ? "%.1f".formatted(pair.percentOfLength()) : "");
            }
        }

        private static String text(Stop stop) {
            return stop == null ? "none" : "%.1f to %.1f".formatted(stop.from(), stop.until());
        }

        Map<String, Object> json() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("callsRecorded", recorded);
            json.put("callsPredicted", predicted);
            json.put("callsSeen", seen);
            json.put("callsPercentApart", percentOfCalls());
            json.put("refused", refused);
            json.put("peak", peak);
            json.put("max", max);
            json.put("stops", stops);
            return json;
        }
    }

    private final Path work;
    private final Scenario scenario;
    private Instant start = Instant.now().plus(START).truncatedTo(ChronoUnit.MILLIS);

    WhatIfRun(Path work, Scenario scenario) {
        this.work = work;
        this.scenario = scenario;
    }

    Figures run() throws Exception {
        List<Instant> past = IntStream.range(0, scenario.past())
                .mapToObj(n -> start.minus(scenario.window()).plus(FIRST_LEAVES).plus(BETWEEN_PAST.multipliedBy(n)))
                .toList();
        CompletableFuture<WhatIfProduct> starting = CompletableFuture.supplyAsync(
                () -> product("narrow", scenario.max(), past, scenario.narrowDeals(), scenario.settings()));
        try (WhatIfProduct wide = product("wide", WIDE, past, scenario.deals(), Map.of());
                WhatIfProduct narrow = starting.join()) {
            if (past.isEmpty()) {
                // the calls with which the bundles started, at different times, have left the windows
                start = Instant.now().plus(scenario.window()).plus(MARGIN).truncatedTo(ChronoUnit.MILLIS);
            }
            List<Stop> waits = commitChanges(wide, narrow);
            narrow.awaitSent();
            wide.awaitSent();
            return figures(wide, narrow, waits);
        }
    }

    private WhatIfProduct product(
            String name, int max, List<Instant> past, String deals, Map<String, String> settings) {
        Map<String, String> all = new LinkedHashMap<>(scenario.common());
        all.putAll(settings);
        try {
            return new WhatIfProduct(
                    work.resolve(name),
                    scenario.name(),
                    max,
                    scenario.window(),
                    past,
                    deals,
                    scenario.direction(),
                    all);
        } catch (IOException | SQLException failed) {
            throw new IllegalStateException(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    /** Commits each change to both databases at the same moment. @return by change, its table and the time of its commit */
    private List<Stop> commitChanges(WhatIfProduct wide, WhatIfProduct narrow)
            throws SQLException, InterruptedException {
        List<Stop> commits = new ArrayList<>();
        int[] number = new int[1];
        if (Instant.now().isAfter(start)) {
            throw new IllegalStateException("The bundles started too slowly; set -Dbench.start-seconds");
        }
        try (Connection one = wide.application();
                Connection other = narrow.application()) {
            one.setAutoCommit(false);
            other.setAutoCommit(false);
            for (Change change : scenario.schedule()) {
                int first = number[0];
                number[0] += change.rows();
                insert(one, change, first);
                insert(other, change, first);
                Thread.sleep(Math.max(
                        0,
                        Duration.between(Instant.now(), start.plusMillis(change.atMillis()))
                                .toMillis()));
                one.commit();
                other.commit();
                double at = seconds(Instant.now());
                commits.add(new Stop(change.table(), at, at));
            }
        }
        return commits;
    }

    private static void insert(Connection connection, Change change, int first) throws SQLException {
        String sql =
                switch (change.table()) {
                    case "alarm" -> "insert into public.alarm select 'N-' || n, 'Alarm ' || n";
                    case "customer" -> "insert into public.customer select 'N-' || n, 'Name ' || n";
                    default ->
                        "insert into public.deal select 'N-' || n, 'Deal ' || n, 'Prospecting', date '2030-01-01'";
                };
        try (PreparedStatement insert =
                connection.prepareStatement(sql + " from generate_series(?::int, ?::int) as n")) {
            insert.setInt(1, first);
            insert.setInt(2, first + change.rows() - 1);
            insert.executeUpdate();
        }
    }

    private double seconds(Instant at) {
        return Duration.between(start, at).toMillis() / 1000.0;
    }

    private Figures figures(WhatIfProduct wide, WhatIfProduct narrow, List<Stop> commits) throws Exception {
        Instant end = Instant.now();
        Instant from = start.minus(scenario.window());
        Map<String, Object> assumptions = new LinkedHashMap<>(scenario.assumptions());
        assumptions.put(
                "limits",
                Map.of(
                        scenario.name(),
                        scenario.max() + " per " + scenario.window().toSeconds() + "s"));
        JsonNode predicted = wide.whatIf(from, end, assumptions);
        List<WhatIfProduct.Call> calls = narrow.calls(start, end);
        keep(wide, narrow, from, end, predicted, commits);
        JsonNode referee = narrow.referee();
        return new Figures(
                scenario.name(),
                wide.calls(start, end).size(),
                // the calls before the start too: a poll may be earlier or later than it in one of them
                predicted.path("calls").path("made").asLong()
                        - narrow.calls(from, start).size(),
                calls.size(),
                referee.path("refused").asLong(),
                referee.path("limits").path(scenario.name()).path("peak").asLong(),
                scenario.max(),
                pairs(predicted(predicted), seen(calls, commits)));
    }

    /** Keeps what was compared, for a look at differences. */
    private void keep(
            WhatIfProduct wide, WhatIfProduct narrow, Instant from, Instant end, JsonNode predicted, List<Stop> commits)
            throws Exception {
        Path folder = Files.createDirectories(Path.of("target", "bench", "what-if-" + scenario.name()));
        Files.write(
                folder.resolve("wide.txt"),
                wide.calls(from, end).stream().map(this::line).toList());
        Files.write(
                folder.resolve("narrow.txt"),
                narrow.calls(from, end).stream().map(this::line).toList());
        Files.writeString(folder.resolve("predicted.json"), predicted.toPrettyString());
        Files.write(
                folder.resolve("commits.txt"),
                commits.stream().map(Stop::toString).toList());
    }

    private String line(WhatIfProduct.Call call) {
        return "%9.3f %-10s %-30s %d %4d"
                .formatted(seconds(call.at()), call.operation(), call.object(), call.priority(), call.records());
    }

    private List<Stop> predicted(JsonNode predicted) {
        List<Stop> stops = new ArrayList<>();
        predicted.path("stops").forEach(stop -> {
            String table =
                    switch (stop.path("priority").asText()) {
                        case "critical" -> "alarm";
                        case "normal" -> "customer";
                        default -> "deal";
                    };
            stops.add(new Stop(
                    table,
                    seconds(Instant.parse(stop.path("from").asText())),
                    seconds(Instant.parse(stop.path("until").asText()))));
        });
        return stops;
    }

    /** The times of at least 10 s from a change that waits to the next call that carries changes of its table. */
    private List<Stop> seen(List<WhatIfProduct.Call> calls, List<Stop> commits) {
        List<Stop> stops = new ArrayList<>();
        for (String table : WhatIfProduct.OBJECTS.keySet()) {
            double sent = 0;
            for (WhatIfProduct.Call call :
                    calls.stream().filter(call -> call.carries(table)).toList()) {
                double before = sent;
                double at = seconds(call.at());
                commits.stream()
                        .filter(commit -> commit.table().equals(table) && commit.from() >= before)
                        .findFirst()
                        .filter(commit -> at - commit.from() >= MIN_STOP.toSeconds())
                        .ifPresent(commit -> stops.add(new Stop(table, commit.from(), at)));
                sent = at;
            }
        }
        return stops;
    }

    private static List<Pair> pairs(List<Stop> predicted, List<Stop> seen) {
        List<Pair> pairs = new ArrayList<>();
        List<Stop> left = new ArrayList<>(seen);
        for (Stop stop : predicted) {
            Stop other = left.stream()
                    .filter(it -> it.overlap(stop) > 0)
                    .max((one, two) -> Double.compare(one.overlap(stop), two.overlap(stop)))
                    .orElse(null);
            left.remove(other);
            pairs.add(new Pair(stop, other));
        }
        left.forEach(stop -> pairs.add(new Pair(null, stop)));
        return pairs;
    }
}

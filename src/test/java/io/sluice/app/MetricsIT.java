// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.status.MetricsPage;
import io.sluice.status.MetricsPage.Metric;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The metrics of the running product are those of the page about operations, have the right values, and fill the dashboard. */
class MetricsIT {

    private static final Pattern TYPE = Pattern.compile("# TYPE (sluice_\\S+) (\\S+)");
    private static final Pattern SAMPLE = Pattern.compile("(sluice_\\w+)(?:\\{(.*)\\})? (\\S+)");
    private static final Pattern TAG = Pattern.compile("(\\w+)=\"([^\"]*)\"");
    private static final Set<String> SYNCS =
            Set.of("customers-salesforce", "customers-hubspot", "deals-salesforce", "deals-hubspot");

    private static final Path DASHBOARD = Path.of("src/main/monitoring/grafana-dashboard.json");
    private static final Pattern LEGEND = Pattern.compile("\\{\\{(\\w+)}}");
    private static final String UNTESTED = "the dashboard's queries are not sent to a real Prometheus.";
    /** Panels without a number in this run: no snapshot has records, and the cache is used at the start alone. */
    private static final Set<String> QUIET = Set.of("Snapshot progress A", "Cache A");

    private static final Pattern METRIC = Pattern.compile("sluice_\\w+");
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    static Path home;

    private static RunningSluice sluice;
    private static RunningPrometheus prometheus;

    @BeforeAll
    static void start() throws IOException {
        sluice = new RunningSluice(home).withBothCrms().start();
        prometheus = RunningPrometheus.start(home.resolve("prometheus"), sluice.managementPort, UNTESTED)
                .orElse(null);
        sluice.awaitSettled();
    }

    @AfterAll
    static void stop() {
        if (prometheus != null) {
            prometheus.close();
        }
        sluice.close();
    }

    @Test
    void eachQueryOfTheDashboardHasData() throws Exception {
        assumeTrue(prometheus != null, RunningPrometheus.skipped(UNTESTED));
        JsonNode dashboard = new ObjectMapper().readTree(DASHBOARD.toFile());
        Map<String, JsonNode> targets = new LinkedHashMap<>();
        for (JsonNode panel : dashboard.path("panels")) {
            for (JsonNode target : panel.path("targets")) {
                targets.put(
                        panel.path("title").asText() + " "
                                + target.path("refId").asText(),
                        target);
            }
        }
        assertThat(targets).hasSizeGreaterThan(25);
        AtomicInteger rounds = new AtomicInteger();
        await().atMost(SOON).pollInterval(Duration.ofMillis(500)).untilAsserted(() -> {
            traffic(rounds.incrementAndGet());
            SoftAssertions.assertSoftly(softly -> targets.forEach((panel, target) -> {
                List<JsonNode> samples = samples(target.path("expr").asText());
                softly.assertThat(samples).as("%s: labels of the legend", panel).allSatisfy(sample -> assertThat(
                                sample.path("metric").fieldNames())
                        .toIterable()
                        .containsAll(labels(target.path("legendFormat").asText())));
                if (!QUIET.contains(panel)) {
                    softly.assertThat(samples)
                            .as("%s: %s", panel, target.path("expr").asText())
                            .anyMatch(MetricsIT::isNumber);
                }
                METRIC.matcher(target.path("expr").asText()).results().forEach(metric -> softly.assertThat(
                                samples(metric.group()))
                        .as("%s: samples of %s", panel, metric.group())
                        .isNotEmpty());
            }));
        });
    }

    /** Changes records on both sides, and sends what is rejected, so that each rate is above zero. */
    private static void traffic(int round) throws Exception {
        sluice.sql("update customer set phone = 'flow " + round + "' where customer_no in ('C-00002', 'C-00003')");
        for (String contact : List.of("C-00004", "C-00005")) {
            sluice.sandbox(
                    "POST", "/sandbox/records/hubspot/contacts/" + contact, "{\"city\": \"Flow " + round + "\"}");
        }
        rejectedWebhook();
    }

    /** Sends a query as Grafana does for all accounts and syncs. */
    private static List<JsonNode> samples(String expression) {
        String sent =
                expression.replace("$account", ".*").replace("$sync", ".*").replace("$__rate_interval", "1m");
        assertThat(sent).doesNotContain("$");
        List<JsonNode> samples = new ArrayList<>();
        try {
            prometheus.query(sent).forEach(samples::add);
        } catch (IOException unreachable) {
            throw new UncheckedIOException(unreachable);
        }
        return samples;
    }

    private static boolean isNumber(JsonNode sample) {
        return !sample.path("value").path(1).asText("NaN").equals("NaN");
    }

    private static List<String> labels(String legend) {
        return LEGEND.matcher(legend).results().map(label -> label.group(1)).toList();
    }

    @Test
    void thePageNamesEachMetricOfTheProductAndNoOther() throws Exception {
        sluice.sql("update customer set last_name = 'Changed' where customer_no = 'C-00001'");
        rejectedWebhook();
        Map<String, Metric> page =
                MetricsPage.metrics().stream().collect(Collectors.toMap(Metric::name, Function.identity()));
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> assertThat(types(sluice))
                .as("metrics of the product, and their types")
                .isEqualTo(page.values().stream()
                        .collect(Collectors.toMap(Metric::name, Metric::type, (one, other) -> one, TreeMap::new))));
        assertThat(tags(sluice))
                .as("tags of the metrics")
                .isEqualTo(page.values().stream()
                        .collect(Collectors.toMap(Metric::name, Metric::tags, (one, other) -> one, TreeMap::new)));
        eachTagHasAValueThatIsConfiguredOrFixed(sluice);

        assertThat(sum(sluice, "sluice_export_expected_records", "sync=\"customers-salesforce\""))
                .isEqualTo(sluice.number("select count(*) from customer"));
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> assertThat(
                        sum(sluice, "sluice_export_done_records", "sync=\"customers-salesforce\""))
                .isEqualTo(sluice.number("select count(*) from customer")));
        assertThat(sum(sluice, "sluice_records_total", "direction=\"out\""))
                .isGreaterThanOrEqualTo(sluice.number("select count(*) from sluice.sync_state"));
        assertThat(sum(sluice, "sluice_lag_seconds_bucket", "le=\"1.0\"")).isPositive();
        assertThat(sum(sluice, "sluice_poll_interval_seconds", "sync=\"customers-salesforce\""))
                .isPositive();
    }

    /** Posts what HubSpot has not signed. */
    private static void rejectedWebhook() throws IOException, InterruptedException {
        HttpResponse<Void> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(
                                        URI.create("http://127.0.0.1:" + sluice.webhookPort + "/webhooks/hubspot"))
                                .POST(HttpRequest.BodyPublishers.ofString("[]"))
                                .build(),
                        HttpResponse.BodyHandlers.discarding());
        assertThat(answer.statusCode()).isEqualTo(401);
    }

    private static Map<String, String> types(RunningSluice sluice) {
        Map<String, String> types = new TreeMap<>();
        for (Matcher found = TYPE.matcher(scrape(sluice)); found.find(); ) {
            types.put(found.group(1), found.group(2));
        }
        return types;
    }

    private static String scrape(RunningSluice sluice) {
        return sluice.text(sluice.managementPort, "/observe/metrics");
    }

    private static Map<String, Set<String>> tags(RunningSluice sluice) {
        Map<String, Set<String>> tags = new TreeMap<>();
        for (Matcher sample = SAMPLE.matcher(scrape(sluice)); sample.find(); ) {
            Set<String> own = tags.computeIfAbsent(
                    sample.group(1).replaceFirst("_(bucket|count|sum)$", ""), first -> new TreeSet<>());
            if (sample.group(2) != null) {
                for (Matcher tag = TAG.matcher(sample.group(2)); tag.find(); ) {
                    own.add(tag.group(1));
                }
                own.remove("le");
            }
        }
        return tags;
    }

    private static void eachTagHasAValueThatIsConfiguredOrFixed(RunningSluice sluice) {
        for (Matcher sample = SAMPLE.matcher(scrape(sluice)); sample.find(); ) {
            for (Matcher tag = TAG.matcher(String.valueOf(sample.group(2))); tag.find(); ) {
                String value = tag.group(2);
                switch (tag.group(1)) {
                    case "account" -> assertThat(value).isIn("salesforce", "hubspot");
                    case "sync" -> assertThat(SYNCS).contains(value);
                    case "table" -> assertThat(value).isIn("public.customer", "public.deal");
                    case "direction" -> assertThat(value).isIn("in", "out");
                    case "priority" -> assertThat(value).isIn("critical", "high", "normal", "low", "none");
                    case "le" -> assertThat(value).matches("[0-9.]+|\\+Inf");
                    default -> assertThat(value).as(sample.group()).matches("[A-Za-z_][A-Za-z_ -]*");
                }
            }
        }
    }

    private static double sum(RunningSluice sluice, String name, String tag) {
        return scrape(sluice)
                .lines()
                .filter(line -> line.startsWith(name + "{") && line.contains(tag))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.status.MetricsPage;
import io.sluice.status.MetricsPage.Metric;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The metrics of the running product are those of the page about operations, and have the right values. */
class MetricsIT {

    private static final Pattern TYPE = Pattern.compile("# TYPE (sluice_\\S+) (\\S+)");
    private static final Pattern SAMPLE = Pattern.compile("(sluice_\\w+)(?:\\{(.*)\\})? (\\S+)");
    private static final Pattern TAG = Pattern.compile("(\\w+)=\"([^\"]*)\"");
    private static final Set<String> SYNCS =
            Set.of("customers-salesforce", "customers-hubspot", "deals-salesforce", "deals-hubspot");

    @Test
    void thePageNamesEachMetricOfTheProductAndNoOther(@TempDir Path home) throws Exception {
        try (RunningSluice sluice = new RunningSluice(home).withBothCrms().start()) {
            sluice.awaitSettled();
            sluice.sql("update customer set last_name = 'Changed' where customer_no = 'C-00001'");
            rejectedWebhook(sluice);
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
    }

    /** Posts what HubSpot has not signed. */
    private static void rejectedWebhook(RunningSluice sluice) throws IOException, InterruptedException {
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

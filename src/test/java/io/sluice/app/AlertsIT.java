// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run whose use of a limit crosses 70, 85 and 95 % and falls again, as a webhook, Prometheus and the log see it. */
class AlertsIT {

    private static final String UNTESTED =
            "only the webhook and the log are tested, not the alerts of a real Prometheus.";
    private static final String SECRET = "aVerySecretPath";
    private static final String LIMIT = "sluice.account.salesforce.limit.daily";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration SOON = Duration.ofSeconds(120);

    @TempDir
    Path home;

    private final List<String> events = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger failures = new AtomicInteger(2);
    private HttpServer webhook;
    private RunningPrometheus prometheus;

    @BeforeEach
    void receive() throws IOException {
        webhook = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        webhook.createContext("/" + SECRET, exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            boolean fails = failures.getAndDecrement() > 0;
            if (!fails) {
                for (JsonNode event : JSON.readTree(body).path("events")) {
                    events.add(event.path("event").asText() + " "
                            + event.path("alert").path("id").asText());
                }
            }
            exchange.sendResponseHeaders(fails ? 503 : 200, -1);
            exchange.close();
        });
        webhook.start();
    }

    @AfterEach
    void stop() {
        webhook.stop(0);
        if (prometheus != null) {
            prometheus.close();
        }
    }

    @Test
    void aRunThatCrossesTheMarksFiresEachAlertOnceAndResolvesIt() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            sluice.with(
                            "sluice.alerts.webhook.url",
                            "http://127.0.0.1:" + webhook.getAddress().getPort() + "/" + SECRET)
                    .with("sluice.alerts.check-interval", "500ms")
                    .with("sluice.alerts.group-interval", "1s")
                    .with("sluice.alerts.retry.max-delay", "1s")
                    .with("sluice.record.min-write-interval", "0s")
                    .with("sluice.log.format", "json")
                    .start()
                    .awaitSettled();
            prometheus = RunningPrometheus.start(home.resolve("prometheus"), sluice.managementPort, UNTESTED)
                    .orElse(null);
            boolean watched = prometheus != null;

            // critical changes are sent until all of the limit is used, a call each
            sluice.with(LIMIT, Math.max(100, used(sluice) * 100 / 60) + " per 24h")
                    .writeSettings();
            for (int change = 0; !ofMarks().contains("begin limit-mark:salesforce/daily:95"); change++) {
                assertThat(change).as("changes").isLessThan(400);
                sluice.sql("update customer set tier = 'gold', phone = '" + change + "' where customer_no = 'C-"
                        + String.format("%05d", change % 50 + 1) + "'");
                // one call for each change, unless nothing is left of the limit
                await().atMost(SOON)
                        .until(() -> sluice.number(
                                                "select (select count(*) from sluice.change_log) + (select count(*) from sluice.outbox)")
                                        == 0
                                || left(sluice) == 0);
            }
            assertThat(ofMarks())
                    .startsWith(
                            "begin limit-mark:salesforce/daily:70",
                            "begin limit-mark:salesforce/daily:85",
                            "begin limit-mark:salesforce/daily:95");
            if (watched) {
                await().atMost(SOON).untilAsserted(() -> assertThat(prometheus.firing())
                        .contains("SluiceQuotaMark", "SluiceQuotaLow", "SluiceQuotaCritical"));
            }
            JsonNode alerts = sluice.get(sluice.serverPort, "/api/alerts").path("alerts");
            assertThat(alerts.path(0).path("what").asText())
                    .startsWith("salesforce: ")
                    .endsWith(".");

            sluice.with(LIMIT, "100000 per 24h").writeSettings();
            await().atMost(SOON).untilAsserted(() -> assertThat(ofMarks())
                    .contains(
                            "end limit-mark:salesforce/daily:70",
                            "end limit-mark:salesforce/daily:85",
                            "end limit-mark:salesforce/daily:95"));
            if (watched) {
                await().atMost(SOON).untilAsserted(() -> assertThat(prometheus.firing())
                        .doesNotContain("SluiceQuotaMark", "SluiceQuotaLow", "SluiceQuotaCritical"));
            }
            assertThat(ofMarks()).as("each once").doesNotHaveDuplicates();
            assertThat(failures.get()).as("deliveries that failed before").isLessThanOrEqualTo(0);

            everyLineOfTheLogIsJsonWithoutASecret(sluice.output());
            assertThat(sluice.text(sluice.managementPort, "/observe/metrics")).doesNotContain(SECRET);
            assumeTrue(watched, RunningPrometheus.skipped(UNTESTED));
        }
    }

    private static long used(RunningSluice sluice) {
        return limit(sluice).path("used").asLong();
    }

    private static long left(RunningSluice sluice) {
        return limit(sluice).path("left").asLong();
    }

    private static JsonNode limit(RunningSluice sluice) {
        return sluice.get(sluice.serverPort, "/api/status")
                .path("accounts")
                .path("salesforce")
                .path("limits")
                .path(0);
    }

    private List<String> ofMarks() {
        return events.stream()
                .filter(event -> event.contains(" limit-mark:salesforce/daily:"))
                .toList();
    }

    private static void everyLineOfTheLogIsJsonWithoutASecret(String log) throws IOException {
        assertThat(log).doesNotContain(SECRET);
        Set<String> loggers = new TreeSet<>();
        Set<String> accounts = new TreeSet<>();
        for (String line : log.lines().toList()) {
            JsonNode entry = JSON.readTree(line);
            assertThat(entry.path("message").isTextual()).as(line).isTrue();
            assertThat(entry.path("time").asText()).as(line).matches("\\d{4}-\\d\\d-\\d\\dT.*Z");
            loggers.add(entry.path("logger").asText());
            accounts.add(entry.path("account").asText());
        }
        assertThat(loggers).contains("io.sluice.alert");
    }
}

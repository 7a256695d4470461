// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.testkit.FreePorts;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/** A Prometheus in a process of its own that scrapes the product each second, with the product's rules. */
final class RunningPrometheus implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Process process;
    private final int port;

    private RunningPrometheus(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /**
     * Starts a Prometheus with the product's rules, but without the time for which a rule waits.
     *
     * @param folder  the folder for its files
     * @param scraped the port of the product's metrics
     * @return empty if the program is missing, which is printed with what is not tested then
     */
    static Optional<RunningPrometheus> start(Path folder, int scraped, String untested) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(
                folder.resolve("rules.yaml"),
                Files.readString(Path.of("src/main/monitoring/prometheus-rules.yaml"))
                        .replaceAll("(?m)^ +for: .*\\n", ""));
        Files.writeString(
                folder.resolve("prometheus.yml"),
                """
                global: {scrape_interval: 1s, evaluation_interval: 1s}
                rule_files: [rules.yaml]
                scrape_configs:
                  - job_name: sluice
                    metrics_path: /observe/metrics
                    static_configs: [{targets: ["127.0.0.1:%d"]}]
                """
                        .formatted(scraped));
        int port = FreePorts.next();
        try {
            return Optional.of(new RunningPrometheus(
                    new ProcessBuilder(
                                    "prometheus",
                                    "--config.file=" + folder.resolve("prometheus.yml"),
                                    "--storage.tsdb.path=" + folder.resolve("data"),
                                    "--web.listen-address=127.0.0.1:" + port)
                            .redirectErrorStream(true)
                            .redirectOutput(folder.resolve("log.txt").toFile())
                            .start(),
                    port));
        } catch (IOException missing) {
            System.out.println(skipped(untested));
            return Optional.empty();
        }
    }

    /** Returns why a test is skipped where the program is missing. */
    static String skipped(String untested) {
        return "SKIPPED: prometheus is missing (Debian's package prometheus has it): " + untested;
    }

    /** Returns the names of the alerts that are firing. */
    Set<String> firing() throws IOException {
        Set<String> firing = new TreeSet<>();
        for (JsonNode alert : get("/api/v1/alerts").path("alerts")) {
            if (alert.path("state").asText().equals("firing")) {
                firing.add(alert.path("labels").path("alertname").asText());
            }
        }
        return firing;
    }

    /** Evaluates an expression now. @return its samples, each with {@code metric} (labels) and {@code value} */
    JsonNode query(String expression) throws IOException {
        return get("/api/v1/query?query=" + URLEncoder.encode(expression, UTF_8))
                .path("result");
    }

    private JsonNode get(String path) throws IOException {
        RawHttp.Answer answer = RawHttp.send(port, "GET", path, Map.of(), "");
        JsonNode json = JSON.readTree(answer.body());
        assertThat(json.path("status").asText())
                .as("%s: %s", path, answer.body())
                .isEqualTo("success");
        return json.path("data");
    }

    @Override
    public void close() {
        process.destroy();
        try {
            process.waitFor(20, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

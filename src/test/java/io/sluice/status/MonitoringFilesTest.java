// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.status.MetricsPage.Metric;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The dashboard and the alert rules use metrics and tags that exist. MetricsIT compares the page with the product. */
class MonitoringFilesTest {

    private static final Path FOLDER = Path.of("src/main/monitoring");
    private static final Pattern METRIC =
            Pattern.compile("(sluice_\\w+?)(?:_(?:bucket|count|sum))?\\b(?:\\{([^}]*)\\})?");
    private static final Pattern MATCHER = Pattern.compile("(\\w+) *(?:=~|!~|!=|=) *\"");
    private static final Pattern GROUPED = Pattern.compile("(?:by|on) \\(([^)]*)\\)");
    private static final Set<String> OF_PROMETHEUS = Set.of("le", "instance", "job");

    private static final Map<String, Metric> METRICS =
            MetricsPage.metrics().stream().collect(Collectors.toMap(Metric::name, Function.identity()));

    private static JsonNode dashboard() throws IOException {
        return new ObjectMapper()
                .readTree(FOLDER.resolve("grafana-dashboard.json").toFile());
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> rules() throws IOException {
        Map<String, Object> file =
                (Map<String, Object>) new Load(LoadSettings.builder().build())
                        .loadFromString(Files.readString(FOLDER.resolve("prometheus-rules.yaml")));
        return (List<Map<String, Object>>)
                ((List<Map<String, Object>>) file.get("groups")).get(0).get("rules");
    }

    private static List<String> expressions() throws IOException {
        List<String> expressions = new ArrayList<>();
        dashboard().findValues("expr").forEach(expr -> expressions.add(expr.asText()));
        rules().forEach(rule -> expressions.add(rule.get("expr").toString()));
        return expressions;
    }

    @Test
    void eachMetricAndTagExists() throws IOException {
        assertThat(expressions()).hasSizeGreaterThan(30);
        for (String expression : expressions()) {
            Set<String> known = new TreeSet<>(OF_PROMETHEUS);
            for (Matcher metric = METRIC.matcher(expression); metric.find(); ) {
                assertThat(METRICS).as(expression).containsKey(metric.group(1));
                Set<String> tags = METRICS.get(metric.group(1)).tags();
                known.addAll(tags);
                for (Matcher tag = MATCHER.matcher(String.valueOf(metric.group(2))); tag.find(); ) {
                    assertThat(tags).as(expression).contains(tag.group(1));
                }
            }
            for (Matcher grouped = GROUPED.matcher(expression); grouped.find(); ) {
                assertThat(known)
                        .as(expression)
                        .containsAll(Arrays.asList(grouped.group(1).split(", *")));
            }
        }
    }

    @Test
    void theDashboardShowsWhatAnOperatorLooksFor() throws IOException {
        Set<String> shown = new TreeSet<>();
        for (Matcher metric = METRIC.matcher(dashboard().toString()); metric.find(); ) {
            shown.add(metric.group(1));
        }
        assertThat(shown)
                .contains(
                        "sluice_outbox_records",
                        "sluice_outbox_oldest_age_seconds",
                        "sluice_lag_seconds",
                        "sluice_capture_records",
                        "sluice_dead_letters",
                        "sluice_circuit_breaker_state",
                        "sluice_snapshot_done_records",
                        "sluice_export_done_records");
    }

    @Test
    @SuppressWarnings("unchecked")
    void eachAlertHasASeverityAndSaysWhatToDo() throws IOException {
        for (Map<String, Object> rule : rules()) {
            assertThat((Map<String, Object>) rule.get("labels"))
                    .as("%s", rule.get("alert"))
                    .containsKey("severity");
            assertThat((Map<String, Object>) rule.get("annotations"))
                    .as("%s", rule.get("alert"))
                    .containsKeys("summary", "description");
        }
    }
}

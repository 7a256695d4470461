// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.status.MetricsPage.Metric;
import java.util.Collection;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The names of the metrics follow the conventions of Micrometer (https://docs.micrometer.io/micrometer/reference/concepts/naming.html)
 * and Prometheus (https://prometheus.io/docs/practices/naming/). The page is compared with the running product elsewhere, in
 * MetricsIT, so that what holds for the page holds for the product.
 */
class MetricNamesTest {

    private static final Set<String> BASE_UNITS =
            Set.of("-", "seconds", "records", "events", "letters", "rejections", "jobs", "failures", "gets");

    /** Tags whose values are configured or few; none grows with the data. */
    private static final Set<String> TAGS = Set.of(
            "account",
            "sync",
            "table",
            "object",
            "direction",
            "priority",
            "outcome",
            "state",
            "limit",
            "reason",
            "operation",
            "result",
            "kind");

    private static final Collection<Metric> METRICS = MetricsPage.metrics();

    @Test
    void thePageHasMetrics() {
        assertThat(METRICS).hasSizeGreaterThan(20);
    }

    @Test
    void namesAreWordsBelowSluice() {
        assertThat(METRICS).allMatch(it -> it.name().matches("sluice(_[a-z]+)+"));
    }

    @Test
    void typesAreThoseOfPrometheus() {
        assertThat(METRICS)
                .allMatch(it -> Set.of("gauge", "counter", "histogram").contains(it.type()));
    }

    @Test
    void countersAreInThePluralAndEndInTotal() {
        assertThat(METRICS)
                .filteredOn(it -> it.type().equals("counter"))
                .isNotEmpty()
                .allMatch(it -> it.name().endsWith("s_total"));
        assertThat(METRICS).filteredOn(it -> !it.type().equals("counter")).noneMatch(it -> it.name()
                .endsWith("_total"));
    }

    @Test
    void nameEndsInTheBaseUnit() {
        assertThat(METRICS).allMatch(it -> BASE_UNITS.contains(it.unit()));
        assertThat(METRICS)
                .filteredOn(it -> !it.unit().equals("-"))
                .allMatch(it -> it.name().replaceFirst("(_total|_max)$", "").endsWith("_" + it.unit()));
    }

    @Test
    void noTagGrowsWithTheData() {
        assertThat(METRICS).allMatch(it -> TAGS.containsAll(it.tags()));
    }
}

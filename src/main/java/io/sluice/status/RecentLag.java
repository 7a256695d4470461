// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.HistogramSnapshot;
import io.micrometer.core.instrument.distribution.ValueAtPercentile;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The percentiles of the lag of the last five minutes, for people. The published histograms have buckets of a fixed width
 * instead, since those of several replicas can be added.
 */
final class RecentLag {

    private static final Duration WINDOW = Duration.ofMinutes(5);
    private static final double MEDIAN = 0.5;
    private static final double HIGH = 0.99;

    private final Timer timer = Timer.builder("lag")
            .publishPercentiles(MEDIAN, HIGH)
            .distributionStatisticExpiry(WINDOW)
            .distributionStatisticBufferLength(5)
            .register(new SimpleMeterRegistry(SimpleConfig.DEFAULT, Clock.SYSTEM));

    void record(Duration lag) {
        timer.record(lag.isNegative() ? Duration.ZERO : lag);
    }

    RecordMetrics.Flow flow(long records) {
        HistogramSnapshot snapshot = timer.takeSnapshot();
        // the maximum is forgotten with the histogram, the count is not
        return snapshot.max(TimeUnit.NANOSECONDS) == 0
                ? new RecordMetrics.Flow(records, null, null)
                : new RecordMetrics.Flow(records, percentile(snapshot, MEDIAN), percentile(snapshot, HIGH));
    }

    private static Double percentile(HistogramSnapshot snapshot, double percentile) {
        for (ValueAtPercentile value : snapshot.percentileValues()) {
            if (value.percentile() == percentile) {
                return value.value(TimeUnit.MILLISECONDS);
            }
        }
        return null;
    }
}

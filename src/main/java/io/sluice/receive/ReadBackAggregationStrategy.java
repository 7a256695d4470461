package io.sluice.receive;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangeProperty;
import org.apache.camel.processor.aggregate.GroupedBodyAggregationStrategy;

/**
 * Gathers records that must be read, so that one call reads them all: they wait while one comes soon after the other,
 * but no longer than the first of them may wait.
 */
public final class ReadBackAggregationStrategy extends GroupedBodyAggregationStrategy {

    static final String FIRST = "SluiceFirst";

    private final Duration pause;
    private final Duration longest;
    private final InstantSource clock;

    /**
     * @param pause   after the last record that came
     * @param longest after the first
     */
    public ReadBackAggregationStrategy(Duration pause, Duration longest, InstantSource clock) {
        this.pause = pause;
        this.longest = longest;
        this.clock = clock;
    }

    /** Each record learns when the first came, since Camel asks for the time limit with the record that came last. */
    @Override
    public Exchange aggregate(Exchange before, Exchange record) {
        record.setProperty(FIRST, before == null ? clock.instant() : before.getProperty(FIRST));
        return super.aggregate(before, record);
    }

    /**
     * How long to wait for one more, now that one came.
     *
     * @param first when the first one came
     * @return milliseconds, at least 1: Camel takes 0 for no limit
     */
    public long left(@ExchangeProperty(FIRST) Instant first) {
        Duration left = Duration.between(clock.instant(), first.plus(longest));
        return Math.max(1, (left.compareTo(pause) < 0 ? left : pause).toMillis());
    }
}

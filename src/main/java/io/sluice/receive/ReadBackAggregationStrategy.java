// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangeProperty;
import org.apache.camel.processor.aggregate.GroupedBodyAggregationStrategy;

/**
 * Aggregates records to read back into one call. The batch waits while records arrive within the idle timeout of each other,
 * but no longer than the maximum wait of its first record.
 */
public final class ReadBackAggregationStrategy extends GroupedBodyAggregationStrategy {

    static final String BATCH_STARTED = "SluiceBatchStarted";

    private final Duration idleTimeout;
    private final Duration maxWait;
    private final InstantSource clock;

    /**
     * @param idleTimeout time after the last record
     * @param maxWait     time after the first record
     */
    public ReadBackAggregationStrategy(Duration idleTimeout, Duration maxWait, InstantSource clock) {
        this.idleTimeout = idleTimeout;
        this.maxWait = maxWait;
        this.clock = clock;
    }

    /** Copies the time of the first record to each record: Camel computes the timeout from the last exchange. */
    @Override
    public Exchange aggregate(Exchange before, Exchange record) {
        record.setProperty(BATCH_STARTED, before == null ? clock.instant() : before.getProperty(BATCH_STARTED));
        return super.aggregate(before, record);
    }

    /**
     * Computes how long the batch waits for another record. For example, with 200 ms and 500 ms it waits 100 ms if the first
     * record arrived 400 ms ago.
     *
     * @param started arrival of the first record
     * @return milliseconds, at least 1: Camel takes 0 for no limit
     */
    public long completionTimeout(@ExchangeProperty(BATCH_STARTED) Instant started) {
        Duration left = Duration.between(clock.instant(), started.plus(maxWait));
        return Math.max(1, (left.compareTo(idleTimeout) < 0 ? left : idleTimeout).toMillis());
    }
}

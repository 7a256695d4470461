// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds a value that is read on demand and shared by many callers, such as all gauges of a scrape. It is read by one thread in
 * the background, and never twice within the interval, nor more often than in a twentieth of the time. A caller waits for a
 * due read for a moment; if that takes longer, or the read before has failed, the caller gets the last value. For example, with
 * an interval of 5 s a value whose read takes 1 s is read again after 20 s.
 */
final class RecentValue<T> implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RecentValue.class);
    private static final int COST_FACTOR = 20;

    /** Reads the value. */
    @FunctionalInterface
    interface Source<T> {
        T read() throws Exception;
    }

    /**
     * Times of a value.
     *
     * @param interval minimum time between two reads
     * @param maxWait  maximum time for which callers of one read wait
     * @param maxAge   maximum age of a value that is returned
     */
    record Times(Duration interval, Duration maxWait, Duration maxAge) {}

    private record Dated<T>(T value, long at) {}

    private final Source<T> source;
    private final Times times;
    private final LongSupplier nanos;
    private final ExecutorService thread;
    private CompletableFuture<Void> running;
    private boolean wasRead;
    private boolean hasFailed;
    private long startedAt;
    private long endedAt;
    private Dated<T> last;

    RecentValue(String name, Source<T> source, Times times) {
        this(name, source, times, System::nanoTime);
    }

    RecentValue(String name, Source<T> source, Times times, LongSupplier nanos) {
        this.source = source;
        this.times = times;
        this.nanos = nanos;
        thread = Executors.newSingleThreadExecutor(work -> {
            Thread daemon = new Thread(work, name);
            daemon.setDaemon(true);
            return daemon;
        });
    }

    /** Returns the value; empty if none was read within the maximum age. */
    Optional<T> get() {
        CompletableFuture<Void> awaited = null;
        long wait = 0;
        synchronized (this) {
            if (isDue()) {
                begin();
            }
            if (running != null && !hasFailed) {
                awaited = running;
                wait = times.maxWait().toNanos() - (nanos.getAsLong() - startedAt);
            }
        }
        if (awaited != null && wait > 0) {
            await(awaited, wait);
        }
        synchronized (this) {
            return last == null
                            || nanos.getAsLong() - last.at() > times.maxAge().toNanos()
                    ? Optional.empty()
                    : Optional.of(last.value());
        }
    }

    /** Returns the age of the last value; empty if none was ever read. */
    synchronized Optional<Duration> age() {
        return Optional.ofNullable(last).map(it -> Duration.ofNanos(nanos.getAsLong() - it.at()));
    }

    private boolean isDue() {
        long pause = Math.max(times.interval().toNanos(), COST_FACTOR * (endedAt - startedAt));
        return running == null && (!wasRead || nanos.getAsLong() - endedAt >= pause);
    }

    private void begin() {
        running = new CompletableFuture<>();
        startedAt = nanos.getAsLong();
        CompletableFuture<Void> own = running;
        try {
            thread.execute(() -> read(own));
        } catch (RejectedExecutionException closed) {
            running = null;
        }
    }

    private void read(CompletableFuture<Void> own) {
        T value = null;
        try {
            value = source.read();
        } catch (Exception failure) {
            LOG.debug("The values of the metrics could not be read", failure);
        } finally {
            ended(value);
            own.complete(null);
        }
    }

    /** @param value null if the read has failed */
    private synchronized void ended(T value) {
        endedAt = nanos.getAsLong();
        wasRead = true;
        hasFailed = value == null;
        if (value != null) {
            last = new Dated<>(value, endedAt);
        }
        running = null;
    }

    private static void await(CompletableFuture<Void> read, long nanoseconds) {
        try {
            read.get(nanoseconds, TimeUnit.NANOSECONDS);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException late) {
            LOG.debug("The values of the metrics are the last ones that were read");
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}

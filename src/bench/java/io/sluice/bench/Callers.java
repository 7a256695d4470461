// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** Threads that always have a call to make. Nothing is tried again. */
final class Callers implements AutoCloseable {

    static final int THREADS = 8;

    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private volatile boolean stopping;

    Callers(Limiter limiter, Callable<Integer> call) {
        for (int i = 0; i < THREADS; i++) {
            threads.execute(() -> makeCalls(limiter, call));
        }
        threads.shutdown();
    }

    private void makeCalls(Limiter limiter, Callable<Integer> call) {
        try {
            while (!stopping) {
                limiter.make(call);
            }
        } catch (Exception failed) {
            // whoever is interrupted by the end fails in a way of its own
            if (!stopping) {
                failure.compareAndSet(null, failed);
            }
        }
    }

    /** @throws IllegalStateException when a caller failed during the run, whose figures are worth nothing then */
    @Override
    public void close() {
        stopping = true;
        threads.shutdownNow();
        boolean ended;
        try {
            ended = threads.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            ended = false;
        }
        if (failure.get() != null || !ended) {
            throw new IllegalStateException("A caller failed or did not end", failure.get());
        }
    }
}

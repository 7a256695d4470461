// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import io.sluice.RootCause;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.apache.camel.CamelContext;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.NamedNode;
import org.apache.camel.Route;
import org.apache.camel.component.scheduler.SchedulerEndpoint;
import org.apache.camel.component.timer.TimerEndpoint;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;
import org.apache.camel.spi.RoutePolicy;
import org.apache.camel.spi.RoutePolicyFactory;
import org.apache.camel.support.RoutePolicySupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports DOWN when the thread of an endless consumer has ended, or a timed route does not run any more. Camel catches
 * exceptions, but an Error (out of memory, a missing class) in an expression of a route ends the thread of its consumer: that of
 * {@code seda} or {@code timer} with an uncaught Error, that of {@code scheduler} silently. Camel creates no new one, so that the
 * process must be restarted.
 */
public final class LoopHealth extends AbstractHealthCheck implements RoutePolicyFactory {

    private static final Logger LOG = LoggerFactory.getLogger(LoopHealth.class);

    /** Threads of Camel's consumers that work until they are stopped. */
    private static final List<String> ENDLESS = List.of("seda://", "timer://", "scheduler://");

    private final Duration silence;
    private final LongSupplier nanos;
    private final Map<String, Loop> loops = new ConcurrentHashMap<>();
    private final Set<String> ended = ConcurrentHashMap.newKeySet();

    /**
     * Last activity of a timed route.
     *
     * @param at         nanoseconds at which an exchange last began or ended
     * @param maxSilence maximum nanoseconds without activity
     */
    private record Loop(long at, long maxSilence) {}

    /** @param silence maximum time without activity of a timed route; at least three of its periods */
    public LoopHealth(Duration silence) {
        this(silence, System::nanoTime);
    }

    LoopHealth(Duration silence, LongSupplier nanos) {
        super("sluice", "loops");
        this.silence = silence;
        this.nanos = nanos;
    }

    /**
     * Registers for threads that end by an uncaught exception; an earlier handler is still called.
     *
     * @param startFailed called when the main thread ends so, before all is started: what runs already would keep the process alive
     */
    public void listen(Runnable startFailed) {
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> {
            if (thread.getName().equals("main") && failure instanceof Exception) {
                LOG.error("The start failed: {}", RootCause.of(failure));
                startFailed.run();
            } else {
                threadEnded(thread.getName(), failure);
            }
            if (before != null) {
                before.uncaughtException(thread, failure);
            }
        });
    }

    private void threadEnded(String thread, Throwable failure) {
        ENDLESS.stream()
                .filter(thread::contains)
                .findFirst()
                .ifPresent(kind -> ended.add(thread.substring(thread.indexOf(kind)) + " ended by "
                        + failure.getClass().getSimpleName()));
        // the message of an Error may contain values of a record
        LOG.error("The thread {} ended by {}.", thread, failure.getClass().getName());
    }

    @Override
    public RoutePolicy createRoutePolicy(CamelContext context, String routeId, NamedNode route) {
        return new RoutePolicySupport() {
            @Override
            public void onStart(Route started) {
                active(started);
            }

            @Override
            public void onResume(Route resumed) {
                active(resumed);
            }

            @Override
            public void onSuspend(Route suspended) {
                loops.remove(suspended.getRouteId());
            }

            @Override
            public void onStop(Route stopped) {
                loops.remove(stopped.getRouteId());
            }

            @Override
            public void onExchangeBegin(Route own, Exchange exchange) {
                active(own);
            }

            @Override
            public void onExchangeDone(Route own, Exchange exchange) {
                active(own);
            }
        };
    }

    private void active(Route route) {
        long period = period(route.getEndpoint());
        if (period > 0) {
            loops.put(
                    route.getRouteId(),
                    new Loop(nanos.getAsLong(), Math.max(silence.toNanos(), 3 * period * 1_000_000)));
        }
    }

    /** Returns the period in milliseconds; 0 for a route that is not timed or that ends by itself. */
    private static long period(Endpoint endpoint) {
        if (endpoint instanceof TimerEndpoint timer) {
            return timer.getRepeatCount() > 0 || timer.getPeriod() <= 0 ? 0 : timer.getPeriod();
        }
        return endpoint instanceof SchedulerEndpoint scheduler && scheduler.getRepeatCount() <= 0
                ? Math.max(1, scheduler.getDelay())
                : 0;
    }

    private List<String> problems() {
        List<String> problems = new ArrayList<>(ended);
        loops.forEach((route, loop) -> {
            long silent = nanos.getAsLong() - loop.at();
            if (silent > loop.maxSilence()) {
                problems.add("route " + route + " has not run for "
                        + Duration.ofNanos(silent).toMinutes() + " minutes");
            }
        });
        problems.sort(null);
        return problems;
    }

    /** Only a restart helps. */
    @Override
    public boolean isLiveness() {
        return true;
    }

    @Override
    public boolean isReadiness() {
        return false;
    }

    @Override
    protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
        List<String> problems = problems();
        if (problems.isEmpty()) {
            builder.up();
        } else {
            builder.message(String.join("; ", problems) + "; restart the process")
                    .down();
        }
    }
}

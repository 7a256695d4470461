package io.sluice.status;

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
 * DOWN where a thread that works for ever has ended, or a route that turns by time turns no more. Camel catches exceptions,
 * but an Error (memory, a missing class) in an expression of a route ends the thread of its consumer: a {@code seda} or
 * {@code timer} consumer by an uncaught Error, a {@code scheduler} without a word. None is made again, so the process is to be
 * started again.
 */
public final class LoopHealth extends AbstractHealthCheck implements RoutePolicyFactory {

    private static final Logger LOG = LoggerFactory.getLogger(LoopHealth.class);

    /** Threads of Camel's consumers that work until they are stopped. */
    private static final List<String> ENDLESS = List.of("seda://", "timer://", "scheduler://");

    private final Duration silence;
    private final LongSupplier nanos;
    private final Map<String, Loop> loops = new ConcurrentHashMap<>();
    private final Set<String> ended = ConcurrentHashMap.newKeySet();

    /** When a route last began or ended a turn, and for how long it may not. */
    private record Loop(long at, long longest) {
    }

    /** @param silence for which a route that turns by time may begin and end no turn; three of its periods, where that is longer */
    public LoopHealth(Duration silence) {
        this(silence, System::nanoTime);
    }

    LoopHealth(Duration silence, LongSupplier nanos) {
        super("sluice", "loops");
        this.silence = silence;
        this.nanos = nanos;
    }

    /** Hears of threads that end by what nobody caught; of those that are not Camel's as before. */
    public void listen() {
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> {
            threadEnded(thread.getName(), failure);
            if (before != null) {
                before.uncaughtException(thread, failure);
            }
        });
    }

    private void threadEnded(String thread, Throwable failure) {
        ENDLESS.stream().filter(thread::contains).findFirst().ifPresent(kind ->
                ended.add(thread.substring(thread.indexOf(kind)) + " ended by " + failure.getClass().getSimpleName()));
        // the message of an Error may hold what was worked on
        LOG.error("The thread {} ended by {}.", thread, failure.getClass().getName());
    }

    @Override
    public RoutePolicy createRoutePolicy(CamelContext context, String routeId, NamedNode route) {
        return new RoutePolicySupport() {
            @Override
            public void onStart(Route started) {
                turned(started);
            }

            @Override
            public void onResume(Route resumed) {
                turned(resumed);
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
                turned(own);
            }

            @Override
            public void onExchangeDone(Route own, Exchange exchange) {
                turned(own);
            }
        };
    }

    private void turned(Route route) {
        long period = period(route.getEndpoint());
        if (period > 0) {
            loops.put(route.getRouteId(), new Loop(nanos.getAsLong(), Math.max(silence.toNanos(), 3 * period * 1_000_000)));
        }
    }

    /** In milliseconds; 0 where it does not turn by time, or not for ever. */
    private static long period(Endpoint endpoint) {
        if (endpoint instanceof TimerEndpoint timer) {
            return timer.getRepeatCount() > 0 || timer.getPeriod() <= 0 ? 0 : timer.getPeriod();
        }
        return endpoint instanceof SchedulerEndpoint scheduler && scheduler.getRepeatCount() <= 0
                ? Math.max(1, scheduler.getDelay()) : 0;
    }

    private List<String> problems() {
        List<String> problems = new ArrayList<>(ended);
        loops.forEach((route, loop) -> {
            long silent = nanos.getAsLong() - loop.at();
            if (silent > loop.longest()) {
                problems.add("route " + route + " has begun and ended no turn for " + Duration.ofNanos(silent).toMinutes()
                        + " minutes");
            }
        });
        problems.sort(null);
        return problems;
    }

    @Override
    protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
        List<String> problems = problems();
        if (problems.isEmpty()) {
            builder.up();
        } else {
            builder.message(String.join("; ", problems) + "; start the process again").down();
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.web;

import io.sluice.QuotedWords;
import io.sluice.http.Caller;
import io.sluice.store.Json;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Streams the overview to open pages as server-sent events
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html): first all parts, then those that have changed. All pages
 * share one reading, and without an open page nothing is read. Each event has two texts: with the words of the CRMs and of the
 * database, and without them for people who may not see values. If a reading takes long, the next one waits for thirty times as
 * long, but for ten seconds at most: the pages take little of one connection's time. For example, a reading of 100 ms is followed
 * by the next after 3 s.
 */
public final class OverviewStream implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(OverviewStream.class);

    /** Path of the stream. */
    public static final String PATH = "/page/events";

    private static final Duration INTERVAL = Duration.ofSeconds(1);
    private static final Duration MAX_INTERVAL = Duration.ofSeconds(10);
    private static final int COST_FACTOR = 30;
    /** Open pages at once; one more is asked to come back later. */
    private static final int MAX_PAGES = 200;

    /** Reads the JSON text of each part, by its name; quotations are marked as {@link QuotedWords}. */
    @FunctionalInterface
    public interface Parts {
        Map<String, String> read() throws Exception;
    }

    /** Time after which a page whose session has ended gets no more events. */
    private static final Duration SESSION_CHECK = Duration.ofSeconds(10);

    /** @param seesValues whether the person may see what quotes values of fields */
    private record Page(HttpServerResponse response, Context context, boolean seesValues) {}

    private record Event(String shown, String hidden) {

        static Event of(String text) {
            return new Event(QuotedWords.shown(text), QuotedWords.hidden(text));
        }

        String text(Page page) {
            return page.seesValues() ? shown : hidden;
        }
    }

    private final Parts parts;
    private final Function<RoutingContext, Future<Boolean>> remains;
    private final Set<Page> pages = ConcurrentHashMap.newKeySet();
    /** Counted when a page opens, since many that open at once join the pages above one after the other. */
    private final AtomicInteger admitted = new AtomicInteger();

    private final ScheduledExecutorService reader = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread daemon = new Thread(work, "sluice-overview");
        daemon.setDaemon(true);
        return daemon;
    });
    private Map<String, String> last = Map.of();
    private ScheduledFuture<?> next;

    /** @param remains whether the person who has opened a page may read on */
    public OverviewStream(Parts parts, Function<RoutingContext, Future<Boolean>> remains) {
        this.parts = parts;
        this.remains = remains;
    }

    /** Adds the stream to the router of a port. */
    public void serve(Router router) {
        router.get(PATH).handler(this::open);
    }

    private void open(RoutingContext request) {
        HttpServerResponse response = request.response();
        if (admitted.incrementAndGet() > MAX_PAGES) {
            admitted.decrementAndGet();
            response.setStatusCode(503).putHeader("Retry-After", "30").end();
            return;
        }
        response.setChunked(true)
                .putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream;charset=UTF-8")
                // a proxy that buffers would hold the events back
                .putHeader("X-Accel-Buffering", "no");
        Page page = new Page(
                response, Vertx.currentContext(), Caller.of(request.user()).may(Caller.Role.VALUES));
        Vertx vertx = Vertx.currentContext().owner();
        long check = vertx.setPeriodic(
                SESSION_CHECK.toMillis(), timer -> remains.apply(request).onSuccess(still -> {
                    if (!still && !response.ended()) {
                        response.end();
                    }
                }));
        // called once, at the end of the answer or of the connection
        request.addEndHandler(end -> {
            vertx.cancelTimer(check);
            admitted.decrementAndGet();
            pages.remove(page);
        });
        response.write("retry: 2000\n\n");
        reader.execute(() -> welcome(page));
    }

    private void welcome(Page page) {
        boolean alone = pages.isEmpty();
        pages.add(page);
        if (alone) {
            last = Map.of();
            if (next != null) {
                next.cancel(false);
            }
            read();
        } else {
            send(page, event(last));
        }
    }

    private void read() {
        if (pages.isEmpty()) {
            return;
        }
        long began = System.nanoTime();
        try {
            Map<String, String> now = parts.read();
            Map<String, String> changed = new LinkedHashMap<>(now);
            changed.entrySet().removeIf(part -> part.getValue().equals(last.get(part.getKey())));
            last = now;
            Event event = event(changed);
            pages.forEach(page -> send(page, event));
        } catch (Exception failure) {
            LOG.debug("The overview could not be read", failure);
            Event problem = Event.of("event: problem\ndata: {\"at\":\"" + Instant.now() + "\"}\n\n");
            pages.forEach(page -> send(page, problem));
        }
        next = reader.schedule(this::read, pause(System.nanoTime() - began), TimeUnit.NANOSECONDS);
    }

    /** Returns the nanoseconds until the next reading. @param cost nanoseconds that the last one took */
    private static long pause(long cost) {
        return Math.min(MAX_INTERVAL.toNanos(), Math.max(INTERVAL.toNanos(), COST_FACTOR * cost));
    }

    /** Writes an event; a page that does not take the events of some seconds is closed, and opens the stream again. */
    private void send(Page page, Event event) {
        page.context().runOnContext(run -> {
            if (page.response().closed() || page.response().ended()) {
                pages.remove(page);
            } else if (page.response().writeQueueFull()) {
                pages.remove(page);
                page.response().reset();
            } else {
                page.response().write(event.text(page));
            }
        });
    }

    private static Event event(Map<String, String> parts) {
        StringBuilder event = new StringBuilder("event: overview\ndata: {\"at\":\"")
                .append(Instant.now())
                .append("\",\"parts\":{");
        String separator = "";
        for (Map.Entry<String, String> part : parts.entrySet()) {
            event.append(separator).append(Json.text(part.getKey())).append(':').append(part.getValue());
            separator = ",";
        }
        return Event.of(event.append("}}\n\n").toString());
    }

    @Override
    public void close() {
        reader.shutdownNow();
    }
}

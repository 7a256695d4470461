// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;

/**
 * Enforces the limits of one account: named rolling windows, all of which a request must pass, and the vendor's limit
 * on concurrent long requests. A refused request spends nothing. Allocations are windows for other things than
 * requests, such as bulk jobs.
 */
public final class Limiter {

    /** Name of the window whose use the vendor reports in its headers. */
    public static final String DAILY = "daily";
    /** Name of the limit on concurrent requests. */
    public static final String CONCURRENT = "concurrent";

    private final SandboxClock clock;
    private final Map<String, RollingWindow> windows = new LinkedHashMap<>();
    private final Map<String, RollingWindow> allocations = new LinkedHashMap<>();
    private final Deque<Running> running = new ArrayDeque<>();
    private int maxLongRunning = 25;
    private double longRunningSeconds = 20;

    /** Represents a request that was admitted and is not answered yet. */
    private record Running(long startMicros) {}

    /** Holds the decision on one request: the limit that refuses it, or none. */
    public static final class Admission {
        private final String refusedBy;
        private final Running running;
        private final long micros;

        private Admission(String refusedBy, Running running, long micros) {
            this.refusedBy = refusedBy;
            this.running = running;
            this.micros = micros;
        }

        /** Answers the name of the limit that refuses the request, empty when it is admitted. */
        public Optional<String> refusedBy() {
            return Optional.ofNullable(refusedBy);
        }

        long micros() {
            return micros;
        }
    }

    /** Holds the use of a window. */
    public record Usage(long used, long max) {}

    Limiter(SandboxClock clock) {
        this.clock = clock;
    }

    /** @param counts whether the limit of a name counts this request; the others it passes by */
    synchronized Admission admit(Predicate<String> counts) {
        long now = clock.micros();
        for (Map.Entry<String, RollingWindow> entry : windows.entrySet()) {
            if (counts.test(entry.getKey()) && !entry.getValue().hasRoom(now)) {
                return new Admission(entry.getKey(), null, now);
            }
        }
        boolean mayRunLong = counts.test(CONCURRENT);
        if (mayRunLong && longRunning(now) >= maxLongRunning) {
            return new Admission(CONCURRENT, null, now);
        }
        add(counts, now, 1);
        if (!mayRunLong) {
            return new Admission(null, null, now);
        }
        Running request = new Running(now);
        running.add(request);
        return new Admission(null, request, now);
    }

    synchronized void finished(Admission admission) {
        // by identity: two requests can start in the same microsecond
        running.removeIf(r -> r == admission.running);
    }

    /**
     * Spends one of an allocation, or one more of a window; an account without it has no such limit.
     *
     * @return the moment it was spent at (microseconds since 1970), or empty when there is none left
     */
    synchronized OptionalLong spend(String name) {
        long now = clock.micros();
        RollingWindow allocation = window(name).orElse(null);
        if (allocation != null && !allocation.hasRoom(now)) {
            return OptionalLong.empty();
        }
        if (allocation != null) {
            allocation.add(now, 1);
        }
        return OptionalLong.of(now);
    }

    /** Answers the use of a window or an allocation, or empty when the account has no such limit. */
    public synchronized Optional<Usage> usage(String name) {
        long now = clock.micros();
        return window(name).map(w -> new Usage(w.used(now), w.max()));
    }

    private Optional<RollingWindow> window(String name) {
        return Optional.ofNullable(windows.getOrDefault(name, allocations.get(name)));
    }

    /**
     * Replaces or adds limits: {@code {"daily":{"max":15000,"windowSeconds":86400,"used":100}}}, or a list with a
     * {@code name} each. {@code used} sets the present use. The limit on long requests is {@code
     * "concurrent":{"max":25,"thresholdSeconds":20}}. With {@code "perRequest":false} a new limit is an allocation,
     * which requests do not spend. A limit of null is removed.
     *
     * @throws IllegalArgumentException saying what is wrong
     */
    synchronized void change(JsonNode spec) {
        if (spec.isArray()) {
            spec.forEach(one -> change(text(one, "name"), one));
        } else if (spec.isObject()) {
            spec.properties().forEach(entry -> change(entry.getKey(), entry.getValue()));
        } else {
            throw new IllegalArgumentException("Limits are a JSON object by name, or a list of objects with a name.");
        }
    }

    private void change(String name, JsonNode spec) {
        if (spec.isNull()) {
            windows.remove(name);
            allocations.remove(name);
        } else if (CONCURRENT.equals(name)) {
            maxLongRunning = spec.path("max").asInt(maxLongRunning);
            longRunningSeconds = spec.path("thresholdSeconds").asDouble(longRunningSeconds);
        } else {
            boolean perRequest =
                    !allocations.containsKey(name) && spec.path("perRequest").asBoolean(true);
            RollingWindow present = window(name).orElse(null);
            long max = positive(name, spec, "max", present == null ? 0 : present.max());
            long seconds = positive(name, spec, "windowSeconds", present == null ? 0 : present.seconds());
            RollingWindow window = present == null || spec.has("used")
                    ? new RollingWindow(max, seconds)
                    : present.changedTo(max, seconds);
            if (spec.path("used").asInt() > 0) {
                window.add(clock.micros(), spec.path("used").asInt());
            }
            (perRequest ? windows : allocations).put(name, window);
        }
    }

    synchronized void resetPeaks() {
        long now = clock.micros();
        windows.values().forEach(window -> window.resetPeak(now));
        allocations.values().forEach(window -> window.resetPeak(now));
    }

    /** Describes the limits as {@link #change} takes them, with {@code used} and {@code peak} on request. */
    synchronized ObjectNode describe(boolean withUse) {
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        long now = clock.micros();
        windows.forEach((name, window) -> describe(all.putObject(name), window, withUse, now));
        allocations.forEach(
                (name, allocation) -> describe(all.putObject(name).put("perRequest", false), allocation, withUse, now));
        ObjectNode concurrent = all.putObject(CONCURRENT);
        concurrent.put("max", maxLongRunning).put("thresholdSeconds", longRunningSeconds);
        if (withUse) {
            concurrent.put("used", longRunning(now));
        }
        return all;
    }

    private static void describe(ObjectNode one, RollingWindow window, boolean withUse, long now) {
        one.put("max", window.max()).put("windowSeconds", window.seconds());
        if (withUse) {
            one.put("used", window.used(now)).put("peak", window.peak());
        }
    }

    /** Counts a request of an earlier run, read from the journal. */
    synchronized void replay(Predicate<String> counts, long micros, int requests) {
        add(counts, micros, requests);
    }

    private void add(Predicate<String> counts, long micros, int requests) {
        windows.forEach((name, window) -> {
            if (counts.test(name)) {
                window.add(micros, requests);
            }
        });
    }

    synchronized void replay(String name, long micros, int requests) {
        window(name).ifPresent(window -> window.add(micros, requests));
    }

    synchronized void forEachMoment(String name, RollingWindow.MomentReader reader) {
        window(name).ifPresent(window -> {
            window.used(clock.micros());
            window.forEach(reader);
        });
    }

    private long longRunning(long now) {
        long since = now - (long) (longRunningSeconds * 1_000_000);
        return running.stream().takeWhile(r -> r.startMicros() <= since).count();
    }

    private static String text(JsonNode spec, String field) {
        if (!spec.path(field).isTextual()) {
            throw new IllegalArgumentException("Each limit in a list needs a " + field + ".");
        }
        return spec.path(field).asText();
    }

    private static long positive(String name, JsonNode spec, String field, long otherwise) {
        long value = spec.path(field).asLong(otherwise);
        if (value <= 0) {
            throw new IllegalArgumentException("The limit " + name + " needs a positive " + field + ".");
        }
        return value;
    }
}

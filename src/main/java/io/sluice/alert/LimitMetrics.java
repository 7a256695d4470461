// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.quota.LimitUsage;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToDoubleFunction;

/** Publishes the use of all limits, and the number of active alerts of each kind, as metrics that are collected without a query. */
final class LimitMetrics {

    private record Key(String account, String limit) {}

    private record Last(LimitUsage usage, int mark, Instant at) {

        double secondsLeft() {
            return usage.spentAt() == null
                    ? Double.NaN
                    : Math.max(0, Duration.between(at, usage.spentAt()).toSeconds());
        }
    }

    private final MeterRegistry registry;
    private final Map<Key, Last> limits = new ConcurrentHashMap<>();
    private final Map<AlertKind, Long> alerts = new ConcurrentHashMap<>();

    LimitMetrics(MeterRegistry registry) {
        this.registry = registry;
        for (AlertKind kind : AlertKind.values()) {
            Gauge.builder("sluice.alerts", alerts, all -> all.getOrDefault(kind, 0L))
                    .description("Active alerts")
                    .tag("kind", kind.toString())
                    .register(registry);
        }
    }

    void update(Collection<LimitUsage> usages, List<Alert> active, Instant now) {
        Map<Key, Integer> marks = new HashMap<>();
        active.stream()
                .filter(alert -> alert.kind() == AlertKind.LIMIT_MARK)
                .forEach(alert -> marks.merge(new Key(alert.account(), alert.limit()), alert.mark(), Math::max));
        for (AlertKind kind : AlertKind.values()) {
            alerts.put(
                    kind, active.stream().filter(alert -> alert.kind() == kind).count());
        }
        for (LimitUsage usage : usages) {
            Key key = new Key(usage.owner(), usage.name());
            if (limits.put(key, new Last(usage, marks.getOrDefault(key, 0), now)) == null) {
                register(key);
            }
        }
    }

    private void register(Key key) {
        gauge("used", null, "calls or units that are used", key, it -> it.usage()
                .used());
        gauge("max", null, "calls or units that the limit allows", key, it -> it.usage()
                .max());
        gauge("left", null, "calls or units that are left", key, it -> it.usage()
                .left());
        gauge("mark", null, "70, 85, 95 or 100 when that much of it is used, in percent", key, Last::mark);
        gauge("time.left", "seconds", "time until it is spent at the present pace", key, Last::secondsLeft);
    }

    private void gauge(String name, String unit, String description, Key key, ToDoubleFunction<Last> value) {
        Gauge.builder("sluice.quota." + name, limits, all -> value.applyAsDouble(all.get(key)))
                .description(description)
                .baseUnit(unit)
                .tag("account", key.account())
                .tag("limit", key.limit())
                .register(registry);
    }
}

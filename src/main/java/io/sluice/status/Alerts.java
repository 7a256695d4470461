// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.crm.Accounts;
import io.sluice.quota.LimitUsage;
import io.sluice.quota.Quota;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToDoubleFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs when the use of a long limit rises above a mark or falls below it, and publishes the use of all limits as metrics, which
 * are collected without a query.
 */
public final class Alerts {

    private static final Logger LOG = LoggerFactory.getLogger(Alerts.class);
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm 'UTC'").withZone(ZoneOffset.UTC);
    private static final int[] MARKS = {70, 85, 95, 100};

    /** Percentage points below a mark at which it ends, so that a use that varies around the mark is logged once. */
    private static final int SLACK = 3;

    private record Key(String account, String limit) {}

    private record Last(LimitUsage usage, int mark) {}

    private final Quota quota;
    private final Accounts accounts;
    private final MeterRegistry metrics;
    private final Map<Key, Last> lastByLimit = new ConcurrentHashMap<>();

    /** @param metrics registry of the gauges, or null */
    public Alerts(Quota quota, Accounts accounts, MeterRegistry metrics) {
        this.quota = quota;
        this.accounts = accounts;
        this.metrics = metrics;
    }

    /** Checks all limits once. */
    public void check() throws SQLException {
        for (String account : accounts.names()) {
            quota.usage(account).forEach(this::check);
        }
    }

    private void check(LimitUsage usage) {
        Key key = new Key(usage.owner(), usage.name());
        Last before = lastByLimit.get(key);
        int mark = usage.isLong() ? mark(before == null ? 0 : before.mark(), usage.percent()) : 0;
        lastByLimit.put(key, new Last(usage, mark));
        if (before == null && metrics != null) {
            gauge("used", "calls or units that are used", key, it -> it.usage().used());
            gauge("max", "calls or units that the limit allows", key, it -> it.usage()
                    .max());
            gauge("left", "calls or units that are left", key, it -> it.usage().left());
            gauge("mark", "70, 85, 95 or 100 when that much of it is used, in percent", key, Last::mark);
        }
        log(usage, before == null ? 0 : before.mark(), mark);
    }

    private void gauge(String name, String description, Key key, ToDoubleFunction<Last> value) {
        Gauge.builder("sluice.quota." + name, lastByLimit, all -> value.applyAsDouble(all.get(key)))
                .description(description)
                .tag("account", key.account())
                .tag("limit", key.limit())
                .register(metrics);
    }

    /** Computes the present mark from the one before and the use in percent. */
    static int mark(int before, int percent) {
        int reached = highest(percent);
        return reached >= before ? reached : Math.min(before, highest(percent + SLACK));
    }

    private static int highest(int percent) {
        int highest = 0;
        for (int mark : MARKS) {
            highest = percent >= mark ? mark : highest;
        }
        return highest;
    }

    private static void log(LimitUsage usage, int before, int mark) {
        String used = "Account %s: %,d of %,d %s calls are used (%d %%)"
                .formatted(usage.owner(), usage.used(), usage.max(), usage.name(), usage.percent());
        if (mark > before) {
            LOG.warn("{}; {} until fewer are used.{}", used, waits(mark), spent(usage.spentAt(), mark));
        } else if (mark < before) {
            LOG.info("{}; {}.", used, mark == 0 ? "no work waits any more" : waits(mark));
        }
    }

    private static String waits(int mark) {
        return switch (mark) {
            case 70 -> "low work waits";
            case 85 -> "low and normal work waits";
            case 95 -> "all but critical work waits";
            default -> "everything waits";
        };
    }

    private static String spent(Instant at, int mark) {
        return at == null || mark == 100
                ? ""
                : " At this pace it is spent at " + TIME.format(at.truncatedTo(ChronoUnit.MINUTES)) + ".";
    }
}

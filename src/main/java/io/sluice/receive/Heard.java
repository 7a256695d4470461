package io.sluice.receive;

import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts what came in: events by what became of them, and requests that changed nothing by their reason. Whoever sends
 * such by the thousand writes one line a minute into the log, and no more.
 */
public final class Heard {

    private static final Logger LOG = LoggerFactory.getLogger(Listening.class);
    private static final Duration QUIET = Duration.ofMinutes(1);

    private final MeterRegistry metrics;
    private final InstantSource clock;
    private final Map<String, Instant> lastTold = new ConcurrentHashMap<>();

    /** @param metrics where the figures go, or null */
    public Heard(MeterRegistry metrics, InstantSource clock) {
        this.metrics = metrics;
        this.clock = clock;
    }

    void kept(String account, int fresh, int again, int unwanted) {
        count("sluice.webhook.events", account, "outcome", "kept", fresh);
        count("sluice.webhook.events", account, "outcome", "repeated", again);
        count("sluice.webhook.events", account, "outcome", "unwanted", unwanted);
    }

    void refused(String account, String why) {
        count("sluice.webhook.refused", account, "reason", why, 1);
        Instant now = clock.instant();
        boolean quiet = lastTold.merge(account + " " + why, now, (before, fresh) ->
                before.plus(QUIET).isAfter(fresh) ? before : fresh) != now;
        if (!quiet) {
            LOG.warn("A request to /webhooks/{} was refused and changed nothing: {}. More of this kind are counted"
                    + " (sluice_webhook_refused) and told once a minute.", account, why);
        }
    }

    private void count(String name, String account, String tag, String value, int by) {
        if (metrics != null && by > 0) {
            metrics.counter(name, "account", account, tag, value).increment(by);
        }
    }
}

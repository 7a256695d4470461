package io.sluice.receive;

import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.RejectedEvent;
import io.sluice.RootCause;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts what came in: events by what became of them, and requests that changed nothing by their reason. Whoever sends
 * such by the thousand writes one line a minute into the log, and no more.
 */
public final class WebhookMetrics {

    private static final Logger LOG = LoggerFactory.getLogger(InboxProcessor.class);
    private static final Duration QUIET = Duration.ofMinutes(1);

    private final MeterRegistry metrics;
    private final InstantSource clock;
    private final Map<String, Instant> lastTold = new ConcurrentHashMap<>();

    /** @param metrics where the figures go, or null */
    public WebhookMetrics(MeterRegistry metrics, InstantSource clock) {
        this.metrics = metrics;
        this.clock = clock;
    }

    void kept(String account, int fresh, int again, int unwanted) {
        count("sluice.webhook.events", account, "outcome", "kept", fresh);
        count("sluice.webhook.events", account, "outcome", "repeated", again);
        count("sluice.webhook.events", account, "outcome", "unwanted", unwanted);
    }

    void rejected(String account, List<RejectedEvent> events) {
        count("sluice.webhook.events", account, "outcome", "rejected", events.size());
        events.stream().distinct().filter(event -> !isQuiet(account + " " + event)).forEach(event ->
                LOG.warn("{}: an event of type {} can't be read and was left out: {}. Those beside it were kept. More of this"
                        + " kind are counted (sluice.event_rejection) and told once a minute.", account, event.type(),
                        event.why()));
    }

    void refused(String account, String why) {
        count("sluice.webhook.refused", account, "reason", why, 1);
        if (!isQuiet(account + " " + why)) {
            LOG.warn("A request to /webhooks/{} was refused and changed nothing: {}. More of this kind are counted"
                    + " (sluice_webhook_refused) and told once a minute.", account, why);
        }
    }

    /** Counts records that could not be read back, and says so once a minute. */
    void unread(String account, String object, int records, String why) {
        count("sluice.read.unanswered", account, "object", object, records);
        if (!isQuiet(account + " " + object + " unread")) {
            LOG.warn("{}: {} records of {} could not be read back: {}. Nothing is taken for deleted; they are read again,"
                    + " the next time after a pause that doubles from 1 s to 4 min.", account, records, object, RootCause.shortened(why));
        }
    }

    private boolean isQuiet(String what) {
        Instant now = clock.instant();
        return lastTold.merge(what, now, (before, fresh) -> before.plus(QUIET).isAfter(fresh) ? before : fresh) != now;
    }

    private void count(String name, String account, String tag, String value, int by) {
        if (metrics != null && by > 0) {
            metrics.counter(name, "account", account, tag, value).increment(by);
        }
    }
}

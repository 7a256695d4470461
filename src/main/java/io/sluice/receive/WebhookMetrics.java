// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.RejectedEvent;
import io.sluice.RootCause;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts events by their outcome and rejected webhook requests by their reason. Of a flood, one event or request a
 * minute is logged for each reason.
 */
public final class WebhookMetrics {

    private static final Logger LOG = LoggerFactory.getLogger(InboxProcessor.class);
    private static final Duration LOG_INTERVAL = Duration.ofMinutes(1);

    private static final List<String> OUTCOMES = List.of("kept", "repeated", "unwanted", "rejected");

    private final MeterRegistry metrics;
    private final InstantSource clock;
    private final Map<String, Instant> lastLogged = new ConcurrentHashMap<>();

    /** @param metrics registry of the counters, or null */
    public WebhookMetrics(MeterRegistry metrics, InstantSource clock) {
        this.metrics = metrics;
        this.clock = clock;
    }

    /** Registers the counters of an account, so that their rates are right from the first event on. */
    void register(String account, Collection<String> objects) {
        OUTCOMES.forEach(outcome -> events(account, outcome, 0));
        objects.forEach(object -> readBackFailures(account, object, 0));
    }

    void kept(String account, int kept, int repeated, int unwanted) {
        events(account, "kept", kept);
        events(account, "repeated", repeated);
        events(account, "unwanted", unwanted);
    }

    /** @return lines for the log */
    List<String> rejected(String account, List<RejectedEvent> events) {
        events(account, "rejected", events.size());
        return events.stream()
                .distinct()
                .filter(event -> !isQuiet(account + " " + event))
                .map(event -> account + ": an event of type " + event.type() + " can't be parsed and was rejected: "
                        + event.why() + ". The other events of its request were kept. Further ones are counted"
                        + " (sluice.event_rejection) and logged once a minute.")
                .toList();
    }

    /** @return line for the log, or null */
    String rejectedRequest(String account, String why) {
        count(
                "sluice.webhook.rejections",
                "Webhook requests that were rejected and changed nothing",
                account,
                "reason",
                why,
                1);
        return isQuiet(account + " " + why)
                ? null
                : "A request to /webhooks/" + account + " was rejected and changed nothing: " + why
                        + ". Further ones are counted (sluice_webhook_rejections_total) and logged once a minute.";
    }

    /** Counts records that could not be read back, and logs them once a minute. */
    void unanswered(String account, String object, int records, String why) {
        readBackFailures(account, object, records);
        if (!isQuiet(account + " " + object + " unread")) {
            LOG.warn(
                    "{}: {} records of {} could not be read back: {}. They do not count as deleted; the next attempts follow"
                            + " with a backoff that doubles from 1 s to 4 min.",
                    account,
                    records,
                    object,
                    RootCause.shortened(why));
        }
    }

    private boolean isQuiet(String what) {
        Instant now = clock.instant();
        return lastLogged.merge(
                        what, now, (before, latest) -> before.plus(LOG_INTERVAL).isAfter(latest) ? before : latest)
                != now;
    }

    private void events(String account, String outcome, int by) {
        count("sluice.webhook.events", "Events of webhooks, journals and streams", account, "outcome", outcome, by);
    }

    private void readBackFailures(String account, String object, int by) {
        count(
                "sluice.read.back.failures",
                "Records that an event named and that could not be read",
                account,
                "object",
                object,
                by);
    }

    private void count(String name, String description, String account, String tag, String value, int by) {
        if (metrics != null) {
            Counter.builder(name)
                    .description(description)
                    .tags("account", account, tag, value)
                    .register(metrics)
                    .increment(by);
        }
    }
}

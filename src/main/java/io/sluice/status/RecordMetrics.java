// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.merge.Applied;
import io.sluice.merge.ApplyRecorder;
import io.sluice.outbox.Claim;
import io.sluice.outbox.SettledRecord;
import io.sluice.outbox.SettlementRecorder;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Counts records by their outcome and measures their lag, in both directions. The lag of a record sent is the time from the
 * statement that changed its row to the CRM's acknowledgement; that of a record received is the time from its modification in
 * the CRM to the commit in PostgreSQL.
 *
 * <p>All meters of a sync are registered at the start, so that a rate is right from the first record on.
 */
public final class RecordMetrics implements SettlementRecorder, ApplyRecorder {

    /** Upper bounds of the lag's buckets: below a second for critical records, up to a day for what waits for quota. */
    private static final Duration[] BUCKETS = {
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofSeconds(2),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(30),
        Duration.ofMinutes(1),
        Duration.ofMinutes(5),
        Duration.ofMinutes(15),
        Duration.ofHours(1),
        Duration.ofHours(6),
        Duration.ofDays(1)
    };

    /** Value of the tag {@code priority} for records that are received, which have none. */
    private static final String NO_PRIORITY = "none";

    private static final List<String> SENT = List.of("done", "retry", "rejected", "gone", "unanswered");
    private static final List<String> RECEIVED =
            List.of("updated", "inserted", "deleted", "unchanged", "rejected", "deferred", "without_key");

    private final MeterRegistry registry;
    private final InstantSource clock;
    private final Map<String, SyncMeters> syncs = new ConcurrentHashMap<>();

    /**
     * The meters of a sync.
     *
     * @param sent     counters of sent records by outcome
     * @param received counters of received records by outcome
     * @param sentLag  timers of sent records, by the rank of their priority
     */
    private record SyncMeters(
            Map<String, Counter> sent,
            Map<String, Counter> received,
            Counter conflicts,
            List<Timer> sentLag,
            Timer receivedLag,
            RecentLag recentSentLag,
            RecentLag recentReceivedLag) {}

    /**
     * Figures of one direction of a sync in this process.
     *
     * @param records records that were written to the other side since the start of the process
     * @param p50Ms   median lag of the last five minutes, in milliseconds; null if there was no record
     * @param p99Ms   99th percentile of the same
     */
    record Flow(long records, Double p50Ms, Double p99Ms) {}

    /** @param syncs syncs whose meters exist from the start */
    public RecordMetrics(MeterRegistry registry, InstantSource clock, Collection<Sync> syncs) {
        this.registry = registry;
        this.clock = clock;
        syncs.forEach(sync -> of(sync.getAccount(), sync.getName()));
    }

    private SyncMeters of(String account, String sync) {
        return syncs.computeIfAbsent(sync, name -> meters(Tags.of("account", String.valueOf(account), "sync", name)));
    }

    private SyncMeters meters(Tags tags) {
        return new SyncMeters(
                counters(tags.and("direction", "out"), SENT),
                counters(tags.and("direction", "in"), RECEIVED),
                Counter.builder("sluice.conflicts")
                        .description("Fields that both sides had changed")
                        .tags(tags)
                        .register(registry),
                List.of(Priority.values()).stream()
                        .map(priority -> lag(tags.and("direction", "out", "priority", priority.toString())))
                        .toList(),
                lag(tags.and("direction", "in", "priority", NO_PRIORITY)),
                new RecentLag(),
                new RecentLag());
    }

    private Map<String, Counter> counters(Tags tags, List<String> outcomes) {
        Map<String, Counter> counters = new ConcurrentHashMap<>();
        outcomes.forEach(outcome -> counters.put(
                outcome,
                Counter.builder("sluice.records")
                        .description("Records that were sent to a CRM or received from it")
                        .baseUnit("records")
                        .tags(tags.and("outcome", outcome))
                        .register(registry)));
        return counters;
    }

    private Timer lag(Tags tags) {
        return Timer.builder("sluice.lag")
                .description("Time from the change on one side to its arrival on the other")
                .serviceLevelObjectives(BUCKETS)
                .tags(tags)
                .register(registry);
    }

    @Override
    public void settled(Claim claim, List<SettledRecord> records) {
        SyncMeters meters = of(claim.account(), claim.sync());
        for (SettledRecord settled : records) {
            meters.sent().get(outcome(settled.status())).increment();
            if (settled.status() == Outcome.Status.DONE) {
                record(meters.sentLag().get(settled.priority().rank()), settled.lag());
                meters.recentSentLag().record(settled.lag());
            }
        }
    }

    private static String outcome(Outcome.Status status) {
        return switch (status) {
            case DONE -> "done";
            case RETRY, TAKEN -> "retry";
            case REJECTED -> "rejected";
            case GONE -> "gone";
        };
    }

    @Override
    public void unanswered(Claim claim, int records) {
        if (records > 0) {
            of(claim.account(), claim.sync()).sent().get("unanswered").increment(records);
        }
    }

    @Override
    public void applied(Sync sync, int records, Applied applied) {
        SyncMeters meters = of(sync.getAccount(), sync.getName());
        int changed = applied.updated() + applied.inserted() + applied.deleted();
        int others = applied.rejected().size() + applied.deferred().size() + applied.withoutKey();
        meters.received().get("updated").increment(applied.updated());
        meters.received().get("inserted").increment(applied.inserted());
        meters.received().get("deleted").increment(applied.deleted());
        meters.received().get("rejected").increment(applied.rejected().size());
        meters.received().get("deferred").increment(applied.deferred().size());
        meters.received().get("without_key").increment(applied.withoutKey());
        meters.received().get("unchanged").increment(Math.max(0, records - changed - others));
        meters.conflicts().increment(applied.conflicts());
        Instant now = clock.instant();
        applied.modifiedAt().forEach(at -> {
            record(meters.receivedLag(), Duration.between(at, now));
            meters.recentReceivedLag().record(Duration.between(at, now));
        });
    }

    /** Returns the figures of the records that a sync sent to its CRM. */
    Flow sent(Sync sync) {
        SyncMeters meters = of(sync.getAccount(), sync.getName());
        return meters.recentSentLag().flow((long) meters.sent().get("done").count());
    }

    /** Returns the figures of the records that a sync wrote to its table. */
    Flow received(Sync sync) {
        SyncMeters meters = of(sync.getAccount(), sync.getName());
        double changed = meters.received().get("updated").count()
                + meters.received().get("inserted").count()
                + meters.received().get("deleted").count();
        return meters.recentReceivedLag().flow((long) changed);
    }

    /** Records a lag. A CRM's clock may be ahead of ours: then the lag counts as none. */
    private static void record(Timer timer, Duration lag) {
        timer.record(lag.isNegative() ? Duration.ZERO : lag);
    }
}

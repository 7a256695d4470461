// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.Sync;
import io.sluice.alert.ObservedState.SyncRef;
import io.sluice.outbox.PauseStore;
import io.sluice.quota.LimitUsage;
import io.sluice.quota.Quota;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Evaluates the alerts: publishes what this process observes, and, where no other replica has done so within the interval,
 * computes the active alerts and stores their begins and ends. Updates the metrics of the limits in every replica.
 */
public final class AlertEvaluation {

    /** Number of intervals after which a process that publishes nothing counts as gone. */
    private static final int MISSED_INTERVALS = 6;

    private static final Duration MIN_FINDING_AGE = Duration.ofSeconds(30);

    /** Observes what the database does not hold. */
    public interface Observer {

        /** Returns why an account accepts no calls, or null. */
        String accountProblem(String account);

        /** Tells whether that is a rejected login. */
        boolean isLoginRejected(String account);

        /** Returns why a sync's table can't be captured, or null. */
        String captureProblem(Sync sync);

        /** Returns why an account's journal can't be read, or null. */
        String journalProblem(String account);
    }

    private final AlertStore store;
    private final Quota quota;
    private final Set<String> accounts;
    private final List<Sync> syncs;
    private final Observer observer;
    private final AlertThresholds thresholds;
    private final Collection<String> channels;
    private final Duration interval;
    private final LimitMetrics metrics;
    private final Map<String, SyncRef> syncRefs = new LinkedHashMap<>();
    private final String instance = UUID.randomUUID().toString();
    private boolean entered;
    private boolean published;

    /**
     * @param channels channels that are notified of each begin and end
     * @param interval time between two evaluations
     */
    public AlertEvaluation(
            AlertStore store,
            Quota quota,
            Collection<String> accounts,
            List<Sync> syncs,
            Observer observer,
            AlertThresholds thresholds,
            Collection<String> channels,
            Duration interval,
            MeterRegistry registry) {
        this.store = store;
        this.quota = quota;
        this.accounts = new LinkedHashSet<>(accounts);
        this.syncs = List.copyOf(syncs);
        this.observer = observer;
        this.thresholds = thresholds;
        this.channels = List.copyOf(channels);
        this.interval = interval;
        this.metrics = new LimitMetrics(registry);
        syncs.forEach(sync -> syncRefs.put(sync.getName(), new SyncRef(sync.getAccount(), sync.getTable())));
    }

    /** Evaluates once. */
    public void evaluate() throws SQLException {
        if (!entered) {
            store.enter(channels);
            entered = true;
        }
        publish();
        Map<String, List<LimitUsage>> limits = new LinkedHashMap<>();
        store.evaluate(
                (connection, observation, before) -> {
                    // not earlier: a process that stood still would take what was true before for what is true now
                    for (String account : accounts) {
                        limits.put(account, quota.usage(connection, account));
                    }
                    return AlertRules.active(
                            new ObservedState(
                                    observation.now(),
                                    syncRefs,
                                    limits,
                                    PauseStore.all(connection),
                                    observation.waiting(),
                                    observation.findings(),
                                    observation.entries()),
                            before,
                            thresholds);
                },
                findingAge(),
                channels,
                interval);
        if (limits.isEmpty()) {
            for (String account : accounts) {
                limits.put(account, quota.usage(account));
            }
        }
        metrics.update(limits.values().stream().flatMap(List::stream).toList(), store.active(), Instant.now());
    }

    private Duration findingAge() {
        Duration missed = interval.multipliedBy(MISSED_INTERVALS);
        return missed.compareTo(MIN_FINDING_AGE) > 0 ? missed : MIN_FINDING_AGE;
    }

    private void publish() throws SQLException {
        List<Map<String, String>> findings = findings();
        if (published || !findings.isEmpty()) {
            store.publish(instance, findings);
            published = !findings.isEmpty();
        }
    }

    private List<Map<String, String>> findings() {
        List<Map<String, String>> findings = new ArrayList<>();
        for (String account : accounts) {
            String problem = observer.accountProblem(account);
            if (problem != null) {
                boolean login = observer.isLoginRejected(account);
                findings.add(
                        finding(login ? AlertKind.LOGIN_REJECTED : AlertKind.ACCOUNT_UNAVAILABLE, account, problem));
            }
            String journal = observer.journalProblem(account);
            if (journal != null) {
                findings.add(finding(AlertKind.JOURNAL_STALLED, account, journal));
            }
        }
        for (Sync sync : syncs) {
            String problem = sync.problem() == null ? observer.captureProblem(sync) : null;
            if (problem != null) {
                findings.add(finding(AlertKind.CAPTURE_PROBLEM, sync.getName(), problem));
            }
        }
        return findings;
    }

    private static Map<String, String> finding(AlertKind kind, String subject, String detail) {
        return Map.of("kind", kind.toString(), "subject", subject, "detail", detail.replace("\0", ""));
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.snapshot;

import io.sluice.CrmRecord;
import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.crm.Accounts;
import io.sluice.crm.CrmJob;
import io.sluice.crm.Permits;
import io.sluice.merge.Applier;
import io.sluice.outbox.Pause.Kind;
import io.sluice.outbox.PauseStore;
import io.sluice.quota.CallRequest;
import io.sluice.quota.Permit;
import io.sluice.snapshot.SnapshotTransitions.Next;
import io.sluice.store.Database;
import io.sluice.store.Heartbeats;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.camel.Body;
import org.apache.camel.Header;

/** Decides for the route {@code snapshot}: runs the snapshots, which read all records of an object once, call by call. */
public final class SnapshotReader {

    private static final Duration MAX_PERMIT_WAIT = Duration.ofMillis(250);
    private static final Duration NO_PERMIT_DELAY = Duration.ofSeconds(1);

    private final Accounts accounts;
    private final Permits permits;
    private final PauseStore pauseStore;
    private final SnapshotStore snapshotStore;
    private final Applier applier;
    private final SnapshotPages snapshotPages;
    private final Heartbeats<SnapshotRun.Held> heartbeats;
    private final Duration lease;
    private final List<Sync> syncs;
    private final List<Sync> withSnapshot;
    private final int pageSize;
    private final SnapshotLog snapshotLog = new SnapshotLog();

    /**
     * Limits of a snapshot.
     *
     * @param pageSize     maximum number of records in a page of a bulk query's results
     * @param lease        time without a heartbeat after which another process takes over
     * @param maxPageTime  maximum duration of a call that downloads a page
     */
    public record Limits(int pageSize, Duration lease, Duration maxPageTime) {}

    public SnapshotReader(
            Accounts accounts,
            Permits permits,
            PauseStore pauseStore,
            Database database,
            SnapshotStore snapshotStore,
            Applier applier,
            List<Sync> syncs,
            Limits limits) {
        this.accounts = accounts;
        this.permits = permits;
        this.pauseStore = pauseStore;
        this.snapshotStore = snapshotStore;
        this.applier = applier;
        this.heartbeats = new Heartbeats<>(limits.maxPageTime());
        this.lease = limits.lease();
        this.snapshotPages =
                new SnapshotPages(snapshotStore, new SnapshotMerge(database, applier), heartbeats, lease, snapshotLog);
        this.syncs = List.copyOf(syncs);
        this.withSnapshot = syncs.stream()
                .filter(sync -> sync.getInitial() == Sync.Initial.BOTH)
                .toList();
        this.pageSize = limits.pageSize();
    }

    /** Starts the initial snapshots and pauses their syncs until the end, before the first change is captured. */
    public void begin() throws SQLException {
        Map<Sync, SnapshotState> initial = new LinkedHashMap<>();
        withSnapshot.forEach(sync -> initial.put(
                sync,
                SnapshotTransitions.initialState(
                        accounts.get(sync.getAccount()).crm().bulkQuery().isPresent())));
        snapshotStore.begin(initial, applier.now()).forEach(snapshotLog::started);
    }

    /** Takes the snapshots whose next call is due; this process holds their leases. */
    public List<SnapshotRun> due() throws SQLException {
        List<SnapshotRun> due = new ArrayList<>();
        List<String> ready = accounts.ready();
        List<String> open = snapshotStore.open();
        for (Sync sync : syncs) {
            if (sync.problem() == null
                    && applier.isReady(sync)
                    && open.contains(sync.getName())
                    && ready.contains(sync.getAccount())
                    && !isPaused(sync)) {
                snapshotStore
                        .take(sync, lease)
                        .ifPresent(snapshot -> due.add(new SnapshotRun(
                                sync, accounts.get(sync.getAccount()).crm().name(), pageSize, snapshot)));
            }
        }
        return due;
    }

    private boolean isPaused(Sync sync) throws SQLException {
        return pauseStore.find(Kind.ACCOUNT, sync.getAccount()).isPresent();
    }

    /** Waits for a permit for the next call; null when the quota allows none: the next attempt follows after a second. */
    public Permit permit(SnapshotRun snapshotRun) throws SQLException, InterruptedException {
        CallRequest callRequest = new CallRequest(
                snapshotRun.sync().getAccount(),
                "query",
                Priority.NORMAL,
                true,
                snapshotRun.snapshot().member());
        Optional<Permit> permit = isPaused(snapshotRun.sync())
                ? Optional.empty()
                : permits.await(() -> Optional.of(callRequest), MAX_PERMIT_WAIT);
        if (permit.isEmpty()) {
            snapshotRun.close();
            snapshotStore.save(snapshotRun.sync(), snapshotRun.snapshot(), NO_PERMIT_DELAY);
            return null;
        }
        snapshotRun.snapshot(
                snapshotRun.snapshot().beforeCall(applier.now(), permit.get().member()));
        if (!snapshotStore.save(snapshotRun.sync(), snapshotRun.snapshot(), lease)) {
            snapshotRun.close();
            permits.giveBack(permit.get());
            return null;
        }
        heartbeats.progress(snapshotRun.held());
        return permit.get();
    }

    /**
     * Applies an answer and moves the snapshot to its next state.
     *
     * @param answer    a number, a {@link CrmJob}, or records ({@link CrmRecord}) as a stream or a list; anything else is an
     *                  error
     * @param throttled whether a limit of the CRM rejected the call, or null
     * @param next      offset of the next page, or null after the last
     * @return line for the log, or null
     */
    public String apply(
            SnapshotRun snapshotRun,
            @Body Object answer,
            @Header("SluiceStatus") Integer status,
            @Header("SluiceThrottled") Boolean throttled,
            @Header("SluiceNext") String next)
            throws SQLException, InterruptedException {
        try {
            Next after = next(snapshotRun, answer, status == null ? 0 : status, Boolean.TRUE.equals(throttled), next);
            heartbeats.end(snapshotRun.held());
            return moveTo(snapshotRun, after);
        } finally {
            heartbeats.end(snapshotRun.held());
        }
    }

    /** @return the next state; null when another process has taken over */
    private Next next(SnapshotRun snapshotRun, Object answer, int status, boolean throttled, String next)
            throws SQLException, InterruptedException {
        Snapshot snapshot = snapshotRun.snapshot();
        if (answer instanceof Long records && snapshot.state() == SnapshotState.COUNT) {
            return SnapshotTransitions.counted(
                    snapshot,
                    records,
                    accounts.get(snapshotRun.sync().getAccount())
                            .crm()
                            .bulkQuery()
                            .orElseThrow(),
                    pageSize);
        }
        if (answer instanceof CrmJob crmJob) {
            return snapshot.state() == SnapshotState.CREATE
                    ? SnapshotTransitions.created(snapshot, crmJob)
                    : SnapshotTransitions.polled(snapshot, crmJob);
        }
        if (answer instanceof List<?> list) {
            return snapshotPages.merge(snapshotRun, list.iterator(), next);
        }
        if (answer instanceof Stream<?> stream) {
            try (stream) {
                return snapshotPages.merge(snapshotRun, stream.iterator(), next);
            } catch (RuntimeException broken) {
                return SnapshotTransitions.failed(
                        snapshotRun.snapshot(),
                        0,
                        false,
                        "a page of the results can't be read: " + broken.getMessage());
            }
        }
        if (status >= 400 && !throttled) {
            snapshotLog.failed(snapshotRun.sync(), snapshot, status, answer);
        }
        return SnapshotTransitions.failed(snapshot, status, throttled, String.valueOf(answer));
    }

    /** @return line for the log, or null */
    private String moveTo(SnapshotRun snapshotRun, Next next) throws SQLException {
        if (next == null) {
            snapshotRun.close();
            return null;
        }
        if (next.snapshot().state() == SnapshotState.DONE) {
            snapshotRun.close();
            Snapshot ended = next.snapshot().ended(applier.now());
            return snapshotStore.end(snapshotRun.sync(), ended) ? SnapshotLog.ended(snapshotRun.sync(), ended) : null;
        }
        SnapshotState before = snapshotRun.snapshot().state();
        snapshotRun.snapshot(next.snapshot());
        boolean restarted = next.snapshot().state() == SnapshotState.CREATE
                && (before == SnapshotState.POLL || before == SnapshotState.RESULTS);
        if (restarted) {
            snapshotLog.restarted(snapshotRun.sync(), next.snapshot());
        }
        boolean now = next.delay().isZero();
        if (!snapshotStore.save(snapshotRun.sync(), next.snapshot(), now ? lease : next.delay()) || !now) {
            snapshotRun.close();
        }
        return restarted || next.snapshot().state() == before
                ? null
                : SnapshotLog.method(snapshotRun.sync(), next.snapshot());
    }

    /** Sends heartbeats for the snapshots of this process. */
    public void heartbeat() throws SQLException {
        heartbeats.send(held -> snapshotStore.heartbeat(held.sync(), held.epoch(), lease));
    }
}

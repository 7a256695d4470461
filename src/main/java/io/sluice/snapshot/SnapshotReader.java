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

/** The decisions of the route that reads all records of an object once, between the steps that its YAML shows. */
public final class SnapshotReader {

    private static final Duration LONGEST_WAIT = Duration.ofMillis(250);
    private static final Duration NO_QUOTA = Duration.ofSeconds(1);

    private final Accounts accounts;
    private final Permits permits;
    private final PauseStore pauseStore;
    private final SnapshotStore snapshotStore;
    private final Applier applier;
    private final SnapshotPages snapshotPages;
    private final SnapshotHeartbeat snapshotHeartbeat;
    private final List<Sync> syncs;
    private final List<Sync> readWhole;
    private final int page;
    private final SnapshotLog snapshotLog = new SnapshotLog();

    /**
     * How large and how long.
     *
     * @param page    most records of a page of a job's results
     * @param call    after which a call of which nothing was heard is taken for dead
     * @param longest how long a call may last that brings a page
     */
    public record Measures(int page, Duration call, Duration longest) {
    }

    public SnapshotReader(Accounts accounts, Permits permits, PauseStore pauseStore, Database database, SnapshotStore snapshotStore, Applier applier,
            List<Sync> syncs, Measures measures) {
        this.accounts = accounts;
        this.permits = permits;
        this.pauseStore = pauseStore;
        this.snapshotStore = snapshotStore;
        this.applier = applier;
        this.snapshotHeartbeat = new SnapshotHeartbeat(snapshotStore, measures.call(), measures.longest());
        this.snapshotPages = new SnapshotPages(snapshotStore, new SnapshotMerge(database, applier), snapshotHeartbeat, snapshotLog);
        this.syncs = List.copyOf(syncs);
        this.readWhole = syncs.stream().filter(sync -> "both".equals(sync.getInitial())).toList();
        this.page = measures.page();
    }

    /** Keeps what the syncs have to send until their objects are read, from before the first of it is captured. */
    public void begin() throws SQLException {
        Map<Sync, SnapshotState> first = new LinkedHashMap<>();
        readWhole.forEach(sync -> first.put(sync,
                SnapshotTransitions.first(accounts.get(sync.getAccount()).crm().bulkQuery().isPresent())));
        snapshotStore.begin(first, applier.now()).forEach(snapshotLog::begins);
    }

    /** The readings whose next step is due, and that are ours now. */
    public List<SnapshotRun> due() throws SQLException {
        List<SnapshotRun> due = new ArrayList<>();
        List<String> ready = accounts.ready();
        List<String> open = snapshotStore.open();
        for (Sync sync : syncs) {
            if (sync.problem() == null && applier.isReady(sync) && open.contains(sync.getName())
                    && ready.contains(sync.getAccount()) && !isPaused(sync)) {
                snapshotStore.take(sync, snapshotHeartbeat.lease()).ifPresent(load ->
                        due.add(new SnapshotRun(sync, accounts.get(sync.getAccount()).crm().name(), page, load)));
            }
        }
        return due;
    }

    private boolean isPaused(Sync sync) throws SQLException {
        return pauseStore.find(Kind.ACCOUNT, sync.getAccount()).isPresent();
    }

    /** A permit for the next call, or null when there is none: then the reading rests. */
    public Permit permit(SnapshotRun snapshotRun) throws SQLException, InterruptedException {
        CallRequest callRequest = new CallRequest(snapshotRun.sync().getAccount(), "query", Priority.NORMAL, true, snapshotRun.load().member());
        Optional<Permit> permit = isPaused(snapshotRun.sync()) ? Optional.empty()
                : permits.await(() -> Optional.of(callRequest), LONGEST_WAIT);
        if (permit.isEmpty()) {
            snapshotRun.close();
            snapshotStore.save(snapshotRun.sync(), snapshotRun.load(), NO_QUOTA);
            return null;
        }
        snapshotRun.load(snapshotRun.load().asking(applier.now(), permit.get().member()));
        if (!snapshotStore.save(snapshotRun.sync(), snapshotRun.load(), snapshotHeartbeat.lease())) {
            snapshotRun.close();
            permits.giveBack(permit.get());
            return null;
        }
        snapshotHeartbeat.moves(snapshotRun);
        return permit.get();
    }

    /**
     * Takes the answer and moves the reading.
     *
     * @param answer  a number, a {@link CrmJob}, or {@link CrmRecord}s as a stream or a list; anything else is no answer
     * @param refused whether a limit of the CRM's refused the call, or null
     * @param next    where the next page begins, or null after the last
     */
    public void took(SnapshotRun snapshotRun, @Body Object answer, @Header("SluiceStatus") Integer status,
            @Header("SluiceThrottled") Boolean refused, @Header("SluiceNext") String next)
            throws SQLException, InterruptedException {
        try {
            Next after = judged(snapshotRun, answer, status == null ? 0 : status, Boolean.TRUE.equals(refused), next);
            snapshotHeartbeat.letGo(snapshotRun);
            apply(snapshotRun, after);
        } finally {
            snapshotHeartbeat.letGo(snapshotRun);
        }
    }

    /** @return null when another process has taken it up */
    private Next judged(SnapshotRun snapshotRun, Object answer, int status, boolean refused, String next)
            throws SQLException, InterruptedException {
        Snapshot load = snapshotRun.load();
        if (answer instanceof Long records && load.step() == SnapshotState.COUNT) {
            return SnapshotTransitions.counted(load, records, accounts.get(snapshotRun.sync().getAccount()).crm().bulkQuery().orElseThrow(),
                    page);
        }
        if (answer instanceof CrmJob crmJob) {
            return load.step() == SnapshotState.CREATE ? SnapshotTransitions.created(load, crmJob) : SnapshotTransitions.polled(load, crmJob);
        }
        if (answer instanceof List<?> list) {
            return snapshotPages.merge(snapshotRun, list.iterator(), next);
        }
        if (answer instanceof Stream<?> stream) {
            try (stream) {
                return snapshotPages.merge(snapshotRun, stream.iterator(), next);
            } catch (RuntimeException broken) {
                return SnapshotTransitions.failed(snapshotRun.load(), 0, false, "a page of the results can't be read: " + broken.getMessage());
            }
        }
        if (status >= 400 && !refused) {
            snapshotLog.failed(snapshotRun.sync(), load, status, answer);
        }
        return SnapshotTransitions.failed(load, status, refused, String.valueOf(answer));
    }

    private void apply(SnapshotRun snapshotRun, Next next) throws SQLException {
        if (next == null) {
            snapshotRun.close();
        } else if (next.load().step() == SnapshotState.DONE) {
            snapshotRun.close();
            Snapshot ended = next.load().ended(applier.now());
            if (snapshotStore.end(snapshotRun.sync(), ended)) {
                snapshotLog.ends(snapshotRun.sync(), ended);
            }
        } else {
            SnapshotState before = snapshotRun.load().step();
            snapshotRun.load(next.load());
            if (next.load().step() == SnapshotState.CREATE && (before == SnapshotState.POLL || before == SnapshotState.RESULTS)) {
                snapshotLog.anew(snapshotRun.sync(), next.load());
            } else if (next.load().step() != before) {
                snapshotLog.way(snapshotRun.sync(), next.load());
            }
            boolean now = next.pause().isZero();
            if (!snapshotStore.save(snapshotRun.sync(), next.load(), now ? snapshotHeartbeat.lease() : next.pause()) || !now) {
                snapshotRun.close();
            }
        }
    }

    /** Says that what this process reads is still moving. */
    public void beat() throws SQLException {
        snapshotHeartbeat.beat();
    }
}

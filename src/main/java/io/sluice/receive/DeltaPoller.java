// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.CrmEvent;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.crm.Accounts;
import io.sluice.crm.Permits;
import io.sluice.merge.Applied;
import io.sluice.merge.Applier;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Pause.Kind;
import io.sluice.outbox.PauseStore;
import io.sluice.quota.CallRequest;
import io.sluice.quota.Permit;
import io.sluice.quota.Quota;
import io.sluice.snapshot.SnapshotStore;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.camel.Body;
import org.apache.camel.Header;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides which syncs the route {@code receive} polls, with which permit, and when it polls them again. */
public final class DeltaPoller {

    private static final Logger LOG = LoggerFactory.getLogger(DeltaPoller.class);
    private static final Duration MAX_PERMIT_WAIT = Duration.ofMillis(250);
    /** Time without a heartbeat after which another process may poll the sync. */
    private static final Duration LEASE = Duration.ofMinutes(1);

    /**
     * Intervals of the polls.
     *
     * @param pollInterval    interval between two polls of a sync
     * @param overlap         time after its write until which a record may still become visible to a query
     * @param deletesInterval interval between two queries for deletes
     * @param streams         accounts with a stream of events
     * @param eventsInterval  interval between two polls of a sync while the events of its account arrive
     */
    public record Schedule(
            PollInterval pollInterval,
            Duration overlap,
            Duration deletesInterval,
            Set<String> streams,
            Duration eventsInterval) {

        public Schedule {
            streams = Set.copyOf(streams);
        }
    }

    private final Accounts accounts;
    private final Permits permits;
    private final PauseStore pauseStore;
    private final Quota quota;
    private final Applier applier;
    private final OffsetStore offsetStore;
    private final StreamOffsets streamOffsets;
    private final Outbox outbox;
    private final SnapshotStore snapshotStore;
    private final Inbox inbox;
    private final Map<String, Sync> syncs = new LinkedHashMap<>();
    private final Schedule schedule;
    private final ReadBeforeWrite readBeforeWrite;
    private final PollLog pollLog = new PollLog();
    /** Account and sync to the time since when the account may be called: a restart alone costs no poll. */
    private final Map<String, Instant> readySince = new LinkedHashMap<>();

    /** @param readBeforeWrite syncs whose writes wait for a poll, or null */
    public DeltaPoller(
            Accounts accounts,
            Permits permits,
            PauseStore pauseStore,
            Quota quota,
            Database database,
            Outbox outbox,
            SnapshotStore snapshotStore,
            Inbox inbox,
            Applier applier,
            List<Sync> syncs,
            Schedule schedule,
            ReadBeforeWrite readBeforeWrite) {
        this.accounts = accounts;
        this.permits = permits;
        this.pauseStore = pauseStore;
        this.quota = quota;
        this.applier = applier;
        this.outbox = outbox;
        this.snapshotStore = snapshotStore;
        this.inbox = inbox;
        this.offsetStore = new OffsetStore(database);
        this.streamOffsets = new StreamOffsets(database);
        this.schedule = schedule;
        this.readBeforeWrite = readBeforeWrite;
        syncs.stream()
                .filter(sync -> sync.getDirection() == Sync.Direction.BOTH)
                .forEach(sync -> this.syncs.put(sync.getName(), sync));
    }

    /** Whether this process has not begun to poll a sync yet, so that none of its polls is due by itself. */
    public boolean hasNew() {
        return readySince.size() < syncs.size();
    }

    /** Takes the polls that are due; this process holds their leases. */
    public List<DeltaPoll> due() throws SQLException {
        List<DeltaPoll> due = new ArrayList<>();
        List<String> ready = accounts.ready();
        // one statement for all syncs, since nearly always none is due
        Set<String> dueOffsets = offsetStore.due();
        for (Sync sync : syncs.values()) {
            String account = sync.getAccount();
            boolean known = readySince.containsKey(account + " " + sync.getName());
            if (sync.problem() != null
                    || !ready.contains(account)
                    || known && !dueOffsets.contains(sync.getName())
                    || pauseStore.find(Kind.ACCOUNT, account).isPresent()) {
                continue;
            }
            Instant now = applier.now();
            if (readBeforeWrite != null) {
                readBeforeWrite.started(now);
            }
            if (!known) {
                readySince.put(account + " " + sync.getName(), now);
                Duration interval = schedule.pollInterval().max();
                offsetStore.begin(sync, PollOffset.beginning(now, schedule.overlap(), interval), now.plus(interval));
            }
            if (!applier.isReady(sync)) {
                continue;
            }
            boolean urgent = readBeforeWrite != null && readBeforeWrite.isHeld(sync);
            if (!urgent
                    && now.isBefore(readySince
                            .get(account + " " + sync.getName())
                            .plus(schedule.pollInterval().min()))) {
                continue;
            }
            offsetStore
                    .take(sync)
                    .ifPresent(offset -> due.add(new DeltaPoll(
                            sync,
                            accounts.get(account).crm().name(),
                            offset.within(schedule.deletesInterval(), now),
                            now)));
        }
        return due;
    }

    /** Waits for a permit for the poll's next call; null when the quota allows none: then the poll ends. */
    public Permit permit(DeltaPoll deltaPoll) throws SQLException, InterruptedException {
        // two operations, since a CRM may search for changes and list deletes, with a limit for each
        CallRequest callRequest = new CallRequest(
                deltaPoll.sync().getAccount(), deltaPoll.readsDeletes() ? "deleted" : "query", Priority.NORMAL, true);
        Permit permit =
                permits.await(() -> Optional.of(callRequest), MAX_PERMIT_WAIT).orElse(null);
        if (permit == null) {
            deltaPoll.abandon();
        } else {
            deltaPoll.beforeCall(applier.now());
        }
        return permit;
    }

    /**
     * Applies the CRM's answer to the table.
     *
     * @param answer  list of {@link CrmRecord} or of {@link DeletedRecord}; anything else is an error
     * @param next    offset of the next page, or null
     * @param covered time up to which the list of deletes is complete, or null
     */
    public void apply(
            DeltaPoll deltaPoll,
            @Body Object answer,
            @Header("SluiceStatus") Integer status,
            @Header("SluiceNext") String next,
            @Header("SluiceCovered") String covered)
            throws SQLException {
        if (!(answer instanceof List<?> list)) {
            deltaPoll.abandon();
            if (status != null && status >= 400) {
                pollLog.failed(deltaPoll.sync(), status, answer);
            }
            return;
        }
        if (deltaPoll.readsDeletes()) {
            enqueueDeletes(
                    deltaPoll.sync(),
                    list.stream().map(DeletedRecord.class::cast).toList());
            deltaPoll.deleted(Applied.NOTHING, Instant.parse(covered));
        } else {
            List<CrmRecord> records = list.stream().map(CrmRecord.class::cast).toList();
            deltaPoll.changed(records, applier.apply(deltaPoll.sync(), records, deltaPoll.readAt()), next);
            if (deltaPoll.isLong()
                    && accounts.get(deltaPoll.sync().getAccount())
                            .crm()
                            .bulkQuery()
                            .isPresent()) {
                handOver(deltaPoll);
            }
        }
        if (!offsetStore.saveProgress(
                deltaPoll.sync(), deltaPoll.offset(), applier.now().plus(LEASE))) {
            deltaPoll.abandon();
        }
    }

    /** Puts deletes into the inbox: before a row is deleted, the CRM is asked whether another record has its key now. */
    private void enqueueDeletes(Sync sync, List<DeletedRecord> deletes) throws SQLException {
        Set<String> known =
                applier.known(sync, deletes.stream().map(DeletedRecord::crmId).toList());
        inbox.keep(
                sync.getAccount(),
                deletes.stream()
                        .filter(it -> known.contains(it.crmId()))
                        .map(it -> CrmEvent.deleted(
                                CrmEvent.identityOf("deleted", sync.getName(), it.crmId(), it.at()),
                                sync.getObject(),
                                it.crmId(),
                                it.at()))
                        .toList());
    }

    /**
     * Leaves very many changes to a bulk query if it takes fewer calls. One bulk query of a sync runs at a time, and none while
     * Sluice writes in bulk itself: the query would find some of these records now and the others again later.
     */
    private void handOver(DeltaPoll deltaPoll) throws SQLException {
        if (!outbox.isWritingInBulk(deltaPoll.sync())
                && snapshotStore.catchUp(deltaPoll.sync(), deltaPoll.readUpTo(), applier.now())) {
            deltaPoll.handOver();
        } else {
            deltaPoll.postpone();
        }
    }

    /**
     * Schedules the next poll.
     *
     * @return a sentence about what this one brought, for the log; null if it brought nothing
     */
    public String end(DeltaPoll deltaPoll) throws SQLException {
        Applied applied = deltaPoll.applied();
        pollLog.odd(deltaPoll.sync(), applied);
        PollOffset read = deltaPoll.after(schedule.overlap(), schedule.deletesInterval());
        // the changes that a bulk query reads are not read yet
        PollOffset after = snapshotStore.ranSince(deltaPoll.sync(), deltaPoll.began())
                ? read.lowWatermark(deltaPoll.offset().lowWatermark(), read.deletesDue())
                        .polledAt(deltaPoll.offset().polledAt())
                : read;
        boolean found = applied.changes() > 0 || !applied.deferred().isEmpty();
        PollOffset next = after.interval(
                deltaPoll.isHandedOver()
                        ? schedule.pollInterval().max()
                        : schedule.pollInterval().next(after.interval(), found, deltaPoll.calls()));
        offsetStore.save(
                deltaPoll.sync(),
                next,
                applier.now()
                        .plus(schedule.pollInterval()
                                .stretched(
                                        hasEvents(deltaPoll) ? schedule.eventsInterval() : next.interval(),
                                        quota.usedPart(deltaPoll.sync().getAccount()))));
        return PollLog.changes(deltaPoll.sync(), applied).orElse(null);
    }

    /** Whether events bring the changes since the poll began, and the poll those before. */
    private boolean hasEvents(DeltaPoll deltaPoll) throws SQLException {
        String account = deltaPoll.sync().getAccount();
        return deltaPoll.isComplete()
                && schedule.streams().contains(account)
                && streamOffsets
                        .flowingSince(account, JournalPoller.stream(account))
                        .filter(since -> since.isBefore(deltaPoll.began()))
                        .isPresent();
    }

    /**
     * Describes the polls of a sync.
     *
     * @param interval interval before the last poll, without backpressure
     * @param polledAt start of the last poll that ended; the epoch if none did
     */
    public record Polls(Duration interval, Instant polledAt) {}

    /** Returns the polls of all syncs that were polled, by the name of the sync. */
    public Map<String, Polls> polls() throws SQLException {
        Map<String, Polls> polls = new HashMap<>();
        offsetStore.all().forEach((sync, offset) -> polls.put(sync, new Polls(offset.interval(), offset.polledAt())));
        return polls;
    }
}

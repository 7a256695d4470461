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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.camel.Body;
import org.apache.camel.Header;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The decisions of the receiving route, between the steps that its YAML shows. */
public final class DeltaPoller {

    private static final Logger LOG = LoggerFactory.getLogger(DeltaPoller.class);
    private static final Duration LONGEST_WAIT = Duration.ofMillis(250);
    /** How long a round is nobody else's without a sign of life. */
    private static final Duration LEASE = Duration.ofMinutes(1);

    /**
     * When to look.
     *
     * @param overlap      how long after it was written a record can come to be seen
     * @param deletesEvery how often deletes are asked for
     */
    public record Schedule(PollInterval pace, Duration overlap, Duration deletesEvery) {
    }

    private final Accounts accounts;
    private final Permits permits;
    private final PauseStore pauseStore;
    private final Quota quota;
    private final Applier applier;
    private final OffsetStore offsetStore;
    private final Outbox outbox;
    private final SnapshotStore snapshotStore;
    private final Inbox inbox;
    private final Map<String, Sync> syncs = new LinkedHashMap<>();
    private final Schedule schedule;
    private final ReadBeforeWrite readBeforeWrite;
    private final PollLog pollLog = new PollLog();
    /** Since when an account may be called: a start that changes nothing costs no look. */
    private final Map<String, Instant> readySince = new LinkedHashMap<>();

    /** @param readBeforeWrite names the syncs whose poll is waited for, or null */
    public DeltaPoller(Accounts accounts, Permits permits, PauseStore pauseStore, Quota quota, Database database, Outbox outbox,
            SnapshotStore snapshotStore, Inbox inbox, Applier applier, List<Sync> syncs, Schedule schedule, ReadBeforeWrite readBeforeWrite) {
        this.accounts = accounts;
        this.permits = permits;
        this.pauseStore = pauseStore;
        this.quota = quota;
        this.applier = applier;
        this.outbox = outbox;
        this.snapshotStore = snapshotStore;
        this.inbox = inbox;
        this.offsetStore = new OffsetStore(database);
        this.schedule = schedule;
        this.readBeforeWrite = readBeforeWrite;
        syncs.stream().filter(sync -> "both".equals(sync.getDirection()))
                .forEach(sync -> this.syncs.put(sync.getName(), sync));
    }

    /** The looks that are due and that are ours now. */
    public List<DeltaPoll> due() throws SQLException {
        List<DeltaPoll> due = new ArrayList<>();
        List<String> ready = accounts.ready();
        for (Sync sync : syncs.values()) {
            String account = sync.getAccount();
            if (sync.problem() != null || !ready.contains(account) || pauseStore.find(Kind.ACCOUNT, account).isPresent()) {
                continue;
            }
            Instant now = applier.now();
            if (readBeforeWrite != null) {
                readBeforeWrite.started(now);
            }
            if (!readySince.containsKey(account + " " + sync.getName())) {
                readySince.put(account + " " + sync.getName(), now);
                Duration pause = schedule.pace().longest();
                offsetStore.begin(sync, PollOffset.beginning(now, schedule.overlap(), pause), now.plus(pause));
            }
            if (!applier.isReady(sync)) {
                continue;
            }
            boolean urgent = readBeforeWrite != null && readBeforeWrite.isWaitedFor(sync);
            if (!urgent && now.isBefore(readySince.get(account + " " + sync.getName()).plus(schedule.pace().shortest()))) {
                continue;
            }
            offsetStore.take(sync).ifPresent(position -> due.add(new DeltaPoll(sync, accounts.get(account).crm().name(),
                    position.within(schedule.deletesEvery(), now), now)));
        }
        return due;
    }

    /** A permit for the round's next call, or null when there is no quota for it: then the round ends. */
    public Permit permit(DeltaPoll deltaPoll) throws SQLException, InterruptedException {
        // told apart, since a CRM may search for the one and list the other, with limits of their own
        CallRequest callRequest = new CallRequest(deltaPoll.sync().getAccount(), deltaPoll.readsDeletes() ? "deleted" : "query", Priority.NORMAL, true);
        Permit permit = permits.await(() -> java.util.Optional.of(callRequest), LONGEST_WAIT).orElse(null);
        if (permit == null) {
            deltaPoll.abandon();
        } else {
            deltaPoll.asking(applier.now());
        }
        return permit;
    }

    /**
     * Applies what the CRM answered.
     *
     * @param answer  a list of {@link CrmRecord} or of {@link DeletedRecord}; anything else is no answer
     * @param next    where the next page begins, or null
     * @param covered up to when deletes are told, or null
     */
    public void apply(DeltaPoll deltaPoll, @Body Object answer, @Header("SluiceStatus") Integer status,
            @Header("SluiceNext") String next, @Header("SluiceCovered") String covered) throws SQLException {
        if (!(answer instanceof List<?> list)) {
            deltaPoll.abandon();
            if (status != null && status >= 400) {
                pollLog.unread(deltaPoll.sync(), status, answer);
            }
            return;
        }
        if (deltaPoll.readsDeletes()) {
            tell(deltaPoll.sync(), list.stream().map(DeletedRecord.class::cast).toList());
            deltaPoll.deleted(Applied.NOTHING, Instant.parse(covered));
        } else {
            List<CrmRecord> records = list.stream().map(CrmRecord.class::cast).toList();
            deltaPoll.changed(records, applier.apply(deltaPoll.sync(), records, deltaPoll.readAt()), next);
            if (deltaPoll.isLong() && accounts.get(deltaPoll.sync().getAccount()).crm().bulkQuery().isPresent()) {
                handOver(deltaPoll);
            }
        }
        offsetStore.hold(deltaPoll.sync(), deltaPoll.position(), applier.now().plus(LEASE));
    }

    /** Deletes go by the inbox, where the CRM is asked first whether something else has the key by now. */
    private void tell(Sync sync, List<DeletedRecord> gone) throws SQLException {
        Set<String> known = applier.known(sync, gone.stream().map(DeletedRecord::crmId).toList());
        inbox.keep(sync.getAccount(), gone.stream().filter(it -> known.contains(it.crmId())).map(it -> CrmEvent.deleted(
                CrmEvent.identityOf("deleted", sync.getName(), it.crmId(), it.at()), sync.getObject(), it.crmId(), it.at())).toList());
    }

    /**
     * Very many changes at once are counted, and read by a job where that takes fewer calls; one such reading at a time, and
     * none while we write very many ourselves, of which it would find a part now and the rest again later.
     */
    private void handOver(DeltaPoll deltaPoll) throws SQLException {
        if (!outbox.isWritingInBulk(deltaPoll.sync()) && snapshotStore.catchUp(deltaPoll.sync(), deltaPoll.readUpTo(), applier.now())) {
            deltaPoll.handOver();
        } else {
            deltaPoll.leave();
        }
    }

    /** Says what came of it and when the next look is. */
    public void end(DeltaPoll deltaPoll) throws SQLException {
        Applied applied = deltaPoll.applied();
        pollLog.tell(deltaPoll.sync(), applied);
        PollOffset read = deltaPoll.after(schedule.overlap(), schedule.deletesEvery());
        // what very many changes are read by a job for is not read yet
        PollOffset after = snapshotStore.goesOn(deltaPoll.sync(), deltaPoll.began())
                ? read.proven(deltaPoll.position().proven(), read.deletesDue()).polled(deltaPoll.position().polled()) : read;
        boolean again = applied.changes() > 0 || !applied.later().isEmpty();
        PollOffset paced = after.pause(deltaPoll.isHandedOver() ? schedule.pace().longest()
                : schedule.pace().next(after.pause(), again, deltaPoll.calls()));
        offsetStore.save(deltaPoll.sync(), paced,
                applier.now().plus(schedule.pace().stretched(paced.pause(), quota.usedPart(deltaPoll.sync().getAccount()))));
    }
}

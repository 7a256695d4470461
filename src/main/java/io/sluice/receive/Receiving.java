package io.sluice.receive;

import io.sluice.Event;
import io.sluice.Gone;
import io.sluice.Received;
import io.sluice.Sync;
import io.sluice.crm.Accounts;
import io.sluice.crm.Permits;
import io.sluice.load.Loads;
import io.sluice.merge.Applied;
import io.sluice.merge.Applier;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Paused.Kind;
import io.sluice.outbox.Pauses;
import io.sluice.Priority;
import io.sluice.quota.Call;
import io.sluice.quota.Permit;
import io.sluice.quota.Quota;
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
public final class Receiving {

    private static final Logger LOG = LoggerFactory.getLogger(Receiving.class);
    private static final Duration LONGEST_WAIT = Duration.ofMillis(250);
    /** How long a round is nobody else's without a sign of life. */
    private static final Duration LEASE = Duration.ofMinutes(1);

    /**
     * When to look.
     *
     * @param overlap      how long after it was written a record can come to be seen
     * @param deletesEvery how often deletes are asked for
     */
    public record Schedule(Pace pace, Duration overlap, Duration deletesEvery) {
    }

    private final Accounts accounts;
    private final Permits permits;
    private final Pauses pauses;
    private final Quota quota;
    private final Applier applier;
    private final Checkpoints checkpoints;
    private final Outbox outbox;
    private final Loads loads;
    private final Inbox inbox;
    private final Map<String, Sync> syncs = new LinkedHashMap<>();
    private final Schedule schedule;
    private final ReadFirst readFirst;
    private final Notices notices = new Notices();
    /** Since when an account may be called: a start that changes nothing costs no look. */
    private final Map<String, Instant> readySince = new LinkedHashMap<>();

    /** @param readFirst names the syncs whose poll is waited for, or null */
    public Receiving(Accounts accounts, Permits permits, Pauses pauses, Quota quota, Database database, Outbox outbox,
            Loads loads, Inbox inbox, Applier applier, List<Sync> syncs, Schedule schedule, ReadFirst readFirst) {
        this.accounts = accounts;
        this.permits = permits;
        this.pauses = pauses;
        this.quota = quota;
        this.applier = applier;
        this.outbox = outbox;
        this.loads = loads;
        this.inbox = inbox;
        this.checkpoints = new Checkpoints(database);
        this.schedule = schedule;
        this.readFirst = readFirst;
        syncs.stream().filter(sync -> "both".equals(sync.getDirection()))
                .forEach(sync -> this.syncs.put(sync.getName(), sync));
    }

    /** The looks that are due and that are ours now. */
    public List<Round> due() throws SQLException {
        List<Round> due = new ArrayList<>();
        List<String> ready = accounts.ready();
        for (Sync sync : syncs.values()) {
            String account = sync.getAccount();
            if (sync.problem() != null || !ready.contains(account) || pauses.find(Kind.ACCOUNT, account).isPresent()) {
                continue;
            }
            Instant now = applier.now();
            if (readFirst != null) {
                readFirst.started(now);
            }
            if (!readySince.containsKey(account + " " + sync.getName())) {
                readySince.put(account + " " + sync.getName(), now);
                Duration pause = schedule.pace().longest();
                checkpoints.begin(sync, Position.beginning(now, schedule.overlap(), pause), now.plus(pause));
            }
            if (!applier.isReady(sync)) {
                continue;
            }
            boolean urgent = readFirst != null && readFirst.isWaitedFor(sync);
            if (!urgent && now.isBefore(readySince.get(account + " " + sync.getName()).plus(schedule.pace().shortest()))) {
                continue;
            }
            checkpoints.take(sync).ifPresent(position -> due.add(new Round(sync, accounts.get(account).crm().name(),
                    position.within(schedule.deletesEvery(), now), now)));
        }
        return due;
    }

    /** A permit for the round's next call, or null when there is no quota for it: then the round ends. */
    public Permit permit(Round round) throws SQLException, InterruptedException {
        // told apart, since a CRM may search for the one and list the other, with limits of their own
        Call call = new Call(round.sync().getAccount(), round.readsDeletes() ? "deleted" : "query", Priority.NORMAL, true);
        Permit permit = permits.await(() -> java.util.Optional.of(call), LONGEST_WAIT).orElse(null);
        if (permit == null) {
            round.abandon();
        } else {
            round.asking(applier.now());
        }
        return permit;
    }

    /**
     * Applies what the CRM answered.
     *
     * @param answer  a list of {@link Received} or of {@link Gone}; anything else is no answer
     * @param next    where the next page begins, or null
     * @param covered up to when deletes are told, or null
     */
    public void apply(Round round, @Body Object answer, @Header("SluiceStatus") Integer status,
            @Header("SluiceNext") String next, @Header("SluiceCovered") String covered) throws SQLException {
        if (!(answer instanceof List<?> list)) {
            round.abandon();
            if (status != null && status >= 400) {
                notices.unread(round.sync(), status, answer);
            }
            return;
        }
        if (round.readsDeletes()) {
            tell(round.sync(), list.stream().map(Gone.class::cast).toList());
            round.deleted(Applied.NOTHING, Instant.parse(covered));
        } else {
            List<Received> records = list.stream().map(Received.class::cast).toList();
            round.changed(records, applier.apply(round.sync(), records, round.readAt()), next);
            if (round.isLong() && accounts.get(round.sync().getAccount()).crm().bulkQuery().isPresent()) {
                handOver(round);
            }
        }
        checkpoints.hold(round.sync(), round.position(), applier.now().plus(LEASE));
    }

    /** Deletes go by the inbox, where the CRM is asked first whether something else has the key by now. */
    private void tell(Sync sync, List<Gone> gone) throws SQLException {
        Set<String> known = applier.known(sync, gone.stream().map(Gone::crmId).toList());
        inbox.keep(sync.getAccount(), gone.stream().filter(it -> known.contains(it.crmId())).map(it -> Event.gone(
                Event.identityOf("deleted", sync.getName(), it.crmId(), it.at()), sync.getObject(), it.crmId(), it.at())).toList());
    }

    /**
     * Very many changes at once are counted, and read by a job where that takes fewer calls; one such reading at a time, and
     * none while we write very many ourselves, of which it would find a part now and the rest again later.
     */
    private void handOver(Round round) throws SQLException {
        if (!outbox.isWritingInBulk(round.sync()) && loads.catchUp(round.sync(), round.readUpTo(), applier.now())) {
            round.handOver();
        } else {
            round.leave();
        }
    }

    /** Says what came of it and when the next look is. */
    public void end(Round round) throws SQLException {
        Applied applied = round.applied();
        notices.tell(round.sync(), applied);
        Position read = round.after(schedule.overlap(), schedule.deletesEvery());
        // what very many changes are read by a job for is not read yet
        Position after = loads.goesOn(round.sync(), round.began())
                ? read.proven(round.position().proven(), read.deletesDue()).polled(round.position().polled()) : read;
        boolean again = applied.changes() > 0 || !applied.later().isEmpty();
        Position paced = after.pause(round.isHandedOver() ? schedule.pace().longest()
                : schedule.pace().next(after.pause(), again, round.calls()));
        checkpoints.save(round.sync(), paced,
                applier.now().plus(schedule.pace().stretched(paced.pause(), quota.spent(round.sync().getAccount()))));
    }
}

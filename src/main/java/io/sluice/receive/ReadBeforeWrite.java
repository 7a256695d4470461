// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.Sync;
import io.sluice.snapshot.SnapshotStore;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds a sync's writes back until its CRM was polled, after an interruption: edits made in the CRM meanwhile would be
 * overwritten unseen. This costs one poll of the sync, however many changes wait.
 *
 * <p>A sync whose waiting changes concern records that exist in the CRM is polled first
 * <ul>
 * <li>when a process starts, unless it never ran before;
 * <li>when its poll is overdue (the account was paused, did not answer, or had no calls left), and the writing calls do not
 * return the values that they replace;
 * <li>when such a change has waited longer than the maximum wait, the last poll is older than that, and the writing calls do
 * not return the values that they replace; calls that delete never do.
 * </ul>
 * Critical changes wait for that one poll too. In a running system none of the three conditions holds, and nothing waits.
 *
 * <p>If the CRM can't be polled, the changes are sent without a poll after a minute, and the log says so: they must not wait
 * for ever.
 */
public final class ReadBeforeWrite {

    private static final Logger LOG = LoggerFactory.getLogger(ReadBeforeWrite.class);

    /** Maximum time for which changes wait for a poll. */
    private static final Duration MAX_HOLD = Duration.ofMinutes(1);
    /** Maximum time while a bulk query reads very many changes of the CRM. */
    private static final Duration MAX_HOLD_FOR_BULK_QUERY = Duration.ofMinutes(15);
    /** Time for which changes are then sent without a poll, unless a poll succeeds earlier. */
    private static final Duration RELEASE_TIME = Duration.ofMinutes(15);
    /** Maximum age of a poll that shows the edits which the later of several large writes replace. */
    private static final Duration MAX_POLL_AGE = Duration.ofMinutes(1);
    /** Large writes of a sync with a shorter interval between them count as one. */
    private static final Duration BETWEEN_WRITES = Duration.ofMinutes(1);

    private static final Duration CHECK_INTERVAL = Duration.ofMillis(500);
    private static final Duration CHECK_INTERVAL_WHEN_HELD = Duration.ofMillis(100);

    /**
     * Checks the 20 oldest waiting changes of each operation and priority, by the index, so that the cost does not grow with
     * the backlog. The CRM knows no record of an initial export, which is therefore not held back.
     */
    private static final String POLLS =
            """
            select s.name, greatest(c.polled_at, case when q.ended_at is not null then c.handed_over_at end) as polled_at,
                   c.due < clock_timestamp() - ? * interval '1 millisecond' as overdue,
                   coalesce(w.waits, false) as waits, coalesce(w.waited, false) as waited, clock_timestamp() as now
            from unnest(?::text[], ?::text[], ?::boolean[]) as s(name, object, shows_edits)
            join sluice.poll_offset c on c.account = ? and c.object = s.object and c.sync = s.name
            left join sluice.snapshot q on q.account = c.account and q.object = c.object and q.sync = s.name
            left join lateral (
                select bool_or(known) as waits,
                       bool_or(known and (operation = 'delete' or not s.shows_edits)
                               and since < clock_timestamp() - ? * interval '1 millisecond') as waited
                from (select o.since, o.operation, exists (select from sluice.sync_state r
                                              where r.account = o.account and r.object = o.object and r.key = o.key
                                                and r.base <> '{}') as known
                      from (values ('upsert'), ('delete')) as op(operation)
                      cross join (values (0), (1), (2), (3)) as p(priority)
                      cross join lateral (
                          select * from sluice.outbox
                          where account = c.account and sync = s.name and operation = op.operation
                            and priority = p.priority and operation is not null and lease is null
                          order by since limit 20) as o) as oldest) as w on true""";

    /**
     * Result of the last check of an account.
     *
     * @param at      System.nanoTime() of the check
     * @param validNs nanoseconds for which the result is valid; 0 while a sync needs a poll and has no waiting changes yet
     */
    private record Check(long at, long validNs, Set<String> unread) {}

    /**
     * Last poll of a sync, and its waiting changes.
     *
     * @param waits  whether changes of records that the CRM has are waiting
     * @param waited whether one of them has waited too long and its call does not return the values that it replaces
     */
    private record Poll(String sync, Instant polledAt, boolean overdue, boolean waits, boolean waited, Instant now) {

        boolean isRecent() {
            return !polledAt.isBefore(now.minus(MAX_POLL_AGE));
        }
    }

    private final Database database;
    private final OffsetStore offsetStore;
    private final SnapshotStore snapshotStore;
    private final Map<String, List<Sync>> syncs = new LinkedHashMap<>();
    private final Duration maxWait;
    private final Predicate<Sync> showsEdits;
    private final Map<String, Check> checks = new ConcurrentHashMap<>();
    /** Syncs that wait for a poll, to the time since when they wait. */
    private final Map<String, Instant> held = new ConcurrentHashMap<>();
    /** Syncs that are sent without a poll, to the time until when. */
    private final Map<String, Instant> released = new ConcurrentHashMap<>();
    /** Syncs to System.nanoTime() of their last large write. */
    private final Map<String, Long> largeWrites = new ConcurrentHashMap<>();
    /** Syncs whose next large write waits for a poll, to the time after which the poll must start. */
    private final Map<String, Instant> wanted = new ConcurrentHashMap<>();

    private volatile Instant started;

    /**
     * @param maxWait    waiting time after which a change needs a poll before it is sent; zero: never
     * @param showsEdits whether the calls that write a sync's records return the values that they replace: then a change that
     *     has waited needs no poll, which would hold up urgent changes behind a backlog
     */
    public ReadBeforeWrite(
            Database database,
            SnapshotStore snapshotStore,
            List<Sync> syncs,
            Duration maxWait,
            Predicate<Sync> showsEdits) {
        this.showsEdits = showsEdits;
        this.database = database;
        this.offsetStore = new OffsetStore(database);
        this.snapshotStore = snapshotStore;
        this.maxWait = maxWait;
        syncs.stream()
                .filter(sync -> sync.getDirection() == Sync.Direction.BOTH)
                .forEach(sync -> this.syncs
                        .computeIfAbsent(sync.getAccount(), first -> new ArrayList<>())
                        .add(sync));
    }

    /** Returns the syncs of an account that may not send before a poll, and makes their polls due. */
    public Set<String> unread(String account) throws SQLException {
        List<Sync> ofAccount = syncs.get(account);
        if (ofAccount == null || maxWait.isZero()) {
            return Set.of();
        }
        Check before = checks.get(account);
        if (before != null && System.nanoTime() - before.at() < before.validNs()) {
            return before.unread();
        }
        long at = System.nanoTime();
        Set<String> unread = new HashSet<>();
        Duration valid = CHECK_INTERVAL;
        for (Poll poll : polls(account, ofAccount)) {
            Sync sync = ofAccount.stream()
                    .filter(it -> it.getName().equals(poll.sync()))
                    .findFirst()
                    .orElseThrow();
            Instant since = wanted.get(sync.getName());
            if (since != null && !poll.polledAt().isBefore(since)) {
                wanted.remove(sync.getName());
                largeWrites.put(sync.getName(), System.nanoTime());
            }
            if (poll.waits() && isUnread(sync, poll) && mustHold(sync, poll)) {
                unread.add(sync.getName());
                offsetStore.makeDue(sync);
                valid = CHECK_INTERVAL_WHEN_HELD;
            } else if (isUnread(sync, poll) && !poll.waits()) {
                held.remove(sync.getName());
                valid = Duration.ZERO;
            } else if (!isUnread(sync, poll)) {
                held.remove(sync.getName());
                released.remove(sync.getName());
            }
        }
        checks.put(account, new Check(at, valid.toNanos(), unread));
        return unread;
    }

    /** How Sluice learns the edits that a write of very many known records replaces. */
    public enum Shown {
        /** The last poll has read them. */
        BY_POLL,
        /** A poll that is now due will read them; the sync sends nothing until then. */
        BY_NEXT_POLL,
        /** Only the call itself can return them. */
        BY_CALL
    }

    /**
     * Decides how Sluice learns the edits that a large write replaces, if the call itself can't return them as cheaply. One
     * poll precedes several such writes. None runs between them: it would read the records that have just been written.
     */
    public Shown shown(Sync sync) throws SQLException {
        String name = sync.getName();
        Optional<Poll> found = polls(sync.getAccount(), List.of(sync)).stream().findFirst();
        if (found.isEmpty() || maxWait.isZero()) {
            return Shown.BY_CALL;
        }
        Poll poll = found.get();
        Long last = largeWrites.get(name);
        if (last != null && System.nanoTime() - last < BETWEEN_WRITES.toNanos()) {
            largeWrites.put(name, System.nanoTime());
            return poll.isRecent() ? Shown.BY_POLL : Shown.BY_CALL;
        }
        if (!poll.waits() || !mustHold(sync, poll)) {
            noteLargeWrite(sync);
            return Shown.BY_CALL;
        }
        wanted.putIfAbsent(name, poll.now());
        offsetStore.makeDue(sync);
        checks.remove(sync.getAccount());
        return Shown.BY_NEXT_POLL;
    }

    /** Notes a large write of the sync: for a minute no write waits for a poll, which would read these records again. */
    public void noteLargeWrite(Sync sync) {
        largeWrites.put(sync.getName(), System.nanoTime());
    }

    /** Returns the time up to which all changes in the CRM were read; empty when the sync was never polled. */
    public Optional<Instant> readUpTo(Sync sync) throws SQLException {
        return offsetStore.find(sync).map(PollOffset::lowWatermark);
    }

    /** Notes the start of the process; earlier polls do not count. */
    void started(Instant now) {
        if (started == null) {
            started = now;
        }
    }

    /** Whether writes of the sync wait for a poll, which must start at once. */
    boolean isHeld(Sync sync) {
        return held.containsKey(sync.getName());
    }

    private List<Poll> polls(String account, List<Sync> ofAccount) throws SQLException {
        return database.transaction(connection -> Database.query(
                connection,
                POLLS,
                row -> new Poll(
                        row.getString("name"),
                        Database.instant(row, "polled_at"),
                        row.getBoolean("overdue"),
                        row.getBoolean("waits"),
                        row.getBoolean("waited"),
                        Database.instant(row, "now")),
                maxWait.toMillis(),
                Database.texts(connection, ofAccount, Sync::getName),
                Database.texts(connection, ofAccount, Sync::getObject),
                connection.createArrayOf(
                        "boolean", ofAccount.stream().map(showsEdits::test).toArray()),
                account,
                maxWait.toMillis()));
    }

    private boolean isUnread(Sync sync, Poll poll) {
        started(poll.now());
        return poll.polledAt().isBefore(started)
                || wanted.containsKey(poll.sync())
                || poll.overdue() && !showsEdits.test(sync)
                || poll.waited() && poll.polledAt().isBefore(poll.now().minus(maxWait));
    }

    private boolean mustHold(Sync sync, Poll poll) throws SQLException {
        Instant until = released.get(sync.getName());
        if (until != null && poll.now().isBefore(until)) {
            return false;
        }
        Instant since = held.computeIfAbsent(sync.getName(), first -> poll.now());
        if (poll.now().isBefore(since.plus(MAX_HOLD))
                || poll.now().isBefore(since.plus(MAX_HOLD_FOR_BULK_QUERY))
                        && snapshotStore.ranSince(sync, poll.now())) {
            return true;
        }
        LOG.warn(
                "{}: {} {} could not be polled for {} s. For {} min waiting changes are sent without a poll and may overwrite"
                        + " edits made there meanwhile.",
                sync.getName(),
                sync.getAccount(),
                sync.getObject(),
                Duration.between(since, poll.now()).toSeconds(),
                RELEASE_TIME.toMinutes());
        held.remove(sync.getName());
        wanted.remove(sync.getName());
        released.put(sync.getName(), poll.now().plus(RELEASE_TIME));
        return false;
    }
}

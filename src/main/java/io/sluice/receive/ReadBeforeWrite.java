package io.sluice.receive;

import io.sluice.Sync;
import io.sluice.snapshot.SnapshotStore;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
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
 * Keeps a sync from sending before its CRM was read, after a standstill: what was changed in the CRM meanwhile would be
 * overwritten unseen. It costs one poll of the sync, however much waits.
 *
 * <p>A sync of which changes wait that concern records which the CRM has is read first
 * <ul>
 * <li>when a process starts, unless it never ran before;
 * <li>when its poll is overdue (the account was paused, did not answer, or had no calls left), and the calls that write do not
 * show what they replace;
 * <li>when such a change has waited longer than the patience, the last poll is older than that, and the calls that write it
 * do not show what they replace; those that delete never do.
 * </ul>
 * Whatever is critical waits for that one poll too. In a running system none of the three holds, and nothing waits.
 *
 * <p>Where the CRM can't be read it is sent unread after a while, and the log says so: the changes must not wait for ever.
 */
public final class ReadBeforeWrite {

    private static final Logger LOG = LoggerFactory.getLogger(ReadBeforeWrite.class);

    /** How long nothing is sent unread. */
    private static final Duration HOLD = Duration.ofMinutes(1);
    /** The same while very many changes of the CRM are being read by a job. */
    private static final Duration LONG_HOLD = Duration.ofMinutes(15);
    /** How long it is sent unread then, unless it could be read. */
    private static final Duration UNREAD = Duration.ofMinutes(15);
    /** How old a poll may be that shows the edits which the later of several large writes replace. */
    private static final Duration FRESH = Duration.ofMinutes(1);
    /** Large writes of a sync with less between them belong together. */
    private static final Duration BETWEEN_WRITES = Duration.ofMinutes(1);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(500);
    private static final Duration LOOK_SOON = Duration.ofMillis(100);

    /**
     * Of what waits the oldest of each operation and priority are looked at, some of each: by the index, whatever the
     * number is. Of a first load none is known to the CRM, so it is not held up.
     */
    private static final String LOOK = """
            select s.name, greatest((c.position::jsonb ->> 'polled')::timestamptz,
                                    case when l.position::jsonb ->> 'ended' is not null
                                         then (c.position::jsonb ->> 'handed')::timestamptz end) as polled,
                   (c.position::jsonb ->> 'due')::timestamptz < clock_timestamp() - ? * interval '1 millisecond' as overdue,
                   coalesce(w.waits, false) as waits, coalesce(w.waited, false) as waited, clock_timestamp() as now
            from unnest(?::text[], ?::text[], ?::boolean[]) as s(name, object, shows_edits)
            join sluice.checkpoint c on c.account = ? and c.object = s.object and c.stream = 'delta:' || s.name
            left join sluice.checkpoint l
                on l.account = c.account and l.object = c.object and l.stream = 'reading:' || s.name
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

    /** @param lasts nanoseconds; none while a sync is unread of which nothing waits yet */
    private record Looked(long at, long lasts, Set<String> unread) {
    }

    /** @param waited whether what waited long is written by a call that does not show what it replaces */
    private record Poll(String sync, Instant polled, boolean overdue, boolean waits, boolean waited, Instant now) {

        boolean isFresh() {
            return !polled.isBefore(now.minus(FRESH));
        }
    }

    private final Database database;
    private final OffsetStore offsetStore;
    private final SnapshotStore snapshotStore;
    private final Map<String, List<Sync>> syncs = new LinkedHashMap<>();
    private final Duration patience;
    private final Predicate<Sync> showsEdits;
    private final Map<String, Looked> looked = new ConcurrentHashMap<>();
    /** Syncs that wait for a poll, and since when. */
    private final Map<String, Instant> held = new ConcurrentHashMap<>();
    /** Syncs that are sent unread until then. */
    private final Map<String, Instant> released = new ConcurrentHashMap<>();
    /** Syncs to the moment, of this process, of their last large write. */
    private final Map<String, Long> largeWrites = new ConcurrentHashMap<>();
    /** Syncs whose next large write waits for a poll that begins after this. */
    private final Map<String, Instant> wanted = new ConcurrentHashMap<>();
    private volatile Instant started;

    /**
     * @param patience   after which a change that waits is sent only once its CRM was read; zero: never
     * @param showsEdits whether the calls that write a sync's records read first what they replace: then a change that has
     *     waited needs no poll, which would hold up what is urgent behind a backlog
     */
    public ReadBeforeWrite(Database database, SnapshotStore snapshotStore, List<Sync> syncs, Duration patience, Predicate<Sync> showsEdits) {
        this.showsEdits = showsEdits;
        this.database = database;
        this.offsetStore = new OffsetStore(database);
        this.snapshotStore = snapshotStore;
        this.patience = patience;
        syncs.stream().filter(sync -> "both".equals(sync.getDirection()))
                .forEach(sync -> this.syncs.computeIfAbsent(sync.getAccount(), first -> new ArrayList<>()).add(sync));
    }

    /** The syncs of an account of which nothing may be sent yet; their polls are due from now on. */
    public Set<String> unread(String account) throws SQLException {
        List<Sync> ofAccount = syncs.get(account);
        if (ofAccount == null || patience.isZero()) {
            return Set.of();
        }
        Looked before = looked.get(account);
        if (before != null && System.nanoTime() - before.at() < before.lasts()) {
            return before.unread();
        }
        long at = System.nanoTime();
        Set<String> unread = new HashSet<>();
        Duration lasts = LOOK_AGAIN;
        for (Poll poll : polls(account, ofAccount)) {
            Sync sync = ofAccount.stream().filter(it -> it.getName().equals(poll.sync())).findFirst().orElseThrow();
            Instant since = wanted.get(sync.getName());
            if (since != null && !poll.polled().isBefore(since)) {
                wanted.remove(sync.getName());
                largeWrites.put(sync.getName(), System.nanoTime());
            }
            if (poll.waits() && isUnread(sync, poll) && isHeld(sync, poll)) {
                unread.add(sync.getName());
                offsetStore.urge(sync);
                lasts = LOOK_SOON;
            } else if (isUnread(sync, poll) && !poll.waits()) {
                held.remove(sync.getName());
                lasts = Duration.ZERO;
            } else if (!isUnread(sync, poll)) {
                held.remove(sync.getName());
                released.remove(sync.getName());
            }
        }
        looked.put(account, new Looked(at, lasts.toNanos(), unread));
        return unread;
    }

    /** What shows the edits that a write of very many known records replaces. */
    public enum Shown {
        /** The poll before it. */
        BY_POLL,
        /** A poll that is due from now on; nothing of the sync is sent until then. */
        BY_NEXT_POLL,
        /** Nothing but the call itself. */
        BY_CALL
    }

    /**
     * Tells what shows the edits that a large write replaces, where the call itself can't read them as cheaply. One poll comes
     * before many such writes, none between them: it would read what has just been written.
     */
    public Shown shown(Sync sync) throws SQLException {
        String name = sync.getName();
        Optional<Poll> found = polls(sync.getAccount(), List.of(sync)).stream().findFirst();
        if (found.isEmpty() || patience.isZero()) {
            return Shown.BY_CALL;
        }
        Poll poll = found.get();
        Long last = largeWrites.get(name);
        if (last != null && System.nanoTime() - last < BETWEEN_WRITES.toNanos()) {
            largeWrites.put(name, System.nanoTime());
            return poll.isFresh() ? Shown.BY_POLL : Shown.BY_CALL;
        }
        if (!poll.waits() || !isHeld(sync, poll)) {
            wroteMany(sync);
            return Shown.BY_CALL;
        }
        wanted.putIfAbsent(name, poll.now());
        offsetStore.urge(sync);
        looked.remove(sync.getAccount());
        return Shown.BY_NEXT_POLL;
    }

    /** Very many records of the sync are being written: a poll would read them again, so none is waited for in a minute. */
    public void wroteMany(Sync sync) {
        largeWrites.put(sync.getName(), System.nanoTime());
    }

    /** Up to when everything that changed in the CRM was read; nothing where the sync was never polled. */
    public Optional<Instant> readUpTo(Sync sync) throws SQLException {
        return offsetStore.find(sync).map(PollOffset::proven);
    }

    /** The process has started by now; what was polled before does not count. */
    void started(Instant now) {
        if (started == null) {
            started = now;
        }
    }

    /** Whether a poll of the sync is waited for, and so comes at once. */
    boolean isWaitedFor(Sync sync) {
        return held.containsKey(sync.getName());
    }

    private List<Poll> polls(String account, List<Sync> ofAccount) throws SQLException {
        return database.transaction(connection -> Database.query(connection, LOOK, row -> new Poll(row.getString("name"),
                        row.getString("polled") == null ? Instant.EPOCH
                                : row.getObject("polled", OffsetDateTime.class).toInstant(),
                        row.getBoolean("overdue"), row.getBoolean("waits"), row.getBoolean("waited"),
                        row.getObject("now", OffsetDateTime.class).toInstant()),
                patience.toMillis(), Database.texts(connection, ofAccount, Sync::getName),
                Database.texts(connection, ofAccount, Sync::getObject),
                connection.createArrayOf("boolean", ofAccount.stream().map(showsEdits::test).toArray()), account,
                patience.toMillis()));
    }

    private boolean isUnread(Sync sync, Poll poll) {
        started(poll.now());
        return poll.polled().isBefore(started) || wanted.containsKey(poll.sync()) || poll.overdue() && !showsEdits.test(sync)
                || poll.waited() && poll.polled().isBefore(poll.now().minus(patience));
    }

    private boolean isHeld(Sync sync, Poll poll) throws SQLException {
        Instant until = released.get(sync.getName());
        if (until != null && poll.now().isBefore(until)) {
            return false;
        }
        Instant since = held.computeIfAbsent(sync.getName(), first -> poll.now());
        if (poll.now().isBefore(since.plus(HOLD))
                || poll.now().isBefore(since.plus(LONG_HOLD)) && snapshotStore.goesOn(sync, poll.now())) {
            return true;
        }
        LOG.warn("{}: {} {} could not be read for {} s; what waits is sent unread, and may overwrite what was changed there"
                + " meanwhile.", sync.getName(), sync.getAccount(), sync.getObject(),
                Duration.between(since, poll.now()).toSeconds());
        held.remove(sync.getName());
        wanted.remove(sync.getName());
        released.put(sync.getName(), poll.now().plus(UNREAD));
        return false;
    }
}

package io.sluice.receive;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.sluice.Event;
import io.sluice.Gone;
import io.sluice.Priority;
import io.sluice.Received;
import io.sluice.RejectedEvent;
import io.sluice.Sync;
import io.sluice.crm.Account;
import io.sluice.crm.Accounts;
import io.sluice.crm.Permits;
import io.sluice.merge.Applied;
import io.sluice.merge.Applier;
import io.sluice.outbox.Paused;
import io.sluice.outbox.Paused.Kind;
import io.sluice.outbox.Pauses;
import io.sluice.quota.Call;
import io.sluice.quota.Permit;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import org.apache.camel.Body;
import org.apache.camel.Header;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The decisions of the routes that take what CRMs tell by themselves, between the steps that their YAML shows. */
public final class Listening {

    private static final Logger LOG = LoggerFactory.getLogger(Listening.class);
    private static final int AT_ONCE = 1000;
    private static final Duration HOLDING = Duration.ofMinutes(1);
    private static final Duration LONGEST_WAIT = Duration.ofMillis(250);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    /** After so many silences a record is read alone: another in its batch may be what spoils the answer. */
    private static final int MOST_SILENCES = 3;
    /** The pause is doubled so often at most: to four minutes. */
    private static final int LONGEST_SILENCE = 8;
    private static final Duration FORGOTTEN_AFTER = Duration.ofHours(1);
    private static final long STRANGERS = 100_000;
    private static final Duration STRANGE_FOR = Duration.ofMinutes(10);

    private final Accounts accounts;
    private final Permits permits;
    private final Pauses pauses;
    private final Inbox inbox;
    private final Applier applier;
    private final List<Sync> syncs;
    private final Duration skew;
    private final Heard heard;
    private final Notices notices = new Notices();
    /** What was taken when the database went away, which need not wait until nobody has it any more. */
    private final Queue<Held> interrupted = new ConcurrentLinkedQueue<>();
    /** Records that were read and have no key: what is told of their other fields concerns no row. */
    private final Cache<Telling.Record, Boolean> strangers = Caffeine.newBuilder().maximumSize(STRANGERS)
            .expireAfterWrite(STRANGE_FOR).build();

    /** Records that were asked for and of which no answer said anything, and how often in a row. */
    private final Cache<Telling.Record, Integer> silent = Caffeine.newBuilder().maximumSize(STRANGERS)
            .expireAfterWrite(FORGOTTEN_AFTER).build();

    private record Held(String account, List<UUID> identities) { }

    @FunctionalInterface
    private interface Work<T, E extends Exception> {
        T done() throws SQLException, E;
    }

    /** @param skew by which the CRM's clock and ours may differ */
    public Listening(Accounts accounts, Permits permits, Pauses pauses, Inbox inbox, Applier applier, List<Sync> syncs,
            Duration skew, Heard heard) {
        this.accounts = accounts;
        this.permits = permits;
        this.pauses = pauses;
        this.inbox = inbox;
        this.applier = applier;
        this.syncs = syncs.stream().filter(sync -> "both".equals(sync.getDirection())).toList();
        this.skew = skew;
        this.heard = heard;
    }

    /**
     * The Kamelet that knows whether a request comes from the account's CRM and what it says; null where there is no such
     * account or its CRM sends none.
     */
    public String ear(String account) {
        Account known = account == null ? null : accounts.get(account);
        return known == null || !known.crm().sendsWebhooks() ? null
                : "kamelet:" + known.crm().name() + "-webhook-action?account=" + account;
    }

    /** Keeps what a sync wants to know; when this returns, the sender may be told that it arrived. */
    public void keep(String account, @Body List<Event> events) throws SQLException {
        List<Event> wanted = wanted(account, events);
        int fresh = inbox.keep(account, wanted);
        heard.kept(account, fresh, wanted.size() - fresh, events.size() - wanted.size());
    }

    /** The same where a condition holds in the transaction that keeps it. @return whether it did */
    boolean keep(String account, List<Event> events, Inbox.Condition condition) throws SQLException {
        List<Event> wanted = wanted(account, events);
        OptionalInt fresh = inbox.keep(account, wanted, condition);
        fresh.ifPresent(count -> heard.kept(account, count, wanted.size() - count, events.size() - wanted.size()));
        return fresh.isPresent();
    }

    private List<Event> wanted(String account, List<Event> events) {
        Set<String> objects = syncs.stream().filter(sync -> sync.getAccount().equals(account)).map(Sync::getObject)
                .collect(Collectors.toSet());
        return events.stream().filter(event -> objects.contains(event.object())).toList();
    }

    /** Counts the events of a request or a file that could not be read; the others were kept. */
    public void rejected(String account, @Header(RejectedEvent.HEADER) List<RejectedEvent> events) throws SQLException {
        if (events != null && !events.isEmpty()) {
            inbox.reject(account, events);
            heard.rejected(account, events);
        }
    }

    /** Counts a request that changed nothing. */
    public void refused(String account, String why) {
        heard.refused(account, why);
    }

    /**
     * Applies what was told.
     *
     * @return what must be read first, each a record
     */
    public List<Telling> hear() throws SQLException {
        giveBack();
        Set<String> silent = pauses.all().stream().filter(it -> it.kind() == Kind.ACCOUNT).map(Paused::name)
                .collect(Collectors.toSet());
        List<Telling> tellings = Telling.of(inbox.take(silent, AT_ONCE, HOLDING));
        return holding(held(tellings), () -> hear(tellings));
    }

    private List<Telling> hear(List<Telling> all) throws SQLException {
        List<Telling> look = new ArrayList<>();
        Map<List<String>, List<Telling>> byObject = all.stream()
                .collect(Collectors.groupingBy(telling -> List.of(telling.record().account(), telling.record().object())));
        for (List<Telling> tellings : byObject.values()) {
            hear(tellings.get(0).record().account(), tellings.get(0).record().object(), tellings, look);
        }
        return look;
    }

    private static List<Held> held(List<Telling> tellings) {
        return tellings.stream().collect(Collectors.groupingBy(telling -> telling.record().account())).entrySet().stream()
                .map(taken -> new Held(taken.getKey(), identities(taken.getValue()))).toList();
    }

    private <T, E extends Exception> T holding(List<Held> taken, Work<T, E> work) throws SQLException, E {
        try {
            return work.done();
        } catch (SQLException away) {
            interrupted.addAll(taken);
            throw away;
        }
    }

    private void giveBack() throws SQLException {
        for (Held held = interrupted.peek(); held != null; held = interrupted.peek()) {
            inbox.later(held.account, held.identities, Duration.ZERO);
            interrupted.remove(held);
        }
    }

    private void hear(String account, String object, List<Telling> tellings, List<Telling> look) throws SQLException {
        List<Sync> told = told(account, object);
        if (!told.stream().allMatch(applier::isReady)) {
            later(account, tellings);
            return;
        }
        List<Telling> gone = tellings.stream().filter(Telling::isGone).toList();
        List<Telling> rest = tellings.stream().filter(telling -> !telling.isGone()).toList();
        // a row is deleted only after the CRM was asked: what has its key may be there under another id by now
        Set<String> known = known(told, gone.stream().map(telling -> telling.record().crmId()).toList());
        gone.stream().filter(telling -> known.contains(telling.record().crmId())).forEach(look::add);
        done(account, gone.stream().filter(telling -> !known.contains(telling.record().crmId())).toList());
        if (isBeingLoaded(told)) {
            later(account, rest);
            return;
        }
        Set<Telling.Record> unclear = new HashSet<>();
        for (Sync sync : told) {
            Applied values = applier.hear(sync, values(sync, rest), skew, edits(sync, rest));
            notices.tell(sync, values);
            unclear.addAll(unknown(sync, rest));
            values.later().forEach(id -> unclear.add(new Telling.Record(account, object, id)));
        }
        List<Telling> done = new ArrayList<>();
        for (Telling telling : rest) {
            boolean mustLook = !told.isEmpty()
                    && (telling.needsLook() || unclear.contains(telling.record()) && !isStrange(telling, told));
            (mustLook ? look : done).add(telling);
        }
        done(account, done);
    }

    private Set<String> known(List<Sync> told, List<String> crmIds) throws SQLException {
        Set<String> known = new HashSet<>();
        if (!crmIds.isEmpty()) {
            for (Sync sync : told) {
                known.addAll(applier.known(sync, crmIds));
            }
        }
        return known;
    }

    private List<Sync> told(String account, String object) {
        return syncs.stream().filter(sync -> sync.problem() == null && sync.getAccount().equals(account)
                && sync.getObject().equals(object)).toList();
    }

    /** A sync that is paused otherwise goes on receiving, by polls and by what the CRM tells alike. */
    private boolean isBeingLoaded(List<Sync> told) throws SQLException {
        Set<String> loading = pauses.all().stream().filter(it -> it.kind() == Kind.SYNC && it.by() == Paused.By.LOAD)
                .map(Paused::name).collect(Collectors.toSet());
        return told.stream().map(Sync::getName).anyMatch(loading::contains);
    }

    /** New records that we did not make. */
    private Set<Telling.Record> unknown(Sync sync, List<Telling> tellings) throws SQLException {
        Set<Telling.Record> fresh = tellings.stream().filter(Telling::isNew).map(Telling::record)
                .collect(Collectors.toSet());
        if (fresh.isEmpty() || sync.getInserts().equals("ignore")) {
            return Set.of();
        }
        Set<String> known = applier.known(sync, fresh.stream().map(Telling.Record::crmId).toList());
        fresh.removeIf(record -> known.contains(record.crmId()));
        return fresh;
    }

    private static List<Received> values(Sync sync, List<Telling> tellings) {
        return tellings.stream().filter(telling -> !telling.isGone() && !telling.needsLook())
                .map(telling -> telling.of(sync)).filter(java.util.Objects::nonNull).toList();
    }

    private static Map<String, List<Received>> edits(Sync sync, List<Telling> tellings) {
        return tellings.stream().filter(telling -> !telling.isGone() && !telling.needsLook())
                .collect(Collectors.toMap(telling -> telling.record().crmId(), telling -> telling.edits(sync)));
    }

    /** Whether it was read lately and had no key, and has got none since. */
    private boolean isStrange(Telling telling, List<Sync> told) {
        return strangers.getIfPresent(telling.record()) != null
                && told.stream().noneMatch(sync -> telling.tells(sync.getExternalId()));
    }

    /** What is read in one call: records of one account and object, all there or all gone as far as is known. */
    public Batch batch(@Body List<Telling> tellings) throws SQLException {
        Telling.Record first = tellings.get(0).record();
        List<Sync> told = told(first.account(), first.object());
        Map<String, String> keys = null;
        if (tellings.get(0).isGone()) {
            keys = new LinkedHashMap<>();
            for (Sync sync : told) {
                keys.putAll(applier.keys(sync, tellings.stream().map(telling -> telling.record().crmId()).toList()));
            }
        }
        return new Batch(first.account(), first.object(), accounts.get(first.account()).crm().name(), told, tellings, keys);
    }

    /** A permit to read, or null when there is none to be had: then the records keep their place and wait. */
    public Permit permit(Batch batch) throws SQLException, InterruptedException {
        return holding(held(batch), () -> permitted(batch));
    }

    private List<Held> held(Batch batch) {
        return List.of(new Held(batch.account(), batch.identities(batch.crmIds())));
    }

    private Permit permitted(Batch batch) throws SQLException, InterruptedException {
        if (batch.isPointless()) {
            inbox.done(batch.account(), batch.identities(batch.crmIds()));
            return null;
        }
        Call call = new Call(batch.account(), "read", Priority.NORMAL, true);
        Optional<Permit> permit = accounts.ready().contains(batch.account())
                ? permits.await(() -> Optional.of(call), LONGEST_WAIT) : Optional.empty();
        if (permit.isEmpty()) {
            inbox.later(batch.account(), batch.identities(batch.crmIds()), PAUSE);
        } else {
            batch.asking(applier.now());
        }
        return permit.orElse(null);
    }

    /**
     * What goes into one call: records of an account's object, those that seem to be gone apart, and alone one of which the CRM has said nothing several
     * times.
     */
    public String group(@Body Telling telling) {
        Telling.Record record = telling.record();
        Integer silences = silent.getIfPresent(record);
        return record.account() + " " + record.object() + (telling.isGone() ? " gone" : "")
                + (silences == null || silences < MOST_SILENCES ? "" : " " + record.crmId());
    }

    /**
     * Applies records as they were read. Of those of which the CRM said that they are gone it is asked what became of them,
     * or has told just now. One of which the answer says nothing is neither: it is read again, later each time.
     *
     * @param answer a list of {@link Received} and {@link Gone}; anything else is no answer
     */
    public void read(Batch batch, @Body Object answer, @Header("SluiceStatus") Integer status) throws SQLException {
        holding(held(batch), () -> {
            apply(batch, answer, status);
            return null;
        });
    }

    private void apply(Batch batch, Object answer, Integer status) throws SQLException {
        if (!(answer instanceof List<?> list)) {
            heard.unread(batch.account(), batch.object(), batch.crmIds().size(), "HTTP " + status + ": " + answer);
            silent(batch, batch.crmIds());
            return;
        }
        if (batch.isLookup()) {
            applyFates(batch, list);
            return;
        }
        Set<String> unanswered = new LinkedHashSet<>(batch.crmIds());
        List<Received> records = list.stream().filter(Received.class::isInstance).map(Received.class::cast)
                .filter(record -> unanswered.remove(record.crmId())).toList();
        Set<String> missing = list.stream().filter(Gone.class::isInstance).map(it -> ((Gone) it).crmId())
                .filter(unanswered::remove).collect(Collectors.toCollection(LinkedHashSet::new));
        if (!unanswered.isEmpty()) {
            heard.unread(batch.account(), batch.object(), unanswered.size(), "the answer says nothing of them");
            silent(batch, unanswered);
        }
        Set<String> busy = new HashSet<>();
        Set<String> withKey = new HashSet<>();
        for (Sync sync : batch.syncs()) {
            List<Received> keyed = records.stream().map(record -> keyed(record, sync)).toList();
            keyed.stream().filter(record -> record.key() != null).forEach(record -> withKey.add(record.crmId()));
            Applied applied = applier.apply(sync, keyed, batch.readAt(), batch.edits(sync));
            notices.tell(sync, applied);
            busy.addAll(applied.later());
        }
        records.stream().filter(record -> !withKey.contains(record.crmId()))
                .forEach(record -> strangers.put(new Telling.Record(batch.account(), batch.object(), record.crmId()), true));
        Set<String> lost = known(batch.syncs(), List.copyOf(missing));
        inbox.keep(batch.account(), lost.stream().map(id -> Event.missing(Event.identityOf("missing", batch.object(), id,
                batch.lastTold(id)), batch.object(), id, batch.readAt())).toList());
        settle(batch, busy, unanswered);
    }

    private void settle(Batch batch, Set<String> busy, Set<String> unclear) throws SQLException {
        inbox.later(batch.account(), batch.identities(busy), PAUSE);
        Set<String> done = new LinkedHashSet<>(batch.crmIds());
        done.removeAll(busy);
        done.removeAll(unclear);
        done.forEach(id -> silent.invalidate(new Telling.Record(batch.account(), batch.object(), id)));
        inbox.done(batch.account(), batch.identities(done));
    }

    /** Puts off what was not answered: a second, then twice as long each time, up to some minutes. */
    private void silent(Batch batch, Collection<String> ids) throws SQLException {
        Map<Integer, List<String>> bySilences = ids.stream().collect(Collectors.groupingBy(id -> silent.asMap()
                .merge(new Telling.Record(batch.account(), batch.object(), id), 1, Integer::sum)));
        for (Map.Entry<Integer, List<String>> some : bySilences.entrySet()) {
            Duration pause = PAUSE.multipliedBy(1L << Math.min(some.getKey() - 1, LONGEST_SILENCE));
            inbox.later(batch.account(), batch.identities(some.getValue()), pause);
        }
    }

    /**
     * Applies what the CRM says has become of records: first those that are there, since what has the key of one that is gone
     * takes its place and keeps its row. What was asked and not answered is asked again; what is known no more is done.
     */
    private void applyFates(Batch batch, List<?> answer) throws SQLException {
        List<Received> there = new ArrayList<>();
        Map<String, Gone> gone = new LinkedHashMap<>();
        answer.forEach(fate -> {
            if (fate instanceof Received record) {
                there.add(record);
            } else if (fate instanceof Gone it) {
                gone.put(it.crmId(), it);
            }
        });
        Set<String> unclear = new LinkedHashSet<>(batch.asked());
        there.forEach(record -> unclear.remove(record.crmId()));
        unclear.removeAll(gone.keySet());
        List<Gone> deletes = gone.values().stream().map(it -> it.at() != null ? it : new Gone(it.crmId(), batch.goneAt(it.crmId())))
                .toList();
        Set<String> busy = new HashSet<>();
        for (Sync sync : batch.syncs()) {
            Applied applied = applier.apply(sync, there, batch.readAt(), gone.keySet())
                    .plus(applier.delete(sync, deletes, batch.readAt()));
            notices.tell(sync, applied);
            busy.addAll(applied.later());
        }
        if (!unclear.isEmpty()) {
            heard.unread(batch.account(), batch.object(), unclear.size(), "the answer does not say what became of them");
            silent(batch, unclear);
        }
        settle(batch, busy, unclear);
    }

    /** The record as a sync sees it, by its own key. */
    private static Received keyed(Received record, Sync sync) {
        Object key = record.fields().get(sync.getExternalId());
        return new Received(record.crmId(), key == null || key.toString().isBlank() ? null : key.toString(), record.at(),
                record.fields());
    }

    private void done(String account, List<Telling> tellings) throws SQLException {
        inbox.done(account, identities(tellings));
    }

    private void later(String account, List<Telling> tellings) throws SQLException {
        inbox.later(account, identities(tellings), PAUSE);
    }

    private static List<UUID> identities(Collection<Telling> tellings) {
        return tellings.stream().flatMap(telling -> telling.identities().stream()).toList();
    }
}

package io.sluice.receive;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.sluice.CrmEvent;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.Priority;
import io.sluice.RejectedEvent;
import io.sluice.Sync;
import io.sluice.crm.Account;
import io.sluice.crm.Accounts;
import io.sluice.crm.Permits;
import io.sluice.merge.Applied;
import io.sluice.merge.Applier;
import io.sluice.outbox.Pause;
import io.sluice.outbox.Pause.Kind;
import io.sluice.outbox.PauseStore;
import io.sluice.quota.CallRequest;
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
public final class InboxProcessor {

    private static final Logger LOG = LoggerFactory.getLogger(InboxProcessor.class);
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
    private final PauseStore pauseStore;
    private final Inbox inbox;
    private final Applier applier;
    private final List<Sync> syncs;
    private final Duration skew;
    private final WebhookMetrics webhookMetrics;
    private final PollLog pollLog = new PollLog();
    /** What was taken when the database went away, which need not wait until nobody has it any more. */
    private final Queue<Held> interrupted = new ConcurrentLinkedQueue<>();
    /** Records that were read and have no key: what is told of their other fields concerns no row. */
    private final Cache<RecordEvents.Record, Boolean> strangers = Caffeine.newBuilder().maximumSize(STRANGERS)
            .expireAfterWrite(STRANGE_FOR).build();

    /** Records that were asked for and of which no answer said anything, and how often in a row. */
    private final Cache<RecordEvents.Record, Integer> silent = Caffeine.newBuilder().maximumSize(STRANGERS)
            .expireAfterWrite(FORGOTTEN_AFTER).build();

    private record Held(String account, List<UUID> identities) { }

    @FunctionalInterface
    private interface Work<T, E extends Exception> {
        T done() throws SQLException, E;
    }

    /** @param skew by which the CRM's clock and ours may differ */
    public InboxProcessor(Accounts accounts, Permits permits, PauseStore pauseStore, Inbox inbox, Applier applier, List<Sync> syncs,
            Duration skew, WebhookMetrics webhookMetrics) {
        this.accounts = accounts;
        this.permits = permits;
        this.pauseStore = pauseStore;
        this.inbox = inbox;
        this.applier = applier;
        this.syncs = syncs.stream().filter(sync -> "both".equals(sync.getDirection())).toList();
        this.skew = skew;
        this.webhookMetrics = webhookMetrics;
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
    public void keep(String account, @Body List<CrmEvent> events) throws SQLException {
        List<CrmEvent> wanted = wanted(account, events);
        int fresh = inbox.keep(account, wanted);
        webhookMetrics.kept(account, fresh, wanted.size() - fresh, events.size() - wanted.size());
    }

    /** The same where a condition holds in the transaction that keeps it. @return whether it did */
    boolean keep(String account, List<CrmEvent> events, Inbox.Condition condition) throws SQLException {
        List<CrmEvent> wanted = wanted(account, events);
        OptionalInt fresh = inbox.keep(account, wanted, condition);
        fresh.ifPresent(count -> webhookMetrics.kept(account, count, wanted.size() - count, events.size() - wanted.size()));
        return fresh.isPresent();
    }

    private List<CrmEvent> wanted(String account, List<CrmEvent> events) {
        Set<String> objects = syncs.stream().filter(sync -> sync.getAccount().equals(account)).map(Sync::getObject)
                .collect(Collectors.toSet());
        return events.stream().filter(event -> objects.contains(event.object())).toList();
    }

    /** Counts the events of a request or a file that could not be read; the others were kept. */
    public void rejected(String account, @Header(RejectedEvent.HEADER) List<RejectedEvent> events) throws SQLException {
        if (events != null && !events.isEmpty()) {
            inbox.reject(account, events);
            webhookMetrics.rejected(account, events);
        }
    }

    /** Counts a request that changed nothing. */
    public void refused(String account, String why) {
        webhookMetrics.refused(account, why);
    }

    /**
     * Applies what was told.
     *
     * @return what must be read first, each a record
     */
    public List<RecordEvents> hear() throws SQLException {
        giveBack();
        Set<String> silent = pauseStore.all().stream().filter(it -> it.kind() == Kind.ACCOUNT).map(Pause::name)
                .collect(Collectors.toSet());
        List<RecordEvents> tellings = RecordEvents.of(inbox.take(silent, AT_ONCE, HOLDING));
        return holding(held(tellings), () -> hear(tellings));
    }

    private List<RecordEvents> hear(List<RecordEvents> all) throws SQLException {
        List<RecordEvents> look = new ArrayList<>();
        Map<List<String>, List<RecordEvents>> byObject = all.stream()
                .collect(Collectors.groupingBy(recordEvents -> List.of(recordEvents.record().account(), recordEvents.record().object())));
        for (List<RecordEvents> tellings : byObject.values()) {
            hear(tellings.get(0).record().account(), tellings.get(0).record().object(), tellings, look);
        }
        return look;
    }

    private static List<Held> held(List<RecordEvents> tellings) {
        return tellings.stream().collect(Collectors.groupingBy(recordEvents -> recordEvents.record().account())).entrySet().stream()
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

    private void hear(String account, String object, List<RecordEvents> tellings, List<RecordEvents> look) throws SQLException {
        List<Sync> told = told(account, object);
        if (!told.stream().allMatch(applier::isReady)) {
            later(account, tellings);
            return;
        }
        List<RecordEvents> gone = tellings.stream().filter(RecordEvents::isGone).toList();
        List<RecordEvents> rest = tellings.stream().filter(recordEvents -> !recordEvents.isGone()).toList();
        // a row is deleted only after the CRM was asked: what has its key may be there under another id by now
        Set<String> known = known(told, gone.stream().map(recordEvents -> recordEvents.record().crmId()).toList());
        gone.stream().filter(recordEvents -> known.contains(recordEvents.record().crmId())).forEach(look::add);
        done(account, gone.stream().filter(recordEvents -> !known.contains(recordEvents.record().crmId())).toList());
        if (isBeingLoaded(told)) {
            later(account, rest);
            return;
        }
        Set<RecordEvents.Record> unclear = new HashSet<>();
        for (Sync sync : told) {
            Applied values = applier.hear(sync, values(sync, rest), skew, edits(sync, rest));
            pollLog.tell(sync, values);
            unclear.addAll(unknown(sync, rest));
            values.later().forEach(id -> unclear.add(new RecordEvents.Record(account, object, id)));
        }
        List<RecordEvents> done = new ArrayList<>();
        for (RecordEvents recordEvents : rest) {
            boolean mustLook = !told.isEmpty()
                    && (recordEvents.needsLook() || unclear.contains(recordEvents.record()) && !isStrange(recordEvents, told));
            (mustLook ? look : done).add(recordEvents);
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
        Set<String> loading = pauseStore.all().stream().filter(it -> it.kind() == Kind.SYNC && it.by() == Pause.By.LOAD)
                .map(Pause::name).collect(Collectors.toSet());
        return told.stream().map(Sync::getName).anyMatch(loading::contains);
    }

    /** New records that we did not make. */
    private Set<RecordEvents.Record> unknown(Sync sync, List<RecordEvents> tellings) throws SQLException {
        Set<RecordEvents.Record> fresh = tellings.stream().filter(RecordEvents::isNew).map(RecordEvents::record)
                .collect(Collectors.toSet());
        if (fresh.isEmpty() || sync.getInserts().equals("ignore")) {
            return Set.of();
        }
        Set<String> known = applier.known(sync, fresh.stream().map(RecordEvents.Record::crmId).toList());
        fresh.removeIf(record -> known.contains(record.crmId()));
        return fresh;
    }

    private static List<CrmRecord> values(Sync sync, List<RecordEvents> tellings) {
        return tellings.stream().filter(recordEvents -> !recordEvents.isGone() && !recordEvents.needsLook())
                .map(recordEvents -> recordEvents.of(sync)).filter(java.util.Objects::nonNull).toList();
    }

    private static Map<String, List<CrmRecord>> edits(Sync sync, List<RecordEvents> tellings) {
        return tellings.stream().filter(recordEvents -> !recordEvents.isGone() && !recordEvents.needsLook())
                .collect(Collectors.toMap(recordEvents -> recordEvents.record().crmId(), recordEvents -> recordEvents.edits(sync)));
    }

    /** Whether it was read lately and had no key, and has got none since. */
    private boolean isStrange(RecordEvents recordEvents, List<Sync> told) {
        return strangers.getIfPresent(recordEvents.record()) != null
                && told.stream().noneMatch(sync -> recordEvents.tells(sync.getExternalId()));
    }

    /** What is read in one call: records of one account and object, all there or all gone as far as is known. */
    public ReadBackBatch batch(@Body List<RecordEvents> tellings) throws SQLException {
        RecordEvents.Record first = tellings.get(0).record();
        List<Sync> told = told(first.account(), first.object());
        Map<String, String> keys = null;
        if (tellings.get(0).isGone()) {
            keys = new LinkedHashMap<>();
            for (Sync sync : told) {
                keys.putAll(applier.keys(sync, tellings.stream().map(recordEvents -> recordEvents.record().crmId()).toList()));
            }
        }
        return new ReadBackBatch(first.account(), first.object(), accounts.get(first.account()).crm().name(), told, tellings, keys);
    }

    /** A permit to read, or null when there is none to be had: then the records keep their place and wait. */
    public Permit permit(ReadBackBatch readBackBatch) throws SQLException, InterruptedException {
        return holding(held(readBackBatch), () -> permitted(readBackBatch));
    }

    private List<Held> held(ReadBackBatch readBackBatch) {
        return List.of(new Held(readBackBatch.account(), readBackBatch.identities(readBackBatch.crmIds())));
    }

    private Permit permitted(ReadBackBatch readBackBatch) throws SQLException, InterruptedException {
        if (readBackBatch.isPointless()) {
            inbox.done(readBackBatch.account(), readBackBatch.identities(readBackBatch.crmIds()));
            return null;
        }
        CallRequest callRequest = new CallRequest(readBackBatch.account(), "read", Priority.NORMAL, true);
        Optional<Permit> permit = accounts.ready().contains(readBackBatch.account())
                ? permits.await(() -> Optional.of(callRequest), LONGEST_WAIT) : Optional.empty();
        if (permit.isEmpty()) {
            inbox.later(readBackBatch.account(), readBackBatch.identities(readBackBatch.crmIds()), PAUSE);
        } else {
            readBackBatch.asking(applier.now());
        }
        return permit.orElse(null);
    }

    /**
     * What goes into one call: records of an account's object, those that seem to be gone apart, and alone one of which the CRM has said nothing several
     * times.
     */
    public String group(@Body RecordEvents recordEvents) {
        RecordEvents.Record record = recordEvents.record();
        Integer silences = silent.getIfPresent(record);
        return record.account() + " " + record.object() + (recordEvents.isGone() ? " gone" : "")
                + (silences == null || silences < MOST_SILENCES ? "" : " " + record.crmId());
    }

    /**
     * Applies records as they were read. Of those of which the CRM said that they are gone it is asked what became of them,
     * or has told just now. One of which the answer says nothing is neither: it is read again, later each time.
     *
     * @param answer a list of {@link CrmRecord} and {@link DeletedRecord}; anything else is no answer
     */
    public void read(ReadBackBatch readBackBatch, @Body Object answer, @Header("SluiceStatus") Integer status) throws SQLException {
        holding(held(readBackBatch), () -> {
            apply(readBackBatch, answer, status);
            return null;
        });
    }

    private void apply(ReadBackBatch readBackBatch, Object answer, Integer status) throws SQLException {
        if (!(answer instanceof List<?> list)) {
            webhookMetrics.unread(readBackBatch.account(), readBackBatch.object(), readBackBatch.crmIds().size(), "HTTP " + status + ": " + answer);
            silent(readBackBatch, readBackBatch.crmIds());
            return;
        }
        if (readBackBatch.isLookup()) {
            applyFates(readBackBatch, list);
            return;
        }
        Set<String> unanswered = new LinkedHashSet<>(readBackBatch.crmIds());
        List<CrmRecord> records = list.stream().filter(CrmRecord.class::isInstance).map(CrmRecord.class::cast)
                .filter(record -> unanswered.remove(record.crmId())).toList();
        Set<String> missing = list.stream().filter(DeletedRecord.class::isInstance).map(it -> ((DeletedRecord) it).crmId())
                .filter(unanswered::remove).collect(Collectors.toCollection(LinkedHashSet::new));
        if (!unanswered.isEmpty()) {
            webhookMetrics.unread(readBackBatch.account(), readBackBatch.object(), unanswered.size(), "the answer says nothing of them");
            silent(readBackBatch, unanswered);
        }
        Set<String> busy = new HashSet<>();
        Set<String> withKey = new HashSet<>();
        for (Sync sync : readBackBatch.syncs()) {
            List<CrmRecord> keyed = records.stream().map(record -> keyed(record, sync)).toList();
            keyed.stream().filter(record -> record.key() != null).forEach(record -> withKey.add(record.crmId()));
            Applied applied = applier.apply(sync, keyed, readBackBatch.readAt(), readBackBatch.edits(sync));
            pollLog.tell(sync, applied);
            busy.addAll(applied.later());
        }
        records.stream().filter(record -> !withKey.contains(record.crmId()))
                .forEach(record -> strangers.put(new RecordEvents.Record(readBackBatch.account(), readBackBatch.object(), record.crmId()), true));
        Set<String> lost = known(readBackBatch.syncs(), List.copyOf(missing));
        inbox.keep(readBackBatch.account(), lost.stream().map(id -> CrmEvent.missing(CrmEvent.identityOf("missing", readBackBatch.object(), id,
                readBackBatch.lastTold(id)), readBackBatch.object(), id, readBackBatch.readAt())).toList());
        settle(readBackBatch, busy, unanswered);
    }

    private void settle(ReadBackBatch readBackBatch, Set<String> busy, Set<String> unclear) throws SQLException {
        inbox.later(readBackBatch.account(), readBackBatch.identities(busy), PAUSE);
        Set<String> done = new LinkedHashSet<>(readBackBatch.crmIds());
        done.removeAll(busy);
        done.removeAll(unclear);
        done.forEach(id -> silent.invalidate(new RecordEvents.Record(readBackBatch.account(), readBackBatch.object(), id)));
        inbox.done(readBackBatch.account(), readBackBatch.identities(done));
    }

    /** Puts off what was not answered: a second, then twice as long each time, up to some minutes. */
    private void silent(ReadBackBatch readBackBatch, Collection<String> ids) throws SQLException {
        Map<Integer, List<String>> bySilences = ids.stream().collect(Collectors.groupingBy(id -> silent.asMap()
                .merge(new RecordEvents.Record(readBackBatch.account(), readBackBatch.object(), id), 1, Integer::sum)));
        for (Map.Entry<Integer, List<String>> some : bySilences.entrySet()) {
            Duration pause = PAUSE.multipliedBy(1L << Math.min(some.getKey() - 1, LONGEST_SILENCE));
            inbox.later(readBackBatch.account(), readBackBatch.identities(some.getValue()), pause);
        }
    }

    /**
     * Applies what the CRM says has become of records: first those that are there, since what has the key of one that is gone
     * takes its place and keeps its row. What was asked and not answered is asked again; what is known no more is done.
     */
    private void applyFates(ReadBackBatch readBackBatch, List<?> answer) throws SQLException {
        List<CrmRecord> there = new ArrayList<>();
        Map<String, DeletedRecord> gone = new LinkedHashMap<>();
        answer.forEach(fate -> {
            if (fate instanceof CrmRecord record) {
                there.add(record);
            } else if (fate instanceof DeletedRecord it) {
                gone.put(it.crmId(), it);
            }
        });
        Set<String> unclear = new LinkedHashSet<>(readBackBatch.asked());
        there.forEach(record -> unclear.remove(record.crmId()));
        unclear.removeAll(gone.keySet());
        List<DeletedRecord> deletes = gone.values().stream().map(it -> it.at() != null ? it : new DeletedRecord(it.crmId(), readBackBatch.goneAt(it.crmId())))
                .toList();
        Set<String> busy = new HashSet<>();
        for (Sync sync : readBackBatch.syncs()) {
            Applied applied = applier.apply(sync, there, readBackBatch.readAt(), gone.keySet())
                    .plus(applier.delete(sync, deletes, readBackBatch.readAt()));
            pollLog.tell(sync, applied);
            busy.addAll(applied.later());
        }
        if (!unclear.isEmpty()) {
            webhookMetrics.unread(readBackBatch.account(), readBackBatch.object(), unclear.size(), "the answer does not say what became of them");
            silent(readBackBatch, unclear);
        }
        settle(readBackBatch, busy, unclear);
    }

    /** The record as a sync sees it, by its own key. */
    private static CrmRecord keyed(CrmRecord record, Sync sync) {
        Object key = record.fields().get(sync.getExternalId());
        return new CrmRecord(record.crmId(), key == null || key.toString().isBlank() ? null : key.toString(), record.at(),
                record.fields());
    }

    private void done(String account, List<RecordEvents> tellings) throws SQLException {
        inbox.done(account, identities(tellings));
    }

    private void later(String account, List<RecordEvents> tellings) throws SQLException {
        inbox.later(account, identities(tellings), PAUSE);
    }

    private static List<UUID> identities(Collection<RecordEvents> tellings) {
        return tellings.stream().flatMap(recordEvents -> recordEvents.identities().stream()).toList();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.sluice.Backoff;
import io.sluice.CrmEvent;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.Priority;
import io.sluice.RejectedEvent;
import io.sluice.Sync;
import io.sluice.crm.Account;
import io.sluice.crm.Accounts;
import io.sluice.crm.CrmCall;
import io.sluice.crm.Permits;
import io.sluice.merge.Applied;
import io.sluice.merge.Applier;
import io.sluice.outbox.Pause;
import io.sluice.outbox.Pause.Kind;
import io.sluice.outbox.PauseStore;
import io.sluice.quota.CallRequest;
import io.sluice.quota.Permit;
import io.sluice.quota.SavedCalls;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.Body;
import org.apache.camel.Header;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Processes the events of CRMs: stores them in the inbox, applies their values and decides which records to read back. */
public final class InboxProcessor {

    private static final Logger LOG = LoggerFactory.getLogger(InboxProcessor.class);
    private static final int MAX_EVENTS = 1000;
    private static final Duration LEASE_TIME = Duration.ofMinutes(1);
    private static final Duration MAX_PERMIT_WAIT = Duration.ofMillis(250);
    private static final Duration INITIAL_DELAY = Duration.ofSeconds(1);
    /** Missing answers after which a record is read alone: another record of its batch may spoil the answer. */
    private static final int MAX_MISSES_IN_BATCH = 3;
    /** Backoff of a record that answers do not mention. */
    private static final Backoff MISSES = new Backoff(INITIAL_DELAY, Duration.ofSeconds(256));

    private static final Duration MISSES_KEPT = Duration.ofHours(1);
    private static final long MAX_CACHED_RECORDS = 100_000;
    private static final Duration WITHOUT_KEY_KEPT = Duration.ofMinutes(10);

    private final Accounts accounts;
    private final Permits permits;
    private final PauseStore pauseStore;
    private final Inbox inbox;
    private final Applier applier;
    private final List<Sync> syncs;
    private final Duration skew;
    private final WebhookMetrics webhookMetrics;
    private final SavedCalls savedCalls;
    private final PollLog pollLog = new PollLog();
    /** Events that this process held when the database failed; it makes them due at once, before their lease ends. */
    private final Queue<Leased> interrupted = new ConcurrentLinkedQueue<>();
    /** Records that were read and have no key: events of their other fields concern no row. */
    private final Cache<RecordEvents.Record, Boolean> withoutKey = Caffeine.newBuilder()
            .maximumSize(MAX_CACHED_RECORDS)
            .expireAfterWrite(WITHOUT_KEY_KEPT)
            .build();

    /** Records to the number of answers in a row that did not mention them. */
    private final Cache<RecordEvents.Record, Integer> misses = Caffeine.newBuilder()
            .maximumSize(MAX_CACHED_RECORDS)
            .expireAfterWrite(MISSES_KEPT)
            .build();

    private record Leased(String account, List<UUID> identities) {}

    @FunctionalInterface
    private interface Work<T, E extends Exception> {
        T done() throws SQLException, E;
    }

    /** @param skew maximum difference between the CRM's clock and ours */
    public InboxProcessor(
            Accounts accounts,
            Permits permits,
            PauseStore pauseStore,
            Inbox inbox,
            Applier applier,
            List<Sync> syncs,
            Duration skew,
            WebhookMetrics webhookMetrics,
            SavedCalls savedCalls) {
        this.accounts = accounts;
        this.permits = permits;
        this.pauseStore = pauseStore;
        this.inbox = inbox;
        this.applier = applier;
        this.syncs = syncs.stream()
                .filter(sync -> sync.getDirection() == Sync.Direction.BOTH)
                .toList();
        this.skew = skew;
        this.webhookMetrics = webhookMetrics;
        this.savedCalls = savedCalls;
        accounts.names().stream()
                .filter(account -> accounts.get(account).crm().sendsWebhooks()
                        || accounts.get(account).crm().hasJournal())
                .forEach(this::count);
    }

    /** Registers the counters of an account's events. */
    void count(String account) {
        webhookMetrics.register(account, objects(account));
    }

    /**
     * Returns the call that verifies and parses a webhook request of the account's CRM; null when there is no such account or
     * its CRM sends no webhooks.
     */
    public CrmCall.Webhook webhook(String account) {
        Account known = account == null ? null : accounts.get(account);
        return known == null || !known.crm().sendsWebhooks()
                ? null
                : new CrmCall.Webhook(known.crm().name(), account);
    }

    /** Stores the events of objects that have a sync. They are committed when this method returns: the sender may be answered. */
    public void keep(String account, @Body List<CrmEvent> events) throws SQLException {
        List<CrmEvent> wanted = wanted(account, events);
        int kept = inbox.keep(account, wanted);
        webhookMetrics.kept(account, kept, wanted.size() - kept, events.size() - wanted.size());
    }

    /** Stores events if a condition holds in the transaction that stores them. @return whether the condition held */
    boolean keep(String account, List<CrmEvent> events, Inbox.Condition condition) throws SQLException {
        List<CrmEvent> wanted = wanted(account, events);
        OptionalInt kept = inbox.keep(account, wanted, condition);
        kept.ifPresent(
                count -> webhookMetrics.kept(account, count, wanted.size() - count, events.size() - wanted.size()));
        return kept.isPresent();
    }

    /**
     * Returns the events of a stream that concern a sync's fields: an event names all fields that changed. A field that refers to
     * a parent record makes a read-back if a sync maps a field of the parent.
     */
    List<CrmEvent> mapped(String account, List<CrmEvent> events) {
        Map<String, Set<String>> fields = new HashMap<>();
        Map<String, Set<String>> references = new HashMap<>();
        for (Sync sync : syncs) {
            if (account.equals(sync.getAccount()) && sync.getObject() != null) {
                Set<String> ofObject = fields.computeIfAbsent(sync.getObject(), first -> new HashSet<>());
                ofObject.addAll(sync.getFields().values());
                ofObject.add(sync.getExternalId());
                references.put(
                        sync.getObject(),
                        ofObject.stream()
                                .filter(Objects::nonNull)
                                .map(accounts.get(account).crm()::reference)
                                .filter(Objects::nonNull)
                                .collect(Collectors.toSet()));
            }
        }
        return events.stream()
                .filter(event -> event.kind() != CrmEvent.Kind.GAP)
                .flatMap(event -> mapped(
                        event,
                        fields.getOrDefault(event.object(), Set.of()),
                        references.getOrDefault(event.object(), Set.of())))
                .toList();
    }

    private static Stream<CrmEvent> mapped(CrmEvent event, Set<String> fields, Set<String> references) {
        if (event.kind() != CrmEvent.Kind.VALUE) {
            return Stream.of(event);
        }
        return Stream.concat(
                fields.contains(event.field()) ? Stream.of(event) : Stream.empty(),
                references.contains(event.field()) ? Stream.of(readBack(event)) : Stream.empty());
    }

    private static CrmEvent readBack(CrmEvent event) {
        return CrmEvent.readBack(
                CrmEvent.identityOf("reference", event.identity()), event.object(), event.crmId(), event.at());
    }

    private List<CrmEvent> wanted(String account, List<CrmEvent> events) {
        Set<String> objects = objects(account);
        return events.stream().filter(event -> objects.contains(event.object())).toList();
    }

    private Set<String> objects(String account) {
        return syncs.stream()
                .filter(sync -> account.equals(sync.getAccount()))
                .map(Sync::getObject)
                .filter(Objects::nonNull)
                .collect(Collectors.toSet());
    }

    /**
     * Counts the events of a request or a file that could not be parsed; the others were kept.
     *
     * @return lines for the log
     */
    public List<String> rejectedEvents(String account, @Header(RejectedEvent.HEADER) List<RejectedEvent> events)
            throws SQLException {
        if (events == null || events.isEmpty()) {
            return List.of();
        }
        inbox.reject(account, events);
        return webhookMetrics.rejected(account, events);
    }

    /**
     * Counts a webhook request that was rejected and changed nothing.
     *
     * @return line for the log; null if the same was logged within a minute
     */
    public String rejectedRequest(String account, String why) {
        return webhookMetrics.rejectedRequest(account, why);
    }

    /**
     * Whether events that this process held when the database failed wait for the end of their lease; the next {@link #process}
     * makes them due at once.
     */
    public boolean hasInterrupted() {
        return !interrupted.isEmpty();
    }

    /**
     * Takes waiting events and applies their values.
     *
     * @return events of the records that must be read back
     */
    public List<RecordEvents> process() throws SQLException {
        releaseInterrupted();
        Set<String> paused = pauseStore.all().stream()
                .filter(it -> it.kind() == Kind.ACCOUNT)
                .map(Pause::name)
                .collect(Collectors.toCollection(HashSet::new));
        // the events of such an account are left to the same replicas as its sync
        syncs.stream().filter(applier::isLeftToOthers).map(Sync::getAccount).forEach(paused::add);
        List<RecordEvents> taken = RecordEvents.of(inbox.take(paused, MAX_EVENTS, LEASE_TIME));
        return holding(leased(taken), () -> process(taken));
    }

    private List<RecordEvents> process(List<RecordEvents> all) throws SQLException {
        List<RecordEvents> readBack = new ArrayList<>();
        Map<List<String>, List<RecordEvents>> byObject = all.stream()
                .collect(Collectors.groupingBy(recordEvents -> List.of(
                        recordEvents.record().account(), recordEvents.record().object())));
        for (List<RecordEvents> ofObject : byObject.values()) {
            process(ofObject.get(0).record().account(), ofObject.get(0).record().object(), ofObject, readBack);
        }
        return readBack;
    }

    private static List<Leased> leased(List<RecordEvents> all) {
        return all.stream()
                .collect(Collectors.groupingBy(
                        recordEvents -> recordEvents.record().account()))
                .entrySet()
                .stream()
                .map(taken -> new Leased(taken.getKey(), identities(taken.getValue())))
                .toList();
    }

    private <T, E extends Exception> T holding(List<Leased> taken, Work<T, E> work) throws SQLException, E {
        try {
            return work.done();
        } catch (SQLException away) {
            interrupted.addAll(taken);
            throw away;
        }
    }

    private void releaseInterrupted() throws SQLException {
        for (Leased leased = interrupted.peek(); leased != null; leased = interrupted.peek()) {
            inbox.defer(leased.account, leased.identities, Duration.ZERO);
            interrupted.remove(leased);
        }
    }

    private void process(String account, String object, List<RecordEvents> all, List<RecordEvents> readBack)
            throws SQLException {
        List<Sync> receiving = receiving(account, object);
        if (!receiving.stream().allMatch(applier::isReady)) {
            defer(account, all);
            return;
        }
        for (Sync sync : receiving) {
            applier.logDeleted(sync, edits(sync, all));
        }
        List<RecordEvents> deleted =
                all.stream().filter(RecordEvents::isDeleted).toList();
        List<RecordEvents> rest =
                all.stream().filter(recordEvents -> !recordEvents.isDeleted()).toList();
        // a row is deleted only after a lookup in the CRM: a record with another id may have its key by now
        Set<String> known = known(
                receiving,
                deleted.stream()
                        .map(recordEvents -> recordEvents.record().crmId())
                        .toList());
        deleted.stream()
                .filter(recordEvents -> known.contains(recordEvents.record().crmId()))
                .forEach(readBack::add);
        done(
                account,
                deleted.stream()
                        .filter(recordEvents ->
                                !known.contains(recordEvents.record().crmId()))
                        .toList());
        if (hasRunningSnapshot(receiving)) {
            defer(account, rest);
            return;
        }
        Set<RecordEvents.Record> unclear = new HashSet<>();
        for (Sync sync : receiving) {
            Applied values = applier.applyEvents(
                    sync,
                    values(sync, rest),
                    skew,
                    edits(sync, rest.stream().filter(it -> !it.needsReadBack()).toList()));
            pollLog.applied(sync, values);
            savedCalls.add(SavedCalls.Reason.EVENTS, account, object, values.updated());
            unclear.addAll(unknown(sync, rest));
            values.deferred().forEach(id -> unclear.add(new RecordEvents.Record(account, object, id)));
        }
        List<RecordEvents> done = new ArrayList<>();
        for (RecordEvents recordEvents : rest) {
            boolean mustRead = !receiving.isEmpty()
                    && (recordEvents.needsReadBack()
                            || unclear.contains(recordEvents.record()) && !hasNoKey(recordEvents, receiving));
            (mustRead ? readBack : done).add(recordEvents);
        }
        done(account, done);
    }

    private Set<String> known(List<Sync> receiving, List<String> crmIds) throws SQLException {
        Set<String> known = new HashSet<>();
        if (!crmIds.isEmpty()) {
            for (Sync sync : receiving) {
                known.addAll(applier.known(sync, crmIds));
            }
        }
        return known;
    }

    private List<Sync> receiving(String account, String object) {
        return syncs.stream()
                .filter(sync -> sync.problem() == null
                        && sync.getAccount().equals(account)
                        && sync.getObject().equals(object))
                .toList();
    }

    /** Whether an initial snapshot pauses a sync. A sync that is paused for another reason still receives polls and events. */
    private boolean hasRunningSnapshot(List<Sync> receiving) throws SQLException {
        Set<String> inSnapshot = pauseStore.all().stream()
                .filter(it -> it.kind() == Kind.SYNC && it.by() == Pause.By.LOAD)
                .map(Pause::name)
                .collect(Collectors.toSet());
        return receiving.stream().map(Sync::getName).anyMatch(inSnapshot::contains);
    }

    /** Returns the created records that Sluice did not create. */
    private Set<RecordEvents.Record> unknown(Sync sync, List<RecordEvents> all) throws SQLException {
        Set<RecordEvents.Record> created = all.stream()
                .filter(RecordEvents::isCreated)
                .map(RecordEvents::record)
                .collect(Collectors.toSet());
        if (created.isEmpty() || sync.getInserts() == Sync.Inserts.IGNORE) {
            return Set.of();
        }
        Set<String> known = applier.known(
                sync, created.stream().map(RecordEvents.Record::crmId).toList());
        created.removeIf(record -> known.contains(record.crmId()));
        return created;
    }

    private static List<CrmRecord> values(Sync sync, List<RecordEvents> all) {
        return all.stream()
                .filter(recordEvents -> !recordEvents.isDeleted() && !recordEvents.needsReadBack())
                .map(recordEvents -> recordEvents.of(sync))
                .filter(java.util.Objects::nonNull)
                .toList();
    }

    private static Map<String, List<CrmRecord>> edits(Sync sync, List<RecordEvents> all) {
        return all.stream()
                .collect(Collectors.toMap(
                        recordEvents -> recordEvents.record().crmId(), recordEvents -> recordEvents.edits(sync)));
    }

    /** Whether the record had no key when it was last read, and no event has set one since. */
    private boolean hasNoKey(RecordEvents recordEvents, List<Sync> receiving) {
        return withoutKey.getIfPresent(recordEvents.record()) != null
                && receiving.stream().noneMatch(sync -> recordEvents.hasValueOf(sync.getExternalId()));
    }

    /** Makes the batch of one call: records of one account and object, either all to read by id or all to look up. */
    public ReadBackBatch batch(@Body List<RecordEvents> all) throws SQLException {
        RecordEvents.Record first = all.get(0).record();
        List<Sync> receiving = receiving(first.account(), first.object());
        Map<String, String> keys = null;
        if (all.get(0).isDeleted()) {
            keys = new LinkedHashMap<>();
            for (Sync sync : receiving) {
                keys.putAll(applier.keys(
                        sync,
                        all.stream()
                                .map(recordEvents -> recordEvents.record().crmId())
                                .toList()));
            }
        }
        return new ReadBackBatch(
                first.account(),
                first.object(),
                accounts.get(first.account()).crm().name(),
                receiving,
                all,
                keys);
    }

    /** Waits for a permit to read; null when the quota allows none: then the events stay in the inbox and wait. */
    public Permit permit(ReadBackBatch readBackBatch) throws SQLException, InterruptedException {
        return holding(leased(readBackBatch), () -> awaitPermit(readBackBatch));
    }

    private List<Leased> leased(ReadBackBatch readBackBatch) {
        return List.of(new Leased(readBackBatch.account(), readBackBatch.identities(readBackBatch.crmIds())));
    }

    private Permit awaitPermit(ReadBackBatch readBackBatch) throws SQLException, InterruptedException {
        if (readBackBatch.isEmpty()) {
            inbox.done(readBackBatch.account(), readBackBatch.identities(readBackBatch.crmIds()));
            return null;
        }
        CallRequest callRequest = new CallRequest(readBackBatch.account(), "read", Priority.NORMAL, true);
        Optional<Permit> permit = accounts.ready().contains(readBackBatch.account())
                ? permits.await(() -> Optional.of(callRequest), MAX_PERMIT_WAIT)
                : Optional.empty();
        if (permit.isEmpty()) {
            inbox.defer(readBackBatch.account(), readBackBatch.identities(readBackBatch.crmIds()), INITIAL_DELAY);
        } else {
            readBackBatch.beforeCall(applier.now());
        }
        return permit.orElse(null);
    }

    /**
     * Names the batch of a record: the account's object, apart for records to look up; a record that several answers did not
     * mention has a batch of its own.
     */
    public String group(@Body RecordEvents recordEvents) {
        RecordEvents.Record record = recordEvents.record();
        Integer missed = misses.getIfPresent(record);
        return record.account() + " " + record.object() + (recordEvents.isDeleted() ? " deleted" : "")
                + (missed == null || missed < MAX_MISSES_IN_BATCH ? "" : " " + record.crmId());
    }

    /**
     * Applies the answer of a read-back. A record that a read does not find is looked up next, before its row is deleted. A
     * record that the answer does not mention is read again, after a growing delay.
     *
     * @param answer list of {@link CrmRecord} and {@link DeletedRecord}; anything else is an error
     */
    public void apply(ReadBackBatch readBackBatch, @Body Object answer, @Header("SluiceStatus") Integer status)
            throws SQLException {
        holding(leased(readBackBatch), () -> {
            applyAnswer(readBackBatch, answer, status);
            return null;
        });
    }

    private void applyAnswer(ReadBackBatch readBackBatch, Object answer, Integer status) throws SQLException {
        if (!(answer instanceof List<?> list)) {
            webhookMetrics.unanswered(
                    readBackBatch.account(),
                    readBackBatch.object(),
                    readBackBatch.crmIds().size(),
                    "HTTP " + status + ": " + answer);
            backOff(readBackBatch, readBackBatch.crmIds());
            return;
        }
        if (readBackBatch.isLookup()) {
            applyLookup(readBackBatch, list);
            return;
        }
        Set<String> unanswered = new LinkedHashSet<>(readBackBatch.crmIds());
        List<CrmRecord> records = list.stream()
                .filter(CrmRecord.class::isInstance)
                .map(CrmRecord.class::cast)
                .filter(record -> unanswered.remove(record.crmId()))
                .toList();
        Set<String> missing = list.stream()
                .filter(DeletedRecord.class::isInstance)
                .map(it -> ((DeletedRecord) it).crmId())
                .filter(unanswered::remove)
                .collect(Collectors.toCollection(LinkedHashSet::new));
        if (!unanswered.isEmpty()) {
            webhookMetrics.unanswered(
                    readBackBatch.account(),
                    readBackBatch.object(),
                    unanswered.size(),
                    "the answer does not mention them");
            backOff(readBackBatch, unanswered);
        }
        Set<String> deferred = new HashSet<>();
        Set<String> withKey = new HashSet<>();
        for (Sync sync : readBackBatch.syncs()) {
            List<CrmRecord> keyed =
                    records.stream().map(record -> keyed(record, sync)).toList();
            keyed.stream().filter(record -> record.key() != null).forEach(record -> withKey.add(record.crmId()));
            Applied applied = applier.apply(sync, keyed, readBackBatch.readAt(), readBackBatch.edits(sync));
            pollLog.applied(sync, applied);
            deferred.addAll(applied.deferred());
        }
        records.stream()
                .filter(record -> !withKey.contains(record.crmId()))
                .forEach(record -> withoutKey.put(
                        new RecordEvents.Record(readBackBatch.account(), readBackBatch.object(), record.crmId()),
                        true));
        Set<String> toLookUp = known(readBackBatch.syncs(), List.copyOf(missing));
        logDeleted(readBackBatch, missing);
        inbox.keep(
                readBackBatch.account(),
                toLookUp.stream()
                        .map(id -> CrmEvent.missing(
                                CrmEvent.identityOf(
                                        "missing", readBackBatch.object(), id, readBackBatch.lastEventAt(id)),
                                readBackBatch.object(),
                                id,
                                readBackBatch.readAt()))
                        .toList());
        settle(readBackBatch, deferred, unanswered);
    }

    private void settle(ReadBackBatch readBackBatch, Set<String> deferred, Set<String> unanswered) throws SQLException {
        inbox.defer(readBackBatch.account(), readBackBatch.identities(deferred), INITIAL_DELAY);
        Set<String> done = new LinkedHashSet<>(readBackBatch.crmIds());
        done.removeAll(deferred);
        done.removeAll(unanswered);
        done.forEach(
                id -> misses.invalidate(new RecordEvents.Record(readBackBatch.account(), readBackBatch.object(), id)));
        inbox.done(readBackBatch.account(), readBackBatch.identities(done));
    }

    /** Defers records that the answer did not mention: a second, then twice as long each time, up to 256 s. */
    private void backOff(ReadBackBatch readBackBatch, Collection<String> ids) throws SQLException {
        Map<Integer, List<String>> byMisses = ids.stream().collect(Collectors.groupingBy(id -> misses.asMap()
                .merge(new RecordEvents.Record(readBackBatch.account(), readBackBatch.object(), id), 1, Integer::sum)));
        for (Map.Entry<Integer, List<String>> missed : byMisses.entrySet()) {
            inbox.defer(
                    readBackBatch.account(),
                    readBackBatch.identities(missed.getValue()),
                    MISSES.after(missed.getKey()));
        }
    }

    /**
     * Applies the answer of a lookup: first the records that exist, since a record with the key of a deleted one replaces it
     * and keeps its row. Records that the answer does not mention are looked up again; records that Sluice does not know any
     * more are done.
     */
    private void applyLookup(ReadBackBatch readBackBatch, List<?> answer) throws SQLException {
        List<CrmRecord> found = new ArrayList<>();
        Map<String, DeletedRecord> deleted = new LinkedHashMap<>();
        answer.forEach(result -> {
            if (result instanceof CrmRecord record) {
                found.add(record);
            } else if (result instanceof DeletedRecord it) {
                deleted.put(it.crmId(), it);
            }
        });
        Set<String> unanswered = new LinkedHashSet<>(readBackBatch.requestedIds());
        found.forEach(record -> unanswered.remove(record.crmId()));
        unanswered.removeAll(deleted.keySet());
        List<DeletedRecord> deletes = deleted.values().stream()
                .map(it -> it.at() != null ? it : new DeletedRecord(it.crmId(), readBackBatch.deletedAt(it.crmId())))
                .toList();
        Set<String> deferred = new HashSet<>();
        for (Sync sync : readBackBatch.syncs()) {
            Applied applied = applier.apply(sync, found, readBackBatch.readAt(), deleted.keySet())
                    .plus(applier.delete(sync, deletes, readBackBatch.readAt()));
            pollLog.applied(sync, applied);
            deferred.addAll(applied.deferred());
        }
        logDeleted(readBackBatch, deleted.keySet());
        if (!unanswered.isEmpty()) {
            webhookMetrics.unanswered(
                    readBackBatch.account(),
                    readBackBatch.object(),
                    unanswered.size(),
                    "the lookup's answer does not mention them");
            backOff(readBackBatch, unanswered);
        }
        settle(readBackBatch, deferred, unanswered);
    }

    /** Logs edits of records that a delete of ours replaced while they were being read. */
    private void logDeleted(ReadBackBatch readBackBatch, Set<String> deletedIds) throws SQLException {
        for (Sync sync : readBackBatch.syncs()) {
            Map<String, List<CrmRecord>> edits = new LinkedHashMap<>(readBackBatch.edits(sync));
            edits.keySet().retainAll(deletedIds);
            applier.logDeleted(sync, edits);
        }
    }

    /** Returns the record with the key of a sync. */
    private static CrmRecord keyed(CrmRecord record, Sync sync) {
        Object key = record.fields().get(sync.getExternalId());
        return new CrmRecord(
                record.crmId(),
                key == null || key.toString().isBlank() ? null : key.toString(),
                record.at(),
                record.fields());
    }

    private void done(String account, List<RecordEvents> all) throws SQLException {
        inbox.done(account, identities(all));
    }

    private void defer(String account, List<RecordEvents> all) throws SQLException {
        inbox.defer(account, identities(all), INITIAL_DELAY);
    }

    private static List<UUID> identities(Collection<RecordEvents> all) {
        return all.stream()
                .flatMap(recordEvents -> recordEvents.identities().stream())
                .toList();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.CrmEvent;
import io.sluice.crm.Accounts;
import io.sluice.crm.Crm;
import io.sluice.outbox.Pause.Kind;
import io.sluice.outbox.PauseStore;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.apache.camel.Body;
import org.apache.camel.Header;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides for the route {@code journal}, which reads a CRM's journal of changes, or its stream of events, where the CRM can't
 * reach Sluice by webhook. The events are stored in the inbox like those from webhooks; one transaction stores a file and its
 * offset.
 *
 * <p>A stream stays open: the process that reads it keeps its lease between the polls. While its events arrive, the account's
 * syncs are polled seldom ({@link DeltaPoller.Schedule}); when they do not, or some were missed, the syncs are polled at once.
 */
public final class JournalPoller {

    private static final Logger LOG = LoggerFactory.getLogger(JournalPoller.class);
    /** Longer than the fetch of a file takes; after this time another process takes over from one that died. */
    private static final Duration LEASE_TIME = Duration.ofSeconds(30);
    /** Time after which another process takes over a stream, which has a heartbeat in a third of it. */
    private static final Duration STREAM_LEASE_TIME = Duration.ofSeconds(10);

    private static final Duration ERROR_DELAY = Duration.ofSeconds(5);
    /** Statuses with which a CRM may answer for an offset that it does not know, or has forgotten. */
    private static final Set<Integer> UNKNOWN_OFFSET = Set.of(400, 404, 410);

    private final Accounts accounts;
    private final Collection<String> journals;
    private final PauseStore pauseStore;
    private final Database database;
    private final StreamOffsets streamOffsets;
    private final HeldLeases heldLeases = new HeldLeases();
    private final InboxProcessor inboxProcessor;
    private final Duration pollInterval;
    private final Set<String> begun = ConcurrentHashMap.newKeySet();
    private final Map<String, String> errors = new ConcurrentHashMap<>();

    /**
     * @param journals     accounts whose journals or streams are read
     * @param pollInterval interval until the next poll of a journal when there was no new file
     */
    public JournalPoller(
            Accounts accounts,
            Collection<String> journals,
            PauseStore pauseStore,
            Database database,
            InboxProcessor inboxProcessor,
            Duration pollInterval) {
        this.accounts = accounts;
        this.journals = List.copyOf(journals);
        this.pauseStore = pauseStore;
        this.database = database;
        this.streamOffsets = new StreamOffsets(database);
        this.inboxProcessor = inboxProcessor;
        this.pollInterval = pollInterval;
        this.journals.forEach(inboxProcessor::count);
    }

    /** Takes the journals that are due; this process holds their leases. */
    public List<JournalPoll> due() throws SQLException {
        List<JournalPoll> due = new ArrayList<>();
        for (String account : journals) {
            if (pauseStore.find(Kind.ACCOUNT, account).isEmpty()) {
                Crm crm = accounts.get(account).crm();
                lease(account, crm).ifPresent(lease -> due.add(new JournalPoll(lease, crm)));
            }
        }
        return due;
    }

    private Optional<StreamLease> lease(String account, Crm crm) throws SQLException {
        if (!begun.contains(account)) {
            streamOffsets.begin(account, stream(account));
            begun.add(account);
        }
        String stream = stream(account);
        Duration leaseTime = crm.hasEventStream() ? STREAM_LEASE_TIME : LEASE_TIME;
        return heldLeases.findOrTake(
                account, stream, () -> StreamLease.take(streamOffsets, account, stream, leaseTime, Duration.ZERO));
    }

    /** Names the stream of an account's journal. */
    static String stream(String account) {
        return "journal:" + account;
    }

    /**
     * Stores the events of a file and its offset, both or neither.
     *
     * @param answer list of {@link CrmEvent}; anything else is an error
     * @param next   offset of the file; null when there was no new file
     */
    @SuppressWarnings("unchecked")
    public void keep(
            JournalPoll journalPoll,
            @Body Object answer,
            @Header("SluiceStatus") Integer status,
            @Header("SluiceNext") String next)
            throws SQLException {
        if (!(answer instanceof List<?> events)) {
            onError(journalPoll, status, answer);
        } else if (next == null) {
            if (!journalPoll.staysOpen()) {
                onAnswer(journalPoll);
            }
            journalPoll.lease().close(pollInterval);
        } else {
            onAnswer(journalPoll);
            StreamLease lease = journalPoll.lease();
            StreamOffset offset = lease.offset().at(next);
            lease.committed(offset, store(journalPoll, (List<CrmEvent>) events, offset));
        }
    }

    /** @return whether this process still had the lease */
    private boolean store(JournalPoll journalPoll, List<CrmEvent> events, StreamOffset offset) throws SQLException {
        String account = journalPoll.getAccount();
        StreamLease lease = journalPoll.lease();
        if (!journalPoll.staysOpen()) {
            return inboxProcessor.keep(account, events, connection -> lease.commit(connection, offset));
        }
        Set<String> missed = events.stream()
                .filter(event -> event.kind() == CrmEvent.Kind.GAP)
                .map(CrmEvent::object)
                .collect(Collectors.toSet());
        boolean stored = inboxProcessor.keep(
                account,
                inboxProcessor.mapped(account, events),
                connection -> commit(connection, lease, offset, missed));
        if (stored && !missed.isEmpty()) {
            LOG.info(
                    "{}: the stream of events does not have all changes{}; the syncs are polled now.",
                    account,
                    missed.contains("") ? "" : " of " + String.join(", ", missed));
        }
        return stored;
    }

    private static boolean commit(Connection connection, StreamLease lease, StreamOffset offset, Set<String> missed)
            throws SQLException {
        if (!lease.commit(connection, offset)) {
            return false;
        }
        lease.flows(connection);
        for (String object : missed) {
            OffsetStore.missed(connection, lease.account(), object, Instant.now());
        }
        return true;
    }

    /** Restarts the journal if the CRM has forgotten the offset; the polls of the syncs find the events that are missing. */
    private void onError(JournalPoll journalPoll, Integer status, Object answer) throws SQLException {
        String account = journalPoll.getAccount();
        if (status != null && UNKNOWN_OFFSET.contains(status) && journalPoll.getOffset() != null) {
            LOG.warn(
                    "{}: the CRM does not know the {} any more, which is older than its history. {}",
                    account,
                    journalPoll.staysOpen() ? "offset of the stream of events" : "journal's offset",
                    journalPoll.staysOpen()
                            ? "The stream continues with the next events; once it does, the account's syncs are polled for the"
                                    + " changes before them."
                            : "The journal is read from its beginning; the polls of the account's syncs find the changes before"
                                    + " that.");
            journalPoll.lease().commit(StreamOffset.BEGINNING);
            stopsFlowing(journalPoll);
            journalPoll.lease().close(Duration.ZERO);
            return;
        }
        String error = (status == null || status == 0 ? "" : "HTTP " + status + ": ") + answer;
        if (!error.equals(errors.put(account, error))) {
            LOG.warn(
                    "{}: the {} can't be read: {}. Attempts from the same offset follow every {} s; meanwhile the polls"
                            + " of the account's syncs find changes.",
                    account,
                    name(journalPoll),
                    error,
                    ERROR_DELAY.toSeconds());
        }
        stopsFlowing(journalPoll);
        journalPoll.lease().close(ERROR_DELAY);
    }

    private static String name(JournalPoll journalPoll) {
        return journalPoll.staysOpen() ? "stream of events" : "journal";
    }

    /** Makes the syncs due that were polled seldom while events arrived. */
    private void stopsFlowing(JournalPoll journalPoll) throws SQLException {
        if (journalPoll.staysOpen() && journalPoll.lease().stopsFlowing()) {
            database.transaction(connection -> {
                OffsetStore.missed(connection, journalPoll.getAccount(), "", Instant.now());
                return null;
            });
        }
    }

    private void onAnswer(JournalPoll journalPoll) {
        if (errors.remove(journalPoll.getAccount()) != null) {
            LOG.info("{}: the {} is read again.", journalPoll.getAccount(), name(journalPoll));
        }
    }

    /** Returns why an account's journal can't be read, or null. */
    public String problem(String account) {
        return errors.get(account);
    }

    /** Releases the lease of the journal; that of a stream is kept, unless the stream can't be read here. */
    public void end(JournalPoll journalPoll) throws SQLException {
        if (journalPoll.staysOpen() && !errors.containsKey(journalPoll.getAccount())) {
            heldLeases.hold(journalPoll.lease());
        } else {
            journalPoll.lease().release();
        }
    }

    /** Releases the leases of the streams, so that another process continues at once. */
    public void close() {
        heldLeases.release();
    }
}

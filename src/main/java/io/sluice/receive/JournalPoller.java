// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.CrmEvent;
import io.sluice.crm.Accounts;
import io.sluice.outbox.Pause.Kind;
import io.sluice.outbox.PauseStore;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.Body;
import org.apache.camel.Header;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides for the route {@code journal}, which polls a CRM's journal of changes where the CRM can't reach Sluice by webhook.
 * Events from a journal are stored in the inbox like those from webhooks; one transaction stores a file and its offset.
 */
public final class JournalPoller {

    private static final Logger LOG = LoggerFactory.getLogger(JournalPoller.class);
    /** Longer than the fetch of a file takes; after this time another process takes over from one that died. */
    private static final Duration LEASE_TIME = Duration.ofSeconds(30);

    private static final Duration ERROR_DELAY = Duration.ofSeconds(5);
    /** Statuses with which a CRM may answer for an offset that it does not know, or has forgotten. */
    private static final Set<Integer> UNKNOWN_OFFSET = Set.of(400, 404, 410);

    private final Accounts accounts;
    private final Collection<String> journals;
    private final PauseStore pauseStore;
    private final StreamOffsets streamOffsets;
    private final InboxProcessor inboxProcessor;
    private final Duration pollInterval;
    private final Set<String> begun = ConcurrentHashMap.newKeySet();
    private final Map<String, String> errors = new ConcurrentHashMap<>();

    /**
     * @param journals     accounts whose journals are polled
     * @param pollInterval interval until the next poll when there was no new file
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
        this.streamOffsets = new StreamOffsets(database);
        this.inboxProcessor = inboxProcessor;
        this.pollInterval = pollInterval;
    }

    /** Takes the journals that are due; this process holds their leases. */
    public List<JournalPoll> due() throws SQLException {
        List<JournalPoll> due = new ArrayList<>();
        for (String account : journals) {
            if (pauseStore.find(Kind.ACCOUNT, account).isEmpty()) {
                if (!begun.contains(account)) {
                    streamOffsets.begin(account, stream(account));
                    begun.add(account);
                }
                StreamLease.take(streamOffsets, account, stream(account), LEASE_TIME, Duration.ZERO)
                        .ifPresent(lease -> due.add(new JournalPoll(
                                lease, accounts.get(account).crm().name())));
            }
        }
        return due;
    }

    /** Names the stream of an account's journal. */
    private static String stream(String account) {
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
            onAnswer(journalPoll.getAccount());
            journalPoll.lease().close(pollInterval);
        } else {
            onAnswer(journalPoll.getAccount());
            StreamLease lease = journalPoll.lease();
            StreamOffset offset = lease.offset().at(next);
            lease.committed(
                    offset,
                    inboxProcessor.keep(
                            journalPoll.getAccount(),
                            (List<CrmEvent>) events,
                            connection -> lease.commit(connection, offset)));
        }
    }

    /** Restarts the journal if the CRM has forgotten the offset; the polls of the syncs find the events that are missing. */
    private void onError(JournalPoll journalPoll, Integer status, Object answer) throws SQLException {
        String account = journalPoll.getAccount();
        if (status != null && UNKNOWN_OFFSET.contains(status) && journalPoll.getOffset() != null) {
            LOG.warn(
                    "{}: the CRM does not know the journal's offset any more, which is older than its history. The journal"
                            + " is read from its beginning; the polls of the account's syncs find the changes before that.",
                    account);
            journalPoll.lease().commit(StreamOffset.BEGINNING);
            journalPoll.lease().close(Duration.ZERO);
            return;
        }
        String error = (status == null || status == 0 ? "" : "HTTP " + status + ": ") + answer;
        if (!error.equals(errors.put(account, error))) {
            LOG.warn(
                    "{}: the journal can't be read: {}. Attempts from the same offset follow every {} s; meanwhile the polls"
                            + " of the account's syncs find changes.",
                    account,
                    error,
                    ERROR_DELAY.toSeconds());
        }
        journalPoll.lease().close(ERROR_DELAY);
    }

    private void onAnswer(String account) {
        if (errors.remove(account) != null) {
            LOG.info("{}: the journal is read again.", account);
        }
    }

    /** Returns why an account's journal can't be read, or null. */
    public String problem(String account) {
        return errors.get(account);
    }

    /** Releases the lease of the journal. */
    public void end(JournalPoll journalPoll) throws SQLException {
        journalPoll.lease().release();
    }
}

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
 * The decisions of the route that fetches what CRMs write into a journal of changes, where they need not be able to reach
 * us. What is fetched goes the way of what is sent, and the offset moves in the transaction that keeps it.
 */
public final class JournalPoller {

    private static final Logger LOG = LoggerFactory.getLogger(JournalPoller.class);
    /** Longer than a file takes to fetch; a process that dies is followed by another after it. */
    private static final Duration HOLDING = Duration.ofSeconds(30);
    private static final Duration AFTER_TROUBLE = Duration.ofSeconds(5);
    /** What a CRM may say of an offset that it does not know, or no longer. */
    private static final Set<Integer> FORGOTTEN = Set.of(400, 404, 410);

    private final Accounts accounts;
    private final Collection<String> journals;
    private final PauseStore pauseStore;
    private final StreamOffsets streamOffsets;
    private final InboxProcessor inboxProcessor;
    private final Duration pause;
    private final Set<String> begun = ConcurrentHashMap.newKeySet();
    private final Map<String, String> troubles = new ConcurrentHashMap<>();

    /**
     * @param journals the accounts whose journal is fetched
     * @param pause    after which one in which nothing was new is asked again
     */
    public JournalPoller(Accounts accounts, Collection<String> journals, PauseStore pauseStore, Database database, InboxProcessor inboxProcessor,
            Duration pause) {
        this.accounts = accounts;
        this.journals = List.copyOf(journals);
        this.pauseStore = pauseStore;
        this.streamOffsets = new StreamOffsets(database);
        this.inboxProcessor = inboxProcessor;
        this.pause = pause;
    }

    /** The journals that are due, each for this process alone. */
    public List<JournalPoll> due() throws SQLException {
        List<JournalPoll> due = new ArrayList<>();
        for (String account : journals) {
            if (pauseStore.find(Kind.ACCOUNT, account).isEmpty()) {
                if (!begun.contains(account)) {
                    streamOffsets.begin(account, StreamOffsets.journal(account));
                    begun.add(account);
                }
                streamOffsets.take(account, StreamOffsets.journal(account), HOLDING).ifPresent(taken -> due.add(
                        new JournalPoll(account, accounts.get(account).crm().name(), taken.offset())));
            }
        }
        return due;
    }

    /**
     * Keeps what a file tells, and where the next one begins, both or neither.
     *
     * @param told a list of {@link CrmEvent}; anything else is no answer
     * @param next the file's offset, null where none was new
     */
    @SuppressWarnings("unchecked")
    public void keep(JournalPoll journalPoll, @Body Object told, @Header("SluiceStatus") Integer status, @Header("SluiceNext") String next)
            throws SQLException {
        if (!(told instanceof List<?> events)) {
            trouble(journalPoll, status, told);
        } else if (next == null) {
            answered(journalPoll.getAccount());
            journalPoll.close(pause);
        } else {
            answered(journalPoll.getAccount());
            String from = journalPoll.getOffset();
            boolean ours = inboxProcessor.keep(journalPoll.getAccount(), (List<CrmEvent>) events, connection ->
                    StreamOffsets.move(connection, journalPoll.getAccount(), StreamOffsets.journal(journalPoll.getAccount()), from, next, HOLDING));
            if (ours) {
                journalPoll.at(next);
            } else {
                journalPoll.close(pause);
            }
        }
    }

    /** An offset that the CRM has forgotten is no place to wait at; what it does not tell any more, a search finds. */
    private void trouble(JournalPoll journalPoll, Integer status, Object words) throws SQLException {
        String account = journalPoll.getAccount();
        if (status != null && FORGOTTEN.contains(status) && journalPoll.getOffset() != null) {
            LOG.warn("The journal of {} does not know the offset at which it was read last, which is older than its history."
                    + " It is read from its beginning; what stood before that is found by the look of its syncs.", account);
            streamOffsets.move(account, StreamOffsets.journal(account), journalPoll.getOffset(), null, HOLDING);
            journalPoll.at(null);
            journalPoll.close(Duration.ZERO);
            return;
        }
        String problem = (status == null || status == 0 ? "" : "HTTP " + status + ": ") + words;
        if (!problem.equals(troubles.put(account, problem))) {
            LOG.warn("The journal of {} can't be read: {}. It is tried again every {} s from where it was; meanwhile changes"
                    + " are found by the look of its syncs.", account, problem, AFTER_TROUBLE.toSeconds());
        }
        journalPoll.close(AFTER_TROUBLE);
    }

    private void answered(String account) {
        if (troubles.remove(account) != null) {
            LOG.info("The journal of {} is read again.", account);
        }
    }

    /** Gives the journal back. */
    public void end(JournalPoll journalPoll) throws SQLException {
        streamOffsets.end(journalPoll.getAccount(), StreamOffsets.journal(journalPoll.getAccount()), journalPoll.getOffset(), journalPoll.pause());
    }
}

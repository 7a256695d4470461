package io.sluice.receive;

import io.sluice.Event;
import io.sluice.crm.Accounts;
import io.sluice.outbox.Paused.Kind;
import io.sluice.outbox.Pauses;
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
public final class Pulling {

    private static final Logger LOG = LoggerFactory.getLogger(Pulling.class);
    /** Longer than a file takes to fetch; a process that dies is followed by another after it. */
    private static final Duration HOLDING = Duration.ofSeconds(30);
    private static final Duration AFTER_TROUBLE = Duration.ofSeconds(5);
    /** What a CRM may say of an offset that it does not know, or no longer. */
    private static final Set<Integer> FORGOTTEN = Set.of(400, 404, 410);

    private final Accounts accounts;
    private final Collection<String> journals;
    private final Pauses pauses;
    private final Offsets offsets;
    private final Listening listening;
    private final Duration pause;
    private final Set<String> begun = ConcurrentHashMap.newKeySet();
    private final Map<String, String> troubles = new ConcurrentHashMap<>();

    /**
     * @param journals the accounts whose journal is fetched
     * @param pause    after which one in which nothing was new is asked again
     */
    public Pulling(Accounts accounts, Collection<String> journals, Pauses pauses, Database database, Listening listening,
            Duration pause) {
        this.accounts = accounts;
        this.journals = List.copyOf(journals);
        this.pauses = pauses;
        this.offsets = new Offsets(database);
        this.listening = listening;
        this.pause = pause;
    }

    /** The journals that are due, each for this process alone. */
    public List<Pull> due() throws SQLException {
        List<Pull> due = new ArrayList<>();
        for (String account : journals) {
            if (pauses.find(Kind.ACCOUNT, account).isEmpty()) {
                if (!begun.contains(account)) {
                    offsets.begin(account, Offsets.journal(account));
                    begun.add(account);
                }
                offsets.take(account, Offsets.journal(account), HOLDING).ifPresent(taken -> due.add(
                        new Pull(account, accounts.get(account).crm().name(), taken.offset())));
            }
        }
        return due;
    }

    /**
     * Keeps what a file tells, and where the next one begins, both or neither.
     *
     * @param told a list of {@link Event}; anything else is no answer
     * @param next the file's offset, null where none was new
     */
    @SuppressWarnings("unchecked")
    public void keep(Pull pull, @Body Object told, @Header("SluiceStatus") Integer status, @Header("SluiceNext") String next)
            throws SQLException {
        if (!(told instanceof List<?> events)) {
            trouble(pull, status, told);
        } else if (next == null) {
            answered(pull.getAccount());
            pull.close(pause);
        } else {
            answered(pull.getAccount());
            String from = pull.getOffset();
            boolean ours = listening.keep(pull.getAccount(), (List<Event>) events, connection ->
                    Offsets.move(connection, pull.getAccount(), Offsets.journal(pull.getAccount()), from, next, HOLDING));
            if (ours) {
                pull.at(next);
            } else {
                pull.close(pause);
            }
        }
    }

    /** An offset that the CRM has forgotten is no place to wait at; what it does not tell any more, a search finds. */
    private void trouble(Pull pull, Integer status, Object words) throws SQLException {
        String account = pull.getAccount();
        if (status != null && FORGOTTEN.contains(status) && pull.getOffset() != null) {
            LOG.warn("The journal of {} does not know the offset at which it was read last, which is older than its history."
                    + " It is read from its beginning; what stood before that is found by the look of its syncs.", account);
            offsets.move(account, Offsets.journal(account), pull.getOffset(), null, HOLDING);
            pull.at(null);
            pull.close(Duration.ZERO);
            return;
        }
        String problem = (status == null || status == 0 ? "" : "HTTP " + status + ": ") + words;
        if (!problem.equals(troubles.put(account, problem))) {
            LOG.warn("The journal of {} can't be read: {}. It is tried again every {} s from where it was; meanwhile changes"
                    + " are found by the look of its syncs.", account, problem, AFTER_TROUBLE.toSeconds());
        }
        pull.close(AFTER_TROUBLE);
    }

    private void answered(String account) {
        if (troubles.remove(account) != null) {
            LOG.info("The journal of {} is read again.", account);
        }
    }

    /** Gives the journal back. */
    public void end(Pull pull) throws SQLException {
        offsets.end(pull.getAccount(), Offsets.journal(pull.getAccount()), pull.getOffset(), pull.pause());
    }
}

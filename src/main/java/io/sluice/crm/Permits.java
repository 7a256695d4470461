package io.sluice.crm;

import io.sluice.Priority;
import io.sluice.outbox.Paused.Kind;
import io.sluice.outbox.Pauses;
import io.sluice.quota.Answer;
import io.sluice.quota.Permit;
import io.sluice.quota.Quota;
import io.sluice.quota.Storm;
import io.sluice.quota.Verdict;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.apache.camel.Exchange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The permit before and the report after a call, as steps of a route. A route that took its permit before it claimed
 * its work hands it to the Kamelet in the header {@value #PERMIT}; any other waits here for one. A paused account gets
 * none, but what began before ends as ever, however many calls it takes: half a delete helps nobody.
 */
public final class Permits {

    public static final String PERMIT = "SluicePermit";

    /** Set when a limit of the CRM's refused the call: it did nothing, and is nobody's failure. */
    public static final String REFUSED = "SluiceRefused";

    /** Exchange property, the priority of work that has begun: a pause or a mark does not stop it half-way. */
    public static final String BEGUN = "SluiceBegun";

    private static final Logger LOG = LoggerFactory.getLogger(Permits.class);
    private static final Duration PAUSE = Duration.ofMillis(20);

    private final Quota quota;
    private final Pauses pauses;

    public Permits(Quota quota, Pauses pauses) {
        this.quota = quota;
        this.pauses = pauses;
    }

    /** A permit if one can be had now, for work that no pause stops. */
    public Verdict ask(String account, String operation, Priority priority) throws SQLException {
        return quota.ask(account, operation, 1, priority);
    }

    /** Waits for a permit unless the caller brought one. */
    public void require(Exchange exchange, String account, String operation) throws SQLException, InterruptedException {
        if (exchange.getMessage().getHeader(PERMIT) instanceof Permit permit) {
            exchange.setProperty(BEGUN, permit.priority());
            return;
        }
        Optional<Permit> found = next(exchange, account, operation);
        while (found.isEmpty()) {
            if (!exchange.getContext().isRunAllowed()) {
                throw new IllegalStateException("Sluice is stopping; no call to " + account + " was made");
            }
            Thread.sleep(PAUSE.toMillis());
            found = next(exchange, account, operation);
        }
        exchange.getMessage().setHeader(PERMIT, found.get());
    }

    private Optional<Permit> next(Exchange exchange, String account, String operation) throws SQLException {
        Priority begun = exchange.getProperty(BEGUN, Priority.class);
        if (begun == null && pauses.find(Kind.ACCOUNT, account).isPresent()) {
            return Optional.empty();
        }
        return quota.grant(account, operation, begun == null ? Priority.NORMAL : begun);
    }

    /** Reports the call and takes the permit off the message: it is spent. */
    public void report(Exchange exchange, Answer answer) throws SQLException {
        if (exchange.getMessage().removeHeader(PERMIT) instanceof Permit permit) {
            quota.report(permit, answer).ifPresent(storm -> tell(permit.account(), storm));
        }
        if (answer.refusal() != null) {
            exchange.getMessage().setHeader(REFUSED, true);
        }
    }

    private static void tell(String account, Storm storm) {
        if (storm.isOver()) {
            LOG.info("Account {} takes calls again after its refusals ({}); the rate comes back within seconds.", account,
                    storm.kind());
        } else if (storm.step() == 1) {
            LOG.warn("Account {} refuses calls: its {} limit is spent, more than we counted. Nothing is lost; one call at"
                    + " a time tries again, with growing pauses.", account, storm.kind());
        }
    }

    /** Gives back the permit of a call that was not made. */
    public void cancel(Exchange exchange) throws SQLException {
        if (exchange.getMessage().removeHeader(PERMIT) instanceof Permit permit) {
            quota.cancel(permit);
        }
    }

    /** As {@link #cancel}, for a route that holds the permit itself. */
    public void giveBack(Permit permit) throws SQLException {
        quota.cancel(permit);
    }

    /** Hands on what the CRM said of its own count. */
    public void reported(String account, String limit, long max, long used) throws SQLException {
        quota.reported(account, limit, max, used);
    }
}

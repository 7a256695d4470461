package io.sluice.crm;

import io.sluice.Priority;
import io.sluice.quota.Answer;
import io.sluice.quota.Permit;
import io.sluice.quota.Quota;
import io.sluice.quota.Verdict;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.apache.camel.Exchange;

/**
 * The permit before and the report after a call, as steps of a route. A route that took its permit before it claimed
 * its work hands it to the Kamelet in the header {@value #PERMIT}; any other waits here for one.
 */
public final class Permits {

    public static final String PERMIT = "SluicePermit";
    private static final Duration PAUSE = Duration.ofMillis(20);

    private final Quota quota;

    public Permits(Quota quota) {
        this.quota = quota;
    }

    /** A permit if one can be had now. */
    public Verdict ask(String account, String operation, Priority priority) throws SQLException {
        return quota.ask(account, operation, 1, priority);
    }

    /** Waits for a permit unless the caller brought one. */
    public void require(Exchange exchange, String account, String operation) throws SQLException, InterruptedException {
        if (exchange.getMessage().getHeader(PERMIT) instanceof Permit) {
            return;
        }
        Optional<Permit> permit = quota.grant(account, operation, Priority.NORMAL);
        while (permit.isEmpty()) {
            if (!exchange.getContext().isRunAllowed()) {
                throw new IllegalStateException("Sluice is stopping; no call to " + account + " was made");
            }
            Thread.sleep(PAUSE.toMillis());
            permit = quota.grant(account, operation, Priority.NORMAL);
        }
        exchange.getMessage().setHeader(PERMIT, permit.get());
    }

    /** Reports the call and takes the permit off the message: it is spent. */
    public void report(Exchange exchange, Answer answer) throws SQLException {
        if (exchange.getMessage().removeHeader(PERMIT) instanceof Permit permit) {
            quota.report(permit, answer);
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

package io.sluice.crm;

import io.sluice.Priority;
import io.sluice.outbox.Paused.Kind;
import io.sluice.outbox.Pauses;
import io.sluice.quota.Answer;
import io.sluice.quota.Permit;
import io.sluice.quota.Quota;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.apache.camel.Exchange;

/**
 * The permit before and the report after a call, as steps of a route. A route that took its permit before it claimed
 * its work hands it to the Kamelet in the header {@value #PERMIT}; any other waits here for one. A paused account gets
 * none, but what began before ends as ever, however many calls it takes: half a delete helps nobody.
 */
public final class Permits {

    public static final String PERMIT = "SluicePermit";
    /** Exchange property: this work has begun, so that a pause does not stop it half-way. */
    public static final String BEGUN = "SluiceBegun";
    private static final Duration PAUSE = Duration.ofMillis(20);

    private final Quota quota;
    private final Pauses pauses;

    public Permits(Quota quota, Pauses pauses) {
        this.quota = quota;
        this.pauses = pauses;
    }

    /** A permit if one can be had now, else null. */
    public Permit take(String account, String operation, Priority priority) throws SQLException {
        return pauses.find(Kind.ACCOUNT, account).isPresent() ? null
                : quota.grant(account, operation, priority).orElse(null);
    }

    /** Waits for a permit unless the caller brought one. */
    public void require(Exchange exchange, String account, String operation) throws SQLException, InterruptedException {
        if (exchange.getMessage().getHeader(PERMIT) instanceof Permit) {
            exchange.setProperty(BEGUN, true);
            return;
        }
        Optional<Permit> permit = next(exchange, account, operation);
        while (permit.isEmpty()) {
            if (!exchange.getContext().isRunAllowed()) {
                throw new IllegalStateException("Sluice is stopping; no call to " + account + " was made");
            }
            Thread.sleep(PAUSE.toMillis());
            permit = next(exchange, account, operation);
        }
        exchange.getMessage().setHeader(PERMIT, permit.get());
    }

    private Optional<Permit> next(Exchange exchange, String account, String operation) throws SQLException {
        return exchange.getProperty(BEGUN, false, Boolean.class)
                ? quota.grant(account, operation, Priority.NORMAL)
                : Optional.ofNullable(take(account, operation, Priority.NORMAL));
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

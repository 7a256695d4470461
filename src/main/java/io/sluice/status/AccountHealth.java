package io.sluice.status;

import io.sluice.crm.Accounts;
import io.sluice.outbox.Pause;
import io.sluice.outbox.PauseStore;
import java.sql.SQLException;
import java.util.Map;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/**
 * DOWN while an account's CRM does not take calls, with the reason. An account that is paused by hand is not asked, and
 * so is no trouble: a process that is taken away for it could not be told to resume either.
 */
public final class AccountHealth extends AbstractHealthCheck {

    private final String account;
    private final Accounts accounts;
    private final PauseStore pauseStore;

    public AccountHealth(String account, Accounts accounts, PauseStore pauseStore) {
        super("sluice", "account-" + account);
        this.account = account;
        this.accounts = accounts;
        this.pauseStore = pauseStore;
    }

    @Override
    protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
        String problem = accounts.problem(account);
        if (problem == null) {
            builder.up();
        } else if (isPaused()) {
            builder.message("Account " + account + " is paused").up();
        } else {
            builder.message("Account " + account + ": " + problem).down();
        }
    }

    /** A database that does not answer is the news of its own check. */
    private boolean isPaused() {
        try {
            return pauseStore.find(Pause.Kind.ACCOUNT, account).isPresent();
        } catch (SQLException unknown) {
            return false;
        }
    }
}

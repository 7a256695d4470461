// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import io.sluice.crm.Accounts;
import io.sluice.outbox.Pause;
import io.sluice.outbox.PauseStore;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Map;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/**
 * Reports DOWN while an account's CRM accepts no calls, with the reason. An account that a person paused is UP: it is not
 * called, and a process that is stopped because of it could not be resumed.
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

    /** The process takes webhooks while a CRM is away, so that Kubernetes leaves it in the service. */
    @Override
    public boolean isReadiness() {
        return false;
    }

    @Override
    protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
        String problem = accounts.problem(account);
        builder.detail(
                "circuitBreaker",
                accounts.circuitBreaker(account).getState().name().toLowerCase(Locale.ROOT));
        if (problem == null) {
            builder.up();
        } else if (isPaused()) {
            builder.message("Account " + account + " is paused").up();
        } else {
            builder.message("Account " + account + ": " + problem).down();
        }
    }

    /** Whether the account is paused; false if the database does not answer, which its own check reports. */
    private boolean isPaused() {
        try {
            return pauseStore.find(Pause.Kind.ACCOUNT, account).isPresent();
        } catch (SQLException unknown) {
            return false;
        }
    }
}

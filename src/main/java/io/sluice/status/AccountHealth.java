package io.sluice.status;

import io.sluice.crm.Accounts;
import java.util.Map;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/** DOWN while an account's CRM does not take calls, with the reason. */
public final class AccountHealth extends AbstractHealthCheck {

    private final String account;
    private final Accounts accounts;

    public AccountHealth(String account, Accounts accounts) {
        super("sluice", "account-" + account);
        this.account = account;
        this.accounts = accounts;
    }

    @Override
    protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
        String problem = accounts.problem(account);
        if (problem == null) {
            builder.up();
        } else {
            builder.message("Account " + account + ": " + problem).down();
        }
    }
}

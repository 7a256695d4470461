// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Accounts;
import io.sluice.sandbox.server.Limiter;
import io.sluice.sandbox.store.ObjectType;

/**
 * Prepares a new account: the limits of a Free or Starter account (<a
 * href="https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines">API usage guidelines and
 * limits</a>) and the standard objects. The daily limit has a rolling window here, which never allows more than
 * HubSpot's window from midnight on.
 */
public final class HubspotDefaults implements Accounts.CrmDefaults {

    /** Name of the limit over ten seconds, which each app has for itself. */
    static final String TEN_SECONDLY = "tenSecondly";
    /** Name of the limit on searches, per second and account. */
    static final String SEARCH = "search";

    private static final int STARTER_TEN_SECONDLY = 100;
    private static final int STARTER_DAILY = 250_000;
    private static final int SEARCHES_A_SECOND = 5;
    private static final int JOURNAL_A_SECOND = 100;
    private static final int JOURNAL_SUBSCRIPTIONS_A_SECOND = 50;
    private static final int JOURNAL_SNAPSHOTS_A_SECOND = 10;
    /** Maximum of concurrent requests, on which HubSpot has no limit. */
    private static final int ANY_NUMBER = 1_000_000;

    private final HubspotWebhooks webhooks;
    private final HubspotJournal journal;

    public HubspotDefaults(HubspotWebhooks webhooks, HubspotJournal journal) {
        this.webhooks = webhooks;
        this.journal = journal;
    }

    @Override
    public void prepare(Account account, Accounts.LimitsChange limits) {
        ObjectNode spec = Answers.JSON.createObjectNode();
        spec.putObject(TEN_SECONDLY).put("max", STARTER_TEN_SECONDLY).put("windowSeconds", 10);
        spec.putObject(SEARCH).put("max", SEARCHES_A_SECOND).put("windowSeconds", 1);
        spec.putObject(Limiter.DAILY).put("max", STARTER_DAILY).put("windowSeconds", 86_400);
        spec.putObject(Operations.JOURNAL).put("max", JOURNAL_A_SECOND).put("windowSeconds", 1);
        spec.putObject(Operations.JOURNAL_SUBSCRIPTIONS)
                .put("max", JOURNAL_SUBSCRIPTIONS_A_SECOND)
                .put("windowSeconds", 1);
        spec.putObject(Operations.JOURNAL_SNAPSHOTS)
                .put("max", JOURNAL_SNAPSHOTS_A_SECOND)
                .put("windowSeconds", 1);
        spec.putObject(Limiter.CONCURRENT).put("max", ANY_NUMBER);
        limits.set(spec);
        StandardObjects.all().forEach(account.store()::declare);
        account.store().declare(Links.object());
        account.store().declare(AssociationTypes.labels());
        webhooks.attach(account);
        journal.attach(account);
    }

    @Override
    public ObjectType object(String name, String label, String keyPrefix) {
        return StandardObjects.custom(name, label, keyPrefix);
    }

    @Override
    public long grainMillis() {
        return 1;
    }

    /** Answers the 30 minutes of an OAuth access token. */
    @Override
    public long sessionSeconds() {
        return 1800;
    }

    @Override
    public boolean counts(String operation, String limit) {
        if (Operations.isJournal(operation) || Operations.isJournal(limit)) {
            return operation.equals(limit);
        }
        return switch (limit) {
            case SEARCH -> Operations.isSearch(operation);
            case TEN_SECONDLY -> !Operations.isSearch(operation) && !Operations.isAssociationBatch(operation);
            default -> true;
        };
    }
}

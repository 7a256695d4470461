// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.salesforce.pubsub.PubSubServer;
import io.sluice.sandbox.salesforce.streaming.Streaming;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Accounts;
import io.sluice.sandbox.server.Limiter;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.RecordIds;
import io.sluice.sandbox.store.Table;
import io.sluice.sandbox.store.Transaction;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Prepares a new org: the limits of a Developer Edition, the standard objects, and three users. */
public final class SalesforceDefaults implements Accounts.CrmDefaults {

    /** Id of the user behind every token. */
    static final String API_USER = RecordIds.of("005", 1);
    /** Id of the user who edits in the CRM's own screens. */
    static final String CRM_USER = RecordIds.of("005", 2);

    static final String PROFILE = RecordIds.of("00e", 1);
    static final String ORGANIZATION = RecordIds.of("00D", 1);
    static final String API_USERNAME = "sluice@example.org";

    /** Allocation of internal batches of bulk ingest jobs, 10,000 rows each ("Bulk API Limits": 15,000 a day). */
    static final String BULK_BATCHES = "bulkBatches";
    /** Allocation of bulk query jobs ("Bulk API Limits": 10,000 a day). */
    static final String BULK_QUERY_JOBS = "bulkQueryJobs";

    private static final int DEVELOPER_EDITION_DAILY = 15_000;
    private static final int DELIVERIES_A_DAY = 10_000;
    private static final int DAY = 86_400;

    private final Streaming streaming;

    /** @param streaming publishes the changes of new accounts */
    public SalesforceDefaults(Streaming streaming) {
        this.streaming = streaming;
    }

    @Override
    public void prepare(Account account, Accounts.LimitsChange limits) {
        ObjectNode spec = Answers.JSON.createObjectNode();
        spec.putObject(Limiter.DAILY).put("max", DEVELOPER_EDITION_DAILY).put("windowSeconds", DAY);
        spec.putObject(BULK_BATCHES)
                .put("max", 15_000)
                .put("windowSeconds", DAY)
                .put("perRequest", false);
        spec.putObject(BULK_QUERY_JOBS)
                .put("max", 10_000)
                .put("windowSeconds", DAY)
                .put("perRequest", false);
        for (String deliveries : List.of(Streaming.TOPIC_DELIVERIES, Streaming.EVENT_DELIVERIES)) {
            spec.putObject(deliveries)
                    .put("max", DELIVERIES_A_DAY)
                    .put("windowSeconds", DAY)
                    .put("perRequest", false);
        }
        limits.set(spec);
        StandardObjects.all().forEach(account.store()::declare);
        DerivedFields.declare(account.store());
        Table users = account.store().table("User").orElseThrow();
        try (Transaction transaction = account.store().begin()) {
            add(
                    account,
                    transaction,
                    OrganizationObjects.PROFILE,
                    Map.of("Name", "System Administrator", "UserType", "Standard"));
            addUser(users, transaction, "Integration", "Sluice", API_USERNAME);
            addUser(users, transaction, "Ann", "Agent", "ann.agent@example.org");
            addUser(users, transaction, "Automated", "Process", "autoproc@example.org");
            add(
                    account,
                    transaction,
                    OrganizationObjects.ORGANIZATION,
                    Map.of(
                            "Name",
                            "Sluice sandbox",
                            "OrganizationType",
                            "Developer Edition",
                            "InstanceName",
                            "XX0",
                            "IsSandbox",
                            true,
                            "LanguageLocaleKey",
                            "en_US",
                            "DefaultLocaleSidKey",
                            "en_US",
                            "TimeZoneSidKey",
                            "GMT",
                            "FiscalYearStartMonth",
                            1));
            add(
                    account,
                    transaction,
                    "Pricebook2",
                    Map.of("Name", "Standard Price Book", "IsActive", true, "IsStandard", true));
            int place = 0;
            for (String status : account.store()
                    .table("Lead")
                    .flatMap(leads -> leads.type().field("Status"))
                    .orElseThrow()
                    .options()
                    .values()) {
                add(
                        account,
                        transaction,
                        "LeadStatus",
                        Map.of(
                                "ApiName",
                                status,
                                "MasterLabel",
                                status,
                                "SortOrder",
                                ++place,
                                "IsDefault",
                                StandardObjects.OPEN_LEAD.equals(status),
                                "IsConverted",
                                StandardObjects.CONVERTED_LEAD.equals(status)));
            }
            addStages(account, transaction);
            transaction.commit();
        }
        streaming.attach(account);
    }

    private static void addStages(Account account, Transaction transaction) {
        int place = 0;
        for (OpportunityStages stage : OpportunityStages.ALL) {
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("ApiName", stage.name());
            values.put("MasterLabel", stage.name());
            values.put("SortOrder", ++place);
            values.put("IsActive", true);
            values.put("IsClosed", stage.isClosed());
            values.put("IsWon", stage.isWon());
            values.put("DefaultProbability", stage.probability());
            values.put("ForecastCategoryName", stage.category());
            values.put("ForecastCategory", OpportunityStages.categoryValue(stage.category()));
            add(account, transaction, "OpportunityStage", values);
        }
    }

    @Override
    public ObjectType object(String name, String label, String keyPrefix) {
        return name.endsWith("__e")
                ? StreamingObjects.platformEvent(name, label, keyPrefix)
                : StandardObjects.custom(name, label, keyPrefix);
    }

    /** Answers whether a limit counts requests of an operation: those that deliver events count in none. */
    @Override
    public boolean counts(String operation, String limit) {
        return !CometdProtocol.isStreaming(operation) && !operation.startsWith(PubSubServer.OPERATION);
    }

    private static void add(Account account, Transaction transaction, String object, Map<String, Object> values) {
        Table table = account.store().table(object).orElseThrow();
        Map<Field, Object> fields = new LinkedHashMap<>();
        values.forEach((name, value) -> fields.put(table.type().field(name).orElseThrow(), value));
        transaction.insert(table, fields, API_USER);
    }

    private static void addUser(Table users, Transaction transaction, String first, String last, String username) {
        Map<Field, Object> values = new LinkedHashMap<>();
        Map<String, Object> named = new LinkedHashMap<>(Map.of(
                "FirstName", first, "LastName", last, "Username", username, "Email", username, "IsActive", true));
        named.putAll(Map.of(
                "Alias",
                first.substring(0, Math.min(first.length(), 8)).toLowerCase(Locale.ROOT),
                "CommunityNickname",
                username.substring(0, username.indexOf('@')),
                "ProfileId",
                PROFILE,
                "UserType",
                "Standard",
                "TimeZoneSidKey",
                "GMT",
                "LocaleSidKey",
                "en_US",
                "LanguageLocaleKey",
                "en_US",
                "EmailEncodingKey",
                "UTF-8"));
        named.forEach((name, value) -> values.put(users.type().field(name).orElseThrow(), value));
        transaction.insert(users, values, API_USER);
    }
}

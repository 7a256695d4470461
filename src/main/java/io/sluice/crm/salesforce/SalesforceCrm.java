// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import com.github.benmanes.caffeine.cache.Ticker;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.Operation;
import io.sluice.crm.Accounts;
import io.sluice.crm.AnswerCache;
import io.sluice.crm.BulkCapability;
import io.sluice.crm.BulkQuery;
import io.sluice.crm.Crm;
import io.sluice.crm.Durations;
import io.sluice.crm.FieldRule;
import io.sluice.crm.Logins;
import io.sluice.crm.ObjectShape;
import io.sluice.crm.Permits;
import io.sluice.crm.salesforce.events.EventEndpoint;
import io.sluice.crm.salesforce.events.EventStreams;
import io.sluice.quota.SavedCalls;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.camel.CamelContext;
import org.apache.camel.component.salesforce.SalesforceComponent;
import org.apache.camel.component.salesforce.SalesforceEndpointConfig;
import org.apache.camel.spi.Registry;

/** Connects Salesforce over camel-salesforce, with one component per account, under the account's name. */
public final class SalesforceCrm implements Crm {

    /** sObject Collections take up to 200 records a request (REST API Developer Guide, "sObject Collections"). */
    static final int COLLECTION_SIZE = 200;

    /**
     * A Composite call takes up to five collections and queries
     * (https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-composite-post.html).
     */
    static final int COLLECTIONS_A_CALL = 5;

    /**
     * Maximum number of ids in a query, which takes the slot of a collection in a Composite call. 600 ids of 18
     * characters make an address of 15,000 bytes.
     */
    static final int IDS_A_QUERY = 600;

    /** Maximum length of a query's address; Salesforce takes 16,384 bytes (Salesforce Help, 000386264). */
    static final int MAX_QUERY_ADDRESS = 15_000;

    /**
     * Salesforce takes 15,000 batches of 10,000 records a day, and uploads of 150 MB ("Bulk API Limits"; 100 MB leave
     * room for the CSV to grow). A job takes these calls: create, upload, close, results, and some status polls.
     */
    private static final BulkCapability BULK = new BulkCapability(
            Set.of(Operation.UPSERT, Operation.DELETE), 150_000, 100_000_000, 10, 10, 10_000, 15_000, BulkCsv.CLEARED);

    /**
     * A query job takes these calls: create, and some status polls; a page of the ordinary query holds 2,000 records.
     */
    private static final BulkQuery BULK_QUERY = new BulkQuery(3, 2000);

    private final SalesforceSessions sessions = new SalesforceSessions(InstantSource.system());
    private final EventStreams eventStreams = new EventStreams(InstantSource.system());

    @Override
    public String name() {
        return "salesforce";
    }

    @Override
    public int collectionSize(Operation operation) {
        return COLLECTION_SIZE;
    }

    @Override
    public int collectionsACall() {
        return COLLECTIONS_A_CALL;
    }

    @Override
    public boolean hasEventStream() {
        return true;
    }

    /** Returns the reference field: {@code AccountId} of {@code Account.Name}, {@code Site__c} of {@code Site__r.Name}. */
    @Override
    public String reference(String field) {
        int dot = field.indexOf('.');
        if (dot < 0) {
            return null;
        }
        String parent = field.substring(0, dot);
        return parent.endsWith("__r") ? parent.substring(0, parent.length() - 1) + "c" : parent + "Id";
    }

    @Override
    public int readBeforeWrite() {
        return IDS_A_QUERY;
    }

    /**
     * Returns how Salesforce normalises a field. It stores times in whole seconds, and a checkbox is never empty
     * ("Primitive Data Types" in the Object Reference,
     * https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/primitive_data_types.htm).
     * The API keeps decimals beyond the scale; a save by a person rounds them.
     */
    @Override
    public FieldRule rule(ObjectShape.Field field) {
        return switch (field.type()) {
            case "boolean" -> FieldRule.of(FieldRule.Kind.CHECKBOX);
            case "double", "currency", "percent", "int", "long" -> new FieldRule(FieldRule.Kind.NUMBER, field.limit());
            case "date" -> FieldRule.of(FieldRule.Kind.DAY);
            case "datetime" -> FieldRule.of(FieldRule.Kind.SECOND);
            case "time" -> FieldRule.of(FieldRule.Kind.TIME);
            case "email" -> new FieldRule(FieldRule.Kind.EMAIL, field.limit());
            case "phone" -> new FieldRule(FieldRule.Kind.PHONE, field.limit());
            case "url" -> new FieldRule(FieldRule.Kind.URL, field.limit());
            case "picklist", "combobox" -> FieldRule.of(FieldRule.Kind.CHOICE);
            case "multipicklist" -> FieldRule.of(FieldRule.Kind.CHOICES);
            case "reference", "id" -> FieldRule.of(FieldRule.Kind.REFERENCE);
            case "textarea" ->
                new FieldRule(
                        field.format().equals("richtextarea") ? FieldRule.Kind.RICH_TEXT : FieldRule.Kind.TEXT,
                        field.limit());
            case "string" -> new FieldRule(FieldRule.Kind.TEXT, field.limit());
            default -> FieldRule.UNKNOWN;
        };
    }

    @Override
    public Optional<BulkCapability> bulk() {
        return Optional.of(BULK);
    }

    @Override
    public Optional<BulkQuery> bulkQuery() {
        return Optional.of(BULK_QUERY);
    }

    @Override
    public void bind(Registry registry, Permits permits, Accounts accounts) {
        sessions.keepIn(registry.findSingleByType(Logins.class));
        AnswerCache answers = new AnswerCache(
                permits,
                registry.findSingleByType(MeterRegistry.class),
                registry.findSingleByType(SavedCalls.class),
                Ticker.systemTicker());
        SalesforceCache cache = new SalesforceCache(answers);
        registry.bind("salesforceCache", cache);
        registry.bind(SalesforceCache.NAME, answers.cache());
        registry.bind("salesforceCalls", new SalesforceCalls(permits, accounts, sessions, cache));
        registry.bind("salesforceBulk", new SalesforceBulk());
        registry.bind("salesforceQueries", new SalesforceQueries());
        registry.bind("salesforceTransfers", new SalesforceTransfers());
        registry.bind("salesforceTransferClient", SalesforceTransfers.client());
        registry.bind("salesforceTransferHeaders", SalesforceTransfers.headers());
        registry.bind("salesforceRecords", new SalesforceRecords());
        registry.bind("salesforceComposite", new SalesforceComposite());
        registry.bind("salesforceDeletes", new SalesforceDeletes());
        registry.bind("salesforceSoap", new SalesforceSoap());
        registry.bind("salesforceLookups", new SalesforceLookups());
        registry.bind("salesforceEvents", eventStreams);
        registry.bind("salesforceReads", new SalesforceReads(InstantSource.system()));
    }

    @Override
    public void connect(CamelContext context, String account, Map<String, String> settings) {
        eventStreams.configured(
                account,
                EventEndpoint.of(account, settings),
                new SalesforceEventLogin(context, account, sessions),
                Duration.ofMillis(Long.parseLong(settings.get("call-timeout-ms"))));
        addService(context, eventStreams);
        if (context.hasComponent(account) != null) {
            return;
        }
        SalesforceComponent component = new SalesforceComponent();
        SalesforceLogin.configure(component, account, settings);
        sessions.configured(account, component.getLoginConfig(), settings);
        if (settings.get("session") != null) {
            sessions.lifetime(
                    account,
                    Durations.of(
                            "application.properties: sluice.account." + account + ".session", settings.get("session")));
        }
        SalesforceEndpointConfig calls = new SalesforceEndpointConfig();
        calls.setRawPayload(true);
        component.setConfig(calls);
        // a wrong password must not stop the start: health says DOWN and the outbox keeps the work
        component.setLazyLogin(true);
        Map<String, Object> client = new LinkedHashMap<>();
        // a 401 must come back to us: a retry by the component would be a call without a permit
        client.put("maxRetries", 0);
        // the client would follow a redirect without the token and read the answer as an expired session
        client.put("followRedirects", false);
        client.put("maxContentLength", SalesforceCalls.MAX_ANSWER);
        component.setHttpClientProperties(client);
        component.setHttpClientIdleTimeout(Long.parseLong(settings.get("call-timeout-ms")));
        // the whole call, however its answer trickles; the component ignores a client property of that meaning
        component.setHttpRequestTimeout(Long.parseLong(settings.get("call-timeout-ms")));
        component.setHttpClientConnectionTimeout(Long.parseLong(settings.get("connect-timeout-ms")));
        context.addComponent(account, component);
    }

    /** Makes Camel close the streams after the routes have stopped. */
    private static void addService(CamelContext context, EventStreams eventStreams) {
        try {
            if (!context.hasService(eventStreams)) {
                context.addService(eventStreams);
            }
        } catch (Exception impossible) {
            throw new IllegalStateException("The streams of events can't be started", impossible);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import com.github.benmanes.caffeine.cache.Ticker;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.Operation;
import io.sluice.crm.Accounts;
import io.sluice.crm.AnswerCache;
import io.sluice.crm.Crm;
import io.sluice.crm.FieldRule;
import io.sluice.crm.Logins;
import io.sluice.crm.ObjectShape;
import io.sluice.crm.Permits;
import io.sluice.http.CallLimits;
import io.sluice.http.PublicAddress;
import io.sluice.quota.SavedCalls;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.camel.CamelContext;
import org.apache.camel.spi.Registry;

/** Connects HubSpot over camel-http and webhooks. */
public final class HubspotCrm implements Crm {

    /** Maximum size of an answer, in bytes: that of a webhook's request, which holds 100 values of 65,536 characters. */
    private static final long MAX_ANSWER = 40L << 20;

    /** A batch takes up to 100 inputs ("Batch"). */
    static final int BATCH_SIZE = 100;

    private final Map<String, Map<String, String>> settings = new LinkedHashMap<>();
    private final Map<String, HubspotLogin> logins = new LinkedHashMap<>();
    private final Map<String, HubspotLogin> apps = new LinkedHashMap<>();
    private final Map<String, String> portals = new LinkedHashMap<>();

    @Override
    public String name() {
        return "hubspot";
    }

    @Override
    public int collectionSize(Operation operation) {
        return BATCH_SIZE;
    }

    @Override
    public boolean sendsWebhooks() {
        return true;
    }

    @Override
    public boolean hasJournal() {
        return true;
    }

    @Override
    public ChronoUnit timePrecision() {
        return ChronoUnit.MILLIS;
    }

    /**
     * Returns 5: "Requests resulting in an error response shouldn't exceed 5% of your total daily requests" (<a
     * href="https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines">API usage guidelines</a>).
     * HubSpot asks it of apps that it lists; it enforces nothing.
     */
    @Override
    public OptionalInt maxErrorShare() {
        return OptionalInt.of(5);
    }

    /**
     * Returns how HubSpot normalises a property: it keeps an e-mail address in lower case, and may format a phone
     * number for its country.
     */
    @Override
    public FieldRule rule(ObjectShape.Field field) {
        return switch (field.type()) {
            case "number" -> FieldRule.of(FieldRule.Kind.NUMBER);
            case "date" -> FieldRule.of(FieldRule.Kind.DAY);
            case "datetime" -> FieldRule.of(FieldRule.Kind.MILLISECOND);
            case "enumeration" ->
                FieldRule.of(field.format().equals("checkbox") ? FieldRule.Kind.CHOICES : FieldRule.Kind.CHOICE);
            case "phone_number" -> FieldRule.of(FieldRule.Kind.PHONE);
            case "bool" -> FieldRule.of(FieldRule.Kind.CHOICE);
            case "string" -> FieldRule.of(kindOfText(field));
            default -> FieldRule.UNKNOWN;
        };
    }

    private static FieldRule.Kind kindOfText(ObjectShape.Field field) {
        return switch (field.format()) {
            case "phonenumber" -> FieldRule.Kind.PHONE;
            case "html" -> FieldRule.Kind.RICH_TEXT;
            default ->
                switch (field.name()) {
                    case "email", "work_email" -> FieldRule.Kind.EMAIL;
                    case "phone", "mobilephone", "fax" -> FieldRule.Kind.PHONE;
                    case "website", "domain" -> FieldRule.Kind.URL;
                    default -> FieldRule.Kind.TEXT;
                };
        };
    }

    @Override
    public void bind(Registry registry, Permits permits, Accounts accounts) {
        Logins kept = registry.findSingleByType(Logins.class);
        logins.values().forEach(login -> login.keepIn(kept));
        registry.bind("hubspotHeaders", new HubspotHeaders());
        registry.bind("hubspotClient", new CallLimits(MAX_ANSWER));
        registry.bind("hubspotCalls", new HubspotCalls(permits, accounts, logins));
        registry.bind("hubspotWrites", new HubspotWrites());
        registry.bind("hubspotParts", new HubspotParts());
        registry.bind("hubspotAssociations", new HubspotAssociations());
        registry.bind(
                "hubspotCache",
                new HubspotCache(new AnswerCache(
                        permits,
                        registry.findSingleByType(MeterRegistry.class),
                        registry.findSingleByType(SavedCalls.class),
                        Ticker.systemTicker())));
        registry.bind("hubspotDeletes", new HubspotDeletes());
        registry.bind("hubspotLookups", new HubspotLookups());
        registry.bind("hubspotReads", new HubspotReads(InstantSource.system()));
        HubspotObjects objects = new HubspotObjects();
        registry.bind("hubspotObjects", objects);
        registry.bind("hubspotJournal", new HubspotJournal(apps, portals, objects));
        registry.bind(
                "webhookRequests",
                new WebhookRequests(
                        settings,
                        objects,
                        InstantSource.system(),
                        Optional.ofNullable(registry.findSingleByType(PublicAddress.class))
                                .orElseGet(() -> new PublicAddress(""))));
    }

    @Override
    public void connect(CamelContext context, String account, Map<String, String> own) {
        settings.put(account, Map.copyOf(own));
        logins.put(account, new HubspotLogin(account, own, InstantSource.system()));
        portals.put(account, own.getOrDefault("portal-id", "").strip());
        apps.put(account, HubspotLogin.ofApp(account, own, InstantSource.system()));
    }
}

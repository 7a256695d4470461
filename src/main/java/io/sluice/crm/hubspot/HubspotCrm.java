package io.sluice.crm.hubspot;

import com.github.benmanes.caffeine.cache.Ticker;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.Operation;
import io.sluice.crm.Accounts;
import io.sluice.crm.Crm;
import io.sluice.crm.Permits;
import io.sluice.crm.AnswerCache;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.component.http.HttpClientConfigurer;
import org.apache.camel.spi.Registry;

/** HubSpot over camel-http and webhooks. */
public final class HubspotCrm implements Crm {

    /** A batch takes up to 100 inputs (CRM API, "Batch"). */
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
    public void bind(Registry registry, Permits permits, Accounts accounts) {
        registry.bind("hubspotHeaders", new HubspotHeaders());
        // repeats nothing by itself: a repeat would be a call without a permit
        registry.bind("hubspotClient", (HttpClientConfigurer) builder ->
                builder.disableAutomaticRetries().disableRedirectHandling().disableCookieManagement());
        registry.bind("hubspotCalls", new HubspotCalls(permits, accounts, logins));
        registry.bind("hubspotWrites", new HubspotWrites());
        registry.bind("hubspotParts", new HubspotParts());
        registry.bind("hubspotAssociations", new HubspotAssociations());
        registry.bind("hubspotCache", new HubspotCache(new AnswerCache(permits,
                registry.findSingleByType(MeterRegistry.class), Ticker.systemTicker())));
        registry.bind("hubspotReads", new HubspotReads(InstantSource.system()));
        HubspotObjects objects = new HubspotObjects();
        registry.bind("hubspotObjects", objects);
        registry.bind("hubspotJournal", new HubspotJournal(apps, portals, objects));
        registry.bind("hubspotWebhooks", new Webhooks(settings, objects, InstantSource.system()));
    }

    @Override
    public void connect(CamelContext context, String account, Map<String, String> own) {
        settings.put(account, Map.copyOf(own));
        logins.put(account, new HubspotLogin(account, own, InstantSource.system()));
        portals.put(account, own.getOrDefault("portal-id", "").strip());
        apps.put(account, HubspotLogin.ofApp(account, own, InstantSource.system()));
    }
}

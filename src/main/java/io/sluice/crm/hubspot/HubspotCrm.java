package io.sluice.crm.hubspot;

import io.sluice.Operation;
import io.sluice.crm.Accounts;
import io.sluice.crm.Crm;
import io.sluice.crm.Permits;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.spi.Registry;

/** HubSpot: so far what it tells by webhooks. */
public final class HubspotCrm implements Crm {

    /** A batch takes up to 100 inputs (CRM API, "Batch"). */
    static final int BATCH_SIZE = 100;

    private final Map<String, Map<String, String>> settings = new LinkedHashMap<>();

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
    public void bind(Registry registry, Permits permits, Accounts accounts) {
        registry.bind("hubspotWebhooks", new Webhooks(settings, InstantSource.system()));
    }

    @Override
    public void connect(CamelContext context, String account, Map<String, String> own) {
        settings.put(account, Map.copyOf(own));
    }
}

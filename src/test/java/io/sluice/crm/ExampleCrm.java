// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import io.sluice.Operation;
import java.util.Map;
import java.util.Optional;
import org.apache.camel.CamelContext;
import org.apache.camel.spi.Registry;

/** Describes a CRM by its numbers alone, without Kamelets. */
public record ExampleCrm(int collection, int collectionsACall, Optional<BulkCapability> bulk, boolean sendsWebhooks)
        implements Crm {

    /** Creates a CRM that takes a hundred records a call and sends webhooks. */
    public static ExampleCrm withWebhooks() {
        return new ExampleCrm(100, 1, Optional.empty(), true);
    }

    @Override
    public String name() {
        return "crm";
    }

    @Override
    public int collectionSize(Operation operation) {
        return collection;
    }

    @Override
    public void bind(Registry registry, Permits permits, Accounts accounts) {}

    @Override
    public void connect(CamelContext context, String account, Map<String, String> settings) {}
}

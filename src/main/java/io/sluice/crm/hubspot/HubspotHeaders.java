// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import java.util.Locale;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.spi.HeaderFilterStrategy;

/** Lets only the headers that HubSpot reads pass, and none that a route keeps for itself. */
final class HubspotHeaders implements HeaderFilterStrategy {

    private static final Set<String> SENT = Set.of("authorization", "content-type", "accept");

    @Override
    public boolean applyFilterToCamelHeaders(String name, Object value, Exchange exchange) {
        return !SENT.contains(name.toLowerCase(Locale.ROOT));
    }

    @Override
    public boolean applyFilterToExternalHeaders(String name, Object value, Exchange exchange) {
        String lower = name.toLowerCase(Locale.ROOT);
        return !lower.startsWith("x-hubspot-") && !lower.equals("retry-after") && !lower.equals("content-type");
    }
}

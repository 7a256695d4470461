// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import org.apache.camel.Exchange;
import org.apache.camel.component.salesforce.SalesforceComponent;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.client.Request;

/**
 * Records the targets of redirects in the answers of a login's client, because camel-salesforce drops the header
 * Location.
 */
final class SalesforceRedirects implements Request.Listener {

    private static final Map<HttpClient, SalesforceRedirects> OF = Collections.synchronizedMap(new WeakHashMap<>());

    private volatile String location;

    private SalesforceRedirects() {}

    /** Registers as a listener of the client, once. */
    static void watch(Exchange exchange, String login) {
        HttpClient client = client(exchange, login);
        if (client != null) {
            OF.computeIfAbsent(client, fresh -> {
                SalesforceRedirects redirects = new SalesforceRedirects();
                fresh.getRequestListeners().addListener(redirects);
                return redirects;
            });
        }
    }

    /** Returns the target of the last redirect, or null. */
    static String last(Exchange exchange, String login) {
        SalesforceRedirects redirects = OF.get(client(exchange, login));
        return redirects == null ? null : redirects.location;
    }

    private static HttpClient client(Exchange exchange, String login) {
        return exchange.getContext()
                .getComponent(login, SalesforceComponent.class)
                .getConfig()
                .getHttpClient();
    }

    @Override
    public void onQueued(Request request) {
        request.onResponseHeaders(response -> {
            if (response.getStatus() >= 300 && response.getStatus() < 400) {
                location = response.getHeaders().get("Location");
            }
        });
    }
}

package io.sluice.crm.salesforce;

import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import org.apache.camel.Exchange;
import org.apache.camel.component.salesforce.SalesforceComponent;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.client.Request;

/** Notes where the answers of a login's client redirect to: camel-salesforce hands on no header Location. */
final class SalesforceRedirects implements Request.Listener {

    private static final Map<HttpClient, SalesforceRedirects> OF = Collections.synchronizedMap(new WeakHashMap<>());

    private volatile String location;

    private SalesforceRedirects() {
    }

    /** Puts itself between the client and its answers, once. */
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

    /** Where the last redirect led, or null. */
    static String last(Exchange exchange, String login) {
        SalesforceRedirects redirects = OF.get(client(exchange, login));
        return redirects == null ? null : redirects.location;
    }

    private static HttpClient client(Exchange exchange, String login) {
        return exchange.getContext().getComponent(login, SalesforceComponent.class).getConfig().getHttpClient();
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

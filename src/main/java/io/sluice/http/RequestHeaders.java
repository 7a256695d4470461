// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import java.util.Locale;
import org.apache.camel.Exchange;
import org.apache.camel.http.base.HttpHeaderFilterStrategy;

/**
 * Filters the headers, query parameters and form fields of a request that become headers of its message: none that control a
 * route or a Kamelet. Camel maps a query parameter to a header of its name, so that any caller could set these.
 */
public final class RequestHeaders extends HttpHeaderFilterStrategy {

    @Override
    public boolean applyFilterToExternalHeaders(String name, Object value, Exchange exchange) {
        return steers(name) || super.applyFilterToExternalHeaders(name, value, exchange);
    }

    static boolean steers(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.startsWith("camel") || lower.startsWith("org.apache.camel") || lower.startsWith("sluice");
    }
}

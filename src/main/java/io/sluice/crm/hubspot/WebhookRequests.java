// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import io.sluice.CrmEvent;
import io.sluice.RejectedEvent;
import io.sluice.http.PublicAddress;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpConstants;

/**
 * Verifies and reads the requests of HubSpot's webhooks. Nothing in a request is read before its signature is verified.
 */
public final class WebhookRequests {

    /** Header with the reason why a request was rejected, in a word or two; absent for a genuine request. */
    public static final String REJECTION = "SluiceWebhookRejection";

    /**
     * Header that identifies a delivery: the account and the signature, which covers the body and, from version 3 on,
     * the time.
     */
    public static final String DELIVERY = "SluiceDelivery";

    /**
     * Maximum size of a body, in bytes: HubSpot sends at most 100 events in a request, and a property holds up to
     * 65,536 characters.
     */
    static final int MAX_BODY_BYTES = 42 * 1024 * 1024;

    /** Holds the webhook settings of an account. */
    private record WebhookSettings(WebhookSignature signature, Notifications notifications, String publicUrl) {}

    private final Map<String, WebhookSettings> webhooks;
    private final HubspotObjects objects;
    private final InstantSource clock;
    private final PublicAddress address;

    /** @param settings account to its settings, without the prefix */
    WebhookRequests(
            Map<String, Map<String, String>> settings,
            HubspotObjects objects,
            InstantSource clock,
            PublicAddress address) {
        this.address = address;
        this.objects = objects;
        this.clock = clock;
        this.webhooks = new TreeMap<>();
        settings.forEach((account, own) -> {
            if (own.get("webhook-secret") != null && !own.get("webhook-secret").isBlank()) {
                webhooks.put(
                        account,
                        new WebhookSettings(
                                new WebhookSignature(own.get("webhook-secret"), versions(own)),
                                new Notifications(own.get("app-id")),
                                own.get("webhook-url")));
            }
        });
    }

    private static Set<String> versions(Map<String, String> own) {
        return Arrays.stream(own.getOrDefault("webhook-signatures", "v3").split(","))
                .map(String::strip)
                .map(version -> version.toLowerCase(Locale.ROOT))
                .collect(Collectors.toSet());
    }

    /**
     * Sets the request's events as the body; for a rejected request, sets the header {@value #REJECTION} and a status.
     */
    public void events(Exchange exchange, String account) {
        Message request = exchange.getMessage();
        WebhookSettings webhook = webhooks.get(account);
        if (webhook == null) {
            reject(request, 404, "no secret");
            return;
        }
        byte[] body = request.getBody(byte[].class);
        byte[] bytes = body == null ? new byte[0] : body;
        if (bytes.length > MAX_BODY_BYTES) {
            reject(request, 413, "too large");
            return;
        }
        try {
            String reason = webhook.signature()
                    .rejection(
                            new WebhookSignature.Request(
                                    request.getHeader(Exchange.HTTP_METHOD, String.class),
                                    uri(request, webhook.publicUrl()),
                                    bytes),
                            headers(request),
                            clock.instant());
            if (reason != null) {
                reject(request, 401, reason);
                return;
            }
            request.setHeader(DELIVERY, account + " " + WebhookSignature.of(headers(request)));
            List<RejectedEvent> rejected = new ArrayList<>();
            List<CrmEvent> events = webhook.notifications().read(bytes, rejected);
            request.setHeader(RejectedEvent.HEADER, rejected);
            request.setBody(objects.asNamed(account, events));
        } catch (IOException | IllegalArgumentException malformed) {
            reject(request, 400, "malformed");
        }
    }

    private static void reject(Message request, int status, String reason) {
        request.setHeader(REJECTION, reason);
        request.setHeader(Exchange.HTTP_RESPONSE_CODE, status);
        request.setBody(null);
    }

    private static Map<String, String> headers(Message request) {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String name : List.of(
                WebhookSignature.SIGNATURE,
                WebhookSignature.VERSION,
                WebhookSignature.SIGNATURE_V3,
                WebhookSignature.TIMESTAMP)) {
            String value = request.getHeader(name, String.class);
            if (value != null) {
                headers.put(name, value);
            }
        }
        return headers;
    }

    /**
     * Returns the URI that HubSpot called.
     *
     * @param publicUrl the configured part before the path, or null: then the request or a trusted proxy gives it
     */
    String uri(Message request, String publicUrl) {
        URI called = URI.create(request.getHeader(Exchange.HTTP_URL, String.class));
        String base = publicUrl != null && !publicUrl.isBlank()
                ? publicUrl.replaceFirst("/+$", "")
                : address.base(
                        called.getScheme() + "://" + called.getRawAuthority(),
                        remote(request),
                        name -> request.getHeader(name, String.class));
        return base + called.getRawPath() + (called.getRawQuery() == null ? "" : "?" + called.getRawQuery());
    }

    private static InetAddress remote(Message request) {
        try {
            return request.getHeader(VertxPlatformHttpConstants.REMOTE_ADDRESS) instanceof SocketAddress remote
                    ? InetAddress.getByName(remote.hostAddress())
                    : null;
        } catch (UnknownHostException none) {
            return null;
        }
    }
}

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
 * Requests of HubSpot's webhooks: who sent them, and what they say. Nothing of a request is looked at before its
 * signature is known to be right.
 */
public final class WebhookRequests {

    /** Why a request was refused, in a word or two; absent where it was not. */
    public static final String REFUSAL = "SluiceRefusal";

    /** What makes a delivery unique: the account and the signature, which covers the body and, from version 3 on, the time. */
    public static final String DELIVERY = "SluiceDelivery";

    /** HubSpot sends at most 100 events a request, and a property holds up to 65,536 characters. */
    static final int LARGEST_BODY = 42 * 1024 * 1024;

    /** The settings of an account that are about its webhooks, as {@code application.properties} has them. */
    private record Ear(WebhookSignature signature, Notifications notifications, String publicUrl) {
    }

    private final Map<String, Ear> ears;
    private final HubspotObjects objects;
    private final InstantSource clock;
    private final PublicAddress address;

    /** @param settings account to its settings, prefix taken off */
    WebhookRequests(Map<String, Map<String, String>> settings, HubspotObjects objects, InstantSource clock, PublicAddress address) {
        this.address = address;
        this.objects = objects;
        this.clock = clock;
        this.ears = new TreeMap<>();
        settings.forEach((account, own) -> {
            if (own.get("webhook-secret") != null && !own.get("webhook-secret").isBlank()) {
                ears.put(account, new Ear(new WebhookSignature(own.get("webhook-secret"), versions(own)),
                        new Notifications(own.get("app-id")), own.get("webhook-url")));
            }
        });
    }

    private static Set<String> versions(Map<String, String> own) {
        return Arrays.stream(own.getOrDefault("webhook-signatures", "v3").split(",")).map(String::strip)
                .map(version -> version.toLowerCase(Locale.ROOT)).collect(Collectors.toSet());
    }

    /** The request's events as the body, or the header {@value #REFUSAL} and a status. */
    public void events(Exchange exchange, String account) {
        Message request = exchange.getMessage();
        Ear ear = ears.get(account);
        if (ear == null) {
            refuse(request, 404, "no secret");
            return;
        }
        byte[] body = request.getBody(byte[].class);
        byte[] bytes = body == null ? new byte[0] : body;
        if (bytes.length > LARGEST_BODY) {
            refuse(request, 413, "too large");
            return;
        }
        try {
            String why = ear.signature().refusal(new WebhookSignature.Request(
                    request.getHeader(Exchange.HTTP_METHOD, String.class), uri(request, ear.publicUrl()), bytes),
                    headers(request), clock.instant());
            if (why != null) {
                refuse(request, 401, why);
                return;
            }
            request.setHeader(DELIVERY, account + " " + WebhookSignature.of(headers(request)));
            List<RejectedEvent> rejected = new ArrayList<>();
            List<CrmEvent> events = ear.notifications().read(bytes, rejected);
            request.setHeader(RejectedEvent.HEADER, rejected);
            request.setBody(objects.asNamed(account, events));
        } catch (IOException | IllegalArgumentException malformed) {
            refuse(request, 400, "malformed");
        }
    }

    private static void refuse(Message request, int status, String why) {
        request.setHeader(REFUSAL, why);
        request.setHeader(Exchange.HTTP_RESPONSE_CODE, status);
        request.setBody(null);
    }

    private static Map<String, String> headers(Message request) {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String name : List.of(WebhookSignature.SIGNATURE, WebhookSignature.VERSION, WebhookSignature.SIGNATURE_V3, WebhookSignature.TIMESTAMP)) {
            String value = request.getHeader(name, String.class);
            if (value != null) {
                headers.put(name, value);
            }
        }
        return headers;
    }

    /**
     * The URI that HubSpot called.
     *
     * @param publicUrl what stands before the path, from the settings, or null: then it is what the request says, or a
     *                  trusted proxy
     */
    String uri(Message request, String publicUrl) {
        URI called = URI.create(request.getHeader(Exchange.HTTP_URL, String.class));
        String base = publicUrl != null && !publicUrl.isBlank() ? publicUrl.replaceFirst("/+$", "")
                : address.base(called.getScheme() + "://" + called.getRawAuthority(), remote(request),
                        name -> request.getHeader(name, String.class));
        return base + called.getRawPath() + (called.getRawQuery() == null ? "" : "?" + called.getRawQuery());
    }

    private static InetAddress remote(Message request) {
        try {
            return request.getHeader(VertxPlatformHttpConstants.REMOTE_ADDRESS) instanceof SocketAddress remote
                    ? InetAddress.getByName(remote.hostAddress()) : null;
        } catch (UnknownHostException none) {
            return null;
        }
    }
}

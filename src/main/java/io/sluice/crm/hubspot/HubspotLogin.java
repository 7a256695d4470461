package io.sluice.crm.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.crm.SignInRefused;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;

/**
 * The login of an account: a token that holds for ever ({@code access-token}: a private app's, or a service key), or
 * OAuth with {@code client-id}, {@code client-secret} and {@code refresh-token}. A token is renewed before it ends, by
 * one thread while the others wait for it; HubSpot asks not to wait for a 401.
 */
final class HubspotLogin {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String DEFAULT_URL = "https://api.hubapi.com";
    private static final String TOKEN_PATH = "/oauth/v1/token";
    /** A call that begins just before the end of its token must still be good. */
    private static final Duration EARLY = Duration.ofMinutes(1);

    private final String member;
    private final Map<String, String> settings;
    private final InstantSource clock;
    private final Duration timeout;
    private String token;
    private Instant ends = Instant.MAX;

    HubspotLogin(String member, Map<String, String> settings, InstantSource clock) {
        this.member = member;
        this.settings = settings;
        this.clock = clock;
        this.timeout = Duration.ofMillis(Long.parseLong(settings.getOrDefault("call-timeout-ms", "10000")));
        this.token = blankToNull(settings.get("access-token"));
    }

    /** Scheme, host and port, without a path. */
    String url() {
        return settings.getOrDefault("url", DEFAULT_URL).replaceFirst("/+$", "");
    }

    /** The endpoint of camel-http that makes this login's calls; it cuts them after the account's time. */
    String endpoint() {
        return url() + "?connectTimeout=" + settings.getOrDefault("connect-timeout-ms", "5000") + "&responseTimeout="
                + timeout.toMillis() + "&soTimeout=" + timeout.toMillis() + "&headerFilterStrategy=#hubspotHeaders"
                + "&httpClientConfigurer=#hubspotClient";
    }

    /** A token that is good for a call that begins now. */
    synchronized String token() throws SignInRefused {
        if (token == null || !clock.instant().plus(EARLY).isBefore(ends)) {
            renew();
        }
        return token;
    }

    /** The CRM said that a token has died; the next call takes another, unless somebody has renewed it by now. */
    synchronized void died(String dead) {
        if (dead != null && dead.equals(token) && settings.get("refresh-token") != null) {
            token = null;
        }
    }

    private void renew() throws SignInRefused {
        if (blankToNull(settings.get("refresh-token")) == null) {
            throw new SignInRefused(member, "it has neither an access-token nor a refresh-token", null);
        }
        String form = "grant_type=refresh_token&client_id=" + encoded("client-id") + "&client_secret="
                + encoded("client-secret") + "&refresh_token=" + encoded("refresh-token");
        HttpRequest request = HttpRequest.newBuilder(URI.create(url() + TOKEN_PATH)).timeout(timeout)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form)).build();
        try {
            HttpResponse<String> answer = HttpClient.newBuilder().connectTimeout(timeout).build()
                    .send(request, HttpResponse.BodyHandlers.ofString());
            JsonNode json = JSON.readTree(answer.body());
            if (answer.statusCode() != 200 || !json.hasNonNull("access_token")) {
                throw new SignInRefused(member, "HTTP " + answer.statusCode() + ": "
                        + new HubspotAnswer(answer.statusCode(), answer.body()).message(), null);
            }
            token = json.path("access_token").asText();
            ends = clock.instant().plusSeconds(json.path("expires_in").asLong(1800));
        } catch (IOException unanswered) {
            throw new SignInRefused(member, "no answer from " + url() + TOKEN_PATH, unanswered);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new SignInRefused(member, "Sluice is stopping", stopping);
        }
    }

    private String encoded(String setting) {
        return URLEncoder.encode(settings.getOrDefault(setting, ""), StandardCharsets.UTF_8);
    }

    private static String blankToNull(String text) {
        return text == null || text.isBlank() ? null : text;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.RootCause;
import io.sluice.crm.LoginBackoff;
import io.sluice.crm.LoginRejected;
import io.sluice.crm.Logins;
import io.sluice.crm.Redirects;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs an account in: with a permanent token ({@code access-token} of a private app, or a service key), or by OAuth
 * with {@code client-id}, {@code client-secret} and {@code refresh-token}. An app itself logs in with the first two of
 * these alone, which opens the webhooks journal and no record. One thread renews a token before it expires while the
 * others wait, because HubSpot asks not to wait for a 401. A rejected login, and a new token that is rejected at its
 * first call, start a backoff that doubles each time.
 */
final class HubspotLogin {

    private static final Logger LOG = LoggerFactory.getLogger(HubspotLogin.class);
    private static final String DEFAULT_URL = "https://api.hubapi.com";
    private static final String DEFAULT_VERSION = "v1";
    private static final String JOURNAL_SCOPE = "developer.webhooks_journal.read";
    private static final List<String> OAUTH = List.of("client-id", "client-secret", "refresh-token");
    /**
     * A token is renewed this long before it expires, so that a call that begins just before is still valid; for a
     * short life, a tenth of the life.
     */
    private static final Duration RENEW_BEFORE_EXPIRY = Duration.ofMinutes(1);

    private static final int LIFE_FRACTION = 10;
    /** Life of a token in seconds where the token endpoint states none ("OAuth": 30 minutes). */
    private static final long DEFAULT_LIFE_SECONDS = 1800;

    private final String member;
    private volatile Map<String, String> settings;
    private final InstantSource clock;
    private final Duration timeout;
    private final boolean oauth;
    /** Whether the login is that of the app itself. */
    private final boolean app;

    private String token;
    private Instant renewAt = Instant.MAX;
    private Instant expiresAt = Instant.MAX;
    /** Whether a call with the current token was accepted. */
    private boolean accepted;

    private final LoginBackoff backoff = new LoginBackoff();
    private volatile Logins logins;

    /**
     * @param settings the settings {@code sluice.account.NAME.*} without the prefix
     * @throws IllegalArgumentException naming the setting that is wrong or missing
     */
    HubspotLogin(String member, Map<String, String> settings, InstantSource clock) {
        this(member, settings, clock, false);
    }

    /** Creates the login of the app itself; its settings are checked when its token is requested. */
    static HubspotLogin ofApp(String member, Map<String, String> settings, InstantSource clock) {
        return new HubspotLogin(member, settings, clock, true);
    }

    private HubspotLogin(String member, Map<String, String> settings, InstantSource clock, boolean app) {
        this.member = member;
        this.settings = settings;
        this.clock = clock;
        this.timeout = Duration.ofMillis(Long.parseLong(settings.getOrDefault("call-timeout-ms", "10000")));
        this.app = app;
        this.token = app ? null : blankToNull(settings.get("access-token"));
        this.oauth = app
                ? !hasNone("client-id") && !hasNone("client-secret")
                : token == null && !OAUTH.stream().allMatch(this::hasNone);
        if (!app) {
            check();
        }
    }

    /**
     * Checks the OAuth settings. An account without any login may still receive webhooks; only its calls are rejected.
     */
    private void check() {
        if (!oauth) {
            return;
        }
        for (String needed : OAUTH) {
            if (hasNone(needed)) {
                throw wrong(
                        needed, "is missing; an account that has no access-token needs " + String.join(", ", OAUTH));
            }
        }
        if (!version().matches("v\\d|20\\d\\d-\\d\\d(-beta)?")) {
            throw wrong("oauth-version", "must be v1, v3 or a date such as 2026-09, not '" + version() + "'");
        }
    }

    private boolean hasNone(String setting) {
        return blankToNull(settings.get(setting)) == null;
    }

    private IllegalArgumentException wrong(String setting, String what) {
        return new IllegalArgumentException(
                "application.properties: sluice.account." + member + "." + setting + " " + what);
    }

    private String version() {
        return settings.getOrDefault("oauth-version", DEFAULT_VERSION);
    }

    /** Returns the scheme, host and port, without a path. */
    String url() {
        return settings.getOrDefault("url", DEFAULT_URL).replaceFirst("/+$", "");
    }

    /** Returns the camel-http endpoint of this login's calls, with the account's timeouts. */
    String endpoint() {
        return url() + "?connectTimeout=" + settings.getOrDefault("connect-timeout-ms", "5000") + "&responseTimeout="
                + timeout.toMillis() + "&soTimeout=" + timeout.toMillis() + "&headerFilterStrategy=#hubspotHeaders"
                + "&httpClientConfigurer=#hubspotClient";
    }

    /** Returns a token that is valid for a call that begins now. */
    synchronized String token() throws LoginRejected {
        if (token == null && !oauth) {
            throw new LoginRejected(
                    member,
                    app
                            ? "the journal needs the client-id and client-secret of its app"
                            : "set an access-token, or " + String.join(", ", OAUTH),
                    null);
        }
        Instant now = clock.instant();
        if (token != null && now.isBefore(renewAt)) {
            return token;
        }
        boolean valid = token != null && now.isBefore(expiresAt);
        boolean changed = readSecrets();
        if (!changed && backoff.isPaused(now, logins == null ? Instant.MIN : logins.resumedAt(member))) {
            if (valid) {
                return token;
            }
            throw new LoginRejected(member, backoff.words(), null);
        }
        try {
            renew(now);
        } catch (LoginRejected rejected) {
            LOG.warn(
                    "Account {}: login failed: {}.{}",
                    member,
                    backoff.words(),
                    valid ? " The old token stays in use until it expires." : "");
            if (!valid) {
                throw rejected;
            }
        }
        return token;
    }

    /** Notes that a call with this token was accepted. */
    synchronized void tokenAccepted(String used) {
        if (used != null && used.equals(token)) {
            accepted = true;
            backoff.over();
        }
    }

    /**
     * Drops a token that HubSpot rejected; the next call gets another one, unless another thread has renewed it
     * already.
     */
    synchronized void tokenRejected(String rejected) {
        if (!oauth || rejected == null || !rejected.equals(token)) {
            return;
        }
        token = null;
        if (!accepted) {
            // the login itself was accepted, so this locks no user
            backoff.unanswered("HubSpot rejects a token that it has just issued (401)", clock.instant());
        }
    }

    private void renew(Instant now) throws LoginRejected {
        String form = "client_id=" + encoded("client-id") + "&client_secret=" + encoded("client-secret")
                + (app
                        ? "&grant_type=client_credentials&scope=" + JOURNAL_SCOPE
                        : "&grant_type=refresh_token&refresh_token="
                                + URLEncoder.encode(refreshToken(), StandardCharsets.UTF_8));
        String path = "/oauth/" + version() + "/token";
        HttpRequest request = HttpRequest.newBuilder(URI.create(url() + path))
                .timeout(timeout)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form))
                .build();
        try {
            HttpResponse<String> response = send(request);
            HubspotAnswer answer = new HubspotAnswer(response.statusCode(), response.body());
            JsonNode json = answer.json()
                    .filter(node -> answer.ok() && node.hasNonNull("access_token"))
                    .orElse(null);
            if (json == null) {
                String redirect = Redirects.words(
                        answer.status(),
                        response.headers().firstValue("Location").orElse(null),
                        url());
                String cause = redirect != null
                        ? redirect
                        : "HTTP " + answer.status() + ": " + withoutSecrets(answer.code() + ": " + message(answer));
                if (answer.status() >= 300 && answer.status() < 500 && answer.status() != 429) {
                    backoff.failed(cause, now);
                } else {
                    backoff.unanswered(cause, now);
                }
                throw new LoginRejected(member, cause, null);
            }
            accept(json, now);
        } catch (IOException unanswered) {
            String cause = "no answer from " + url() + path;
            backoff.unanswered(cause, now);
            throw new LoginRejected(member, cause, unanswered);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new LoginRejected(member, "Sluice is stopping", stopping);
        }
    }

    /**
     * Sends a request and waits for its whole answer. The request's own timeout ends with the head of the answer
     * (<a href="https://bugs.openjdk.org/browse/JDK-8208693">JDK-8208693</a>).
     */
    private HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<String>> answer = HttpClient.newBuilder()
                .connectTimeout(timeout)
                .build()
                .sendAsync(request, HttpResponse.BodyHandlers.ofString());
        try {
            return answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            throw new HttpTimeoutException("no whole answer within " + timeout.toMillis() + " ms");
        } catch (ExecutionException failed) {
            throw new IOException(RootCause.of(failed), failed);
        } finally {
            answer.cancel(true);
        }
    }

    /** Takes a new token; its life counts from the request, which is never later than the issue. */
    private void accept(JsonNode granted, Instant asked) {
        Duration life = Duration.ofSeconds(granted.path("expires_in").asLong(DEFAULT_LIFE_SECONDS));
        Duration tenth = life.dividedBy(LIFE_FRACTION);
        token = granted.path("access_token").asText();
        expiresAt = asked.plus(life);
        renewAt = expiresAt.minus(tenth.compareTo(RENEW_BEFORE_EXPIRY) < 0 ? tenth : RENEW_BEFORE_EXPIRY);
        accepted = false;
        keepRefreshToken(granted.path("refresh_token").asText(""));
    }

    /** Keeps the new refresh token that HubSpot may issue with an answer, which invalidates the old one. */
    private void keepRefreshToken(String fresh) {
        String configured = settings.get("refresh-token");
        if (logins == null || app || fresh.isBlank() || fresh.equals(configured)) {
            return;
        }
        try {
            logins.keep(member, configured, fresh);
        } catch (SQLException away) {
            LOG.warn("Account {}: the new refresh token could not be stored: {}", member, away.getMessage());
        }
    }

    private String refreshToken() {
        return logins == null
                ? settings.get("refresh-token")
                : logins.refreshToken(member, settings.get("refresh-token"));
    }

    /** Sets the store of the login state that replicas share. */
    void keepIn(Logins kept) {
        logins = kept;
    }

    /**
     * Reads the secrets again.
     *
     * @return whether they have changed
     */
    private boolean readSecrets() {
        if (logins == null) {
            return false;
        }
        Map<String, String> now = new HashMap<>(settings);
        now.putAll(logins.settings(member, settings));
        if (now.equals(settings)) {
            return false;
        }
        LOG.info("Account {}: login settings changed and were read again.", member);
        settings = now;
        return true;
    }

    private static String message(HubspotAnswer answer) {
        return answer.json()
                .filter(json -> json.hasNonNull("error_description"))
                .map(json ->
                        HubspotAnswer.shortened(json.path("error_description").asText()))
                .orElseGet(answer::message);
    }

    /** Masks the secrets in a message, since an endpoint may repeat its request. */
    private String withoutSecrets(String message) {
        String safe = message.replace(settings.get("client-secret"), "***");
        return app ? safe : safe.replace(settings.get("refresh-token"), "***").replace(refreshToken(), "***");
    }

    private String encoded(String setting) {
        return URLEncoder.encode(settings.get(setting), StandardCharsets.UTF_8);
    }

    private static String blankToNull(String text) {
        return text == null || text.isBlank() ? null : text;
    }
}

package io.sluice.crm.hubspot;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The login of an account: a token that holds for ever ({@code access-token}: a private app's, or a service key), or
 * OAuth with {@code client-id}, {@code client-secret} and {@code refresh-token}; or that of an app itself, with the first
 * two of them alone, which opens the webhooks journal and no record. A token is renewed before it ends, by
 * one thread while the others wait for it; HubSpot asks not to wait for a 401. A login that is refused, and a new token
 * that is refused at its first call, make a pause that doubles each time, not a storm of logins.
 */
final class HubspotLogin {

    private static final Logger LOG = LoggerFactory.getLogger(HubspotLogin.class);
    private static final String DEFAULT_URL = "https://api.hubapi.com";
    private static final String DEFAULT_VERSION = "v1";
    private static final String JOURNAL_SCOPE = "developer.webhooks_journal.read";
    private static final List<String> OAUTH = List.of("client-id", "client-secret", "refresh-token");
    /** A call that begins just before the end of its token must still be good; of a short life it is a tenth. */
    private static final Duration EARLY = Duration.ofMinutes(1);
    private static final int PARTS = 10;
    /** What the token endpoint says where it does not say how long ("OAuth": 30 minutes). */
    private static final long USUAL_SECONDS = 1800;

    private final String member;
    private volatile Map<String, String> settings;
    private final InstantSource clock;
    private final Duration timeout;
    private final boolean oauth;
    /** Whether it is the app's own. */
    private final boolean app;
    private String token;
    private Instant renewAt = Instant.MAX;
    private Instant ends = Instant.MAX;
    /** Whether a call with the present token was answered as a call should be. */
    private boolean proven;
    private final LoginBackoff backoff = new LoginBackoff();
    private volatile Logins logins;

    /**
     * @param settings {@code sluice.account.NAME.*}, the prefix taken off
     * @throws IllegalArgumentException naming the setting that is wrong or missing
     */
    HubspotLogin(String member, Map<String, String> settings, InstantSource clock) {
        this(member, settings, clock, false);
    }

    /** The app's own; only who asks for its token needs its settings. */
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
        this.oauth = app ? !hasNone("client-id") && !hasNone("client-secret")
                : token == null && !OAUTH.stream().allMatch(this::hasNone);
        if (!app) {
            check();
        }
    }

    /** An account without any of them may still be told things by webhooks; only its calls are refused. */
    private void check() {
        if (!oauth) {
            return;
        }
        for (String needed : OAUTH) {
            if (hasNone(needed)) {
                throw wrong(needed, "is missing; an account that has no access-token needs " + String.join(", ", OAUTH));
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
        return new IllegalArgumentException("application.properties: sluice.account." + member + "." + setting + " " + what);
    }

    private String version() {
        return settings.getOrDefault("oauth-version", DEFAULT_VERSION);
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
    synchronized String token() throws LoginRejected {
        if (token == null && !oauth) {
            throw new LoginRejected(member, app ? "the journal needs its app's client-id and client-secret"
                    : "it has neither an access-token nor a refresh-token", null);
        }
        Instant now = clock.instant();
        if (token != null && now.isBefore(renewAt)) {
            return token;
        }
        boolean alive = token != null && now.isBefore(ends);
        boolean changed = readSecrets();
        if (!changed && backoff.isPaused(now, logins == null ? Instant.MIN : logins.resumedAt(member))) {
            if (alive) {
                return token;
            }
            throw new LoginRejected(member, backoff.words(), null);
        }
        try {
            renew(now);
        } catch (LoginRejected refused) {
            LOG.warn("Account {} could not log in: {}.{}", member, backoff.words(),
                    alive ? " The old token is used as long as it is good." : "");
            if (!alive) {
                throw refused;
            }
        }
        return token;
    }

    /** A call with this token was answered. */
    synchronized void lives(String used) {
        if (used != null && used.equals(token)) {
            proven = true;
            backoff.over();
        }
    }

    /** The CRM said that a token has died; the next call takes another, unless somebody has renewed it by now. */
    synchronized void died(String dead) {
        if (!oauth || dead == null || !dead.equals(token)) {
            return;
        }
        token = null;
        if (!proven) {
            // the login itself was taken, so that no user is locked by it
            backoff.unanswered("HubSpot refuses a token that it has just given out (401)", clock.instant());
        }
    }

    private void renew(Instant now) throws LoginRejected {
        String form = "client_id=" + encoded("client-id") + "&client_secret=" + encoded("client-secret") + (app
                ? "&grant_type=client_credentials&scope=" + JOURNAL_SCOPE
                : "&grant_type=refresh_token&refresh_token=" + URLEncoder.encode(refreshToken(), StandardCharsets.UTF_8));
        String path = "/oauth/" + version() + "/token";
        HttpRequest request = HttpRequest.newBuilder(URI.create(url() + path)).timeout(timeout)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form)).build();
        try {
            HttpResponse<String> response = HttpClient.newBuilder().connectTimeout(timeout).build()
                    .send(request, HttpResponse.BodyHandlers.ofString());
            HubspotAnswer answer = new HubspotAnswer(response.statusCode(), response.body());
            JsonNode json = answer.json().filter(node -> answer.ok() && node.hasNonNull("access_token")).orElse(null);
            if (json == null) {
                String elsewhere = Redirects.words(answer.status(), response.headers().firstValue("Location").orElse(null), url());
                String why = elsewhere != null ? elsewhere
                        : "HTTP " + answer.status() + ": " + withoutSecrets(answer.code() + ": " + words(answer));
                if (answer.status() >= 300 && answer.status() < 500 && answer.status() != 429) {
                    backoff.refused(why, now);
                } else {
                    backoff.unanswered(why, now);
                }
                throw new LoginRejected(member, why, null);
            }
            take(json, now);
        } catch (IOException unanswered) {
            String why = "no answer from " + url() + path;
            backoff.unanswered(why, now);
            throw new LoginRejected(member, why, unanswered);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new LoginRejected(member, "Sluice is stopping", stopping);
        }
    }

    /** Its life counts from when it was asked for, which is never later than when it was given out. */
    private void take(JsonNode granted, Instant asked) {
        Duration life = Duration.ofSeconds(granted.path("expires_in").asLong(USUAL_SECONDS));
        Duration tenth = life.dividedBy(PARTS);
        token = granted.path("access_token").asText();
        ends = asked.plus(life);
        renewAt = ends.minus(tenth.compareTo(EARLY) < 0 ? tenth : EARLY);
        proven = false;
        keepRefreshToken(granted.path("refresh_token").asText(""));
    }

    /** HubSpot may give a new one with each answer, and takes the old one no more then. */
    private void keepRefreshToken(String fresh) {
        String configured = settings.get("refresh-token");
        if (logins == null || app || fresh.isBlank() || fresh.equals(configured)) {
            return;
        }
        try {
            logins.keep(member, configured, fresh);
        } catch (SQLException away) {
            LOG.warn("Account {}: its new refresh token could not be kept: {}", member, away.getMessage());
        }
    }

    private String refreshToken() {
        return logins == null ? settings.get("refresh-token") : logins.refreshToken(member, settings.get("refresh-token"));
    }

    /** Where what replicas know together is kept. */
    void keepIn(Logins kept) {
        logins = kept;
    }

    /** Reads the secrets anew. @return whether they have changed */
    private boolean readSecrets() {
        if (logins == null) {
            return false;
        }
        Map<String, String> now = new HashMap<>(settings);
        now.putAll(logins.settings(member, settings));
        if (now.equals(settings)) {
            return false;
        }
        LOG.info("Account {}: its login settings were read again.", member);
        settings = now;
        return true;
    }

    private static String words(HubspotAnswer answer) {
        return answer.json().filter(json -> json.hasNonNull("error_description"))
                .map(json -> HubspotAnswer.shortened(json.path("error_description").asText())).orElseGet(answer::message);
    }

    /** An endpoint may repeat what it was sent. */
    private String withoutSecrets(String words) {
        String safe = words.replace(settings.get("client-secret"), "***");
        return app ? safe : safe.replace(settings.get("refresh-token"), "***").replace(refreshToken(), "***");
    }

    private String encoded(String setting) {
        return URLEncoder.encode(settings.get(setting), StandardCharsets.UTF_8);
    }

    private static String blankToNull(String text) {
        return text == null || text.isBlank() ? null : text;
    }
}

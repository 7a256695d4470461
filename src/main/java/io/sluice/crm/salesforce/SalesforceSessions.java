// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import io.sluice.RootCause;
import io.sluice.crm.LoginBackoff;
import io.sluice.crm.LoginRejected;
import io.sluice.crm.Logins;
import io.sluice.crm.Redirects;
import java.net.URI;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.camel.component.salesforce.SalesforceLoginConfig;
import org.apache.camel.component.salesforce.api.SalesforceException;
import org.apache.camel.component.salesforce.internal.SalesforceSession;
import org.eclipse.jetty.client.ContentResponse;
import org.eclipse.jetty.client.Request;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Manages the sessions of all logins: creates one where there is none or where it was rejected, and renews it before it
 * expires. Of many calls that need a new session, one logs in and the others wait for it.
 */
final class SalesforceSessions {

    /** Salesforce's default life of a session ("Session Settings": two hours). */
    static final Duration DEFAULT_LIFE = Duration.ofHours(2);

    /** A session is renewed when a tenth of its life is left, so that the calls that began with it can finish. */
    private static final int LIFE_FRACTION = 10;

    private static final Duration RENEWAL_RETRY = Duration.ofMinutes(1);
    /** Path of the token endpoint ("OAuth Endpoints"). */
    private static final String TOKEN_PATH = "/services/oauth2/token";

    private static final int HTTPS_PORT = 443;
    private static final int HTTP_PORT = 80;
    private static final Logger LOG = LoggerFactory.getLogger(SalesforceSessions.class);

    private static final class State {
        private final LoginBackoff backoff = new LoginBackoff();
        private Duration life = DEFAULT_LIFE;
        private Instant renewAt = Instant.MAX;
        private String rejected;
        private volatile String accepted;
        private SalesforceLoginConfig config;
        private Map<String, String> settings = Map.of();
        /** The message for the operator while the account is stopped, and the time of the last resume before. */
        private String stopped;

        private Instant resumed = Instant.MIN;
    }

    private final Map<String, State> states = new ConcurrentHashMap<>();
    private final InstantSource clock;
    private volatile Logins logins;

    SalesforceSessions(InstantSource clock) {
        this.clock = clock;
    }

    /** Sets the store of the login state that replicas share. */
    void keepIn(Logins kept) {
        logins = kept;
    }

    /** Remembers the settings from which a login was configured. */
    void configured(String login, SalesforceLoginConfig config, Map<String, String> settings) {
        State state = state(login);
        state.config = config;
        state.settings = settings;
    }

    /** Sets the life of this login's sessions, as configured in its organisation; Salesforce does not report it. */
    void lifetime(String login, Duration life) {
        state(login).life = life;
    }

    /**
     * Signs in.
     *
     * @return the token for calls that begin now
     */
    String signIn(String login, SalesforceSession session) throws LoginRejected {
        State state = state(login);
        synchronized (state) {
            unlessStopped(login, session, state);
            String token = session.getAccessToken();
            if (token == null || token.equals(state.rejected)) {
                logIn(login, session, state);
            } else if (!clock.instant().isBefore(state.renewAt)) {
                renew(login, session, state);
            }
            return session.getAccessToken();
        }
    }

    private void unlessStopped(String login, SalesforceSession session, State state) throws LoginRejected {
        if (state.stopped == null) {
            return;
        }
        Instant resumedAt = resumedAt(login);
        if (resumedAt.equals(Instant.MIN) || resumedAt.equals(state.resumed)) {
            throw new LoginRejected(login, state.stopped, null);
        }
        state.stopped = null;
        remember(login, session.getOrgId());
    }

    private void logIn(String login, SalesforceSession session, State state) throws LoginRejected {
        boolean changed = readSecrets(login, state);
        if (!changed && state.backoff.isPaused(clock.instant(), resumedAt(login))) {
            throw new LoginRejected(login, state.backoff.words(), null);
        }
        try {
            ask(login, session, state);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new LoginRejected(login, "Sluice is stopping", stopping);
        } catch (SalesforceException | TimeoutException | ExecutionException | RuntimeException failure) {
            String cause = message(failure);
            if (failure instanceof SalesforceException answer
                    && answer.getStatusCode() >= 300
                    && answer.getStatusCode() < 500
                    && answer.getStatusCode() != 429) {
                state.backoff.failed(cause, clock.instant());
            } else {
                state.backoff.unanswered(cause, clock.instant());
            }
            LOG.warn("Account {}: login failed: {}.", login, state.backoff.words());
            throw new LoginRejected(login, state.backoff.words(), failure);
        }
        checkOrganisation(login, session, state);
    }

    /**
     * Renews a session without revoking the old token, as camel-salesforce's own login would, because other calls are
     * using it. While the old token is valid, a rejected login stops no call.
     */
    private void renew(String login, SalesforceSession session, State state) throws LoginRejected {
        try {
            readSecrets(login, state);
            ask(login, session, state);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            return;
        } catch (SalesforceException | TimeoutException | ExecutionException | RuntimeException failure) {
            state.renewAt = clock.instant().plus(RENEWAL_RETRY);
            LOG.warn(
                    "Account {}: session renewal failed: {}. The old session stays in use until it expires; next attempt"
                            + " in a minute.",
                    login,
                    message(failure));
            return;
        }
        checkOrganisation(login, session, state);
    }

    private static String message(Exception failure) {
        return failure instanceof SalesforceException answer
                        && answer.getErrors() != null
                        && !answer.getErrors().isEmpty()
                ? answer.getErrors().stream().map(error -> error.getMessage()).collect(Collectors.joining("; "))
                : RootCause.of(failure);
    }

    private void ask(String login, SalesforceSession session, State state)
            throws SalesforceException, InterruptedException, TimeoutException, ExecutionException {
        String configured = state.settings.getOrDefault("refresh-token", "");
        if (logins != null && state.config != null && !configured.isBlank()) {
            state.config.setRefreshToken(logins.refreshToken(login, configured));
        }
        Request request = atLoginUrl(session.getLoginRequest(null), state.config);
        ContentResponse answer = request.send();
        String redirect = Redirects.words(
                answer.getStatus(),
                answer.getHeaders().get("Location"),
                request.getScheme() + "://" + request.getHost() + ":" + request.getPort());
        if (redirect != null) {
            throw new SalesforceException(redirect, answer.getStatus());
        }
        session.parseLoginResponse(answer, answer.getContentAsString());
        if (session.getAccessToken() == null) {
            throw new SalesforceException("the answer to the login has no access_token", answer.getStatus());
        }
        if (session.getAccessToken().equals(state.rejected)) {
            // the same session again: it is tried once; if it is rejected, another login does not help
            state.rejected = null;
            state.accepted = null;
        }
        state.renewAt = clock.instant().plus(state.life.minus(state.life.dividedBy(LIFE_FRACTION)));
        state.backoff.over();
        keepRefreshToken(login, configured, answer.getContentAsString());
    }

    /**
     * Sends a login to the configured address. Camel sends each login after the first one to the instance that the
     * session had, which does not answer any more, or only redirects, once the organisation has moved.
     */
    private static Request atLoginUrl(Request request, SalesforceLoginConfig config) {
        if (config == null || config.getLoginUrl() == null) {
            return request;
        }
        URI login = URI.create(config.getLoginUrl().strip());
        int standard = "https".equals(login.getScheme()) ? HTTPS_PORT : HTTP_PORT;
        return request.scheme(login.getScheme())
                .host(login.getHost())
                .port(login.getPort() < 0 ? standard : login.getPort())
                .path(login.getRawPath().replaceFirst("/+$", "") + TOKEN_PATH);
    }

    /** Keeps a new refresh token, for which camel-salesforce's LoginToken has no field. */
    private void keepRefreshToken(String login, String configured, String answer) {
        String fresh = new SalesforceAnswer(200, answer)
                .json()
                .map(json -> json.path("refresh_token").asText(""))
                .orElse("");
        if (logins == null || configured.isBlank() || fresh.isBlank()) {
            return;
        }
        try {
            logins.keep(login, configured, fresh);
        } catch (SQLException away) {
            LOG.warn("Account {}: the new refresh token could not be stored: {}", login, away.getMessage());
        }
    }

    private void checkOrganisation(String login, SalesforceSession session, State state) throws LoginRejected {
        String organisation = session.getOrgId();
        if (logins == null || organisation == null) {
            return;
        }
        try {
            String known = logins.organisation(login).orElse(null);
            if (known == null) {
                logins.organisation(login, organisation);
            } else if (!known.equals(organisation)) {
                state.stopped = "the organisation is " + organisation + " now and was " + known
                        + ": after a sandbox refresh every id is different. Nothing is sent; resume the account if this"
                        + " organisation is the right one";
                state.resumed = resumedAt(login);
                LOG.error("Account {} is stopped: {}.", login, state.stopped);
                throw new LoginRejected(login, state.stopped, null);
            }
        } catch (SQLException away) {
            LOG.warn("Account {}: the stored organisation can't be read: {}", login, away.getMessage());
        }
    }

    private void remember(String login, String organisation) {
        try {
            logins.organisation(login, organisation);
        } catch (SQLException away) {
            LOG.warn("Account {}: the organisation could not be stored: {}", login, away.getMessage());
        }
    }

    private Instant resumedAt(String login) {
        return logins == null ? Instant.MIN : logins.resumedAt(login);
    }

    /**
     * Reads the secrets again.
     *
     * @return whether they have changed
     */
    private boolean readSecrets(String login, State state) {
        if (logins == null || state.config == null) {
            return false;
        }
        Map<String, String> now = new HashMap<>(state.settings);
        now.putAll(logins.settings(login, state.settings));
        if (now.equals(state.settings)) {
            return false;
        }
        try {
            SalesforceLogin.configure(state.config, login, now);
            state.settings = now;
            LOG.info("Account {}: login settings changed and were read again.", login);
            return true;
        } catch (IllegalArgumentException wrong) {
            LOG.warn("{}. The previous login settings stay in use.", wrong.getMessage());
            return false;
        }
    }

    /** Notes that a call with this token was accepted. */
    void tokenAccepted(String login, String token) {
        state(login).accepted = token;
    }

    /**
     * Notes that a token was rejected: the next call logs in, unless another thread has done so already.
     *
     * @return whether a login may help; it may not where the token is new and no call with it was ever accepted
     */
    boolean tokenRejected(String login, SalesforceSession session, String token) {
        State state = state(login);
        synchronized (state) {
            if (token == null || !token.equals(session.getAccessToken())) {
                return true;
            }
            state.rejected = token;
            return token.equals(state.accepted);
        }
    }

    private State state(String login) {
        return states.computeIfAbsent(login, name -> new State());
    }
}

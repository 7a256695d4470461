package io.sluice.crm.salesforce;

import io.sluice.RootCause;
import io.sluice.crm.LoginBackoff;
import io.sluice.crm.LoginRejected;
import io.sluice.crm.Logins;
import io.sluice.crm.Redirects;
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
 * The sessions of all logins: one is made where there is none, when it has died, and before it does. Of many calls that
 * need a new one, one logs in; the others wait and find it made.
 */
final class SalesforceSessions {

    /** The vendor's own default ("Session Settings": two hours). */
    static final Duration DEFAULT_LIFE = Duration.ofHours(2);

    /** A session is renewed when a tenth of its life is left, so that the calls that began with it end with it. */
    private static final int PARTS = 10;
    private static final Duration AGAIN = Duration.ofMinutes(1);
    private static final Logger LOG = LoggerFactory.getLogger(SalesforceSessions.class);

    private static final class State {
        private final LoginBackoff backoff = new LoginBackoff();
        private Duration life = DEFAULT_LIFE;
        private Instant renewAt = Instant.MAX;
        private String dead;
        private volatile String served;
        private SalesforceLoginConfig config;
        private Map<String, String> settings = Map.of();
        /** The words with which a person is asked, and when one had resumed the account before. */
        private String stopped;
        private Instant resumed = Instant.MIN;
    }

    private final Map<String, State> states = new ConcurrentHashMap<>();
    private final InstantSource clock;
    private volatile Logins logins;

    SalesforceSessions(InstantSource clock) {
        this.clock = clock;
    }

    /** Where what replicas know together is kept. */
    void keepIn(Logins kept) {
        logins = kept;
    }

    /** Of which settings a login was made. */
    void configured(String login, SalesforceLoginConfig config, Map<String, String> settings) {
        State state = state(login);
        state.config = config;
        state.settings = settings;
    }

    /** How long a session of this login lives, as its organisation has set it; Salesforce does not say so itself. */
    void last(String login, Duration life) {
        state(login).life = life;
    }

    /** @return the token with which calls are made now */
    String signIn(String login, SalesforceSession session) throws LoginRejected {
        State state = state(login);
        synchronized (state) {
            unlessStopped(login, session, state);
            String token = session.getAccessToken();
            if (token == null || token.equals(state.dead)) {
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
        } catch (SalesforceException | TimeoutException | ExecutionException | RuntimeException refused) {
            String why = words(refused);
            if (refused instanceof SalesforceException answer && answer.getStatusCode() >= 300
                    && answer.getStatusCode() < 500 && answer.getStatusCode() != 429) {
                state.backoff.refused(why, clock.instant());
            } else {
                state.backoff.unanswered(why, clock.instant());
            }
            LOG.warn("Account {} could not log in: {}.", login, state.backoff.words());
            throw new LoginRejected(login, state.backoff.words(), refused);
        }
        checkOrganisation(login, session, state);
    }

    /**
     * camel-salesforce's own login would first revoke the token, with which other calls are on their way. While that one
     * is good, a refused login stops nobody yet.
     */
    private void renew(String login, SalesforceSession session, State state) throws LoginRejected {
        try {
            readSecrets(login, state);
            ask(login, session, state);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            return;
        } catch (SalesforceException | TimeoutException | ExecutionException | RuntimeException refused) {
            state.renewAt = clock.instant().plus(AGAIN);
            LOG.warn("Account {} could not renew its session: {}. The old one is used as long as it is good; it is tried"
                    + " again in a minute.", login, words(refused));
            return;
        }
        checkOrganisation(login, session, state);
    }

    private static String words(Exception refused) {
        return refused instanceof SalesforceException answer && answer.getErrors() != null && !answer.getErrors().isEmpty()
                ? answer.getErrors().stream().map(error -> error.getMessage()).collect(Collectors.joining("; "))
                : RootCause.of(refused);
    }

    private void ask(String login, SalesforceSession session, State state)
            throws SalesforceException, InterruptedException, TimeoutException, ExecutionException {
        String configured = state.settings.getOrDefault("refresh-token", "");
        if (logins != null && state.config != null && !configured.isBlank()) {
            state.config.setRefreshToken(logins.refreshToken(login, configured));
        }
        Request request = session.getLoginRequest(null);
        ContentResponse answer = request.send();
        String elsewhere = Redirects.words(answer.getStatus(), answer.getHeaders().get("Location"),
                request.getScheme() + "://" + request.getHost() + ":" + request.getPort());
        if (elsewhere != null) {
            throw new SalesforceException(elsewhere, answer.getStatus());
        }
        session.parseLoginResponse(answer, answer.getContentAsString());
        if (session.getAccessToken() == null) {
            throw new SalesforceException("the answer to the login has no access_token", answer.getStatus());
        }
        if (session.getAccessToken().equals(state.dead)) {
            // the same session again: it is tried once, and a refusal of it is no end of a session that another login mends
            state.dead = null;
            state.served = null;
        }
        state.renewAt = clock.instant().plus(state.life.minus(state.life.dividedBy(PARTS)));
        state.backoff.over();
        keepRefreshToken(login, configured, answer.getContentAsString());
    }

    /** camel-salesforce's LoginToken has no field for a new refresh token. */
    private void keepRefreshToken(String login, String configured, String answer) {
        String fresh = new SalesforceAnswer(200, answer).json().map(json -> json.path("refresh_token").asText("")).orElse("");
        if (logins == null || configured.isBlank() || fresh.isBlank()) {
            return;
        }
        try {
            logins.keep(login, configured, fresh);
        } catch (SQLException away) {
            LOG.warn("Account {}: its new refresh token could not be kept: {}", login, away.getMessage());
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
                state.stopped = "its organisation is " + organisation + " now and was " + known
                        + ": after a sandbox refresh every id is another one. Nothing is sent; resume the account if this"
                        + " organisation is the right one";
                state.resumed = resumedAt(login);
                LOG.error("Account {} is stopped: {}.", login, state.stopped);
                throw new LoginRejected(login, state.stopped, null);
            }
        } catch (SQLException away) {
            LOG.warn("Account {}: the organisation that it was last is not known: {}", login, away.getMessage());
        }
    }

    private void remember(String login, String organisation) {
        try {
            logins.organisation(login, organisation);
        } catch (SQLException away) {
            LOG.warn("Account {}: its organisation could not be kept: {}", login, away.getMessage());
        }
    }

    private Instant resumedAt(String login) {
        return logins == null ? Instant.MIN : logins.resumedAt(login);
    }

    /** Reads the secrets anew. @return whether they have changed */
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
            LOG.info("Account {}: its login settings were read again.", login);
            return true;
        } catch (IllegalArgumentException wrong) {
            LOG.warn("{}. The login stays as it was.", wrong.getMessage());
            return false;
        }
    }

    /** A call with this token was taken. */
    void served(String login, String token) {
        state(login).served = token;
    }

    /**
     * A call with this token was refused: the next one logs in, unless another has done so by then.
     *
     * @return whether that may heal it; it may not where the token is new and no call with it was ever taken
     */
    boolean died(String login, SalesforceSession session, String token) {
        State state = state(login);
        synchronized (state) {
            if (token == null || !token.equals(session.getAccessToken())) {
                return true;
            }
            state.dead = token;
            return token.equals(state.served);
        }
    }

    private State state(String login) {
        return states.computeIfAbsent(login, name -> new State());
    }
}

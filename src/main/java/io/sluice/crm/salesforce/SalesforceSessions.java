package io.sluice.crm.salesforce;

import io.sluice.Reason;
import io.sluice.crm.SignInRefused;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.camel.component.salesforce.api.SalesforceException;
import org.apache.camel.component.salesforce.internal.SalesforceSession;
import org.eclipse.jetty.client.ContentResponse;
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
        private Duration life = DEFAULT_LIFE;
        private Instant renewAt = Instant.MAX;
        private String dead;
        private volatile String served;
    }

    private final Map<String, State> states = new ConcurrentHashMap<>();
    private final InstantSource clock;

    SalesforceSessions(InstantSource clock) {
        this.clock = clock;
    }

    /** How long a session of this login lives, as its organisation has set it; Salesforce does not say so itself. */
    void last(String login, Duration life) {
        state(login).life = life;
    }

    /** @return the token with which calls are made now */
    String signIn(String login, SalesforceSession session) throws SignInRefused {
        State state = state(login);
        synchronized (state) {
            String token = session.getAccessToken();
            try {
                if (token == null || token.equals(state.dead)) {
                    session.login(token);
                    state.renewAt = clock.instant().plus(state.life.minus(state.life.dividedBy(PARTS)));
                } else if (!clock.instant().isBefore(state.renewAt)) {
                    renew(login, session, state);
                }
                return session.getAccessToken();
            } catch (SalesforceException | RuntimeException refused) {
                throw new SignInRefused(login, Reason.of(refused), refused);
            }
        }
    }

    /**
     * camel-salesforce's own login would first revoke the token, with which other calls are on their way. While that one
     * is good, a refused login stops nobody yet.
     */
    private void renew(String login, SalesforceSession session, State state) {
        try {
            ContentResponse answer = session.getLoginRequest(null).send();
            session.parseLoginResponse(answer, answer.getContentAsString());
            state.renewAt = clock.instant().plus(state.life.minus(state.life.dividedBy(PARTS)));
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        } catch (SalesforceException | TimeoutException | ExecutionException | RuntimeException refused) {
            state.renewAt = clock.instant().plus(AGAIN);
            LOG.warn("Account {} could not renew its session: {}. The old one is used as long as it is good; it is tried"
                    + " again in a minute.", login, Reason.of(refused));
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

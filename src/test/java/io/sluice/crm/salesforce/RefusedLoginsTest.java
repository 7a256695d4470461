// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.crm.LoginRejected;
import io.sluice.crm.Logins;
import io.sluice.crm.ScriptedCrm;
import io.sluice.crm.ScriptedCrm.Reply;
import io.sluice.store.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.component.salesforce.SalesforceComponent;
import org.apache.camel.component.salesforce.internal.SalesforceSession;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Shows how a rejected login, or one to another organisation, is handled, and how an operator repairs it while Sluice
 * runs.
 */
class RefusedLoginsTest {

    private static final Reply REFUSED =
            new Reply(400, "{\"error\":\"invalid_client\",\"error_description\":\"invalid client credentials\"}");
    private static final String FIRST_ORGANISATION = "00D000000000001AAA";
    private static final String OTHER_ORGANISATION = "00D000000000002AAA";

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final CamelContext context = new DefaultCamelContext();
    private final Map<String, String> settings = new HashMap<>();
    private ScriptedCrm crm;
    private Logins logins;
    private SalesforceSessions sessions;
    private SalesforceSession session;
    private Instant now = Instant.now();

    @BeforeEach
    void connect() throws Exception {
        DATABASE.sluice().update("truncate sluice.login");
        crm = new ScriptedCrm();
        settings.putAll(Map.of(
                "login-url",
                crm.url(),
                "client-id",
                "sluice",
                "client-secret",
                "withdrawn",
                "call-timeout-ms",
                "2000",
                "connect-timeout-ms",
                "2000"));
        context.start();
        new SalesforceCrm().connect(context, "org", Map.copyOf(settings));
        SalesforceComponent component = context.getComponent("org", SalesforceComponent.class);
        session = component.getSession();
        logins = new Logins(DATABASE.sluice(), account -> Map.copyOf(settings));
        sessions = restarted(component);
        crm.login = REFUSED;
    }

    @AfterEach
    void stop() {
        context.stop();
        crm.close();
    }

    private SalesforceSessions restarted(SalesforceComponent component) {
        SalesforceSessions fresh = new SalesforceSessions(() -> now);
        fresh.keepIn(logins);
        fresh.configured("org", component.getLoginConfig(), Map.copyOf(settings));
        return fresh;
    }

    private Reply good(String organisation) {
        return new Reply(
                200,
                "{\"access_token\":\"sf-token\",\"instance_url\":\"" + crm.url() + "\",\"id\":\"" + crm.url() + "/id/"
                        + organisation + "/005000000000001AAA\",\"token_type\":\"Bearer\"}");
    }

    private void assertRejected(String... words) {
        assertThatThrownBy(() -> sessions.signIn("org", session))
                .isInstanceOf(LoginRejected.class)
                .hasMessageContainingAll(words);
    }

    @Test
    void aDayOfRejectedLoginsLocksNoUser() {
        Instant end = now.plus(Duration.ofDays(1));
        while (now.isBefore(end)) {
            assertRejected("invalid client credentials", "next attempt at");
            now = now.plusSeconds(15);
        }
        assertThat(crm.logins()).as("logins in a day").isBetween(20L, 35L);
    }

    @Test
    void aChangedSecretIsTriedAtOnce() throws Exception {
        assertRejected("or at once when the account is resumed or its secret changes");
        assertRejected("next attempt");
        assertThat(crm.logins()).isEqualTo(1);
        crm.login = good(FIRST_ORGANISATION);
        settings.put("client-secret", "good");
        assertThat(sessions.signIn("org", session)).isNotNull();
        assertThat(crm.asked.get(1)).contains("client_secret=good");
    }

    @Test
    void aResumeTriggersOneLoginWhateverTheDatabasesClock() throws Exception {
        for (Duration ahead : List.of(Duration.ZERO, Duration.ofMinutes(10), Duration.ofMinutes(-10))) {
            assertRejected("invalid client credentials");
            long before = crm.logins();
            resumedAt(now.plus(ahead));
            assertRejected("invalid client credentials");
            assertThat(crm.logins() - before).as("tried once, " + ahead).isEqualTo(1);
            now = now.plusSeconds(2);
            assertRejected("next attempt");
            assertThat(crm.logins() - before).as("and not again, " + ahead).isEqualTo(1);
        }
        resumedAt(now);
        crm.login = good(FIRST_ORGANISATION);
        assertThat(sessions.signIn("org", session)).isNotNull();
    }

    @Test
    void anotherOrganisationStopsTheAccountOverRestartsUntilItIsResumed() throws Exception {
        crm.login = good(FIRST_ORGANISATION);
        sessions.signIn("org", session);
        crm.login = good(OTHER_ORGANISATION);
        sessions.tokenRejected("org", session, session.getAccessToken());
        assertRejected(
                "the organisation is " + OTHER_ORGANISATION + " now and was " + FIRST_ORGANISATION,
                "resume the account");
        assertRejected("the organisation is");
        assertThat(crm.logins()).as("no login while it is stopped").isEqualTo(2);

        sessions = restarted(context.getComponent("org", SalesforceComponent.class));
        session.logout();
        assertRejected("the organisation is " + OTHER_ORGANISATION);

        resumedAt(now.minusSeconds(600));
        assertThat(sessions.signIn("org", session)).isNotNull();
        assertThat(logins.organisation("org")).contains(OTHER_ORGANISATION);
    }

    private void resumedAt(Instant at) throws Exception {
        logins.resume("org");
        DATABASE.sluice().update("update sluice.login set resumed_at = ?::timestamptz", at.toString());
    }
}

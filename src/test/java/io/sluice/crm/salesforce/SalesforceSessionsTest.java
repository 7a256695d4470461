// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.crm.LoginRejected;
import io.sluice.crm.LoginTestBase;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.component.salesforce.SalesforceComponent;
import org.apache.camel.component.salesforce.internal.SalesforceSession;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests the ways to log in against the sandbox over HTTP, with a clock that the test sets. */
class SalesforceSessionsTest extends LoginTestBase {

    private static final Map<String, String> SECRET = Map.of("client-secret", "sluice");
    private static final String P12 = "classpath:/io/sluice/sandbox/jwt.p12";

    private final CamelContext context = new DefaultCamelContext();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final SalesforceSessions sessions = new SalesforceSessions(() -> now);

    SalesforceSessionsTest() {
        super("salesforce", "/services/data/v62.0/limits");
    }

    @BeforeEach
    void start() {
        context.start();
    }

    @AfterEach
    void stop() throws Exception {
        control("DELETE", "/sandbox/faults/salesforce", "");
        context.stop();
    }

    private SalesforceSession connected(Map<String, String> secrets) {
        new SalesforceCrm().connect(context, "org", settings(secrets));
        return context.getComponent("org", SalesforceComponent.class).getSession();
    }

    private static Map<String, String> settings(Map<String, String> secrets) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "login-url",
                "http://127.0.0.1:" + sandbox.port(),
                "client-id",
                "sluice",
                "call-timeout-ms",
                "2000",
                "connect-timeout-ms",
                "2000"));
        settings.putAll(secrets);
        return settings;
    }

    static Stream<Map<String, String>> waysToLogIn() {
        return Stream.of(
                SECRET,
                Map.of("user-name", "sluice@example.org", "jwt-keystore", P12, "jwt-keystore-password", "sandbox"),
                Map.of("refresh-token", "refresh-salesforce"),
                Map.of(
                        "authentication-type",
                        "username-password",
                        "client-secret",
                        "sluice",
                        "user-name",
                        "sluice@example.org",
                        "password",
                        "sluice"));
    }

    @ParameterizedTest
    @MethodSource("waysToLogIn")
    void eachWayToLogInOpensTheOrg(Map<String, String> secrets) throws Exception {
        assertThat(isGood(sessions.signIn("org", connected(secrets)))).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "authentication-type | jwt            | sluice.account.org.user-name is missing; authentication-type jwt needs",
                "authentication-type | refresh-token  | sluice.account.org.refresh-token is missing",
                "authentication-type | client-secrets | sluice.account.org.authentication-type is 'client-secrets'; did you mean client-credentials",
                "jwt-keystore        | key.p12        | sluice.account.org.user-name is missing",
                "session             | two hours      | sluice.account.org.session must be a duration such as 10s, 5m or 2h, not 'two hours'"
            })
    void aSettingThatIsWrongOrMissingIsNamed(String setting, String value, String message) {
        Map<String, String> settings = settings(SECRET);
        settings.put(setting, value);
        assertThatThrownBy(() -> new SalesforceCrm().connect(context, "org", settings))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("application.properties: ")
                .hasMessageContaining(message);
    }

    @Test
    void aRejectedLoginReportsAccountAndCause() {
        assertThatThrownBy(() -> sessions.signIn("org", connected(Map.of("client-secret", "wrong"))))
                .isInstanceOf(LoginRejected.class)
                .hasMessageContaining("account org could not log in")
                .hasMessageContaining("invalid client credentials");
    }

    @Test
    void anUnreadableKeyStoreIsNamed() {
        assertThatThrownBy(() -> sessions.signIn(
                        "org",
                        connected(Map.of(
                                "user-name",
                                "sluice@example.org",
                                "jwt-keystore",
                                "/nowhere/key.p12",
                                "jwt-keystore-password",
                                "sandbox"))))
                .isInstanceOf(LoginRejected.class)
                .hasMessageContaining("/nowhere/key.p12");
    }

    @Test
    void twentyCallsWithAnExpiredTokenLogInOnce() throws Exception {
        SalesforceSession session = connected(SECRET);
        String dead = sessions.signIn("org", session);
        control("POST", "/sandbox/faults/salesforce", "{\"kind\":\"expireTokens\"}");
        long logins = logins();
        Set<String> tokens = inTwentyThreads(() -> {
            sessions.tokenRejected("org", session, dead);
            String fresh = sessions.signIn("org", session);
            // a rejection of the old token may arrive late
            sessions.tokenRejected("org", session, dead);
            return sessions.signIn("org", session).equals(fresh) ? fresh : "another one";
        });
        assertThat(tokens).hasSize(1).doesNotContain(dead);
        assertThat(isGood(tokens.iterator().next())).isTrue();
        assertThat(logins() - logins).isEqualTo(1);
    }

    @Test
    void aLoginMayHelpIfTheTokenWasAcceptedBefore() throws Exception {
        SalesforceSession session = connected(SECRET);
        String first = sessions.signIn("org", session);
        sessions.tokenAccepted("org", first);
        assertThat(sessions.tokenRejected("org", session, first)).isTrue();
        assertThat(sessions.tokenRejected("org", session, first))
                .as("of a call that was under way")
                .isTrue();
        String second = sessions.signIn("org", session);
        assertThat(sessions.tokenRejected("org", session, first))
                .as("a late rejection of the old token")
                .isTrue();
        assertThat(sessions.tokenRejected("org", session, second)).isFalse();
        assertThat(sessions.signIn("org", session))
                .as("another login is tried all the same")
                .isNotEqualTo(second);
    }

    @Test
    void aSessionIsRenewedBeforeItExpiresAndTheOldOneStaysValid() throws Exception {
        SalesforceSession session = connected(SECRET);
        sessions.lifetime("org", Duration.ofHours(1));
        String first = sessions.signIn("org", session);
        now = now.plus(Duration.ofMinutes(53));
        assertThat(sessions.signIn("org", session)).isEqualTo(first);
        now = now.plus(Duration.ofMinutes(1));
        long logins = logins();
        Set<String> tokens = inTwentyThreads(() -> sessions.signIn("org", session));
        assertThat(tokens).hasSize(1).doesNotContain(first);
        assertThat(logins() - logins).isEqualTo(1);
        assertThat(isGood(first)).as("calls with the old token are under way").isTrue();
    }

    @Test
    void aRejectedRenewalStopsNoCallWhileTheOldSessionIsValid() throws Exception {
        SalesforceSession session = connected(SECRET);
        String first = sessions.signIn("org", session);
        control("POST", "/sandbox/faults/salesforce", "{\"kind\":\"unavailable\",\"operation\":\"token\"}");
        now = now.plus(SalesforceSessions.DEFAULT_LIFE);
        long logins = logins();
        assertThat(sessions.signIn("org", session)).isEqualTo(first);
        assertThat(sessions.signIn("org", session)).isEqualTo(first);
        assertThat(logins() - logins).as("one login, then backoff").isLessThanOrEqualTo(1);
        control("DELETE", "/sandbox/faults/salesforce", "");
        now = now.plus(Duration.ofMinutes(1));
        assertThat(sessions.signIn("org", session)).isNotEqualTo(first);
    }
}

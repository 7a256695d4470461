// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.crm.LoginRejected;
import io.sluice.crm.LoginTestBase;
import io.sluice.crm.Logins;
import io.sluice.store.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests tokens against the sandbox over HTTP, with a clock that the test sets. */
class HubspotLoginTest extends LoginTestBase {

    private static final Map<String, String> OAUTH =
            Map.of("client-id", "sluice", "client-secret", "sluice", "refresh-token", "refresh-hubspot");

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private Instant now = Instant.parse("2026-01-01T00:00:00Z");

    HubspotLoginTest() {
        super("hubspot", "/crm/v3/objects/contacts");
    }

    @AfterEach
    void noFaults() throws Exception {
        control("DELETE", "/sandbox/faults/hubspot", "");
    }

    private HubspotLogin login(Map<String, String> secrets) {
        Map<String, String> settings =
                new HashMap<>(Map.of("url", "http://127.0.0.1:" + sandbox.port() + "/", "call-timeout-ms", "2000"));
        settings.putAll(secrets);
        return new HubspotLogin("org", settings, () -> now);
    }

    private HubspotLogin login(String setting, String value) {
        Map<String, String> settings = new HashMap<>(OAUTH);
        settings.put(setting, value);
        return login(settings);
    }

    @Test
    void aPrivateAppsTokenNeedsNoLoginAndIsKept() throws Exception {
        HubspotLogin login = login(Map.of("access-token", "pat-sandbox"));
        long logins = logins();
        assertThat(login.token()).isEqualTo("pat-sandbox");
        login.tokenRejected("pat-sandbox");
        now = now.plus(Duration.ofDays(1000));
        assertThat(login.token()).isEqualTo("pat-sandbox");
        assertThat(logins()).isEqualTo(logins);
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1", "v3", "2026-03", "2026-09"})
    void aRefreshTokenOpensTheAccountAtEachVersionsPath(String version) throws Exception {
        assertThat(isGood(login("oauth-version", version).token())).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "client-id     |      | sluice.account.org.client-id is missing; an account that has no access-token needs client-id, client-secret",
                "client-secret |      | sluice.account.org.client-secret is missing",
                "refresh-token |      | sluice.account.org.refresh-token is missing",
                "oauth-version | 2026 | sluice.account.org.oauth-version must be v1, v3 or a date such as 2026-09, not '2026'"
            })
    void aSettingThatIsWrongOrMissingIsNamed(String setting, String value, String message) {
        assertThatThrownBy(() -> login(setting, value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("application.properties: ")
                .hasMessageContaining(message);
    }

    @Test
    void anAccountWithoutALoginStartsAndMakesNoCalls() {
        assertThatThrownBy(() -> login(Map.of()).token())
                .isInstanceOf(LoginRejected.class)
                .hasMessageContaining("set an access-token, or client-id");
    }

    @Test
    void aRejectedLoginReportsAccountAndCauseWithoutSecrets() {
        assertThatThrownBy(() -> login("refresh-token", "hunter2").token())
                .isInstanceOf(LoginRejected.class)
                .hasMessage(
                        "account org could not log in: HTTP 400: BAD_REFRESH_TOKEN: missing or invalid refresh token");
        assertThatThrownBy(() -> login("client-secret", "hunter2").token())
                .hasMessageContaining("missing or invalid client secret");
        assertThatThrownBy(() -> login("client-id", "nobody").token()).hasMessageContaining("BAD_CLIENT_ID");
        assertThatThrownBy(() -> login("url", "http://127.0.0.1:1").token())
                .isInstanceOf(LoginRejected.class)
                .hasMessageContaining("no answer from http://127.0.0.1:1/oauth/v1/token");
    }

    @Test
    @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void anAnswerThatStopsInItsBodyIsNoAnswer() throws Exception {
        control(
                "POST",
                "/sandbox/faults/hubspot",
                "{\"kind\":\"hang\",\"when\":\"within\",\"operation\":\"token\",\"count\":1}");
        HubspotLogin login = login(OAUTH);
        assertThatThrownBy(login::token).isInstanceOf(LoginRejected.class).hasMessageContaining("no answer from");
        now = now.plus(Duration.ofMinutes(1));
        assertThat(isGood(login.token())).isTrue();
    }

    @Test
    void aMessageThatRepeatsASecretIsMasked() throws Exception {
        control(
                "POST",
                "/sandbox/faults/hubspot",
                "{\"kind\":\"unavailable\",\"status\":400,\"operation\":\"token\","
                        + "\"message\":\"refresh-hubspot is no good\"}");
        assertThatThrownBy(() -> login(OAUTH).token())
                .hasMessageContaining("*** is no good")
                .hasMessageNotContaining("refresh-hubspot");
    }

    @Test
    void twentyCallsWithAnExpiredTokenLogInOnce() throws Exception {
        HubspotLogin login = login(OAUTH);
        String dead = login.token();
        login.tokenAccepted(dead);
        control("POST", "/sandbox/faults/hubspot", "{\"kind\":\"expireTokens\"}");
        assertThat(isGood(dead)).isFalse();
        long logins = logins();
        Set<String> tokens = inTwentyThreads(() -> {
            login.tokenRejected(dead);
            String fresh = login.token();
            // a rejection of the old token may arrive late
            login.tokenRejected(dead);
            return login.token().equals(fresh) ? fresh : "another one";
        });
        assertThat(tokens).hasSize(1).doesNotContain(dead);
        assertThat(isGood(tokens.iterator().next())).isTrue();
        assertThat(logins() - logins).isEqualTo(1);
    }

    @Test
    void oneThreadRenewsATokenAMinuteBeforeItExpires() throws Exception {
        HubspotLogin login = login(OAUTH);
        String first = login.token();
        now = now.plus(Duration.ofMinutes(29).minusMillis(1));
        assertThat(login.token()).isEqualTo(first);
        now = now.plus(Duration.ofMillis(1));
        long logins = logins();
        Set<String> tokens = inTwentyThreads(login::token);
        assertThat(tokens).hasSize(1).doesNotContain(first);
        assertThat(logins() - logins).isEqualTo(1);
        assertThat(isGood(first)).as("calls with the old token are under way").isTrue();
    }

    @Test
    void aRejectedRenewalStopsNoCallWhileTheOldTokenIsValid() throws Exception {
        HubspotLogin login = login(OAUTH);
        String first = login.token();
        control("POST", "/sandbox/faults/hubspot", "{\"kind\":\"unavailable\",\"operation\":\"token\"}");
        now = now.plus(Duration.ofMinutes(29));
        long logins = logins();
        assertThat(login.token()).isEqualTo(first);
        assertThat(login.token()).isEqualTo(first);
        assertThat(logins() - logins).as("one login, then backoff").isEqualTo(1);
        now = now.plus(Duration.ofMinutes(1));
        assertThatThrownBy(login::token).hasMessageContaining("Service unavailable");
        control("DELETE", "/sandbox/faults/hubspot", "");
        now = now.plus(Duration.ofMinutes(1));
        assertThat(login.token()).isNotEqualTo(first);
    }

    @Test
    void aRejectedLoginBacksOffLongerEachTime() throws Exception {
        HubspotLogin login = login("refresh-token", "withdrawn");
        long logins = logins();
        Set<String> answers = inTwentyThreads(() -> {
            try {
                return login.token();
            } catch (LoginRejected refused) {
                return refused.getMessage().contains("missing or invalid refresh token")
                        ? "refused"
                        : refused.getMessage();
            }
        });
        assertThat(answers).containsExactly("refused");
        assertThat(logins() - logins).isEqualTo(1);
        int asked = 0;
        for (int quarter = 0; quarter < 24 * 60 * 4; quarter++) {
            now = now.plusSeconds(15);
            if (quarter > 500 && quarter % 40 != 0) {
                continue; // a day is asked less often later on
            }
            long before = logins();
            assertThatThrownBy(login::token).isInstanceOf(LoginRejected.class);
            asked += (int) (logins() - before);
        }
        assertThat(asked).as("logins in a day, few enough not to lock the user").isBetween(20, 35);
    }

    @Test
    void aChangedSecretAndAResumedAccountAreTriedAtOnce() throws Exception {
        DATABASE.sluice().update("truncate sluice.login");
        Map<String, String> file = new HashMap<>(OAUTH);
        file.put("client-secret", "withdrawn");
        file.put("call-timeout-ms", "30000");
        HubspotLogin login = login(file);
        Logins kept = new Logins(DATABASE.sluice(), account -> Map.copyOf(file));
        login.keepIn(kept);
        assertThatThrownBy(login::token).hasMessageContaining("invalid client secret");
        long logins = logins();
        assertThatThrownBy(login::token).hasMessageContaining("next attempt at");
        assertThat(logins() - logins).as("during the backoff").isZero();

        kept.resume("org");
        assertThatThrownBy(login::token).hasMessageContaining("invalid client secret");
        assertThatThrownBy(login::token).hasMessageContaining("next attempt at");
        assertThat(logins() - logins).as("after the resume").isEqualTo(1);

        file.put("client-secret", "sluice");
        assertThat(isGood(login.token())).isTrue();
        assertThat(logins() - logins).as("with the changed secret").isEqualTo(2);
    }

    @Test
    void aTokenThatIsRejectedAtItsFirstCallStartsABackoff() throws Exception {
        HubspotLogin login = login(OAUTH);
        login.tokenRejected(login.token());
        long logins = logins();
        assertThatThrownBy(login::token)
                .isInstanceOf(LoginRejected.class)
                .hasMessageContaining("rejects a token that it has just issued");
        now = now.plusSeconds(1);
        String again = login.token();
        login.tokenRejected(again);
        now = now.plusSeconds(1);
        assertThatThrownBy(login::token).isInstanceOf(LoginRejected.class);
        assertThat(logins() - logins).isEqualTo(1);
        now = now.plusSeconds(1);
        String good = login.token();
        login.tokenAccepted(good);
        login.tokenRejected(good);
        assertThat(login.token())
                .as("a token that was accepted before is replaced at once")
                .isNotEqualTo(good);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HubspotOauthTest extends HubspotTestBase {

    private static final String REFRESH =
            "grant_type=refresh_token&client_id=sluice&client_secret=sluice" + "&refresh_token=refresh-hubspot";

    private String token() {
        return crm.post("/oauth/v1/token", REFRESH).json().path("access_token").asText();
    }

    @Test
    void aRefreshTokenGivesAnAccessTokenForHalfAnHour() {
        HubspotClient.Reply reply = crm.post("/oauth/2026-09/token", REFRESH);
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.json().path("expires_in").asInt()).isEqualTo(1800);
        assertThat(reply.json().path("token_type").asText()).isEqualTo("bearer");
        assertThat(reply.json().path("refresh_token").asText()).isEqualTo("refresh-hubspot");
        assertThat(reply.json().path("hub_id").asInt()).isEqualTo(1_000_001);
        crm.with(reply.json().path("access_token").asText());
        assertThat(crm.get(CONTACTS).status()).isEqualTo(200);
        assertThat(crm.referee().path("logins").asInt()).isOne();
        assertThat(crm.referee().path("accepted").asInt()).isOne();
    }

    @Test
    void anAppOfAUserGetsNoHeadersOfTheDayWhichItDoesNotShare() {
        crm.with(token());
        HubspotClient.Reply reply = crm.get(CONTACTS);
        assertThat(reply.header("X-HubSpot-RateLimit-Max")).contains("100");
        assertThat(reply.header("X-HubSpot-RateLimit-Daily")).isEmpty();
        assertThat(crm.post(CONTACTS + "/search", "{}").header("X-HubSpot-RateLimit-Daily"))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "grant_type=refresh_token&client_id=sluice&client_secret=sluice&refresh_token=x | BAD_REFRESH_TOKEN",
                "grant_type=refresh_token&client_id=sluice&client_secret=x                      | BAD_CLIENT_SECRET",
                "grant_type=refresh_token&client_id=x&client_secret=sluice                      | BAD_CLIENT_ID",
                "grant_type=refresh_token&client_id=sluice-salesforce&client_secret=sluice      | BAD_CLIENT_ID",
                "grant_type=password&client_id=sluice&client_secret=sluice                      | BAD_GRANT_TYPE",
                "nonsense                                                                       | BAD_CLIENT_ID"
            })
    void whatIsWrongIsSaidByItsStatus(String form, String status) {
        HubspotClient.Reply reply = crm.post("/oauth/v1/token", form);
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.json().path("status").asText()).isEqualTo(status);
    }

    @Test
    void aTokenThatHasEndedIsRefusedAndCounted() {
        crm.put("/sandbox/limits/hubspot", "{\"session\":{\"seconds\":1}}");
        String token = token();
        crm.with(token);
        assertThat(crm.get("/oauth/v1/access-tokens/" + token)
                        .json()
                        .path("expires_in")
                        .asInt())
                .isOne();
        await().atMost(Duration.ofSeconds(10)).until(() -> crm.get(CONTACTS).status() == 401);
        JsonNode error = crm.get(CONTACTS).json();
        assertThat(error.path("category").asText()).isEqualTo("EXPIRED_AUTHENTICATION");
        assertThat(error.path("message").asText()).matches("The OAuth token .* expired \\d second\\(s\\) ago\\.");
        assertThat(crm.referee().path("unauthorized").asInt()).isEqualTo(2);
        assertThat(crm.get("/oauth/v1/access-tokens/" + token).status()).isEqualTo(404);
    }

    @Test
    void allTokensDieAtOnceAndNewOnesAreGood() {
        String token = token();
        crm.post("/sandbox/faults/hubspot", "{\"kind\":\"expireTokens\"}");
        assertThat(crm.with(token).get(CONTACTS).status()).isEqualTo(401);
        assertThat(crm.with(token()).get(CONTACTS).status()).isEqualTo(200);
        assertThat(crm.with("CPnonsense").get(CONTACTS).json().path("category").asText())
                .isEqualTo("INVALID_AUTHENTICATION");
        assertThat(crm.with("CPabcd.efgh").get(CONTACTS).status()).isEqualTo(401);
    }

    @Test
    void anAppsOwnTokenOpensNoRecords() {
        JsonNode granted = crm.post(
                        "/oauth/v1/token", "grant_type=client_credentials&client_id=sluice&client_secret=sluice")
                .json();
        assertThat(granted.has("refresh_token")).isFalse();
        assertThat(granted.path("scopes").toString()).contains("developer.webhooks_journal.read");
        HubspotClient.Reply reply =
                crm.with(granted.path("access_token").asText()).get(CONTACTS);
        assertThat(reply.status()).isEqualTo(403);
        assertThat(reply.json().path("category").asText()).isEqualTo("MISSING_SCOPES");
        assertThat(reply.header("X-HubSpot-RateLimit-Max")).isEmpty();
    }

    @Test
    void aTokenShowsWhoseItIs() {
        String token = token();
        JsonNode described = crm.get("/oauth/v1/access-tokens/" + token).json();
        assertThat(described.path("token").asText()).isEqualTo(token);
        assertThat(described.path("app_id").asInt()).isEqualTo(600_001);
        assertThat(described.path("expires_in").asInt()).isBetween(1700, 1800);
        assertThat(crm.get("/oauth/v1/nothing").status()).isEqualTo(404);
        assertThat(crm.get("/oauth/token").status()).isEqualTo(404);
    }

    @Test
    void theDaysUsageIsReportedAndIsACallItself() {
        JsonNode usage =
                crm.get("/account-info/v3/api-usage/daily/private-apps").json().at("/results/0");
        assertThat(usage.path("usageLimit").asInt()).isEqualTo(250_000);
        assertThat(usage.path("currentUsage").asInt()).isOne();
        assertThat(usage.path("resetsAt").asText()).endsWith("T00:00:00.000Z");
        assertThat(crm.get("/account-info/2026-03/api-usage/daily")
                        .json()
                        .at("/results/0/currentUsage")
                        .asInt())
                .isEqualTo(2);
        assertThat(crm.get("/account-info/v3/api-usage/daily/elsewhere").status())
                .isEqualTo(404);
    }

    @Test
    void aTokenOutlivesTheSandbox(@TempDir Path folder) {
        Optional<Path> data = Optional.of(folder.resolve("sandbox.ndjson"));
        String token;
        try (Sandbox first = Sandbox.start("127.0.0.1", 0, data)) {
            crm = new HubspotClient(first.port());
            crm.put("/sandbox/accounts/other", "{\"crm\":\"hubspot\"}");
            token = crm.post(
                            "/oauth/v1/token",
                            REFRESH.replace("client_id=sluice", "client_id=sluice-other")
                                    .replace("refresh-hubspot", "refresh-other"))
                    .json()
                    .path("access_token")
                    .asText();
        }
        try (Sandbox again = Sandbox.start("127.0.0.1", 0, data)) {
            assertThat(new HubspotClient(again.port()).with(token).get(CONTACTS).status())
                    .isEqualTo(200);
        }
    }
}

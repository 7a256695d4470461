// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.SalesforceClient.contact;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LimitsTest extends SandboxTestBase {

    @Test
    void theAllocationIsReportedAndThenRefused() {
        crm.put("/sandbox/limits/salesforce", "{\"daily\":{\"max\":3,\"windowSeconds\":86400}}");
        assertThat(crm.get(API + "/limits").header("Sforce-Limit-Info")).isEqualTo("api-usage=1/3");
        assertThat(crm.get(API + "/sobjects/Contact/003XX0000000099AAA").header("Sforce-Limit-Info"))
                .isEqualTo("api-usage=2/3");
        crm.get(API + "/limits");
        SalesforceClient.Reply refused = crm.get(API + "/limits");
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.text())
                .isEqualTo(
                        "[{\"message\":\"TotalRequests Limit exceeded.\",\"errorCode\":\"REQUEST_LIMIT_EXCEEDED\"}]");
        assertThat(refused.header("Sforce-Limit-Info")).isEqualTo("api-usage=3/3");
        assertThat(refused.header("Retry-After")).isNull();
        JsonNode counted = crm.referee();
        assertThat(counted.path("accepted").asInt()).isEqualTo(3);
        assertThat(counted.path("refused").asInt()).isOne();
        assertThat(counted.path("byStatus").path("403").asInt()).isOne();
        JsonNode daily = counted.path("limits").path("daily");
        assertThat(daily.path("used").asInt()).isEqualTo(3);
        assertThat(daily.path("peak").asInt()).isEqualTo(3);
    }

    @Test
    void aShortWindowRefusesAndLetsInAgain() {
        crm.put("/sandbox/limits/salesforce", "[{\"name\":\"perSecond\",\"max\":2,\"windowSeconds\":1}]");
        crm.get(API + "/limits");
        crm.get(API + "/limits");
        assertThat(crm.get(API + "/limits").status()).isEqualTo(403);
        await().until(() -> crm.get(API + "/limits").status() == 200);
        assertThat(crm.referee().path("limits").path("perSecond").path("peak").asInt())
                .isEqualTo(2);
        assertThat(crm.referee().path("limits").has("daily")).isTrue();
    }

    @Test
    void theUseCanBeSetAndALimitTakenAway() {
        crm.put("/sandbox/limits/salesforce", "{\"daily\":{\"used\":14990}}");
        assertThat(crm.get(API + "/limits").header("Sforce-Limit-Info")).isEqualTo("api-usage=14991/15000");
        crm.put("/sandbox/limits/salesforce", "{\"daily\":null}");
        assertThat(crm.get(API + "/limits").header("Sforce-Limit-Info")).isNull();
    }

    @Test
    void requestsThatRunTooLongAreLimitedInNumber() {
        crm.put("/sandbox/limits/salesforce", "{\"concurrent\":{\"max\":2,\"thresholdSeconds\":0.2}}");
        crm.post("/sandbox/faults/salesforce", "{\"kind\":\"slow\",\"delayMs\":3000,\"count\":2}");
        List<CompletableFuture<HttpResponse<String>>> slow =
                Stream.of(1, 2).map(i -> crm.later("GET", API + "/limits", "")).toList();
        await().until(() ->
                crm.referee().path("limits").path("concurrent").path("used").asInt() == 2);
        SalesforceClient.Reply refused = crm.get(API + "/limits");
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.text()).contains("ConcurrentRequests (Concurrent API Requests) Limit exceeded.");
        assertThat(slow).allSatisfy(one -> assertThat(one.join().statusCode()).isEqualTo(200));
        assertThat(crm.get(API + "/limits").status()).isEqualTo(200);
    }

    @Test
    void aLimitWithoutAMaximumIsRefusedWithASentence() {
        SalesforceClient.Reply reply = crm.put("/sandbox/limits/salesforce", "{\"perMinute\":{\"windowSeconds\":60}}");
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.json().path("error").asText()).isEqualTo("The limit perMinute needs a positive max.");
        assertThat(crm.put("/sandbox/limits/nobody", "{}").status()).isEqualTo(404);
    }

    @Test
    void theRefereeSeesTwoWritesOfOneRecordAtOnce() {
        crm.upsertContacts(contact("C-1", "One"), contact("C-2", "Two"));
        assertThat(crm.referee().path("maxWritesInFlightPerRecord").asInt()).isOne();
        String id = crm.get(API + "/sobjects/Contact/Customer_No__c/C-2")
                .json()
                .path("Id")
                .asText();
        crm.post("/sandbox/faults/salesforce", "{\"kind\":\"slow\",\"delayMs\":700,\"count\":2}");
        CompletableFuture<HttpResponse<String>> first = crm.later(
                "PATCH",
                API + "/composite/sobjects/Contact/Customer_No__c",
                SalesforceClient.records("Contact", false, contact("C-1", "a"), contact("c-2", "b")));
        CompletableFuture<HttpResponse<String>> second =
                crm.later("PATCH", API + "/sobjects/Contact/" + id, "{\"LastName\":\"c\"}");
        CompletableFuture.allOf(first, second).join();
        assertThat(crm.referee().path("maxWritesInFlightPerRecord").asInt()).isEqualTo(2);
        crm.post("/sandbox/referee/reset", "");
        JsonNode counted = crm.referee();
        assertThat(counted.path("maxWritesInFlightPerRecord").asInt()).isZero();
        assertThat(counted.path("accepted").asInt()).isZero();
        assertThat(counted.path("recordsByObject").path("Contact").asInt()).isEqualTo(2);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collections;
import org.junit.jupiter.api.Test;

class SalesforceCompositeBatchTest extends SandboxTestBase {

    private static final String ACCOUNT = part("POST", "v62.0/sobjects/Account", "{\"Name\":\"Acme\"}");
    private static final String CONTACT =
            part("PATCH", "v62.0/sobjects/Contact/Customer_No__c/C-1", "{\"LastName\":\"Doe\"}");
    private static final String BAD = part("POST", "v62.0/sobjects/Contact", "{\"FirstName\":\"x\"}");
    private static final String QUERY = part("GET", "v62.0/query?q=SELECT+Name+FROM+Account", null);

    @Test
    void partsThatKnowNothingOfEachOtherAreOneRequestAndACallOfTheDayEach() {
        JsonNode answer = batch(false, ACCOUNT, CONTACT, QUERY);
        assertThat(answer.path("hasErrors").asBoolean()).isFalse();
        assertThat(answer.findValuesAsText("statusCode")).containsExactly("201", "201", "200");
        assertThat(answer.path("results")
                        .path(2)
                        .path("result")
                        .path("totalSize")
                        .asInt())
                .isOne();
        JsonNode counted = crm.referee();
        assertThat(counted.path("accepted").asInt()).isOne();
        assertThat(counted.at("/limits/daily/used").asInt()).isEqualTo(3);
        assertThat(counted.path("byOperation").path("compositeBatch").asInt()).isOne();
        assertThat(counted.path("writesByObject").path("Contact").asInt()).isOne();
    }

    @Test
    void aPartForWhichNoCallIsLeftIsRefused() {
        crm.put("/sandbox/limits/salesforce", "{\"daily\":{\"max\":2,\"windowSeconds\":86400}}");
        JsonNode answer = batch(false, ACCOUNT, CONTACT, QUERY);
        assertThat(answer.findValuesAsText("statusCode")).containsExactly("201", "201", "403");
        assertThat(answer.findValuesAsText("errorCode")).containsExactly("REQUEST_LIMIT_EXCEEDED");
    }

    @Test
    void oneFailureLeavesTheOthersAlone() {
        JsonNode answer = batch(false, BAD, ACCOUNT);
        assertThat(answer.path("hasErrors").asBoolean()).isTrue();
        assertThat(answer.findValuesAsText("statusCode")).containsExactly("400", "201");
        assertThat(answer.findValuesAsText("errorCode")).containsExactly("REQUIRED_FIELD_MISSING");
    }

    @Test
    void withHaltOnErrorNothingIsMadeAfterAFailure() {
        JsonNode answer = batch(true, CONTACT, BAD, ACCOUNT);
        assertThat(answer.findValuesAsText("statusCode")).containsExactly("201", "400", "412");
        assertThat(crm.referee().path("recordsByObject").path("Contact").asInt())
                .isOne();
        assertThat(crm.referee().path("recordsByObject").path("Account").asInt())
                .isZero();
    }

    @Test
    void moreThan25PartsAndBatchesInABatchAreRefused() {
        assertThat(crm.post(
                                API + "/composite/batch",
                                body(false, Collections.nCopies(26, ACCOUNT).toArray(String[]::new)))
                        .status())
                .isEqualTo(400);
        assertThat(batch(false, part("POST", "v62.0/composite/batch", "{\"batchRequests\":[]}"))
                        .findValuesAsText("statusCode"))
                .containsExactly("404");
    }

    private JsonNode batch(boolean haltOnError, String... parts) {
        SalesforceClient.Reply reply = crm.post(API + "/composite/batch", body(haltOnError, parts));
        assertThat(reply.status()).isEqualTo(200);
        return reply.json();
    }

    private static String body(boolean haltOnError, String... parts) {
        return "{\"haltOnError\":" + haltOnError + ",\"batchRequests\":[" + String.join(",", parts) + "]}";
    }

    private static String part(String method, String url, String body) {
        return "{\"method\":\"" + method + "\",\"url\":\"" + url + "\"" + (body == null ? "" : ",\"richInput\":" + body)
                + "}";
    }
}

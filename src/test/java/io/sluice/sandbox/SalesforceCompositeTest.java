// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.SalesforceClient.contact;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;

class SalesforceCompositeTest extends SandboxTestBase {

    private static final String ACCOUNT = part("POST", "/sobjects/Account", "a", "{\"Name\":\"Acme\"}");
    private static final String CONTACT_OF_IT =
            part("POST", "/sobjects/Contact", "c", "{\"LastName\":\"Doe\",\"AccountId\":\"@{a.id}\"}");
    private static final String BAD = part("POST", "/sobjects/Contact", "bad", "{\"FirstName\":\"x\"}");

    @Test
    void aPartRefersToWhatAnEarlierOneAnswered() {
        JsonNode answer = composite(
                false,
                ACCOUNT,
                CONTACT_OF_IT,
                part("GET", "/query?q=SELECT+Name+FROM+Account+WHERE+Id='@{a.id}'", "q", null),
                part("GET", "/sobjects/Contact/@{c.id}?fields=Account.Name", "bad", null));
        assertThat(answer.findValuesAsText("httpStatusCode")).containsExactly("201", "201", "200", "400");
        assertThat(answer.path(2)
                        .path("body")
                        .path("records")
                        .path(0)
                        .path("Name")
                        .asText())
                .isEqualTo("Acme");
        assertThat(answer.path(0).path("httpHeaders").path("Location").asText()).contains("/sobjects/Account/001");
        JsonNode counted = crm.referee();
        assertThat(counted.path("accepted").asInt()).isOne();
        assertThat(counted.path("byOperation").path("composite").asInt()).isOne();
        assertThat(counted.path("writesByObject").path("Contact").asInt()).isOne();
    }

    @Test
    void withoutAllOrNoneOnlyWhatRefersToAFailureIsHalted() {
        JsonNode answer = composite(
                false,
                BAD,
                part("POST", "/sobjects/Contact", "d", "{\"LastName\":\"x\",\"ReportsToId\":\"@{bad.id}\"}"),
                ACCOUNT);
        assertThat(answer.findValuesAsText("httpStatusCode")).containsExactly("400", "400", "201");
        assertThat(answer.path(1).path("body").path(0).path("errorCode").asText())
                .isEqualTo("PROCESSING_HALTED");
    }

    @Test
    void withAllOrNoneOneFailureTakesAllBack() {
        JsonNode answer = composite(true, ACCOUNT, BAD, CONTACT_OF_IT);
        assertThat(answer.findValuesAsText("errorCode"))
                .containsExactly("PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED");
        assertThat(crm.referee().path("recordsByObject").path("Account").asInt())
                .isZero();
    }

    @Test
    void withAllOrNonePartsSeeTheWritesBeforeThem() {
        JsonNode answer = composite(
                true,
                part("PATCH", "/sobjects/Contact/Customer_No__c/C-1", "c", "{\"LastName\":\"Doe\"}"),
                part(
                        "PATCH",
                        "/sobjects/Opportunity/Deal_No__c/D-1",
                        "o",
                        "{\"Name\":\"D\","
                                + "\"StageName\":\"New\",\"CloseDate\":\"2026-12-24\",\"Customer__r\":{\"Customer_No__c\":\"C-1\"}}"),
                part("DELETE", "/sobjects/Contact/@{c.id}", "x", null));
        assertThat(answer.findValuesAsText("httpStatusCode")).containsExactly("201", "201", "204");
        assertThat(crm.referee().path("recordsByObject").path("Opportunity").asInt())
                .isOne();
        assertThat(crm.referee().path("recordsByObject").path("Contact").asInt())
                .isZero();
    }

    @Test
    void moreThan25PartsAreRefused() {
        String[] parts = new String[26];
        java.util.Arrays.setAll(parts, i -> part("POST", "/sobjects/Account", "r" + i, "{\"Name\":\"x\"}"));
        assertThat(crm.post(API + "/composite", body(false, parts)).status()).isEqualTo(400);
    }

    /** https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-composite-post.html */
    @Test
    void queriesAndCollectionsAreFiveAtMost() {
        String[] parts = new String[6];
        java.util.Arrays.setAll(
                parts,
                i -> i < 2
                        ? part("GET", "/query?q=SELECT+Id+FROM+Contact", "r" + i, null)
                        : part(
                                "PATCH",
                                "/composite/sobjects/Contact/Customer_No__c",
                                "r" + i,
                                SalesforceClient.records("Contact", false, contact("C-" + i, "One"))));
        assertThat(crm.post(API + "/composite", body(false, parts)).errorCode()).isEqualTo("LIMIT_EXCEEDED");
        assertThat(crm.post(API + "/composite", body(false, java.util.Arrays.copyOf(parts, 5)))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void partsKeepTheirOrderOnlyWhereTheyAreNotCollated() {
        crm.upsertContacts(contact("C-1", "before"));
        String query = part("GET", "/query?q=SELECT+LastName+FROM+Contact", "q", null);
        String write = part(
                "PATCH",
                "/composite/sobjects/Contact/Customer_No__c",
                "w",
                SalesforceClient.records("Contact", false, contact("C-1", "after")));
        String ordered = body(false, query, write).replaceFirst("\\{", "{\"collateSubrequests\":false,");
        assertThat(crm.post(API + "/composite", ordered).json().findValuesAsText("LastName"))
                .containsExactly("before");

        crm.upsertContacts(contact("C-1", "before"));
        assertThat(composite(false, query, write).findValuesAsText("LastName")).containsExactly("after");
        assertThat(composite(false, query, write).findValuesAsText("referenceId"))
                .containsExactly("q", "w");
    }

    @Test
    void collectionsWorkAsAPart() {
        JsonNode answer = composite(
                true,
                part(
                        "PATCH",
                        "/composite/sobjects/Contact/Customer_No__c",
                        "u",
                        SalesforceClient.records("Contact", true, contact("C-1", "One"), contact("C-2", "Two"))));
        assertThat(answer.path(0).path("body").findValuesAsText("success")).containsExactly("true", "true");
    }

    @Test
    void aFaultOfPartsMeetsThoseOfItsObjectAlone() {
        crm.post(
                "/sandbox/faults/salesforce",
                "{\"kind\":\"answer\",\"operation\":\"compositePart\",\"object\":\"Contact\","
                        + "\"status\":403,\"errorCode\":\"INSUFFICIENT_ACCESS\",\"message\":\"no\",\"count\":1}");
        JsonNode answer = composite(false, ACCOUNT, CONTACT_OF_IT);
        assertThat(answer.findValuesAsText("httpStatusCode")).containsExactly("201", "403");
        assertThat(answer.path(1).path("body").path(0).path("errorCode").asText())
                .isEqualTo("INSUFFICIENT_ACCESS");
        assertThat(crm.referee().path("recordsByObject").path("Contact").asInt())
                .isZero();
        assertThat(composite(false, ACCOUNT, CONTACT_OF_IT).findValuesAsText("httpStatusCode"))
                .containsExactly("201", "201");
    }

    private JsonNode composite(boolean allOrNone, String... parts) {
        SalesforceClient.Reply reply = crm.post(API + "/composite", body(allOrNone, parts));
        assertThat(reply.status()).isEqualTo(200);
        return reply.json().path("compositeResponse");
    }

    private static String body(boolean allOrNone, String... parts) {
        return "{\"allOrNone\":" + allOrNone + ",\"compositeRequest\":[" + String.join(",", parts) + "]}";
    }

    private static String part(String method, String path, String reference, String body) {
        return "{\"method\":\"" + method + "\",\"url\":\"" + SalesforceClient.API + path + "\",\"referenceId\":\""
                + reference + "\"" + (body == null ? "" : ",\"body\":" + body) + "}";
    }
}

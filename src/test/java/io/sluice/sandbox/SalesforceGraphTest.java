// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SalesforceGraphTest extends SandboxTestBase {

    private static final String ACCOUNT = node("POST", "/sobjects/Account", "a", "{\"Name\":\"Acme\"}");
    private static final String CONTACT_OF_IT = node(
            "PATCH", "/sobjects/Contact/Customer_No__c/C-1", "c", "{\"LastName\":\"Doe\",\"AccountId\":\"@{a.id}\"}");
    private static final String BAD = node("POST", "/sobjects/Contact", "bad", "{\"FirstName\":\"x\"}");

    @Test
    void eachGraphIsAllOrNoneAndAllAreOneCall() {
        JsonNode graphs = graphs(graph("g1", ACCOUNT, CONTACT_OF_IT), graph("g2", ACCOUNT, BAD), graph("g3", ACCOUNT));
        assertThat(graphs.findValuesAsText("graphId")).containsExactly("g1", "g2", "g3");
        assertThat(graphs.findValuesAsText("isSuccessful")).containsExactly("true", "false", "true");
        JsonNode failed = graphs.path(1).path("graphResponse").path("compositeResponse");
        assertThat(failed.findValuesAsText("errorCode")).containsExactly("PROCESSING_HALTED", "REQUIRED_FIELD_MISSING");
        assertThat(graphs.path(0).findValuesAsText("httpStatusCode")).containsExactly("201", "201");
        JsonNode counted = crm.referee();
        assertThat(counted.path("recordsByObject").path("Account").asInt()).isEqualTo(2);
        assertThat(counted.path("accepted").asInt()).isOne();
        assertThat(counted.path("byOperation").path("compositeGraph").asInt()).isOne();
    }

    @Test
    void fifteenFailedGraphsHaltTheRest() {
        String[] all =
                IntStream.range(0, 16).mapToObj(i -> graph("bad" + i, BAD)).toArray(String[]::new);
        all[15] = graph("good", ACCOUNT);
        JsonNode graphs = graphs(all);
        assertThat(graphs.path(14).findValuesAsText("errorCode")).containsExactly("REQUIRED_FIELD_MISSING");
        assertThat(graphs.path(15).findValuesAsText("errorCode")).containsExactly("PROCESSING_HALTED");
        assertThat(crm.referee().path("recordsByObject").path("Account").asInt())
                .isZero();
    }

    @Test
    void fourteenFailedGraphsDoNot() {
        String[] all =
                IntStream.range(0, 15).mapToObj(i -> graph("bad" + i, BAD)).toArray(String[]::new);
        all[14] = graph("good", ACCOUNT);
        assertThat(graphs(all).path(14).path("isSuccessful").asBoolean()).isTrue();
    }

    @Test
    void fiveHundredNodesAreTakenAndOneMoreIsNot() {
        String[] nodes = IntStream.range(0, 500)
                .mapToObj(i -> node("POST", "/sobjects/Account", "a" + i, "{\"Name\":\"x\"}"))
                .toArray(String[]::new);
        assertThat(graphs(graph("g", nodes)).path(0).path("isSuccessful").asBoolean())
                .isTrue();
        assertThat(post(graph("g", nodes), graph("h", ACCOUNT)).errorCode()).isEqualTo("LIMIT_EXCEEDED");
        assertThat(crm.referee().path("recordsByObject").path("Account").asInt())
                .isEqualTo(500);
    }

    @Test
    void whatExceedsALimitOrIsNoRecordIsRefusedWhole() {
        String[] many =
                IntStream.range(0, 76).mapToObj(i -> graph("g" + i, ACCOUNT)).toArray(String[]::new);
        assertThat(post(many).errorCode()).isEqualTo("LIMIT_EXCEEDED");
        assertThat(post(graph("g", ACCOUNT), graph("g", ACCOUNT)).errorCode()).isEqualTo("INVALID_INPUT");
        assertThat(post(graph("g", node("GET", "/query?q=SELECT+Id+FROM+Account", "q", null)))
                        .errorCode())
                .isEqualTo("INVALID_INPUT");
        String chain = IntStream.range(0, 16)
                .mapToObj(i -> node(
                        "POST",
                        "/sobjects/Account",
                        "a" + i,
                        "{\"Name\":\"x\"" + (i == 0 ? "" : ",\"ParentId\":\"@{a" + (i - 1) + ".id}\"") + "}"))
                .collect(Collectors.joining(","));
        assertThat(post(graph("g", chain)).errorCode()).isEqualTo("LIMIT_EXCEEDED");
        assertThat(crm.referee().path("recordsByObject").path("Account").asInt())
                .isZero();
    }

    private JsonNode graphs(String... graphs) {
        SalesforceClient.Reply reply = post(graphs);
        assertThat(reply.status()).isEqualTo(200);
        return reply.json().path("graphs");
    }

    private SalesforceClient.Reply post(String... graphs) {
        return crm.post(API + "/composite/graph", "{\"graphs\":[" + String.join(",", graphs) + "]}");
    }

    private static String graph(String id, String... nodes) {
        return "{\"graphId\":\"" + id + "\",\"compositeRequest\":[" + String.join(",", nodes) + "]}";
    }

    private static String node(String method, String path, String reference, String body) {
        return "{\"method\":\"" + method + "\",\"url\":\"" + API + path + "\",\"referenceId\":\"" + reference + "\""
                + (body == null ? "" : ",\"body\":" + body) + "}";
    }
}

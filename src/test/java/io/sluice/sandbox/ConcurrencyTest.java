// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.SalesforceClient.contact;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ConcurrencyTest extends SandboxTestBase {

    @Test
    void upsertsThatRaceForOneKeyMakeOneRecord() {
        List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
        for (int call = 0; call < 60; call++) {
            String[] rows = new String[50];
            int n = call;
            Arrays.setAll(rows, i -> contact("C-" + i, "Name" + n));
            calls.add(crm.later(
                    "PATCH",
                    API + "/composite/sobjects/Contact/Customer_No__c",
                    SalesforceClient.records("Contact", false, rows)));
            calls.add(crm.later(
                    "GET",
                    API + "/query?q="
                            + SalesforceClient.encoded("SELECT Id, LastName FROM Contact ORDER BY SystemModstamp"),
                    ""));
        }
        assertThat(calls).allSatisfy(call -> {
            assertThat(call.join().statusCode()).isEqualTo(200);
            assertThat(call.join().body()).doesNotContain("\"success\":false");
        });
        JsonNode counted = crm.referee();
        assertThat(counted.path("recordsByObject").path("Contact").asInt()).isEqualTo(50);
        assertThat(counted.path("writesByObject").path("Contact").asInt()).isEqualTo(3000);
        assertThat(counted.path("accepted").asInt()).isEqualTo(120);
    }

    @Test
    void aWindowHoldsUnderAStorm() {
        crm.put("/sandbox/limits/salesforce", "{\"short\":{\"max\":30,\"windowSeconds\":3600}}");
        List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
        for (int call = 0; call < 100; call++) {
            calls.add(crm.later("GET", API + "/limits", ""));
        }
        long accepted =
                calls.stream().filter(call -> call.join().statusCode() == 200).count();
        assertThat(accepted).isEqualTo(30);
        assertThat(crm.referee().path("refused").asInt()).isEqualTo(70);
        assertThat(crm.referee().path("limits").path("short").path("peak").asInt())
                .isEqualTo(30);
    }

    @Test
    void theRefereeLooksIntoTheWritesOfAComposite() {
        crm.post("/sandbox/faults/salesforce", "{\"kind\":\"slow\",\"delayMs\":700,\"count\":2}");
        String part = "{\"compositeRequest\":[{\"method\":\"PATCH\",\"referenceId\":\"a\",\"url\":\"" + API
                + "/sobjects/Contact/Customer_No__c/C-1\",\"body\":{\"LastName\":\"x\"}}]}";
        CompletableFuture<HttpResponse<String>> composite = crm.later("POST", API + "/composite", part);
        crm.upsertContacts(contact("C-1", "y"));
        composite.join();
        assertThat(crm.referee().path("maxWritesInFlightPerRecord").asInt()).isEqualTo(2);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.CrmRecord;
import io.sluice.Outcome;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.camel.Exchange;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sends keys of every kind to both CRMs and back: in JSON, in an address, in SOQL, alone and beside others. A record is
 * written once under its key whatever the API, is found by the key again, and is deleted by it.
 */
class KeysInTransitTest {

    private static final List<String> KEYS = List.of(
            "plain",
            "a'b",
            "a\"b",
            "a,b",
            "a/b",
            "a%2Fb",
            "100%",
            "a\\b",
            "a\\'b",
            "a;b",
            "a&b=c",
            "a+b",
            "a?b#c",
            "a b",
            "\u00e9",
            "e\u0301",
            "\ud83d\ude00",
            "a\nb",
            "a\tb",
            "#N/A",
            "null",
            "=1+1",
            "<b>",
            "{0}",
            "${body}",
            "{{key}}",
            "a@b.example",
            "0077",
            "7.0",
            "x".repeat(40));

    /** Keys that a CRM stores differently from how they were sent. */
    private static final List<String> REWRITTEN = List.of("Ab-1 ", " Ab-2", "AB-3");

    private static final String SALESFORCE = "&object=Contact&externalId=Customer_No__c";
    private static final String HUBSPOT = "&object=contacts&externalId=customer_no";

    @TempDir
    static Path home;

    private static RunningKamelets crm;

    @BeforeAll
    static void start() throws Exception {
        crm = new RunningKamelets(home, Map.of("sluice.account.hubspot.limit.burst", "10000 per 10s"));
        crm.control("PUT", "/sandbox/limits/hubspot", "{\"tenSecondly\":{\"max\":10000,\"windowSeconds\":10}}");
    }

    @AfterAll
    static void stop() throws Exception {
        crm.close();
    }

    private static List<String> keys() {
        List<String> keys = new ArrayList<>(KEYS);
        keys.addAll(REWRITTEN);
        return keys;
    }

    private static Map<String, Object> delete(String key) {
        return Map.of("key", key, "operation", "delete");
    }

    private static String id(Outcome outcome) {
        return outcome.status() + " " + outcome.crmId() + (outcome.message() == null ? "" : " " + outcome.message());
    }

    @Test
    void salesforceHasOneRecordPerKeyWhateverTheApi() throws Exception {
        SoftAssertions wrong = new SoftAssertions();
        List<Outcome> together = crm.send(
                "kamelet:salesforce-upsert-sink?account=salesforce" + SALESFORCE,
                keys().stream()
                        .map(key -> RunningKamelets.record(key, "LastName", "One"))
                        .toList());
        for (int i = 0; i < keys().size(); i++) {
            String key = keys().get(i);
            String first = "done " + together.get(i).crmId();
            wrong.assertThat(id(together.get(i))).as("in a collection: " + key).isEqualTo(first);
            wrong.assertThat(id(crm.send(
                                    "kamelet:salesforce-record-upsert-sink?account=salesforce" + SALESFORCE,
                                    List.of(RunningKamelets.record(key, "LastName", "Two")))
                            .get(0)))
                    .as("in an address: " + key)
                    .isEqualTo(first);
            Map<String, Object> named = new HashMap<>(RunningKamelets.record(key, "LastName", "Three"));
            named.put("object", "Contact");
            wrong.assertThat(id(crm.send(
                                    "kamelet:salesforce-composite-upsert-sink?account=salesforce"
                                            + "&externalIds=Contact:Customer_No__c",
                                    List.of(named))
                            .get(0)))
                    .as("in a composite: " + key)
                    .isEqualTo(first);
            JsonNode kept = crm.find("Contact", "Id", together.get(i).crmId());
            wrong.assertThat(
                            kept == null
                                    ? null
                                    : kept.path("Customer_No__c").asText().strip())
                    .as("kept: " + key)
                    .isEqualTo(key.strip());
            Exchange read = crm.ask(
                    "kamelet:salesforce-read-action?account=salesforce&object=Contact&externalId=Customer_No__c"
                            + "&fields=LastName",
                    key);
            wrong.assertThat(String.valueOf(read.getMessage().getBody()))
                    .as("read: " + key)
                    .contains("Three");
        }
        String alike = "kamelet:salesforce-delete-sink?account=salesforce" + SALESFORCE;
        for (int i = 0; i < keys().size(); i++) {
            String key = keys().get(i);
            wrong.assertThat(crm.send(alike, List.of(delete(key))).get(0).status())
                    .as("delete: " + key)
                    .isEqualTo(Outcome.Status.DONE);
            wrong.assertThat(crm.find("Contact", "Id", together.get(i).crmId()))
                    .as("deleted: " + key)
                    .isNull();
        }
        Outcome made = crm.send(
                        "kamelet:salesforce-upsert-sink?account=salesforce" + SALESFORCE,
                        List.of(RunningKamelets.record("Case-1", "LastName", "One")))
                .get(0);
        crm.send(alike, List.of(delete("cASE-1")));
        wrong.assertThat(crm.find("Contact", "Id", made.crmId()))
                .as("deleted by another case")
                .isNull();
        List<Outcome> twins = crm.send(
                "kamelet:salesforce-upsert-sink?account=salesforce" + SALESFORCE,
                List.of(
                        RunningKamelets.record("twin", "LastName", "One"),
                        RunningKamelets.record("TWIN", "LastName", "Two")));
        wrong.assertThat(twins)
                .extracting(Outcome::status)
                .as("two that are one, in one call")
                .containsOnly(Outcome.Status.TAKEN);
        wrong.assertAll();
    }

    @Test
    void hubspotHasOneRecordPerKeyWhateverTheApi() throws Exception {
        SoftAssertions wrong = new SoftAssertions();
        String upsert = "kamelet:hubspot-upsert-sink?account=hubspot" + HUBSPOT;
        List<Outcome> together = crm.send(
                upsert,
                keys().stream()
                        .map(key -> RunningKamelets.record(key, "lastname", "One"))
                        .toList());
        for (int i = 0; i < keys().size(); i++) {
            String key = keys().get(i);
            String first = "done " + together.get(i).crmId();
            wrong.assertThat(id(together.get(i))).as("in a batch: " + key).isEqualTo(first);
            wrong.assertThat(id(crm.send(upsert, List.of(RunningKamelets.record(key, "lastname", "Two")))
                            .get(0)))
                    .as("alone: " + key)
                    .isEqualTo(first);
            Object read = crm.ask("kamelet:hubspot-read-action?account=hubspot&fields=lastname" + HUBSPOT, List.of(key))
                    .getMessage()
                    .getBody();
            wrong.assertThat(
                            read instanceof List<?> records && records.size() == 1
                                    ? ((CrmRecord) records.get(0)).crmId()
                                    : null)
                    .as("read: " + key)
                    .isEqualTo(together.get(i).crmId());
        }
        String delete = "kamelet:hubspot-delete-sink?account=hubspot" + HUBSPOT;
        String kept = null;
        for (String key : keys()) {
            wrong.assertThat(crm.send(delete, List.of(delete(key))).get(0).status())
                    .as("delete: " + key)
                    .isEqualTo(Outcome.Status.DONE);
            kept = crm.control("GET", "/sandbox/records/hubspot/contacts", "");
        }
        for (Outcome outcome : together) {
            wrong.assertThat(kept).as("deleted: " + outcome.key()).doesNotContain("\"" + outcome.crmId() + "\"");
        }
        crm.send(upsert, List.of(RunningKamelets.record("holder", "email", "x@example.org")));
        Outcome taken = crm.send(upsert, List.of(RunningKamelets.record("taker", "email", "X@example.org")))
                .get(0);
        wrong.assertThat(taken.status())
                .as("an e-mail address that another has: " + taken)
                .isEqualTo(Outcome.Status.TAKEN);
        wrong.assertThat(taken.fields()).containsExactly("email");
        wrong.assertAll();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SalesforceTreeTest extends SandboxTestBase {

    @Test
    void childrenAreCreatedBelowTheirParents() {
        SalesforceClient.Reply reply = trees(
                record(
                        "Account",
                        "a",
                        "\"Name\":\"Acme\"",
                        children(
                                "Contacts",
                                record(
                                        "Contact",
                                        "c",
                                        "\"LastName\":\"Doe\"",
                                        children(
                                                "Opportunities",
                                                record(
                                                        "Opportunity",
                                                        "o",
                                                        "\"Name\":\"D\",\"StageName\":\"New\",\"CloseDate\":\"2026-12-24\"",
                                                        ""))))),
                record("Account", "b", "\"Name\":\"Other\"", ""));
        assertThat(reply.status()).isEqualTo(201);
        assertThat(reply.json().path("hasErrors").asBoolean()).isFalse();
        assertThat(reply.json().path("results").findValuesAsText("referenceId")).containsExactly("a", "c", "o", "b");
        assertThat(count("Contact WHERE Account.Name = 'Acme'")).isOne();
        assertThat(count("Opportunity WHERE Contact.LastName = 'Doe'")).isOne();
        JsonNode counted = crm.referee();
        assertThat(counted.path("byOperation").path("compositeTree").asInt()).isOne();
        assertThat(counted.path("writesByObject").path("Account").asInt()).isEqualTo(2);
    }

    @Test
    void oneBadRecordFailsAllAndIsNamed() {
        SalesforceClient.Reply reply = trees(record(
                "Account",
                "a",
                "\"Name\":\"Acme\"",
                children("Contacts", record("Contact", "c", "\"FirstName\":\"Jo\"", ""))));
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.json().path("hasErrors").asBoolean()).isTrue();
        assertThat(reply.json().path("results").findValuesAsText("referenceId")).containsExactly("c");
        assertThat(reply.json().findValuesAsText("statusCode")).containsExactly("REQUIRED_FIELD_MISSING");
        assertThat(count("Account")).isZero();
    }

    @Test
    void moreThan200RecordsOrFiveLevelsAreRefused() {
        String many = IntStream.range(0, 201)
                .mapToObj(i -> record("Account", "a" + i, "\"Name\":\"x\"", ""))
                .collect(Collectors.joining(","));
        assertThat(trees(many).errorCode()).isEqualTo("LIMIT_EXCEEDED");
        String deep = "";
        for (int level = 6; level >= 1; level--) {
            String record = record("Account", "a" + level, "\"Name\":\"x\"", deep);
            deep = level == 1 ? record : children("ChildAccounts", record);
        }
        assertThat(trees(deep).errorCode()).isEqualTo("INVALID_INPUT");
        assertThat(trees(record("Account", "a", "\"Name\":\"x\"", ""), record("Account", "a", "\"Name\":\"y\"", ""))
                        .errorCode())
                .isEqualTo("INVALID_INPUT");
        assertThat(count("Account")).isZero();
    }

    private SalesforceClient.Reply trees(String... records) {
        return crm.post(API + "/composite/tree/Account", "{\"records\":[" + String.join(",", records) + "]}");
    }

    private int count(String fromAndWhere) {
        return crm.query("SELECT COUNT() FROM " + fromAndWhere)
                .json()
                .path("totalSize")
                .asInt();
    }

    private static String record(String type, String reference, String fields, String children) {
        return "{\"attributes\":{\"type\":\"" + type + "\",\"referenceId\":\"" + reference + "\"}," + fields + children
                + "}";
    }

    private static String children(String relationship, String records) {
        return ",\"" + relationship + "\":{\"records\":[" + records + "]}";
    }
}

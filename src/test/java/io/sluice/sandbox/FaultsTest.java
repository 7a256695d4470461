// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.SalesforceClient.contact;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class FaultsTest extends SandboxTestBase {

    private static final String FAULTS = "/sandbox/faults/salesforce";

    @Test
    void aSettingThatNoFaultHasIsReportedAsIgnored() {
        assertThat(crm.post("/sandbox/faults/salesforce", "{\"kind\":\"slow\",\"delay\":2000}")
                        .json()
                        .path("ignored"))
                .singleElement()
                .isEqualTo(TextNode.valueOf("delay"));
        assertThat(crm.post("/sandbox/faults/salesforce", "{\"kind\":\"slow\",\"delayMs\":1}")
                        .json()
                        .has("ignored"))
                .isFalse();
    }

    @Test
    void anUnknownKindIsAnsweredWithTheKindsThereAre() {
        SalesforceClient.Reply reply = crm.post(FAULTS, "{\"kind\":\"flood\"}");
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.text())
                .contains(
                        "refuse",
                        "unavailable",
                        "reset",
                        "slow",
                        "rowLock",
                        "partial",
                        "expireTokens",
                        "lateCommit",
                        "hang",
                        "jobFails",
                        "answer");
    }

    @Test
    void aFaultEndsAfterItsCount() {
        crm.post(FAULTS, "{\"kind\":\"refuse\",\"count\":2}");
        assertThat(crm.get(API + "/limits").errorCode()).isEqualTo("REQUEST_LIMIT_EXCEEDED");
        assertThat(crm.get(API + "/limits").status()).isEqualTo(403);
        assertThat(crm.get(API + "/limits").status()).isEqualTo(200);
        assertThat(crm.referee().path("refused").asInt()).isEqualTo(2);
        assertThat(crm.referee().path("limits").path("daily").path("used").asInt())
                .isOne();
    }

    @Test
    void aFaultMeetsTheOperationsItNamesUntilItIsTakenAway() {
        crm.post(FAULTS, "{\"kind\":\"unavailable\",\"operation\":[\"limits\"],\"html\":true}");
        assertThat(crm.query("SELECT COUNT() FROM Contact").status()).isEqualTo(200);
        SalesforceClient.Reply down = crm.get(API + "/limits");
        assertThat(down.status()).isEqualTo(503);
        assertThat(down.text()).contains("<html>");
        assertThat(crm.get(FAULTS).json().path("faults")).hasSize(1);
        crm.delete(FAULTS);
        assertThat(crm.get(API + "/limits").status()).isEqualTo(200);
    }

    @Test
    void aLogInFailsOnlyWhenNamed() {
        crm.post(FAULTS, "{\"kind\":\"unavailable\"}");
        String login = "grant_type=client_credentials&client_id=sluice&client_secret=sluice";
        assertThat(crm.form(login).status()).isEqualTo(200);
        crm.post(FAULTS, "{\"kind\":\"unavailable\",\"operation\":\"token\"}");
        assertThat(crm.form(login).status()).isEqualTo(503);
    }

    @Test
    void aFaultEndsAfterItsSeconds() {
        crm.post(FAULTS, "{\"kind\":\"unavailable\",\"seconds\":0.4,\"status\":420}");
        assertThat(crm.get(API + "/limits").status()).isEqualTo(420);
        await().until(() -> crm.get(API + "/limits").status() == 200);
    }

    @Test
    void aResetAfterTheWriteLeavesTheClientWithoutAnAnswer() {
        crm.post(FAULTS, "{\"kind\":\"reset\",\"afterWrite\":true,\"count\":1}");
        assertThatThrownBy(() -> crm.upsertContacts(contact("C-1", "One"))).isInstanceOf(UncheckedIOException.class);
        JsonNode counted = crm.referee();
        assertThat(counted.path("recordsByObject").path("Contact").asInt()).isOne();
        assertThat(counted.path("accepted").asInt()).isOne();
        assertThat(counted.path("cut").asInt()).isOne();
    }

    @Test
    void aResetBeforeTheWriteWritesNothing() {
        // a GET would be repeated by Java's client by itself
        crm.post(FAULTS, "{\"kind\":\"reset\",\"count\":1}");
        assertThatThrownBy(() -> crm.upsertContacts(contact("C-1", "One"))).isInstanceOf(UncheckedIOException.class);
        assertThat(crm.referee().path("recordsByObject").path("Contact").asInt())
                .isZero();
    }

    @Test
    void rowsFailByKeyWhileTheOthersAreWritten() {
        crm.post(FAULTS, "{\"kind\":\"rowLock\",\"keys\":[\"C-2\"],\"count\":1}");
        crm.post(
                FAULTS,
                "{\"kind\":\"partial\",\"keys\":[\"C-3\"],\"errorCode\":\"FIELD_CUSTOM_VALIDATION_EXCEPTION\","
                        + "\"message\":\"No.\"}");
        JsonNode rows = crm.upsertContacts(contact("C-1", "a"), contact("C-2", "b"), contact("C-3", "c"))
                .json();
        assertThat(rows.findValuesAsText("success")).containsExactly("true", "false", "false");
        assertThat(rows.findValuesAsText("statusCode"))
                .containsExactly("UNABLE_TO_LOCK_ROW", "FIELD_CUSTOM_VALIDATION_EXCEPTION");
        assertThat(crm.upsertContacts(contact("C-2", "b"))
                        .json()
                        .path(0)
                        .path("success")
                        .asBoolean())
                .isTrue();
    }

    @Test
    void aWholeCallIsAnsweredAsTheFaultSaysAndDoesNothing() {
        crm.post(
                FAULTS,
                "{\"kind\":\"answer\",\"status\":403,\"errorCode\":\"API_DISABLED_FOR_ORG\","
                        + "\"message\":\"API is not enabled for this Organization or Partner\",\"count\":1}");
        SalesforceClient.Reply refused = crm.upsertContacts(contact("C-1", "One"));
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.text())
                .isEqualTo("[{\"message\":\"API is not enabled for this Organization or Partner\","
                        + "\"errorCode\":\"API_DISABLED_FOR_ORG\"}]");
        JsonNode counted = crm.referee();
        assertThat(counted.path("recordsByObject").path("Contact").asInt()).isZero();
        assertThat(counted.path("accepted").asInt()).isOne();
        assertThat(counted.path("byStatus").path("403").asInt()).isOne();
        assertThat(crm.upsertContacts(contact("C-1", "One")).status()).isEqualTo(200);
    }

    @Test
    void aWholeCallIsAnsweredByABodyThatIsNoJsonOrEmpty() {
        crm.post(FAULTS, "{\"kind\":\"answer\",\"status\":503,\"body\":\"<html>Down</html>\",\"count\":1}");
        SalesforceClient.Reply page = crm.get(API + "/limits");
        assertThat(page.status()).isEqualTo(503);
        assertThat(page.text()).isEqualTo("<html>Down</html>");
        crm.post(FAULTS, "{\"kind\":\"answer\",\"status\":420,\"body\":\"\",\"count\":1}");
        SalesforceClient.Reply empty = crm.get(API + "/limits");
        assertThat(empty.status()).isEqualTo(420);
        assertThat(empty.text()).isEmpty();
    }

    @Test
    void onlyTheCallsThatWriteARecordOfTheKeysAreAnsweredSo() {
        crm.post(FAULTS, "{\"kind\":\"answer\",\"errorCode\":\"JSON_PARSER_ERROR\",\"keys\":[\"C-2\"]}");
        assertThat(crm.upsertContacts(contact("C-1", "a"), contact("C-3", "c")).status())
                .isEqualTo(200);
        assertThat(crm.upsertContacts(contact("C-1", "a"), contact("C-2", "b")).errorCode())
                .isEqualTo("JSON_PARSER_ERROR");
        assertThat(crm.query("SELECT COUNT() FROM Contact").status()).isEqualTo(200);
    }

    @Test
    void aLogInIsRefusedInTheWordsOfTheTokenEndpoint() {
        crm.post(
                FAULTS,
                "{\"kind\":\"answer\",\"operation\":\"token\",\"errorCode\":\"invalid_grant\","
                        + "\"message\":\"authentication failure\",\"count\":1}");
        String login = "grant_type=client_credentials&client_id=sluice&client_secret=sluice";
        SalesforceClient.Reply refused = crm.form(login);
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.text())
                .isEqualTo("{\"error\":\"invalid_grant\",\"error_description\":\"authentication failure\"}");
        assertThat(crm.form(login).status()).isEqualTo(200);
    }

    @Test
    void aRowFailsWithTheFieldsAndTheDuplicatesThatTheFaultNames() {
        crm.post(
                FAULTS,
                "{\"kind\":\"partial\",\"keys\":[\"C-1\"],\"errorCode\":\"REQUIRED_FIELD_MISSING\","
                        + "\"message\":\"Required fields are missing: [Name]\",\"fields\":[\"Name\"]}");
        crm.post(FAULTS, "{\"kind\":\"partial\",\"keys\":[\"C-2\"],\"errorCode\":\"DUPLICATES_DETECTED\"}");
        JsonNode rows = crm.upsertContacts(contact("C-1", "a"), contact("C-2", "b"), contact("C-3", "c"))
                .json();
        assertThat(rows.path(0).path("errors").path(0).path("fields").path(0).asText())
                .isEqualTo("Name");
        JsonNode duplicate = rows.path(1).path("errors").path(0);
        assertThat(duplicate.path("message").asText()).isEqualTo("Use one of these records?");
        assertThat(duplicate
                        .path("duplicateResult")
                        .path("matchResults")
                        .path(0)
                        .path("matchRecords")
                        .path(0)
                        .path("record")
                        .path("Id")
                        .asText())
                .startsWith("003");
        assertThat(rows.path(2).path("success").asBoolean()).isTrue();
        SalesforceClient.Reply alone = crm.patch(API + "/sobjects/Contact/Customer_No__c/C-2", "{\"LastName\":\"b\"}");
        assertThat(alone.status()).isEqualTo(400);
        assertThat(alone.json()
                        .path(0)
                        .path("duplicateResult")
                        .path("duplicateRule")
                        .asText())
                .isEqualTo("Standard_Contact_Duplicate_Rule");
    }

    @Test
    void aRowIsLockedByItsIdEvenForAnUpsertByItsKey() {
        String id = crm.upsertContacts(contact("C-1", "a"))
                .json()
                .path(0)
                .path("id")
                .asText();
        crm.post(FAULTS, "{\"kind\":\"rowLock\",\"keys\":[\"" + id + "\"]}");
        JsonNode rows =
                crm.upsertContacts(contact("C-1", "b"), contact("C-2", "c")).json();
        assertThat(rows.findValuesAsText("statusCode")).containsExactly("UNABLE_TO_LOCK_ROW");
        assertThat(rows.path(0).path("errors").path(0).path("message").asText()).contains(id);
    }

    @Test
    void aShareOfTheRowsIsLocked() {
        crm.post(FAULTS, "{\"kind\":\"rowLock\",\"probability\":0.5}");
        String[] rows = new String[200];
        Arrays.setAll(rows, i -> contact("C-" + i, "x"));
        assertThat(crm.upsertContacts(rows).json().findValuesAsText("statusCode"))
                .hasSizeBetween(40, 160);
    }

    @Test
    void theHelpShowsEveryKind() {
        String kinds = crm.post(FAULTS, "{\"kind\":\"flood\"}")
                .json()
                .path("error")
                .asText()
                .replaceAll(".*Kinds: |\\.$", "");
        String help = crm.get("/sandbox").text();
        assertThat(kinds.split(", ")).hasSizeGreaterThan(8).allSatisfy(kind -> assertThat(help)
                .containsPattern("(?m)^  " + kind + " +\\S"));
    }

    @Test
    void tokensExpireAllAtOnce() {
        crm.post(FAULTS, "{\"kind\":\"expireTokens\"}");
        SalesforceClient.Reply reply = crm.get(API + "/limits");
        assertThat(reply.status()).isEqualTo(401);
        assertThat(crm.login().get(API + "/limits").status()).isEqualTo(200);
        JsonNode counted = crm.referee();
        assertThat(counted.path("unauthorized").asInt()).isOne();
        assertThat(counted.path("accepted").asInt()).isEqualTo(2);
    }

    @Test
    void aSlowAnswerComesLateThoughTheWriteIsDone() {
        crm.post(FAULTS, "{\"kind\":\"slow\",\"delayMs\":1500,\"operation\":\"collectionsUpsert\",\"count\":1}");
        CompletableFuture<HttpResponse<String>> slow = crm.later(
                "PATCH",
                API + "/composite/sobjects/Contact/Customer_No__c",
                SalesforceClient.records("Contact", false, contact("C-1", "One")));
        await().until(() ->
                crm.referee().path("recordsByObject").path("Contact").asInt() == 1);
        assertThat(slow).isNotDone();
        assertThat(slow).succeedsWithin(Duration.ofSeconds(5));
    }

    @Test
    void aHangingRequestIsOverWhenItsClientGivesUp() {
        crm.upsertContacts(contact("C-1", "One"));
        crm.post(FAULTS, "{\"kind\":\"hang\",\"count\":1,\"afterWrite\":true}");
        CompletableFuture<HttpResponse<String>> hanging =
                crm.later("PATCH", API + "/sobjects/Contact/Customer_No__c/C-1", "{\"Tier__c\":\"x\"}");
        crm.put("/sandbox/limits/salesforce", "{\"concurrent\":{\"max\":25,\"thresholdSeconds\":0}}");
        await().until(() ->
                crm.referee().path("limits").path("concurrent").path("used").asInt() == 1);
        hanging.cancel(true);
        await().until(() ->
                crm.referee().path("limits").path("concurrent").path("used").asInt() == 0);
        assertThat(crm.get("/sandbox/records/salesforce/Contact/C-1")
                        .json()
                        .path("Tier__c")
                        .asText())
                .isEqualTo("x");
    }

    @Test
    void aLateCommitIsStampedBeforeItCanBeSeen() {
        crm.upsertContacts(contact("C-1", "One"));
        crm.post(FAULTS, "{\"kind\":\"lateCommit\",\"seconds\":2,\"count\":1,\"operation\":\"edit\"}");
        JsonNode edit = crm.post("/sandbox/records/salesforce/Contact/C-1", "{\"Tier__c\":\"gold\"}")
                .json();
        assertThat(edit.path("visibleInMs").asInt()).isEqualTo(2000);
        assertThat(tier()).isNull();
        assertThat(crm.upsertContacts(contact("C-1", "x")).text()).contains("UNABLE_TO_LOCK_ROW");
        Instant covered = covered();
        await().until(() -> "gold".equals(tier()));
        String stamp = crm.get(API + "/sobjects/Contact/Customer_No__c/C-1")
                .json()
                .path("SystemModstamp")
                .asText();
        assertThat(Instant.parse(stamp.replace("+0000", "Z"))).isEqualTo(covered);
        await().until(() -> covered().isAfter(covered));
    }

    @Test
    void anApiCallWithALateCommitIsAnsweredOnceItCanBeSeen() {
        crm.post(FAULTS, "{\"kind\":\"lateCommit\",\"seconds\":1,\"count\":1}");
        CompletableFuture<HttpResponse<String>> late = crm.later(
                "PATCH",
                API + "/composite/sobjects/Contact/Customer_No__c",
                SalesforceClient.records("Contact", false, contact("C-1", "One")));
        await().until(() -> crm.referee().path("accepted").asInt() == 1);
        assertThat(crm.referee().path("recordsByObject").path("Contact").asInt())
                .isZero();
        assertThat(late.join().statusCode()).isEqualTo(200);
        assertThat(crm.referee().path("recordsByObject").path("Contact").asInt())
                .isOne();
    }

    private String tier() {
        return crm.get(API + "/sobjects/Contact/Customer_No__c/C-1")
                .json()
                .path("Tier__c")
                .asText(null);
    }

    private Instant covered() {
        Instant now = Instant.now().truncatedTo(ChronoUnit.MINUTES);
        return Instant.parse(crm.get(API + "/sobjects/Contact/updated?start=" + now.minusSeconds(600) + "&end="
                        + now.plusSeconds(600))
                .json()
                .path("latestDateCovered")
                .asText()
                .replace("+0000", "Z"));
    }
}

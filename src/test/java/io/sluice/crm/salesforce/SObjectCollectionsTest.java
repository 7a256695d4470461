// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.RecordChange;
import io.sluice.store.Json;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SObjectCollectionsTest {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    // --- requests

    @Test
    void anUpsertNamesTypeAndKeyAndIsNotAllOrNone() throws IOException {
        JsonNode request = request(upsert("C-1", Map.of("LastName", "One")));

        assertThat(request.path("allOrNone").isBoolean()).isTrue();
        assertThat(request.path("allOrNone").asBoolean()).isFalse();
        assertThat(request.path("records"))
                .containsExactly(MAPPER.readTree(
                        "{\"attributes\":{\"type\":\"Contact\"},\"LastName\":\"One\",\"Customer_No__c\":\"C-1\"}"));
    }

    @Test
    void nullClearsAFieldAndAnAbsentOneIsKept() throws IOException {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("Phone", null);

        JsonNode record = request(upsert("C-1", fields)).path("records").path(0);

        assertThat(record.has("Phone")).isTrue();
        assertThat(record.path("Phone").isNull()).isTrue();
        assertThat(record.has("Email")).isFalse();
    }

    @Test
    void aParentIsReferencedByItsExternalId() throws IOException {
        JsonNode record = request(upsert("C-1", Map.of("Parent__r.Key__c", "P-7")))
                .path("records")
                .path(0);

        assertThat(record.path("Parent__r")).isEqualTo(MAPPER.readTree("{\"Key__c\":\"P-7\"}"));
        assertThat(record.has("Parent__r.Key__c")).isFalse();
    }

    @Test
    void aNullParentRemovesTheReference() throws IOException {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("Parent__r.Key__c", null);

        JsonNode record = request(upsert("C-1", fields)).path("records").path(0);

        assertThat(record.has("Parent__r")).isTrue();
        assertThat(record.path("Parent__r").isNull()).isTrue();
    }

    @Test
    void theKeyIsTheExternalIdWhateverTheFieldsSay() throws IOException {
        assertThat(request(upsert("C-1", Map.of("Customer_No__c", "C-2")))
                        .path("records")
                        .path(0)
                        .path("Customer_No__c")
                        .asText())
                .isEqualTo("C-1");
    }

    @Test
    void numbersStayExact() {
        assertThat(body(
                        List.of(upsert("C-1", Map.of("Amount", new BigDecimal("1234567890.10")))),
                        "Opportunity",
                        "Deal_No__c"))
                .contains("\"Amount\":1234567890.10");
    }

    @Test
    void recordsKeepTheOrderOfTheList() throws IOException {
        List<RecordChange> changes = changes(200);

        JsonNode records =
                MAPPER.readTree(body(changes, "Contact", "Customer_No__c")).path("records");

        assertThat(records.findValuesAsText("Customer_No__c"))
                .containsExactlyElementsOf(
                        changes.stream().map(RecordChange::key).toList());
    }

    @Test
    void tooManyRecordsAreRejectedWithTheNumbers() {
        assertThatThrownBy(() -> body(changes(201), "Contact", "Customer_No__c"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("200")
                .hasMessageContaining("201");
        assertThatThrownBy(() -> SObjectCollections.delete(changes(201)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("201");
    }

    @Test
    void aDuplicateKeyIsRejectedByName() {
        List<RecordChange> twice = List.of(upsert("C-1", Map.of()), upsert("C-2", Map.of()), upsert("C-1", Map.of()));

        assertThatThrownBy(() -> body(twice, "Contact", "Customer_No__c"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Key 'C-1' is twice in one call; merge the two");
    }

    @Test
    void aDeleteListsTheIds() {
        assertThat(SObjectCollections.delete(List.of(delete("A", "003A"), delete("B", "003B"))))
                .isEqualTo("allOrNone=false&ids=003A,003B");
    }

    @Test
    void aKeyCanNotBreakOutOfTheQuery() {
        assertThat(SObjectCollections.idQuery(List.of(delete("O'Hara", null), delete("a\\", null)), "Contact", "No__c"))
                .isEqualTo("SELECT Id, No__c FROM Contact WHERE No__c IN ('O\\'Hara','a\\\\')");
    }

    // --- answers

    @Test
    void eachResultBelongsToTheRecordAtItsIndex() {
        List<Outcome> outcomes = SObjectCollections.outcomes(
                List.of(upsert("A-1", Map.of()), upsert("A-2", Map.of())),
                new SalesforceAnswer(
                        200,
                        """
                [{"id":"001XX0000000001AAA","success":true,"errors":[],"created":true},
                 {"success":false,"errors":[{"statusCode":"REQUIRED_FIELD_MISSING",
                   "message":"Required fields are missing: [Name]","fields":["Name"]}]}]"""));

        assertThat(outcomes)
                .containsExactly(
                        Outcome.done("A-1", "001XX0000000001AAA"),
                        Outcome.rejected("A-2", "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]")
                                .withFields(List.of("Name")));
    }

    @Test
    void aLockedRowIsRetriedWhileTheOthersAreDone() {
        List<Outcome> outcomes = SObjectCollections.outcomes(
                List.of(upsert("A-1", Map.of()), upsert("A-2", Map.of())),
                new SalesforceAnswer(
                        200,
                        """
                [{"success":false,"errors":[{"statusCode":"UNABLE_TO_LOCK_ROW","message":"locked","fields":[]}]},
                 {"id":"001B","success":true,"errors":[],"created":false}]"""));

        assertThat(outcomes)
                .containsExactly(Outcome.retry("A-1", "UNABLE_TO_LOCK_ROW", "locked"), Outcome.done("A-2", "001B"));
    }

    @Test
    void aFailureWithoutACodeIsRetried() {
        assertThat(SObjectCollections.outcomes(
                        List.of(upsert("A", Map.of())),
                        new SalesforceAnswer(200, "[{\"success\":false,\"errors\":[]}]")))
                .extracting(Outcome::status)
                .containsExactly(Outcome.Status.RETRY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY"})
    void aRecordWithoutItsIdIsGone(String code) {
        SalesforceAnswer answer = new SalesforceAnswer(
                200,
                "[{\"success\":false,\"errors\":[{\"statusCode\":\"" + code
                        + "\",\"message\":\"gone\",\"fields\":[]}]}]");

        assertThat(SObjectCollections.outcomes(List.of(delete("A", "003A")), answer))
                .containsExactly(Outcome.gone("A", code, "gone"));
        assertThat(SObjectCollections.outcomes(
                        List.of(new RecordChange("A", Operation.UPSERT, "003A", Map.of())), answer))
                .containsExactly(Outcome.gone("A", code, "gone"));
        assertThat(SObjectCollections.outcomes(List.of(upsert("A", Map.of())), answer))
                .as("a record identified by key is not gone")
                .containsExactly(Outcome.rejected("A", code, "gone"));
        SalesforceAnswer ofLookup =
                new SalesforceAnswer(200, answer.body().replace("\"fields\":[]", "\"fields\":[\"AccountId\"]"));
        assertThat(SObjectCollections.outcomes(List.of(delete("A", "003A")), ofLookup))
                .as("the error concerns a field's value")
                .containsExactly(Outcome.rejected("A", code, "gone").withFields(List.of("AccountId")));
    }

    @Test
    void aKnownRecordIsWrittenByIdAndGoneIfAnotherIsCreated() {
        RecordChange known =
                new RecordChange("A", Operation.UPSERT, "003000000000001AAA", Map.of("Phone", "1", "Ext__c", "A"));
        assertThat(Json.text(SObjectCollections.updateBody(List.of(known), "Contact", "Ext__c")))
                .contains("\"Id\":\"003000000000001AAA\"", "\"Phone\":\"1\"")
                .doesNotContain("Ext__c");
        assertThat(SObjectCollections.outcomes(
                        List.of(known),
                        new SalesforceAnswer(200, "[{\"success\":true,\"id\":\"003000000000001\",\"errors\":[]}]")))
                .containsExactly(Outcome.done("A", "003000000000001"));
        for (String other :
                List.of("\"id\":\"003000000000002AAA\"", "\"created\":true,\"id\":\"003000000000001AAA\"")) {
            assertThat(SObjectCollections.outcomes(
                            List.of(known),
                            new SalesforceAnswer(200, "[{\"success\":true," + other + ",\"errors\":[]}]")))
                    .as(other)
                    .extracting(Outcome::status)
                    .containsExactly(Outcome.Status.GONE);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<html><body>Scheduled maintenance</body></html>",
                "",
                "{}",
                "[]",
                "[{\"success\":true,\"id\":\"1\"},{\"success\":true,\"id\":\"2\"},{\"success\":true,\"id\":\"3\"}]",
                "[{\"success\":true,\"id\":\"1\"}"
            })
    void anAnswerWithoutAResultForEachRecordSettlesNone(String body) {
        assertThat(SObjectCollections.outcomes(
                        List.of(upsert("A", Map.of()), upsert("B", Map.of())), new SalesforceAnswer(200, body)))
                .extracting(Outcome::key, Outcome::status, Outcome::code)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("A", Outcome.Status.RETRY, "NO_RESULT"),
                        org.assertj.core.groups.Tuple.tuple("B", Outcome.Status.RETRY, "NO_RESULT"));
    }

    @Test
    void aMaintenancePageIsTheOutcomeOfEveryRecord() {
        assertThat(SObjectCollections.outcomes(
                        List.of(upsert("A", Map.of()), upsert("B", Map.of())),
                        new SalesforceAnswer(503, "<html>Down</html>")))
                .containsExactly(
                        Outcome.uncertain("A", Outcome.Uncertainty.UNPROVEN, "HTTP_503", "Down"),
                        Outcome.uncertain("B", Outcome.Uncertainty.UNPROVEN, "HTTP_503", "Down"));
    }

    @Test
    void aMissingAnswerIsTheOutcomeOfEveryRecord() {
        assertThat(SObjectCollections.outcomes(
                        List.of(upsert("A", Map.of())), new SalesforceAnswer(0, "Connection reset")))
                .containsExactly(
                        Outcome.uncertain("A", Outcome.Uncertainty.UNANSWERED, "NO_ANSWER", "Connection reset"));
    }

    @Property
    void thereIsOneOutcomeForEachRecordInTheOrderOfTheList(@ForAll @Size(max = 200) List<Boolean> successes) {
        List<RecordChange> changes = changes(successes.size());
        AtomicInteger id = new AtomicInteger();
        String body = successes.stream()
                .map(success -> success
                        ? "{\"success\":true,\"id\":\"" + id.incrementAndGet() + "\"}"
                        : "{\"success\":false,\"errors\":[{\"statusCode\":\"DUPLICATE_VALUE\",\"message\":\"\"}]}")
                .toList()
                .toString();

        List<Outcome> outcomes = SObjectCollections.outcomes(changes, new SalesforceAnswer(200, body));

        assertThat(outcomes)
                .extracting(Outcome::key)
                .containsExactlyElementsOf(
                        changes.stream().map(RecordChange::key).toList());
        assertThat(outcomes)
                .extracting(outcome -> outcome.status() == Outcome.Status.DONE)
                .containsExactlyElementsOf(successes);
    }

    private static JsonNode request(RecordChange recordChange) throws IOException {
        return MAPPER.readTree(body(List.of(recordChange), "Contact", "Customer_No__c"));
    }

    private static List<RecordChange> changes(int count) {
        return IntStream.range(0, count)
                .mapToObj(it -> upsert("C-" + (count - it), Map.of()))
                .toList();
    }

    private static RecordChange upsert(String key, Map<String, Object> fields) {
        return new RecordChange(key, Operation.UPSERT, null, fields);
    }

    private static RecordChange delete(String key, String crmId) {
        return new RecordChange(key, Operation.DELETE, crmId, Map.of());
    }

    private static String body(List<RecordChange> changes, String object, String externalId) {
        return Json.text(SObjectCollections.upsertBody(changes, object, externalId));
    }
}

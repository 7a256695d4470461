// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.RecordChange;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BatchRequestsTest {

    private static RecordChange change(String key, Object... fields) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < fields.length; i += 2) {
            map.put((String) fields[i], fields[i + 1]);
        }
        return new RecordChange(key, Operation.UPSERT, null, map);
    }

    private static final List<RecordChange> TWO =
            List.of(change("C-1", "email", "a@example.org"), change("C-2", "email", "b"));

    private static List<String> outcomes(int status, String body) {
        return BatchRequests.outcomes(TWO, "customer_no", new HubspotAnswer(status, body)).stream()
                .map(it -> it.key() + " " + it.status() + " " + it.crmId() + " " + it.code())
                .toList();
    }

    @Test
    void everyValueIsTextAndNullClearsAProperty() throws Exception {
        JsonNode input = new ObjectMapper()
                .readTree(BatchRequests.upsert(
                        List.of(change(
                                "C-1",
                                "phone",
                                null,
                                "vip",
                                true,
                                "amount",
                                new BigDecimal("1.25E+3"),
                                "born",
                                "2001-02-03")),
                        "customer_no"))
                .path("inputs")
                .path(0);
        assertThat(input.path("id").asText())
                .isEqualTo("C-1")
                .isEqualTo(input.path("objectWriteTraceId").asText());
        assertThat(input.path("idProperty").asText()).isEqualTo("customer_no");
        assertThat(input.path("properties").toString())
                .isEqualTo("{\"phone\":\"\",\"vip\":\"true\",\"amount\":\"1250\","
                        + "\"born\":\"2001-02-03\",\"customer_no\":\"C-1\"}");
    }

    @Test
    void aBatchTakesAHundredAndEachKeyOnce() {
        List<RecordChange> many = new ArrayList<>();
        for (int i = 0; i <= 100; i++) {
            many.add(change("C-" + i));
        }
        assertThatThrownBy(() -> BatchRequests.upsert(many, "no"))
                .hasMessageContaining("100 records at most, but the list has 101");
        assertThatThrownBy(() -> BatchRequests.upsert(List.of(change("A"), change("A")), "no"))
                .hasMessageContaining("'A' is twice");
    }

    @Test
    void resultsInAnyOrderAreAssignedToTheirRecords() {
        assertThat(outcomes(
                        200,
                        "{\"results\":[{\"id\":\"102\",\"objectWriteTraceId\":\"C-2\"},"
                                + "{\"id\":\"101\",\"properties\":{\"customer_no\":\"C-1\"}}]}"))
                .containsExactly("C-1 done 101 null", "C-2 done 102 null");
    }

    @Test
    void aPartialAnswerGivesEachRecordItsOutcome() {
        List<Outcome> outcomes = BatchRequests.outcomes(
                TWO,
                "customer_no",
                new HubspotAnswer(
                        207,
                        """
                {"results": [{"id": "101", "objectWriteTraceId": "C-1"}], "numErrors": 1, "errors": [{"status": "error",
                 "category": "VALIDATION_ERROR", "message": "Property values were not valid",
                 "context": {"objectWriteTraceId": ["C-2"]},
                 "errors": [{"code": "INVALID_EMAIL", "context": {"propertyName": ["email"]}}]}]}"""));
        assertThat(outcomes).extracting(Outcome::status).containsExactly(Outcome.Status.DONE, Outcome.Status.REJECTED);
        assertThat(outcomes.get(1))
                .isEqualTo(Outcome.rejected("C-2", "INVALID_EMAIL", "invalid property values (email: INVALID_EMAIL)")
                        .withFields(List.of("email")));
    }

    @Test
    void aRejectedRecordNamesCodeAndPropertyAndNeverTheValue() {
        String listed = "[{\\\"isValid\\\":false,\\\"message\\\":\\\"secret was not a valid number.\\\","
                + "\\\"error\\\":\\\"INVALID_NUMBER\\\",\\\"name\\\":\\\"amount\\\"}]";
        for (String body : List.of(
                "{\"status\":\"error\",\"category\":\"VALIDATION_ERROR\","
                        + "\"message\":\"Property values were not valid: " + listed + "\"}",
                """
                {"status": "error", "category": "VALIDATION_ERROR", "message": "secret", "errors": [{"message": "secret was not valid",
                 "code": "INVALID_NUMBER", "context": {"propertyName": ["amount"]}}]}""")) {
            Outcome outcome = BatchRequests.outcomes(TWO.subList(0, 1), "customer_no", new HubspotAnswer(400, body))
                    .get(0);
            assertThat(outcome)
                    .as(body)
                    .isEqualTo(Outcome.rejected(
                                    "C-1", "INVALID_NUMBER", "invalid property values (amount: INVALID_NUMBER)")
                            .withFields(List.of("amount")));
        }
    }

    @Test
    void aRejectedBatchRejectsNoSingleRecord() {
        String body = "{\"status\":\"error\",\"category\":\"VALIDATION_ERROR\",\"message\":\"Duplicate IDs\"}";
        assertThat(outcomes(400, body)).allMatch(it -> it.contains("retry"));
        assertThat(BatchRequests.outcomes(TWO.subList(0, 1), "customer_no", new HubspotAnswer(400, body))
                        .get(0)
                        .status())
                .isEqualTo(Outcome.Status.REJECTED);
    }

    @ParameterizedTest
    @CsvSource({"0, cut", "200, <html>", "423, x", "429, x", "500, x", "502, <html>", "401, x", "403, x", "477, x"})
    void transientErrorsAreRetriedWhateverTheAnswer(int status, String body) {
        assertThat(outcomes(status, body)).hasSize(2).allMatch(it -> it.contains("retry"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"id\":\"101\",\"new\":false | DONE",
                "\"id\":\"101\" | DONE",
                "\"id\":\"101\",\"new\":true | GONE",
                "\"id\":\"109\",\"new\":false | GONE"
            })
    void aKnownRecordIsGoneIfAnotherIsCreatedOrWritten(String result, Outcome.Status status) {
        RecordChange known = new RecordChange("C-1", Operation.UPSERT, "101", Map.of("phone", "1"));
        RecordChange unknown = new RecordChange("C-1", Operation.UPSERT, null, Map.of("phone", "1"));
        HubspotAnswer answer =
                new HubspotAnswer(200, "{\"results\":[{" + result + ",\"objectWriteTraceId\":\"C-1\"}]}");

        assertThat(BatchRequests.outcomes(List.of(known), "no", answer))
                .extracting(Outcome::status)
                .containsExactly(status);
        assertThat(BatchRequests.outcomes(List.of(unknown), "no", answer))
                .as("a record that Sluice does not know yet")
                .extracting(Outcome::status)
                .containsExactly(Outcome.Status.DONE);
    }

    @Test
    void deletesAreDoneWhenTheBatchIs() {
        assertThat(BatchRequests.outcomes(
                        List.of(new RecordChange("C-1", Operation.DELETE, "101", Map.of())),
                        "no",
                        new HubspotAnswer(204, "")))
                .containsExactly(Outcome.done("C-1", null));
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.Outcome;
import io.sluice.crm.ErrorScope;
import io.sluice.quota.ThrottleSignal;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SalesforceErrorsTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "UNABLE_TO_LOCK_ROW",
                "REQUEST_LIMIT_EXCEEDED",
                "SERVER_UNAVAILABLE",
                "UNKNOWN_EXCEPTION",
                "INTERNAL_SERVER_ERROR",
                "INVALID_SESSION_ID",
                "ALL_OR_NONE_OPERATION_ROLLED_BACK",
                "QUERY_TIMEOUT"
            })
    void transientErrorsAreRetried(String code) {
        assertThat(SalesforceErrors.outcome("A", code, "words")).isEqualTo(Outcome.retry("A", code, "words"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "REQUIRED_FIELD_MISSING",
                "INVALID_EMAIL_ADDRESS",
                "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                "STRING_TOO_LONG",
                "MALFORMED_ID",
                "CANNOT_UPDATE_CONVERTED_LEAD",
                "INVALID_FIELD",
                "A_CODE_OF_NEXT_YEAR"
            })
    void permanentErrorsAreRejectedWithSalesforcesMessage(String code) {
        assertThat(SalesforceErrors.outcome("A", code, "words")).isEqualTo(Outcome.rejected("A", code, "words"));
    }

    /**
     * Shows that a taken unique value is retried, since the record that has it may release it; if it stays taken, the
     * change becomes a dead letter later.
     */
    @ParameterizedTest
    @ValueSource(strings = {"DUPLICATES_DETECTED", "DUPLICATE_VALUE"})
    void aUniqueValueThatAnotherRecordHasIsTaken(String code) {
        assertThat(SalesforceErrors.outcome("A", code, "words"))
                .isEqualTo(Outcome.taken("A", code, "words", List.of()));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 401, 403, 406, 408, 420, 429, 500, 502, 503})
    void aFailedCallIsRetried(int status) {
        assertThat(SalesforceErrors.ofCall("A", new SalesforceAnswer(status, "<html>no</html>"), 1)
                        .status())
                .isEqualTo(Outcome.Status.RETRY);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 404, 405, 414, 415, 431})
    void aWrongRequestIsRejected(int status) {
        assertThat(SalesforceErrors.ofCall(
                        "A",
                        new SalesforceAnswer(
                                status, "[{\"errorCode\":\"INVALID_TYPE\",\"message\":\"no such object\"}]"),
                        1))
                .isEqualTo(Outcome.rejected("A", "INVALID_TYPE", "no such object"));
    }

    @Test
    void aLockedRowIsRetriedAlthoughTheStatusIs400() {
        assertThat(SalesforceErrors.ofCall(
                                "A",
                                new SalesforceAnswer(
                                        400,
                                        "[{\"errorCode\":\"UNABLE_TO_LOCK_ROW\",\"message\":"
                                                + "\"unable to obtain exclusive access to this record or 1 records: 001A\"}]"),
                                1)
                        .status())
                .isEqualTo(Outcome.Status.RETRY);
    }

    @Test
    void aUsedUpLimitIsNoFailureOfTheRecord() {
        assertThat(SalesforceErrors.ofCall(
                        "A",
                        new SalesforceAnswer(
                                403,
                                "[{\"errorCode\":\"REQUEST_LIMIT_EXCEEDED\",\"message\":"
                                        + "\"TotalRequests Limit exceeded.\"}]"),
                        1))
                .isEqualTo(Outcome.retry("A", "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."));
    }

    @Test
    void recordsOfARejectedBatchAreRetriedBecauseOneMayBeTheCause() {
        SalesforceAnswer refused =
                new SalesforceAnswer(400, "[{\"errorCode\":\"JSON_PARSER_ERROR\",\"message\":\"Cannot deserialize\"}]");
        assertThat(SalesforceErrors.ofCall("1", refused, 200).status()).isEqualTo(Outcome.Status.RETRY);
        assertThat(SalesforceErrors.ofCall("1", refused, 1).status()).isEqualTo(Outcome.Status.REJECTED);
    }

    @Test
    void anOutcomeHasTheFieldsThatSalesforceNames() throws Exception {
        assertThat(
                        SalesforceErrors.outcome(
                                "A",
                                JSON.readTree(
                                        """
                [{"statusCode":"REQUIRED_FIELD_MISSING","message":"Required fields are missing: [Name]","fields":["Name"]},
                 {"statusCode":"STRING_TOO_LONG","message":"Phone: too long","fields":["Phone","Name"]}]""")))
                .isEqualTo(Outcome.rejected(
                                "A", "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]; Phone: too long")
                        .withFields(List.of("Name", "Phone")));
    }

    @ParameterizedTest
    @CsvSource({
        "300,,RECORD",
        "400,JSON_PARSER_ERROR,RECORD",
        "400,MALFORMED_ID,RECORD",
        "400,UNABLE_TO_LOCK_ROW,TRANSIENT",
        "400,QUERY_TIMEOUT,TRANSIENT",
        "400,INVALID_TYPE,OBJECT",
        "400,INVALID_FIELD,OBJECT",
        "401,INVALID_SESSION_ID,TRANSIENT",
        "403,INSUFFICIENT_ACCESS,OBJECT",
        "403,INSUFFICIENT_ACCESS_OR_READONLY,OBJECT",
        "403,SOMETHING_NEW,TRANSIENT",
        "404,NOT_FOUND,OBJECT",
        "404,ENTITY_IS_DELETED,RECORD",
        "405,METHOD_NOT_ALLOWED,OBJECT",
        "415,UNSUPPORTED_MEDIA_TYPE,OBJECT",
        "406,,TRANSIENT",
        "420,,TRANSIENT",
        "414,,RECORD",
        "431,,RECORD",
        "500,UNKNOWN_EXCEPTION,TRANSIENT",
        "503,SERVER_UNAVAILABLE,TRANSIENT",
        "0,,TRANSIENT"
    })
    void anAnswerWithoutResultsHasAScope(int status, String code, ErrorScope errorScope) {
        assertThat(SalesforceErrors.scope(new SalesforceAnswer(
                        status, code == null ? "" : "[{\"errorCode\":\"" + code + "\",\"message\":\"words\"}]")))
                .isEqualTo(errorScope);
    }

    @Test
    void anAnswerWithResultsHasNoError() {
        assertThat(SalesforceErrors.scope(new SalesforceAnswer(200, "[]"))).isEqualTo(ErrorScope.NONE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED"})
    void aClosedOrganisationRejectsEveryCall(String code) {
        assertThat(SalesforceErrors.throttleSignal(
                        new SalesforceAnswer(403, "[{\"errorCode\":\"" + code + "\",\"message\":\"no\"}]")))
                .satisfies(signal -> {
                    assertThat(signal.kind()).isEqualTo(ThrottleSignal.ACCESS);
                    assertThat(signal.isLimit()).isFalse();
                });
    }

    @ParameterizedTest
    @CsvSource({
        "403,REQUEST_LIMIT_EXCEEDED,TotalRequests Limit exceeded.,daily",
        "403,REQUEST_LIMIT_EXCEEDED,ConcurrentRequests (Concurrent API Requests) Limit exceeded.,concurrent",
        "400,LIMIT_EXCEEDED,Max bulk batches,bulk",
        "429,,slow down,short"
    })
    void theLimitThatIsUsedUpIsRecognised(int status, String code, String message, String kind) {
        assertThat(SalesforceErrors.throttleSignal(new SalesforceAnswer(
                        status,
                        "[{\"errorCode\":\"" + (code == null ? "" : code) + "\",\"message\":\"" + message + "\"}]")))
                .satisfies(signal -> {
                    assertThat(signal.kind()).isEqualTo(kind);
                    assertThat(signal.isLimit()).isTrue();
                });
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 403, 404, 500, 503})
    void otherErrorsAreNotThrottling(int status) {
        assertThat(SalesforceErrors.throttleSignal(
                        new SalesforceAnswer(status, "[{\"errorCode\":\"INSUFFICIENT_ACCESS\",\"message\":\"no\"}]")))
                .isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "This session is not valid for use with the REST API,true",
        "Connected app is not attached to Agent,true",
        "Session expired or invalid,false"
    })
    void some401sWouldComeBackAfterAnotherLogin(String message, boolean past) {
        assertThat(SalesforceErrors.isIndependentOfLogin(new SalesforceAnswer(
                        401, "[{\"errorCode\":\"INVALID_SESSION_ID\",\"message\":\"" + message + "\"}]")))
                .isEqualTo(past);
        assertThat(SalesforceErrors.isIndependentOfLogin(new SalesforceAnswer(401, message)))
                .as("no JSON")
                .isEqualTo(past);
    }

    @Test
    void aKeyOfSeveralRecordsIsRejectedWithTheirIds() {
        SalesforceAnswer several = new SalesforceAnswer(
                300,
                "[\"/services/data/v62.0/sobjects/Contact/003XX0000000001AAA\","
                        + "\"/services/data/v62.0/sobjects/Contact/003XX0000000002AAA\"]");
        assertThat(SalesforceErrors.ofCall("A", several, 1))
                .isEqualTo(Outcome.rejected(
                        "A",
                        "DUPLICATE_EXTERNAL_ID",
                        "the external id identifies several records: 003XX0000000001AAA, 003XX0000000002AAA"));
        assertThat(SalesforceErrors.ofCall("A", several, 2).status()).isEqualTo(Outcome.Status.RETRY);
        assertThat(SalesforceErrors.ofCall("A", new SalesforceAnswer(300, ""), 1)
                        .message())
                .contains("several records: empty answer");
    }

    @Test
    void aDuplicateNamesTheMatchingRecordsAndFields() {
        SalesforceAnswer refused = new SalesforceAnswer(
                400,
                """
                [{"errorCode":"DUPLICATES_DETECTED","message":"Use one of these records?","duplicateResult":{
                  "duplicateRule":"One_Contact","matchResults":[{"matchRecords":[
                    {"fieldDiffs":[{"name":"Email","difference":"SAME"},{"name":"Phone","difference":"DIFFERENT"}],
                     "record":{"attributes":{"type":"Contact"},"Id":"003XX0000000001AAA"}}]}]}}]""");
        assertThat(SalesforceErrors.ofCall("A", refused, 1))
                .isEqualTo(Outcome.taken(
                        "A",
                        "DUPLICATES_DETECTED",
                        "Use one of these records? (One_Contact found 003XX0000000001AAA)",
                        List.of("Email")));
    }

    @Test
    void errorsWithoutFieldsAreRejectedToo() {
        assertThat(SalesforceErrors.outcome("A", JSON.createArrayNode()).code()).isEqualTo("UNKNOWN_EXCEPTION");
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class SalesforceAnswerTest {

    private static final String NOT_FOUND =
            "{\"errorCode\":\"NOT_FOUND\",\"message\":\"The requested resource does not exist\"}";

    @ParameterizedTest
    @ValueSource(strings = {"[" + NOT_FOUND + "]", NOT_FOUND, "[" + NOT_FOUND + ",{\"errorCode\":\"OTHER\"}]"})
    void anErrorIsReadFromAListAndFromASingleObject(String body) {
        SalesforceAnswer answer = new SalesforceAnswer(404, body);

        assertThat(answer.code()).isEqualTo("NOT_FOUND");
        assertThat(answer.message()).isEqualTo("The requested resource does not exist");
    }

    @Test
    void aMaintenancePageIsNoJsonAndItsTextIsTheMessage() {
        SalesforceAnswer answer = new SalesforceAnswer(503, "\n<html><head>\n<title>Down</title></head></html>");

        assertThat(answer.json()).isEmpty();
        assertThat(answer.code()).isEqualTo("HTTP_503");
        assertThat(answer.message()).isEqualTo("Down");
    }

    @Test
    void aLongLineIsCut() {
        assertThat(new SalesforceAnswer(502, "x".repeat(5000)).message())
                .hasSize(203)
                .endsWith("x...");
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "  \n "})
    void anEmptyAnswerSaysSo(String body) {
        SalesforceAnswer answer = new SalesforceAnswer(420, body);

        assertThat(answer.json()).isEmpty();
        assertThat(answer.code()).isEqualTo("HTTP_420");
        assertThat(answer.message()).isEqualTo("empty answer");
    }

    @Test
    void aListOfRecordUrlsIsNoError() {
        assertThat(new SalesforceAnswer(300, "[\"/services/data/v62.0/sobjects/Contact/003A\"]").code())
                .isEqualTo("HTTP_300");
        assertThat(new SalesforceAnswer(400, "[]").code()).isEqualTo("HTTP_400");
    }

    @Test
    void aMissingAnswerHasItsOwnCodeAndTheCause() {
        SalesforceAnswer answer = new SalesforceAnswer(0, "Connection refused");

        assertThat(answer.ok()).isFalse();
        assertThat(answer.code()).isEqualTo("NO_ANSWER");
        assertThat(answer.message()).isEqualTo("Connection refused");
    }

    @ParameterizedTest
    @CsvSource({
        "200,true,false",
        "201,true,false",
        "204,true,false",
        "299,true,false",
        "300,false,false",
        "199,false,false",
        "401,false,true",
        "403,false,false"
    })
    void only2xxIsOkAndOnly401IsAnExpiredSession(int status, boolean ok, boolean expired) {
        assertThat(new SalesforceAnswer(status, "").ok()).isEqualTo(ok);
        assertThat(new SalesforceAnswer(status, "").sessionExpired()).isEqualTo(expired);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "<html><body>Down</body></html> | Down",
                "<!DOCTYPE html><html><head><title>T</title><style>p {}</style></head><body><h1>Down</h1><p>Soon up.</p></body></html> | T Down Soon up.",
                "<html></html> | a page without text",
                "first line | first line"
            })
    void theMessageIsTheVisibleTextOfAPage(String body, String message) {
        assertThat(new SalesforceAnswer(503, body).message()).isEqualTo(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"api-usage=4143/15000", "api-usage=4143/15000; per-app-api-usage=17/250(appName=x)"})
    void theUsageIsReadFromTheHeader(String header) {
        assertThat(SalesforceAnswer.apiUsage(header))
                .hasValueSatisfying(usage -> assertThat(usage).containsExactly(4143, 15000));
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "api-usage", "api-usage=many/15000", "usage=1/2"})
    void anUnreadableHeaderGivesNoUsage(String header) {
        assertThat(SalesforceAnswer.apiUsage(header)).isEmpty();
    }

    @Test
    void anotherAppsUsageIsNotTheOrgs() {
        assertThat(SalesforceAnswer.apiUsage("per-app-api-usage=17/250(appName=x); api-usage=4143/15000"))
                .hasValueSatisfying(usage -> assertThat(usage).containsExactly(4143, 15000));
    }
}

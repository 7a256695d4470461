// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Outcome;
import io.sluice.quota.ThrottleSignal;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SoapAnswerTest {

    private static String envelope(String header, String body) {
        return "<?xml version=\"1.0\"?><soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\""
                + " xmlns=\"urn:partner.soap.sforce.com\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">"
                + "<soapenv:Header>" + header + "</soapenv:Header><soapenv:Body>" + body
                + "</soapenv:Body></soapenv:Envelope>";
    }

    private static String fault(String code, String message) {
        return envelope(
                "",
                "<soapenv:Fault><faultcode>sf:" + code + "</faultcode><faultstring>" + code + ": " + message
                        + "</faultstring></soapenv:Fault>");
    }

    @Test
    void resultsHaveIdSuccessAndErrorsInOrder() {
        SoapAnswer answer = SoapAnswer.parse(
                        envelope(
                                """
                <LimitInfoHeader><limitInfo><current>18</current><limit>15000</limit><type>API REQUESTS</type></limitInfo>
                </LimitInfoHeader>""",
                                """
                <undeleteResponse><result><id>003A</id><success>true</success></result>
                <result><errors><fields>Email</fields><fields>Phone</fields><message>no &amp; never</message>
                <statusCode>INVALID</statusCode></errors><id xsi:nil="true"/><success>false</success></result>
                </undeleteResponse>"""))
                .orElseThrow();
        assertThat(answer.apiUsage().orElseThrow()).containsExactly(18, 15_000);
        assertThat(answer.results()).extracting(SoapAnswer.Result::success).containsExactly(true, false);
        assertThat(answer.results().get(0).id()).isEqualTo("003A");
        assertThat(SalesforceErrors.outcome("k", answer.results().get(1).errors()))
                .isEqualTo(Outcome.rejected("k", "INVALID", "no & never").withFields(List.of("Email", "Phone")));
        assertThat(answer.fault()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "INVALID_SESSION_ID, 401",
        "REQUEST_LIMIT_EXCEEDED, 403",
        "SERVER_UNAVAILABLE, 500",
        "INVALID_TYPE, 400",
        "EXCEEDED_ID_LIMIT, 400"
    })
    void aFaultHasTheStatusThatRestWouldGive(String code, int status) {
        SoapAnswer answer =
                SoapAnswer.parse(fault(code, "TotalRequests Limit exceeded.")).orElseThrow();
        assertThat(answer.status(500)).isEqualTo(status);
        SalesforceAnswer whole = new SalesforceAnswer(status, fault(code, "TotalRequests Limit exceeded."));
        assertThat(whole.code()).isEqualTo(code);
        assertThat(whole.message()).isEqualTo("TotalRequests Limit exceeded.");
        ThrottleSignal throttleSignal = SalesforceErrors.throttleSignal(whole);
        assertThat(throttleSignal == null ? null : throttleSignal.kind())
                .isEqualTo(status == 403 ? ThrottleSignal.DAILY : null);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "<html><p>Down",
                "<html/>",
                "<soapenv:Envelope xmlns:soapenv=\"x\"><soapenv:Body>",
                "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><Envelope><Body><Fault><faultcode>&b;</faultcode></Fault></Body></Envelope>"
            })
    void anInvalidOrTruncatedEnvelopeIsNoAnswerAndFetchesNothing(String text) {
        assertThat(SoapAnswer.parse(text)).isEmpty();
    }
}

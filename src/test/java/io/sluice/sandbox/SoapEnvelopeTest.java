// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Envelopes as other clients, and as no honest client, write them. */
class SoapEnvelopeTest extends SandboxTestBase {

    @Test
    void anotherClientsPrefixesAreTaken() {
        SalesforceClient.Reply reply = soap(
                """
                <s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:p="urn:partner.soap.sforce.com">
                  <s:Header><p:SessionHeader><p:sessionId>%s</p:sessionId></p:SessionHeader></s:Header>
                  <s:Body><p:create><p:sObjects><x:type xmlns:x="urn:sobject.partner.soap.sforce.com">Account</x:type>
                    <y:Name xmlns:y="urn:sobject.partner.soap.sforce.com"><![CDATA[A & B]]></y:Name></p:sObjects></p:create>
                  </s:Body>
                </s:Envelope>"""
                        .formatted(session()));
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.header("Content-Type")).startsWith("text/xml");
        assertThat(reply.text()).contains("<success>true</success>", "<type>API REQUESTS</type>");
        assertThat(crm.query("SELECT Name FROM Account").text()).contains("A & B");
    }

    @Test
    void theAnswerToAnUpsertNamesEachRowInItsOrder() {
        SalesforceClient.Reply reply = operation("<upsert><externalIDFieldName>Customer_No__c</externalIDFieldName>"
                + "<sObjects><type>Contact</type><Customer_No__c>C-1</Customer_No__c></sObjects></upsert>");
        assertThat(reply.text())
                .contains("<upsertResponse><result><created>false</created><errors><fields>LastName</fields>"
                        + "<message>Required fields are missing: [LastName]</message>"
                        + "<statusCode>REQUIRED_FIELD_MISSING</statusCode></errors><id xsi:nil=\"true\"></id>"
                        + "<success>false</success></result></upsertResponse>");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<!DOCTYPE x [<!ENTITY e \"sluice\">]>",
                "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/hostname\">]>",
                "<!DOCTYPE x SYSTEM \"http://127.0.0.1:1/x.dtd\">"
            })
    void aDocumentTypeIsRefused(String documentType) {
        SalesforceClient.Reply reply = soap(documentType
                + envelope(
                        session(),
                        "<query><queryString>SELECT Id FROM Account WHERE Name = 'e'</queryString></query>"));
        assertThat(reply.status()).isEqualTo(500);
        assertThat(reply.text()).contains("<faultcode>soapenv:Client</faultcode>");
    }

    @Test
    void anEntityOfItsOwnIsRefused() {
        assertThat(operation("<query><queryString>&e;</queryString></query>").text())
                .contains("soapenv:Client");
    }

    @Test
    void aThousandLevelsAreRefused() {
        String deep = "<a>".repeat(1000) + "</a>".repeat(1000);
        assertThat(operation("<create><sObjects><type>Account</type>" + deep + "</sObjects></create>")
                        .text())
                .contains("soapenv:Client", "levels");
        assertThat(soap("<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header>" + deep
                                + "</s:Header></s:Envelope>")
                        .text())
                .contains("levels");
    }

    @Test
    void aMillionElementsAreRefused() {
        assertThat(operation("<delete>" + "<ids/>".repeat(1_000_000) + "</delete>")
                        .text())
                .contains("soapenv:Client", "elements");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{}",
                "<a/>",
                "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"/>",
                "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body><x/></s:Body></s:Envelope>",
                "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><query xmlns=\"urn:other\"/></s:Body>"
                        + "</s:Envelope>"
            })
    void whatIsNoEnvelopeIsNobodysCall(String body) {
        SalesforceClient.Reply reply = soap(body);
        assertThat(reply.status()).isEqualTo(500);
        assertThat(reply.text()).contains("<faultcode>soapenv:Client</faultcode>");
        assertThat(crm.referee().path("accepted").asInt()).isZero();
    }

    @Test
    void anEnvelopeThatBreaksOffAfterItsOperationCountsAndWritesNothing() {
        String whole = envelope(session(), "<create><sObjects><type>Account</type><Name>A</Name></sObjects></create>");
        assertThat(soap(whole.substring(0, whole.indexOf("</Name>"))).text()).contains("soapenv:Client");
        assertThat(crm.referee().path("byOperation").path("soapCreate").asInt()).isOne();
        assertThat(crm.referee().path("recordsByObject").path("Account").asInt())
                .isZero();
    }

    @Test
    void aValueOfAnotherTypeRefusesAllOfTheCall() {
        SalesforceClient.Reply reply = operation(
                "<create><sObjects><type>Account</type><Name>A</Name></sObjects><sObjects>"
                        + "<type>Account</type><Name>B</Name><NumberOfEmployees>many</NumberOfEmployees></sObjects></create>");
        assertThat(reply.text()).contains("'many' is not a valid value for the type xsd:int");
        assertThat(crm.referee().path("recordsByObject").path("Account").asInt())
                .isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "<describeLayout/>, unknown, no operation describeLayout",
        "<query/>, soapQuery, MISSING_ARGUMENT",
        "<create><sObjects><type>Nix</type></sObjects></create>, soapCreate, InvalidSObjectFault",
        "<upsert><externalIDFieldName>Title</externalIDFieldName><sObjects><type>Contact</type></sObjects></upsert>,"
                + "soapUpsert, InvalidFieldFault",
        "<retrieve><fieldList>Id</fieldList><sObjectType>Account</sObjectType><ids>x</ids></retrieve>, soapRetrieve,"
                + "InvalidIdFault"
    })
    void whatCanNotBeDoneIsAFaultAndCounts(String operation, String counted, String expected) {
        SalesforceClient.Reply reply = operation(operation);
        assertThat(reply.status()).isEqualTo(500);
        assertThat(reply.text()).contains(expected);
        JsonNode referee = crm.referee();
        assertThat(referee.path("byOperation").path(counted).asInt()).isOne();
        assertThat(referee.path("limits").path("daily").path("used").asInt()).isOne();
    }

    @Test
    void anUnknownVersionAndAnotherApiAreRefused() {
        String call = envelope(session(), "<getUserInfo/>");
        assertThat(soap("/services/Soap/u/9.0", call).text()).contains("UNSUPPORTED_API_VERSION");
        assertThat(soap("/services/Soap/c/65.0", call).status()).isEqualTo(404);
        assertThat(crm.get(SoapClient.PATH).status()).isEqualTo(405);
        assertThat(soap(SoapClient.PATH + "/00DXX0000000001", call).status()).isEqualTo(200);
    }

    @Test
    void aLogInOfMoreThanTenKilobytesIsRefused() {
        assertThat(soap(envelope(
                                "",
                                "<login><username>sluice@example.org</username><password>" + "x".repeat(11_000)
                                        + "</password></login>"))
                        .text())
                .contains("EXCEEDED_MAX_SIZE_REQUEST");
    }

    @Test
    void theMaintenancePageIsNoEnvelope() {
        crm.post("/sandbox/faults/salesforce", "{\"kind\":\"unavailable\",\"html\":true,\"count\":1}");
        SalesforceClient.Reply down = operation("<getUserInfo/>");
        assertThat(down.status()).isEqualTo(503);
        assertThat(down.text()).contains("<html>");
    }

    private SalesforceClient.Reply operation(String operation) {
        return soap(envelope(session(), operation));
    }

    /** An operation without prefixes: its namespace is the default one. */
    private static String envelope(String session, String operation) {
        return "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"urn:partner.soap.sforce.com\">"
                + "<s:Header><SessionHeader><sessionId>" + session + "</sessionId></SessionHeader></s:Header><s:Body>"
                + operation + "</s:Body></s:Envelope>";
    }

    private String session() {
        return crm.form("grant_type=client_credentials&client_id=sluice&client_secret=sluice")
                .json()
                .path("access_token")
                .asText();
    }

    private SalesforceClient.Reply soap(String envelope) {
        return soap(SoapClient.PATH, envelope);
    }

    private SalesforceClient.Reply soap(String path, String envelope) {
        return crm.send(HttpRequest.newBuilder(URI.create(crm.base() + path))
                .header("Content-Type", "text/xml; charset=UTF-8")
                .header("SOAPAction", "\"\"")
                .POST(HttpRequest.BodyPublishers.ofString(envelope))
                .build());
    }
}

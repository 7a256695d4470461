// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SoapRequestTest {

    private static XmlElement body(SoapRequest request) {
        return XmlElement.parse(request.envelope("00D!a&b"))
                .orElseThrow()
                .at("Body")
                .orElseThrow()
                .children()
                .get(0);
    }

    @Test
    void anEnvelopeHasTheSessionAndTheClientName() {
        XmlElement header = XmlElement.parse(
                        SoapRequest.undelete(List.of("003A")).envelope("00D!a&b"))
                .orElseThrow()
                .at("Header")
                .orElseThrow();
        assertThat(header.text("SessionHeader", "sessionId")).isEqualTo("00D!a&b");
        assertThat(header.text("CallOptions", "client")).isEqualTo("sluice");
        assertThat(body(SoapRequest.undelete(List.of("003A", "003B"))).all("ids"))
                .extracting(XmlElement::text)
                .containsExactly("003A", "003B");
    }

    @Test
    void aMergeIsWrittenInTheOrderOfTheWsdlWithoutInjection() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("LastName", "</r:LastName><r:OwnerId>005</r:OwnerId>&amp;]]>");
        fields.put("Phone", null);
        fields.put("City", "");
        fields.put("Amount__c", new BigDecimal("1E+3"));
        fields.put("Notes__c", "a\r\nb\tc\u0000\ud800d\ud83d\ude00");
        XmlElement request = body(SoapRequest.merge("Contact", "003A", fields, List.of("003B", "003C")))
                .at("request")
                .orElseThrow();
        XmlElement master = request.at("masterRecord").orElseThrow();
        assertThat(master.children())
                .extracting(XmlElement::name)
                .containsExactly("type", "fieldsToNull", "fieldsToNull", "Id", "LastName", "Amount__c", "Notes__c");
        assertThat(master.all("fieldsToNull")).extracting(XmlElement::text).containsExactly("Phone", "City");
        assertThat(master.text("LastName")).isEqualTo("</r:LastName><r:OwnerId>005</r:OwnerId>&amp;]]>");
        assertThat(master.text("Amount__c")).isEqualTo("1000");
        assertThat(master.text("Notes__c")).isEqualTo("a\r\nb\tc\ufffd\ufffdd\ud83d\ude00");
        assertThat(request.all("recordToMergeIds")).extracting(XmlElement::text).containsExactly("003B", "003C");
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.SoapClient.record;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sforce.soap.partner.LeadConvert;
import com.sforce.soap.partner.LeadConvertResult;
import com.sforce.soap.partner.PartnerConnection;
import com.sforce.ws.ConnectionException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** convertLead and emptyRecycleBin by the vendor's own client. */
class SoapConvertLeadTest extends SandboxTestBase {

    private PartnerConnection soap;

    @BeforeEach
    void logIn() throws ConnectionException {
        soap = SoapClient.logIn(crm);
    }

    private String lead() throws ConnectionException {
        return soap
                .create(new com.sforce.soap.partner.sobject.SObject[] {
                    record(
                            "Lead",
                            "LastName",
                            "Lee",
                            "FirstName",
                            "Ann",
                            "Company",
                            "Lee Ltd",
                            "Email",
                            "ann@example.org",
                            "City",
                            "Ulm",
                            "NumberOfEmployees",
                            12)
                })[0]
                .getId();
    }

    private static LeadConvert asked(String lead) {
        LeadConvert asked = new LeadConvert();
        asked.setLeadId(lead);
        asked.setConvertedStatus("Closed - Converted");
        return asked;
    }

    private LeadConvertResult convert(LeadConvert asked) throws ConnectionException {
        return soap.convertLead(new LeadConvert[] {asked})[0];
    }

    private JsonNode read(String object, String id) {
        return crm.get(API + "/sobjects/" + object + "/" + id).json();
    }

    @Test
    void aLeadBecomesAnAccountAContactAndAnOpportunity() throws ConnectionException {
        String id = lead();
        LeadConvertResult converted = convert(asked(id));
        assertThat(converted.isSuccess()).isTrue();
        JsonNode account = read("Account", converted.getAccountId());
        assertThat(account.path("Name").asText()).isEqualTo("Lee Ltd");
        assertThat(account.path("BillingCity").asText()).isEqualTo("Ulm");
        assertThat(account.path("NumberOfEmployees").asInt()).isEqualTo(12);
        JsonNode contact = read("Contact", converted.getContactId());
        assertThat(contact.path("Email").asText()).isEqualTo("ann@example.org");
        assertThat(contact.path("AccountId").asText()).isEqualTo(converted.getAccountId());
        assertThat(read("Opportunity", converted.getOpportunityId())
                        .path("AccountId")
                        .asText())
                .isEqualTo(converted.getAccountId());
        JsonNode lead = read("Lead", id);
        assertThat(lead.path("IsConverted").asBoolean()).isTrue();
        assertThat(lead.path("ConvertedContactId").asText()).isEqualTo(converted.getContactId());
        assertThat(lead.path("Status").asText()).isEqualTo("Closed - Converted");
        assertThat(crm.patch(API + "/sobjects/Lead/" + id, "{\"Title\":\"x\"}").errorCode())
                .isEqualTo("CANNOT_UPDATE_CONVERTED_LEAD");
    }

    @Test
    void anAccountThatIsThereIsTakenAndNoOpportunityMadeWhereNoneIsWanted() throws ConnectionException {
        String account = crm.post(API + "/sobjects/Account", "{\"Name\":\"Acme\"}")
                .json()
                .path("id")
                .asText();
        String known = crm.post(API + "/sobjects/Contact", "{\"LastName\":\"Known\",\"LeadSource\":\"Web\"}")
                .json()
                .path("id")
                .asText();
        LeadConvert asked = asked(lead());
        asked.setAccountId(account);
        asked.setContactId(known);
        asked.setDoNotCreateOpportunity(true);
        LeadConvertResult converted = convert(asked);
        assertThat(converted.getAccountId()).isEqualTo(account);
        assertThat(converted.getOpportunityId()).isNull();
        // only what was empty is filled
        assertThat(read("Account", account).path("Name").asText()).isEqualTo("Acme");
        assertThat(read("Account", account).path("BillingCity").asText()).isEqualTo("Ulm");
        assertThat(read("Contact", known).path("LastName").asText()).isEqualTo("Known");
        assertThat(read("Contact", known).path("Email").asText()).isEqualTo("ann@example.org");
        assertThat(read("Contact", known).path("AccountId").asText()).isEqualTo(account);
        assertThat(crm.referee().path("recordsByObject").path("Opportunity").asInt())
                .isZero();
    }

    @Test
    void aConversionThatFailsLeavesNothing() throws ConnectionException {
        String id = lead();
        LeadConvert asked = asked(id);
        asked.setConvertedStatus("Open - Not Contacted");
        assertThat(convert(asked).getErrors()[0].getStatusCode().name()).isEqualTo("INVALID_STATUS");
        crm.put(
                "/sandbox/automations/salesforce",
                "{\"object\":\"Opportunity\",\"refuse\":{\"field\":\"Name\",\"empty\":false}}");
        LeadConvertResult refused = convert(asked(id));
        assertThat(refused.isSuccess()).isFalse();
        assertThat(refused.getErrors()[0].getStatusCode().name()).isEqualTo("FIELD_CUSTOM_VALIDATION_EXCEPTION");
        assertThat(crm.referee().path("recordsByObject").path("Account").asInt())
                .isZero();
        assertThat(read("Lead", id).path("IsConverted").asBoolean()).isFalse();
    }

    @Test
    void whatIsTakenOutOfTheRecycleBinIsGone() throws ConnectionException {
        String id = lead();
        assertThat(soap.emptyRecycleBin(new String[] {id})[0].isSuccess()).isFalse();
        soap.delete(new String[] {id});
        assertThat(soap.emptyRecycleBin(new String[] {id})[0].isSuccess()).isTrue();
        assertThat(soap.undelete(new String[] {id})[0].isSuccess()).isFalse();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests what describe shows of objects and fields, and that queries and writes agree with it. */
class SalesforceSchemaTest extends SandboxTestBase {

    private JsonNode describe(String object) {
        SalesforceClient.Reply reply = crm.get(API + "/sobjects/" + object + "/describe");
        assertThat(reply.status()).isEqualTo(200);
        return reply.json();
    }

    private static JsonNode named(JsonNode list, String member, String name) {
        return StreamSupport.stream(list.spliterator(), false)
                .filter(one -> name.equals(one.path(member).asText()))
                .findFirst()
                .orElseThrow(() -> new AssertionError("There is no " + name));
    }

    private JsonNode field(String object, String name) {
        return named(describe(object).path("fields"), "name", name);
    }

    @ParameterizedTest
    @CsvSource({
        "Account, Contacts, Contact, AccountId",
        "Account, Opportunities, Opportunity, AccountId",
        "Account, Cases, Case, AccountId",
        "Account, ChildAccounts, Account, ParentId",
        "Account, Tasks, Task, WhatId",
        "Contact, Events, Event, WhoId",
        "Contact, CampaignMembers, CampaignMember, ContactId",
        "Campaign, CampaignMembers, CampaignMember, CampaignId",
        "Product2, PricebookEntries, PricebookEntry, Product2Id",
        "Opportunity, OpportunityLineItems, OpportunityLineItem, OpportunityId",
        "Contact, Opportunities__r, Opportunity, Customer__c"
    })
    void childRelationshipsHaveTheirNames(String object, String relationship, String child, String field) {
        JsonNode found = named(describe(object).path("childRelationships"), "relationshipName", relationship);
        assertThat(found.path("childSObject").asText()).isEqualTo(child);
        assertThat(found.path("field").asText()).isEqualTo(field);
        assertThat(crm.query("SELECT Id, (SELECT Id FROM " + relationship + ") FROM " + object)
                        .status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({
        "Case, 500",
        "Task, 00T",
        "Event, 00U",
        "Campaign, 701",
        "CampaignMember, 00v",
        "Product2, 01t",
        "Pricebook2, 01s",
        "PricebookEntry, 01u",
        "OpportunityLineItem, 00k",
        "RecordType, 012",
        "Organization, 00D"
    })
    void theObjectsOfAnOrgAreThere(String object, String prefix) {
        JsonNode described = named(crm.get(API + "/sobjects").json().path("sobjects"), "name", object);
        assertThat(described.path("keyPrefix").asText()).isEqualTo(prefix);
        assertThat(crm.query("SELECT FIELDS(ALL) FROM " + object + " LIMIT 200").status())
                .isEqualTo(200);
    }

    @Test
    void picklistsTellTheirValuesAndWhichIsUsual() {
        JsonNode status = field("Lead", "Status");
        assertThat(status.path("restrictedPicklist").asBoolean()).isFalse();
        assertThat(status.path("nillable").asBoolean()).isFalse();
        assertThat(status.path("defaultedOnCreate").asBoolean()).isTrue();
        JsonNode open = named(status.path("picklistValues"), "value", "Open - Not Contacted");
        assertThat(open.path("defaultValue").asBoolean()).isTrue();
        assertThat(open.path("active").asBoolean()).isTrue();
        assertThat(field("Account", "Industry").path("picklistValues")).hasSizeGreaterThan(20);
        String id = crm.post(API + "/sobjects/Lead", "{\"LastName\":\"Lee\",\"Company\":\"Lee Ltd\"}")
                .json()
                .path("id")
                .asText();
        assertThat(crm.get(API + "/sobjects/Lead/" + id).json().path("Status").asText())
                .isEqualTo("Open - Not Contacted");
    }

    @Test
    void aRestrictedPicklistIsMarkedSoAndTakesItsValuesAlone() {
        crm.put("/sandbox/fields/salesforce/Account/Level__c", "{\"type\":\"picklist\",\"options\":[\"A\",\"B\"]}");
        assertThat(field("Account", "Level__c").path("restrictedPicklist").asBoolean())
                .isTrue();
        assertThat(crm.post(API + "/sobjects/Account", "{\"Name\":\"x\",\"Level__c\":\"C\"}")
                        .errorCode())
                .isEqualTo("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
        assertThat(crm.post(API + "/sobjects/Account", "{\"Name\":\"x\",\"Industry\":\"Space\"}")
                        .status())
                .isEqualTo(201);
    }

    @Test
    void flagsOfFieldsSayWhatTheyAreGoodFor() {
        JsonNode name = field("Contact", "Name");
        assertThat(name.path("createable").asBoolean()).isFalse();
        assertThat(name.path("nameField").asBoolean()).isTrue();
        JsonNode description = field("Account", "Description");
        assertThat(description.path("filterable").asBoolean()).isFalse();
        assertThat(description.path("groupable").asBoolean()).isFalse();
        assertThat(description.path("sortable").asBoolean()).isFalse();
        JsonNode amount = field("Opportunity", "Amount");
        assertThat(amount.path("aggregatable").asBoolean()).isTrue();
        assertThat(amount.path("groupable").asBoolean()).isFalse();
        JsonNode who = field("Task", "WhoId");
        assertThat(who.path("polymorphicForeignKey").asBoolean()).isTrue();
        assertThat(who.path("namePointing").asBoolean()).isTrue();
        assertThat(StreamSupport.stream(who.path("referenceTo").spliterator(), false)
                        .map(JsonNode::asText))
                .containsExactly("Contact", "Lead");
        assertThat(field("Case", "CaseNumber").path("autoNumber").asBoolean()).isTrue();
        assertThat(field("Task", "Subject").path("type").asText()).isEqualTo("combobox");
    }

    @Test
    void objectsSayWhatCanBeDoneWithThem() {
        assertThat(describe("Contact").path("mergeable").asBoolean()).isTrue();
        assertThat(describe("Opportunity").path("mergeable").asBoolean()).isFalse();
        assertThat(describe("Organization").path("createable").asBoolean()).isFalse();
        JsonNode master = describe("Account").path("recordTypeInfos").path(0);
        assertThat(master.path("master").asBoolean()).isTrue();
        assertThat(master.path("recordTypeId").asText()).isEqualTo("012000000000000AAA");
        assertThat(crm.get(API + "/sobjects/Nope/describe").errorCode()).isEqualTo("NOT_FOUND");
    }

    @Test
    void theStatusOfAConvertedLeadIsFound() {
        assertThat(crm.query("SELECT MasterLabel FROM LeadStatus WHERE IsConverted = true")
                        .json()
                        .at("/records/0/MasterLabel")
                        .asText())
                .isEqualTo("Closed - Converted");
        assertThat(describe("LeadStatus").path("createable").asBoolean()).isFalse();
    }

    @Test
    void theOrganizationIsTheOneOfTheTokens() {
        JsonNode organization = crm.query(
                        "SELECT Id, Name, InstanceName, IsSandbox, TrialExpirationDate, NamespacePrefix "
                                + "FROM Organization")
                .json()
                .path("records")
                .path(0);
        assertThat(organization.path("Id").asText())
                .isEqualTo(crm.get("/services/oauth2/userinfo")
                        .json()
                        .path("organization_id")
                        .asText());
        assertThat(organization.path("IsSandbox").asBoolean()).isTrue();
    }

    @Test
    void aTaskRefersToOneOfSeveralObjectsAndShowsItsName() {
        String lead = crm.post(API + "/sobjects/Lead", "{\"LastName\":\"Lee\",\"Company\":\"Lee Ltd\"}")
                .json()
                .path("id")
                .asText();
        String account = crm.post(API + "/sobjects/Account", "{\"Name\":\"Acme\"}")
                .json()
                .path("id")
                .asText();
        crm.post(
                API + "/sobjects/Task",
                "{\"Subject\":\"Call\",\"WhoId\":\"" + lead + "\",\"WhatId\":\"" + account + "\"}");
        JsonNode task = crm.query(
                        "SELECT Status, IsClosed, Who.Name, Who.Type, What.Name FROM Task WHERE Who.Name = 'Lee'")
                .json()
                .path("records")
                .path(0);
        assertThat(task.path("Status").asText()).isEqualTo("Not Started");
        assertThat(task.at("/Who/Type").asText()).isEqualTo("Lead");
        assertThat(task.at("/Who/attributes/type").asText()).isEqualTo("Name");
        assertThat(task.at("/Who/attributes/url").asText()).endsWith("/sobjects/Lead/" + lead);
        assertThat(task.at("/What/Name").asText()).isEqualTo("Acme");
        assertThat(crm.post(API + "/sobjects/Task", "{\"WhoId\":\"" + account + "\"}")
                        .status())
                .isEqualTo(400);
        assertThat(crm.query("SELECT Who.Company FROM Task").errorCode()).isEqualTo("INVALID_FIELD");
    }

    @Test
    void numbersHaveBounds() {
        assertThat(crm.post(API + "/sobjects/Account", "{\"Name\":\"x\",\"NumberOfEmployees\":100000000}")
                        .errorCode())
                .isEqualTo("NUMBER_OUTSIDE_VALID_RANGE");
        assertThat(crm.post(API + "/sobjects/Account", "{\"Name\":\"x\",\"NumberOfEmployees\":\"-100000000\"}")
                        .errorCode())
                .isEqualTo("NUMBER_OUTSIDE_VALID_RANGE");
        id("Account", "{\"Name\":\"x\",\"NumberOfEmployees\":99999999}");
        String deal = "{\"Name\":\"D\",\"StageName\":\"Prospecting\",\"CloseDate\":\"2026-05-01\",\"Amount\":";
        assertThat(crm.post(API + "/sobjects/Opportunity", deal + "1e16}").errorCode())
                .isEqualTo("NUMBER_OUTSIDE_VALID_RANGE");
        id("Opportunity", deal + "9999999999999998}");
    }

    @Test
    void aLineItemHasTheTotalOfItsPriceAndQuantityAndTheFieldsOfItsProduct() {
        String product = id("Product2", "{\"Name\":\"Pump\",\"ProductCode\":\"P-1\",\"IsActive\":true}");
        String book = crm.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true")
                .json()
                .at("/records/0/Id")
                .asText();
        String entry = id(
                "PricebookEntry",
                "{\"Pricebook2Id\":\"" + book + "\",\"Product2Id\":\"" + product + "\",\"UnitPrice\":10}");
        String deal = id(
                "Opportunity",
                "{\"Name\":\"Deal\",\"StageName\":\"Closed Won\",\"CloseDate\":\"2026-05-01\","
                        + "\"Amount\":200,\"Probability\":25}");
        id(
                "OpportunityLineItem",
                "{\"OpportunityId\":\"" + deal + "\",\"PricebookEntryId\":\"" + entry
                        + "\",\"Quantity\":3,\"UnitPrice\":9.5}");
        JsonNode won = crm.query("SELECT IsClosed, IsWon, (SELECT TotalPrice, PricebookEntry.Product2.Name FROM "
                        + "OpportunityLineItems) FROM Opportunity")
                .json()
                .at("/records/0");
        assertThat(won.path("IsWon").asBoolean()).isTrue();
        assertThat(won.at("/OpportunityLineItems/records/0/TotalPrice").asDouble())
                .isEqualTo(28.5);
        assertThat(won.at("/OpportunityLineItems/records/0/PricebookEntry/Product2/Name")
                        .asText())
                .isEqualTo("Pump");
        JsonNode item = crm.query("SELECT Product2Id, ProductCode, ListPrice, Subtotal, PricebookEntry.Name,"
                        + " Opportunity.ExpectedRevenue FROM OpportunityLineItem WHERE ProductCode = 'P-1'")
                .json()
                .at("/records/0");
        assertThat(item.path("Product2Id").asText()).isEqualTo(product);
        assertThat(item.path("ProductCode").asText()).isEqualTo("P-1");
        assertThat(item.path("ListPrice").asDouble()).isEqualTo(10);
        assertThat(item.path("Subtotal").asDouble()).isEqualTo(28.5);
        assertThat(item.at("/PricebookEntry/Name").asText()).isEqualTo("Pump");
        assertThat(item.at("/Opportunity/ExpectedRevenue").asDouble()).isEqualTo(50);
        assertThat(crm.post(API + "/sobjects/OpportunityLineItem", "{}").errorCode())
                .isEqualTo("REQUIRED_FIELD_MISSING");
    }

    private String id(String object, String record) {
        SalesforceClient.Reply reply = crm.post(API + "/sobjects/" + object, record);
        assertThat(reply.status()).as(reply.text()).isEqualTo(201);
        return reply.json().path("id").asText();
    }
}

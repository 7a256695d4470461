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

    /** Rows of the Field Reference and the Object Reference: name, type, length, and whether it can be written. */
    @ParameterizedTest
    @CsvSource({
        "Account, DunsNumber, string, 9, create update",
        "Account, NaicsDesc, string, 120, create update",
        "Account, JigsawCompanyId, string, 20, none",
        "Account, LastActivityDate, date, 0, none",
        "Account, BillingGeocodeAccuracy, picklist, 40, create update",
        "Contact, EmailBouncedReason, string, 255, create update",
        "Contact, IsEmailBounced, boolean, 0, none",
        "Contact, LastCURequestDate, datetime, 0, none",
        "Contact, HasOptedOutOfFax, boolean, 0, create update",
        "Lead, CompanyDunsNumber, string, 9, create update",
        "Lead, CleanStatus, picklist, 40, create update",
        "Lead, DoNotCall, boolean, 0, create update",
        "Opportunity, Fiscal, string, 6, none",
        "Opportunity, FiscalQuarter, int, 0, none",
        "Opportunity, ForecastCategory, picklist, 40, none",
        "Opportunity, ForecastCategoryName, picklist, 255, create update",
        "Case, ContactMobile, phone, 40, none",
        "Case, ContactEmail, email, 80, none",
        "Task, TaskSubtype, picklist, 40, create",
        "Task, RecurrenceEndDateOnly, date, 0, create update",
        "Task, AccountId, reference, 18, none",
        "Event, EventSubtype, picklist, 40, create",
        "Event, IsGroupEvent, boolean, 0, none",
        "Event, RecurrenceStartDateTime, datetime, 0, create update",
        "Campaign, NumberOfResponses, int, 0, none",
        "CampaignMember, CampaignId, reference, 18, create",
        "CampaignMember, CompanyOrAccount, string, 255, none",
        "CampaignMember, LeadOrContactId, reference, 18, none",
        "Product2, IsArchived, boolean, 0, none",
        "PricebookEntry, Product2Id, reference, 18, create",
        "PricebookEntry, IsArchived, boolean, 0, none",
        "Pricebook2, LastViewedDate, datetime, 0, none",
        "OpportunityLineItem, OpportunityId, reference, 18, create",
        "OpportunityStage, ApiName, string, 255, none",
        "OpportunityStage, ForecastCategory, picklist, 40, none",
        "Organization, DefaultAccountAccess, picklist, 40, none",
        "User, CommunityNickname, string, 40, create update",
        "User, FederationIdentifier, string, 512, create update",
        "User, ProfileId, reference, 18, create update",
        "User, City, string, 40, create update",
        "Profile, Name, string, 255, create update"
    })
    void standardFieldsAreAsTheReferenceHasThem(String object, String name, String type, int length, String written) {
        JsonNode field = field(object, name);
        assertThat(field.path("type").asText()).isEqualTo(type);
        assertThat(field.path("length").asInt()).isEqualTo(length);
        assertThat(field.path("createable").asBoolean()).isEqualTo(written.contains("create"));
        assertThat(field.path("updateable").asBoolean()).isEqualTo(written.contains("update"));
        assertThat(crm.query("SELECT Id, " + name + " FROM " + object).status()).isEqualTo(200);
    }

    @Test
    void aFieldThatNobodyFillsIsNillableAndNotDefaulted() {
        JsonNode viewed = field("Contact", "LastViewedDate");
        assertThat(viewed.path("nillable").asBoolean()).isTrue();
        assertThat(viewed.path("defaultedOnCreate").asBoolean()).isFalse();
        JsonNode created = field("Contact", "CreatedDate");
        assertThat(created.path("nillable").asBoolean()).isFalse();
        assertThat(created.path("defaultedOnCreate").asBoolean()).isTrue();
    }

    @Test
    void aStageImpliesProbabilityAndForecastUnlessTheyAreGiven() {
        String deal = id(
                "Opportunity",
                "{\"Name\":\"D\",\"StageName\":\"Needs Analysis\",\"CloseDate\":\"2026-05-01\",\"Amount\":50}");
        assertThat(forecast(deal)).isEqualTo("20.0 Pipeline Pipeline 10.0 2026 2");
        change("Opportunity", deal, "{\"StageName\":\"Closed Won\"}");
        assertThat(forecast(deal)).isEqualTo("100.0 Closed Closed 50.0 2026 2");
        change("Opportunity", deal, "{\"Probability\":40,\"ForecastCategoryName\":\"Commit\"}");
        // a stage that stays implies nothing
        change("Opportunity", deal, "{\"StageName\":\"Closed Won\",\"CloseDate\":\"2026-12-31\"}");
        assertThat(forecast(deal)).isEqualTo("40.0 Commit Forecast 20.0 2026 4");
        change("Opportunity", deal, "{\"StageName\":\"Ours\"}");
        assertThat(forecast(deal)).isEqualTo("40.0 Commit Forecast 20.0 2026 4");
        assertThat(crm.query("SELECT ApiName FROM OpportunityStage WHERE IsClosed = false ORDER BY SortOrder")
                        .json()
                        .path("records")
                        .findValuesAsText("ApiName"))
                .hasSize(8)
                .startsWith("Prospecting", "Qualification");
    }

    private String forecast(String deal) {
        JsonNode read = crm.get(API + "/sobjects/Opportunity/" + deal).json();
        return String.join(
                " ",
                read.path("Probability").asText(),
                read.path("ForecastCategoryName").asText(),
                read.path("ForecastCategory").asText(),
                read.path("ExpectedRevenue").asText(),
                read.path("Fiscal").asText());
    }

    private void change(String object, String id, String fields) {
        assertThat(crm.patch(API + "/sobjects/" + object + "/" + id, fields).status())
                .isEqualTo(204);
    }

    @Test
    void aStatusImpliesWhenARecordWasClosed() {
        String contact = id("Contact", "{\"LastName\":\"Lee\",\"MobilePhone\":\"1\",\"Email\":\"a@b.example\"}");
        String case1 = id("Case", "{\"Subject\":\"S\",\"ContactId\":\"" + contact + "\"}");
        JsonNode open = crm.get(API + "/sobjects/Case/" + case1).json();
        assertThat(open.path("ClosedDate").isNull()).isTrue();
        assertThat(open.path("ContactMobile").asText()).isEqualTo("1");
        assertThat(open.path("ContactEmail").asText()).isEqualTo("a@b.example");
        change("Case", case1, "{\"Status\":\"Closed\"}");
        JsonNode closed = crm.get(API + "/sobjects/Case/" + case1).json();
        assertThat(closed.path("ClosedDate")).isEqualTo(closed.path("LastModifiedDate"));
        change("Case", case1, "{\"Status\":\"Working\"}");
        assertThat(crm.get(API + "/sobjects/Case/" + case1)
                        .json()
                        .path("ClosedDate")
                        .isNull())
                .isTrue();
        String task = id("Task", "{\"Subject\":\"Call\",\"Status\":\"Completed\"}");
        assertThat(crm.get(API + "/sobjects/Task/" + task)
                        .json()
                        .path("CompletedDateTime")
                        .isNull())
                .isFalse();
    }

    @Test
    void aCampaignCountsItsMembersWhoShowTheirLeadOrContact() {
        String campaign = id("Campaign", "{\"Name\":\"Fair\"}");
        String account = id("Account", "{\"Name\":\"Acme\"}");
        String contact =
                id("Contact", "{\"LastName\":\"Lee\",\"MailingCity\":\"Ulm\",\"AccountId\":\"" + account + "\"}");
        String lead = id("Lead", "{\"LastName\":\"Poe\",\"Company\":\"Quill\",\"City\":\"Bonn\"}");
        String of = "{\"CampaignId\":\"" + campaign + "\",";
        String member = id("CampaignMember", of + "\"ContactId\":\"" + contact + "\"}");
        id("CampaignMember", of + "\"LeadId\":\"" + lead + "\",\"Status\":\"Responded\"}");
        JsonNode rows = crm.query("SELECT Type, Name, City, CompanyOrAccount, FirstRespondedDate FROM CampaignMember")
                .json()
                .path("records");
        assertThat(rows.findValuesAsText("Type")).containsExactly("Contact", "Lead");
        assertThat(rows.findValuesAsText("Name")).containsExactly("Lee", "Poe");
        assertThat(rows.findValuesAsText("City")).containsExactly("Ulm", "Bonn");
        assertThat(rows.findValuesAsText("CompanyOrAccount")).containsExactly("Acme", "Quill");
        assertThat(rows.at("/0/FirstRespondedDate").isNull()).isTrue();
        assertThat(rows.at("/1/FirstRespondedDate").isNull()).isFalse();
        JsonNode counted = crm.get(API + "/sobjects/Campaign/" + campaign).json();
        assertThat(counted.path("NumberOfContacts").asInt()).isOne();
        assertThat(counted.path("NumberOfLeads").asInt()).isOne();
        assertThat(counted.path("NumberOfResponses").asInt()).isOne();
        assertThat(crm.patch(API + "/sobjects/CampaignMember/" + member, "{\"ContactId\":null}")
                        .errorCode())
                .isEqualTo("INVALID_FIELD_FOR_INSERT_UPDATE");
    }

    @Test
    void aUserIsCreatedWithItsSettingsAndProfile() {
        String user = "{\"Username\":\"n@a.example\",\"LastName\":\"New\",\"Email\":\"n@a.example\",\"Alias\":\"new\"";
        assertThat(crm.post(API + "/sobjects/User", user + "}").errorCode()).isEqualTo("REQUIRED_FIELD_MISSING");
        String profile = crm.query("SELECT Id FROM Profile WHERE Name = 'System Administrator'")
                .json()
                .at("/records/0/Id")
                .asText();
        id(
                "User",
                user + ",\"ProfileId\":\"" + profile + "\",\"TimeZoneSidKey\":\"GMT\",\"LocaleSidKey\":\"en_US\","
                        + "\"LanguageLocaleKey\":\"en_US\",\"EmailEncodingKey\":\"UTF-8\"}");
        assertThat(crm.query("SELECT Profile.Name FROM User WHERE Username = 'sluice@example.org'")
                        .json()
                        .at("/records/0/Profile/Name")
                        .asText())
                .isEqualTo("System Administrator");
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.SalesforceClient.contact;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SalesforceRowsTest extends SandboxTestBase {

    private static final String CONTACTS = API + "/sobjects/Contact";

    @Test
    void aCreatedRecordCanBeReadChangedAndDeleted() {
        SalesforceClient.Reply created = crm.post(CONTACTS, "{\"LastName\":\"Doe\",\"FirstName\":\"Jo\"}");
        assertThat(created.status()).isEqualTo(201);
        String id = created.json().path("id").asText();
        assertThat(id).hasSize(18).startsWith("003");
        JsonNode read = crm.get(CONTACTS + "/" + id).json();
        assertThat(read.path("Name").asText()).isEqualTo("Jo Doe");
        assertThat(read.path("attributes").path("url").asText()).isEqualTo(CONTACTS + "/" + id);
        assertThat(read.path("SystemModstamp").asText())
                .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.000\\+0000");
        assertThat(crm.patch(CONTACTS + "/" + id, "{\"FirstName\":null}").status())
                .isEqualTo(204);
        JsonNode changed = crm.get(CONTACTS + "/" + id.substring(0, 15) + "?fields=FirstName,LastName")
                .json();
        assertThat(changed.path("FirstName").isNull()).isTrue();
        assertThat(changed.path("LastName").asText()).isEqualTo("Doe");
        assertThat(changed.has("Email")).isFalse();
        assertThat(crm.delete(CONTACTS + "/" + id).status()).isEqualTo(204);
        assertThat(crm.delete(CONTACTS + "/" + id).errorCode()).isEqualTo("ENTITY_IS_DELETED");
        assertThat(crm.get(CONTACTS + "/" + id).status()).isEqualTo(404);
    }

    @Test
    void anUpsertByExternalIdCreatesThenChanges() {
        String path = CONTACTS + "/Customer_No__c/C%2F1%20a";
        SalesforceClient.Reply created = crm.patch(path, "{\"LastName\":\"Doe\"}");
        assertThat(created.status()).isEqualTo(201);
        assertThat(created.json().path("created").asBoolean()).isTrue();
        SalesforceClient.Reply changed = crm.patch(path, "{\"Tier__c\":\"gold\"}");
        assertThat(changed.status()).isEqualTo(200);
        assertThat(changed.json().path("created").asBoolean()).isFalse();
        assertThat(changed.json().path("id")).isEqualTo(created.json().path("id"));
        assertThat(crm.get(path).json().path("Customer_No__c").asText()).isEqualTo("C/1 a");
    }

    @Test
    void anOlderVersionAnswersAnUpdatingUpsertWith204() {
        crm.upsertContacts(contact("C-1", "One"));
        assertThat(crm.patch("/services/data/v45.0/sobjects/Contact/Customer_No__c/C-1", "{\"Tier__c\":\"x\"}")
                        .status())
                .isEqualTo(204);
    }

    @Test
    void anExternalIdThatStandsOnADeletedRecordCreatesANewOne() {
        String first = crm.upsertContacts(contact("C-1", "One"))
                .json()
                .path(0)
                .path("id")
                .asText();
        crm.delete(CONTACTS + "/Customer_No__c/C-1");
        JsonNode again = crm.upsertContacts(contact("C-1", "Two")).json().path(0);
        assertThat(again.path("created").asBoolean()).isTrue();
        assertThat(again.path("id").asText()).isNotEqualTo(first);
    }

    @Test
    void anAmbiguousExternalIdIsAnsweredWithTheChoices() {
        crm.post(API + "/sobjects/Account", "{\"Name\":\"A\",\"ORACLE_ID__c\":\"7\"}");
        crm.post(API + "/sobjects/Account", "{\"Name\":\"B\",\"ORACLE_ID__c\":\"7\"}");
        SalesforceClient.Reply reply = crm.get(API + "/sobjects/Account/ORACLE_ID__c/7");
        assertThat(reply.status()).isEqualTo(300);
        assertThat(reply.json()).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"FirstName\":\"x\"}                                         | REQUIRED_FIELD_MISSING | Required fields are missing: [LastName]",
                "{\"LastName\":null}                                           | REQUIRED_FIELD_MISSING | Required fields are missing: [LastName]",
                "{\"LastName\":\"x\",\"Nope__c\":1}                            | INVALID_FIELD | No such column 'Nope__c' on sobject of type Contact",
                "{\"LastName\":\"x\",\"Email\":\"no\"}                         | INVALID_EMAIL_ADDRESS | Email: invalid email address: no",
                "{\"LastName\":\"x\",\"Birthdate\":\"3.2.1980\"}               | JSON_PARSER_ERROR | Cannot deserialize instance of date from VALUE_STRING value 3.2.1980",
                "{\"LastName\":\"x\",\"Newsletter__c\":\"maybe\"}              | JSON_PARSER_ERROR | Cannot deserialize instance of boolean",
                "{\"LastName\":5}                                              | JSON_PARSER_ERROR | Cannot deserialize instance of string from VALUE_NUMBER_INT value 5",
                "{\"LastName\":\"x\",\"CreatedDate\":\"2020-01-01T00:00:00Z\"} | INVALID_FIELD_FOR_INSERT_UPDATE | Unable to create/update fields: CreatedDate",
                "{\"LastName\":\"x\",\"Name\":\"y\"}                           | INVALID_FIELD_FOR_INSERT_UPDATE | Unable to create/update fields: Name",
                "{\"LastName\":\"x\",\"Id\":null,\"id\":\"003000000000001AAA\"} | INVALID_FIELD_FOR_INSERT_UPDATE | cannot specify Id in an insert call",
                "{\"LastName\":\"x\",\"AccountId\":\"12\"}                     | MALFORMED_ID | Account ID: id value of incorrect type: 12",
                "{\"LastName\":\"x\",\"AccountId\":\"001000000000001AAA\"}     | INVALID_CROSS_REFERENCE_KEY | invalid cross reference id",
                "{\"LastName\":\"x\",\"Tier__c\":\"12345678901234567890123456789012345678901\"} | STRING_TOO_LONG | Tier: data value too large",
                "[1,                                                           | JSON_PARSER_ERROR | Unexpected",
            })
    void aRecordThatBreaksARuleIsRejectedInTheVendorsWords(String body, String code, String message) {
        SalesforceClient.Reply reply = crm.post(CONTACTS, body);
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.errorCode()).isEqualTo(code);
        assertThat(reply.json().path(0).path("message").asText()).startsWith(message);
        assertThat(crm.query("SELECT COUNT() FROM Contact")
                        .json()
                        .path("totalSize")
                        .asInt())
                .isZero();
    }

    @Test
    void textIsTrimmedAndBlankTextIsNoValue() {
        crm.upsertContacts(contact("C-1", " Doe ") + ",\"Tier__c\":\"  \"");
        JsonNode read = crm.get(CONTACTS + "/Customer_No__c/C-1").json();
        assertThat(read.path("LastName").asText()).isEqualTo("Doe");
        assertThat(read.path("Tier__c").isNull()).isTrue();
    }

    @Test
    void aCollectionIsAnsweredRowByRowInOrder() {
        JsonNode rows = crm.upsertContacts(
                        contact("C-1", "One"),
                        "\"Customer_No__c\":\"C-2\"",
                        contact("C-3", "Three"),
                        contact("C-4", "x") + ",\"Email\":\"no\"")
                .json();
        assertThat(rows).hasSize(4);
        assertThat(rows.path(0).path("success").asBoolean()).isTrue();
        assertThat(rows.path(0).path("created").asBoolean()).isTrue();
        assertThat(rows.path(1).has("id")).isFalse();
        assertThat(rows.path(1).path("errors").path(0).path("statusCode").asText())
                .isEqualTo("REQUIRED_FIELD_MISSING");
        assertThat(rows.path(2).path("success").asBoolean()).isTrue();
        assertThat(rows.path(3).path("errors").path(0).path("fields").path(0).asText())
                .isEqualTo("Email");
    }

    @Test
    void aKeyThatStandsTwiceInACollectionIsRejectedBothTimes() {
        JsonNode rows = crm.upsertContacts(contact("C-1", "One"), contact("c-1", "Two"), contact("C-2", "x"))
                .json();
        assertThat(rows.path(0).path("errors").path(0).path("statusCode").asText())
                .isEqualTo("DUPLICATE_VALUE");
        assertThat(rows.path(1).path("success").asBoolean()).isFalse();
        assertThat(rows.path(2).path("success").asBoolean()).isTrue();
    }

    @Test
    void allOrNoneTakesTheGoodRowsBack() {
        JsonNode rows = crm.patch(
                        API + "/composite/sobjects/Contact/Customer_No__c",
                        SalesforceClient.records("Contact", true, contact("C-1", "One"), "\"Customer_No__c\":\"C-2\""))
                .json();
        assertThat(rows.path(0).path("errors").path(0).path("statusCode").asText())
                .isEqualTo("ALL_OR_NONE_OPERATION_ROLLED_BACK");
        assertThat(crm.referee().path("recordsByObject").path("Contact").asInt())
                .isZero();
        assertThat(crm.referee().path("writesByObject").path("Contact").asInt()).isZero();
    }

    @Test
    void aCollectionOfMoreThan200IsRefusedWhole() {
        String[] many = new String[201];
        java.util.Arrays.setAll(many, i -> contact("C-" + i, "x"));
        SalesforceClient.Reply reply = crm.upsertContacts(many);
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.errorCode()).isEqualTo("EXCEEDED_ID_LIMIT");
    }

    @Test
    void collectionsCreateUpdateReadAndDelete() {
        JsonNode created = crm.post(
                        API + "/composite/sobjects",
                        "{\"records\":["
                                + "{\"attributes\":{\"type\":\"Contact\"},\"LastName\":\"A\"},"
                                + "{\"attributes\":{\"type\":\"Account\"},\"Name\":\"B\"}]}")
                .json();
        String contact = created.path(0).path("id").asText();
        String account = created.path(1).path("id").asText();
        JsonNode updated = crm.patch(
                        API + "/composite/sobjects",
                        SalesforceClient.records(
                                "Contact", false, "\"Id\":\"" + contact + "\",\"AccountId\":\"" + account + "\""))
                .json();
        assertThat(updated.path(0).path("success").asBoolean()).isTrue();
        assertThat(updated.path(0).has("created")).isFalse();
        JsonNode read = crm.get(
                        API + "/composite/sobjects/Contact?ids=" + contact + ",003XX0000000099AAA&fields=AccountId")
                .json();
        assertThat(read.path(0).path("AccountId").asText()).isEqualTo(account);
        assertThat(read.path(1).isNull()).isTrue();
        assertThat(crm.post(
                                API + "/composite/sobjects/Contact",
                                "{\"ids\":[\"" + contact + "\"],\"fields\":[\"LastName\"]}")
                        .json()
                        .path(0)
                        .path("LastName")
                        .asText())
                .isEqualTo("A");
        JsonNode deleted = crm.delete(API + "/composite/sobjects?ids=" + contact + "," + contact + "&allOrNone=false")
                .json();
        assertThat(deleted.path(0).path("success").asBoolean()).isTrue();
        assertThat(deleted.path(1).path("errors").path(0).path("statusCode").asText())
                .isEqualTo("ENTITY_IS_DELETED");
    }

    @Test
    void aParentIsFoundByItsExternalId() {
        crm.upsertContacts(contact("C-1", "One"));
        String deal = "{\"Name\":\"D\",\"StageName\":\"New\",\"CloseDate\":\"2026-12-24\","
                + "\"Customer__r\":{\"Customer_No__c\":\"%s\"}}";
        assertThat(crm.patch(API + "/sobjects/Opportunity/Deal_No__c/D-1", deal.formatted("C-1"))
                        .status())
                .isEqualTo(201);
        SalesforceClient.Reply lost = crm.patch(API + "/sobjects/Opportunity/Deal_No__c/D-2", deal.formatted("C-9"));
        assertThat(lost.errorCode()).isEqualTo("INVALID_FIELD");
        assertThat(lost.json().path(0).path("message").asText())
                .isEqualTo("Foreign key external ID: c-9 not found for field Customer_No__c in entity Contact");
    }

    @Test
    void aUniqueValueStandsOnOneRecordOnly() {
        crm.upsertContacts(contact("C-1", "One"), contact("C-2", "Two"));
        SalesforceClient.Reply reply = crm.post(CONTACTS, "{\"LastName\":\"x\",\"Customer_No__c\":\"C-2\"}");
        assertThat(reply.errorCode()).isEqualTo("DUPLICATE_VALUE");
    }

    @Test
    void aFieldAndAnObjectDeclaredAtRunTimeWorkLikeAnyOther() {
        crm.upsertContacts(contact("C-1", "One"));
        crm.put("/sandbox/objects/salesforce/Booking__c", "{\"label\":\"Booking\",\"keyPrefix\":\"a07\"}");
        crm.put(
                "/sandbox/fields/salesforce/Booking__c/Guest__c",
                "{\"type\":\"reference\",\"referenceTo\":\"Contact\",\"relationshipName\":\"Guest__r\"}");
        crm.put(
                "/sandbox/fields/salesforce/Booking__c/No__c",
                "{\"type\":\"double\",\"scale\":0,\"externalId\":true,\"unique\":true}");
        SalesforceClient.Reply created =
                crm.patch(API + "/sobjects/Booking__c/No__c/17", "{\"Guest__r\":{\"Customer_No__c\":\"C-1\"}}");
        assertThat(created.status()).isEqualTo(201);
        assertThat(created.json().path("id").asText()).startsWith("a07");
        assertThat(crm.query("SELECT Guest__r.LastName FROM Booking__c WHERE No__c = 17")
                        .json()
                        .path("records")
                        .path(0)
                        .path("Guest__r")
                        .path("LastName")
                        .asText())
                .isEqualTo("One");
        JsonNode fields = crm.get(API + "/sobjects/Booking__c/describe").json().path("fields");
        assertThat(fields.findValuesAsText("name")).contains("Guest__c", "No__c", "SystemModstamp");
    }

    @Test
    void aDescribeShowsKeysAndRequiredFields() {
        JsonNode fields = crm.get(API + "/sobjects/Contact/describe").json().path("fields");
        for (JsonNode field : fields) {
            if ("Customer_No__c".equals(field.path("name").asText())) {
                assertThat(field.path("externalId").asBoolean()).isTrue();
                assertThat(field.path("unique").asBoolean()).isTrue();
                assertThat(field.path("idLookup").asBoolean()).isTrue();
                assertThat(field.path("length").asInt()).isEqualTo(40);
            }
            if ("LastName".equals(field.path("name").asText())) {
                assertThat(field.path("nillable").asBoolean()).isFalse();
                assertThat(field.path("defaultedOnCreate").asBoolean()).isFalse();
                assertThat(field.path("createable").asBoolean()).isTrue();
            }
        }
        assertThat(fields.findValuesAsText("name")).contains("Id", "Email", "Tier__c", "MailingAddress");
        assertThat(fields.path(0).size()).isGreaterThanOrEqualTo(57);
    }

    @Test
    void anUnknownObjectOrPathIsNotFoundAndCounted() {
        assertThat(crm.get(API + "/sobjects/Nope/describe").errorCode()).isEqualTo("NOT_FOUND");
        SalesforceClient.Reply reply = crm.get(API + "/nothing");
        assertThat(reply.status()).isEqualTo(404);
        assertThat(reply.header("Sforce-Limit-Info")).isEqualTo("api-usage=2/15000");
        assertThat(crm.put(CONTACTS, "{}").status()).isEqualTo(405);
    }

    @Test
    void doubledSlashesAreOne() {
        assertThat(crm.get("//services//data").json()).isNotEmpty();
        assertThat(crm.get("//services/data/v60.0//limits").status()).isEqualTo(200);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.BulkClient.INGEST;
import static io.sluice.sandbox.BulkClient.column;
import static io.sluice.sandbox.BulkClient.job;
import static io.sluice.sandbox.BulkClient.upsertOf;
import static io.sluice.sandbox.SalesforceClient.contact;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BulkIngestTest extends SandboxTestBase {

    private static final String CONTACTS = upsertOf("Contact", "Customer_No__c");

    private BulkClient bulk;

    @BeforeEach
    void bulk() {
        bulk = new BulkClient(crm);
    }

    @Test
    void aNewJobIsOpenAndShowsWhatItIs() {
        SalesforceClient.Reply created = crm.post(INGEST, CONTACTS);
        assertThat(created.status()).isEqualTo(200);
        JsonNode job = created.json();
        assertThat(job.path("id").asText()).hasSize(18).startsWith("750");
        assertThat(job.path("state").asText()).isEqualTo("Open");
        assertThat(job.path("object").asText()).isEqualTo("Contact");
        assertThat(job.path("operation").asText()).isEqualTo("upsert");
        assertThat(job.path("externalIdFieldName").asText()).isEqualTo("Customer_No__c");
        assertThat(job.path("apiVersion").asDouble()).isEqualTo(62.0);
        assertThat(job.path("jobType").asText()).isEqualTo("V2Ingest");
        assertThat(job.path("concurrencyMode").asText()).isEqualTo("Parallel");
        assertThat(job.path("lineEnding").asText()).isEqualTo("LF");
        assertThat(job.path("columnDelimiter").asText()).isEqualTo("COMMA");
        assertThat(job.path("contentUrl").asText())
                .isEqualTo("services/data/v62.0/jobs/ingest/" + job.path("id").asText() + "/batches");
        assertThat(job.path("createdDate").asText()).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.000\\+0000");
        assertThat(bulk.status(job.path("id").asText().substring(0, 15)).path("id"))
                .isEqualTo(job.path("id"));
    }

    @Test
    void anUpsertWritesWhatItCanAndReportsTheRest() {
        crm.upsertContacts(contact("C-1", "Old") + ",\"FirstName\":\"Jo\",\"Tier__c\":\"gold\"");
        JsonNode job = bulk.run(
                CONTACTS,
                """
                Customer_No__c,LastName,FirstName,Tier__c,Email
                C-1,New,,#N/A,
                C-2,"Two, or ""2"" here",,,
                C-3,,,,
                C-4,Four,,,nobody
                ,Five,,,
                """);
        assertThat(job.path("state").asText()).isEqualTo("JobComplete");
        assertThat(job.path("numberRecordsProcessed").asInt()).isEqualTo(5);
        assertThat(job.path("numberRecordsFailed").asInt()).isEqualTo(3);
        assertThat(job.has("errorMessage")).isFalse();

        String id = job.path("id").asText();
        List<Map<String, String>> done = bulk.rows(id, "successfulResults");
        assertThat(done.get(0).keySet())
                .containsExactly(
                        "sf__Id", "sf__Created", "Customer_No__c", "LastName", "FirstName", "Tier__c", "Email");
        assertThat(column(done, "Customer_No__c", "sf__Created")).isEqualTo(Map.of("C-1", "false", "C-2", "true"));
        assertThat(column(done, "Customer_No__c", "LastName")).containsEntry("C-2", "Two, or \"2\" here");
        List<Map<String, String>> failed = bulk.rows(id, "failedResults");
        assertThat(column(failed, "Customer_No__c", "sf__Error"))
                .isEqualTo(Map.of(
                        "C-3", "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --",
                        "C-4", "INVALID_EMAIL_ADDRESS:Email: invalid email address: nobody:Email --",
                        "", "MISSING_ARGUMENT:Customer_No__c not specified:Customer_No__c --"));
        assertThat(crm.get(INGEST + "/" + id + "/unprocessedrecords").text())
                .isEqualTo("\"Customer_No__c\",\"LastName\",\"FirstName\",\"Tier__c\",\"Email\"\n");

        JsonNode first = crm.get(API + "/sobjects/Contact/Customer_No__c/C-1").json();
        assertThat(first.path("LastName").asText()).isEqualTo("New");
        assertThat(first.path("FirstName").asText()).isEqualTo("Jo");
        assertThat(first.path("Tier__c").isNull()).isTrue();
        assertThat(column(done, "Customer_No__c", "sf__Id"))
                .containsEntry("C-1", first.path("Id").asText());
    }

    @Test
    void insertUpdateAndDeleteUseTheirIds() {
        String inserted = bulk.run(job("Contact", "insert"), "LastName,Customer_No__c\nOne,C-1\nTwo,C-2\nToo,C-2\n")
                .path("id")
                .asText();
        Map<String, String> ids = column(bulk.rows(inserted, "successfulResults"), "LastName", "sf__Id");
        assertThat(ids).containsOnlyKeys("One", "Two");
        assertThat(bulk.rows(inserted, "failedResults").get(0).get("sf__Error"))
                .isEqualTo("DUPLICATE_VALUE:duplicate value found: Customer_No__c duplicates value on record with id: "
                        + ids.get("Two") + ":Customer_No__c --");

        String updated = bulk.run(
                        job("Contact", "update"),
                        "Id,FirstName\n" + ids.get("One") + ",Jo\n"
                                + ids.get("Two").substring(0, 15) + ",Al\n003XX0000000099,No\n")
                .path("id")
                .asText();
        assertThat(bulk.rows(updated, "successfulResults"))
                .hasSize(2)
                .allSatisfy(row -> assertThat(row.get("sf__Created")).isEqualTo("false"));
        assertThat(bulk.rows(updated, "failedResults").get(0))
                .containsEntry("sf__Id", "003XX0000000099")
                .containsEntry("sf__Error", "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--");
        assertThat(crm.get(API + "/sobjects/Contact/" + ids.get("Two"))
                        .json()
                        .path("FirstName")
                        .asText())
                .isEqualTo("Al");

        String deleted = bulk.run(job("Contact", "delete"), "Id\n" + ids.get("One") + "\n" + ids.get("One") + "\n")
                .path("id")
                .asText();
        assertThat(bulk.rows(deleted, "successfulResults")).hasSize(1);
        assertThat(bulk.rows(deleted, "failedResults").get(0).get("sf__Error"))
                .isEqualTo("ENTITY_IS_DELETED:entity is deleted:--");
        assertThat(crm.referee().path("recordsByObject").path("Contact").asInt())
                .isOne();
    }

    @Test
    void aHardDeleteTakesRecordsOutOfTheRecycleBinToo() {
        String live = crm.upsertContacts(contact("C-1", "One"))
                .json()
                .path(0)
                .path("id")
                .asText();
        String binned = crm.upsertContacts(contact("C-2", "Two"))
                .json()
                .path(0)
                .path("id")
                .asText();
        String kept = crm.upsertContacts(contact("C-3", "Three"))
                .json()
                .path(0)
                .path("id")
                .asText();
        crm.delete(API + "/sobjects/Contact/" + binned);
        crm.delete(API + "/sobjects/Contact/" + kept);
        String id = bulk.run(job("Contact", "hardDelete"), "Id\n" + live + "\n" + binned + "\n" + live + "\n")
                .path("id")
                .asText();
        assertThat(bulk.rows(id, "successfulResults")).hasSize(2);
        assertThat(bulk.rows(id, "failedResults").get(0).get("sf__Error")).startsWith("ENTITY_IS_DELETED:");
        assertThat(crm.get(API + "/queryAll?q=" + SalesforceClient.encoded("SELECT Id FROM Contact"))
                        .json()
                        .path("records")
                        .findValuesAsText("Id"))
                .containsExactly(kept);
    }

    @Test
    void aKeyThatStandsTwiceAmong200RowsFailsBothTimesAndLaterUpdates() {
        String near = bulk.run(CONTACTS, "Customer_No__c,LastName\nC-1,a\nc-1,b\nC-2,c\n")
                .path("id")
                .asText();
        assertThat(bulk.rows(near, "failedResults")).hasSize(2).allSatisfy(row -> assertThat(row.get("sf__Error"))
                .startsWith("DUPLICATE_VALUE:Duplicate external id"));
        String far = bulk.run(CONTACTS, "Customer_No__c,LastName\n" + rows(200) + "K-0,again\n")
                .path("id")
                .asText();
        assertThat(bulk.rows(far, "successfulResults")).hasSize(201);
        assertThat(crm.get(API + "/sobjects/Contact/Customer_No__c/K-0")
                        .json()
                        .path("LastName")
                        .asText())
                .isEqualTo("again");
    }

    @Test
    void aParentIsFoundByItsExternalIdAndTakenAway() {
        crm.upsertContacts(contact("C-1", "One"));
        String spec = upsertOf("Opportunity", "Deal_No__c");
        String made = bulk.run(
                        spec,
                        "Deal_No__c,Name,StageName,CloseDate,Customer__r.Customer_No__c\n"
                                + "D-1,x,New,2026-12-24,C-1\nD-2,x,New,2026-12-24Z,C-9\n")
                .path("id")
                .asText();
        assertThat(bulk.rows(made, "successfulResults")).hasSize(1);
        assertThat(bulk.rows(made, "failedResults").get(0).get("sf__Error"))
                .isEqualTo("INVALID_FIELD:Foreign key "
                        + "external ID: c-9 not found for field Customer_No__c in entity Contact:--");
        assertThat(customer()).isEqualTo("One");
        bulk.run(spec, "Deal_No__c,Customer__r.Customer_No__c\nD-1,\n");
        assertThat(customer()).isEqualTo("One");
        bulk.run(spec, "Deal_No__c,Customer__r.Customer_No__c\nD-1,#N/A\n");
        assertThat(customer()).isNull();
    }

    private String customer() {
        return crm.query("SELECT Customer__r.LastName FROM Opportunity WHERE Deal_No__c = 'D-1'")
                .json()
                .path("records")
                .path(0)
                .path("Customer__r")
                .path("LastName")
                .asText(null);
    }

    @Test
    void valuesTakeTheFormsOfCsv() {
        String id = bulk.run(
                        CONTACTS,
                        "Customer_No__c,LastName,Newsletter__c,Birthdate\nC-1,a,TRUE,1980-02-03Z\n"
                                + "C-2,b,1,\nC-3,c,maybe,\nC-4,d,,3.2.1980\n")
                .path("id")
                .asText();
        assertThat(column(bulk.rows(id, "failedResults"), "Customer_No__c", "sf__Error"))
                .isEqualTo(
                        Map.of(
                                "C-3",
                                        "INVALID_TYPE_ON_FIELD_IN_RECORD:Newsletter: value not of required type: maybe:Newsletter__c --",
                                "C-4",
                                        "INVALID_TYPE_ON_FIELD_IN_RECORD:Birthdate: value not of required type: 3.2.1980:Birthdate --"));
        JsonNode first = crm.get(API + "/sobjects/Contact/Customer_No__c/C-1").json();
        assertThat(first.path("Newsletter__c").asBoolean()).isTrue();
        assertThat(first.path("Birthdate").asText()).isEqualTo("1980-02-03");
    }

    @ParameterizedTest
    @CsvSource({"BACKQUOTE,`", "CARET,^", "COMMA,','", "PIPE,|", "SEMICOLON,;", "TAB,'\t'"})
    void anyDelimiterAndLineEndingGoesBothWays(String name, String delimiter) {
        String spec = CONTACTS.replace("}", ",\"columnDelimiter\":\"" + name + "\",\"lineEnding\":\"CRLF\"}");
        JsonNode job = bulk.run(spec, "Customer_No__c,LastName\r\nC-1,\"a\nb\"\r\n".replace(",", delimiter));
        assertThat(job.path("numberRecordsProcessed").asInt()).isOne();
        String id = crm.get(API + "/sobjects/Contact/Customer_No__c/C-1")
                .json()
                .path("Id")
                .asText();
        assertThat(crm.get(INGEST + "/" + job.path("id").asText() + "/successfulResults")
                        .text())
                .isEqualTo("\"sf__Id\",\"sf__Created\",\"Customer_No__c\",\"LastName\"\r\n".replace(",", delimiter)
                        + ("\"" + id + "\",\"true\",\"C-1\",\"a\nb\"\r\n").replace(",", delimiter));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '!',
            value = {
                "upsert ! Customer_No__c,Nope__c\\nC-1,x\\n         ! InvalidBatch : Field name not found : Nope__c",
                "upsert ! LastName\\nx\\n                           ! InvalidBatch : Field name not found : Customer_No__c",
                "upsert ! Customer_No__c,Account.Name\\nC-1,x\\n    ! InvalidBatch : Field name not found : Account.Name",
                "update ! LastName\\nx\\n                           ! InvalidBatch : Field name not found : Id",
                "delete ! Id,LastName\\n1,x\\n                      ! InvalidBatch : The 'delete' batch must contain only ids",
                "insert ! LastName\\r\\nx\\r\\n                     ! ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
            })
    void aFileThatDoesNotFitFailsTheJobWhole(String operation, String csv, String message) {
        String spec = "upsert".equals(operation) ? CONTACTS : job("Contact", operation);
        JsonNode job = bulk.run(spec, csv.replace("\\n", "\n").replace("\\r", "\r"));
        assertThat(job.path("state").asText()).isEqualTo("Failed");
        assertThat(job.path("errorMessage").asText()).isEqualTo(message);
        assertThat(job.path("numberRecordsProcessed").asInt()).isZero();
        assertThat(bulk.rows(job.path("id").asText(), "unprocessedrecords")).hasSize(1);
        assertThat(crm.referee().path("recordsByObject").path("Contact").asInt())
                .isZero();
    }

    @Test
    void aRowWithTooManyFieldsFailsTheJobThereAndTheRestIsUnprocessed() {
        JsonNode job = bulk.run(CONTACTS, "Customer_No__c,LastName\n" + rows(200) + "C-1,a,b\nC-2,c\n");
        assertThat(job.path("state").asText()).isEqualTo("Failed");
        assertThat(job.path("errorMessage").asText()).startsWith("ClientInputError : ");
        assertThat(job.path("numberRecordsProcessed").asInt()).isEqualTo(200);
        assertThat(bulk.rows(job.path("id").asText(), "successfulResults")).hasSize(200);
        assertThat(crm.get(INGEST + "/" + job.path("id").asText() + "/unprocessedrecords")
                        .text()
                        .lines())
                .containsExactlyInAnyOrder("\"Customer_No__c\",\"LastName\"", "\"C-1\",\"a\",\"b\"", "\"C-2\",\"c\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"object\":\"Nope\",\"operation\":\"insert\"}",
                "{\"object\":\"Contact\",\"operation\":\"merge\"}",
                "{\"object\":\"Contact\",\"operation\":\"upsert\"}",
                "{\"object\":\"Contact\",\"operation\":\"upsert\",\"externalIdFieldName\":\"LastName\"}",
                "{\"object\":\"Contact\",\"operation\":\"insert\",\"columnDelimiter\":\"SPACE\"}",
                "{\"object\":\"Contact\",\"operation\":\"insert\",\"lineEnding\":\"CR\"}",
                "{\"object\":\"Contact\",\"operation\":\"insert\",\"contentType\":\"JSON\"}",
                "no json"
            })
    void aJobThatCannotBeIsRefusedWhenItIsCreated(String spec) {
        SalesforceClient.Reply reply = crm.post(INGEST, spec);
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.errorCode()).isNotEmpty();
        assertThat(crm.get(INGEST).json().path("records")).isEmpty();
    }

    @Test
    void resultsComeInAnotherOrderThanTheUpload() {
        String id = bulk.run(CONTACTS, "Customer_No__c,LastName\n" + rows(500))
                .path("id")
                .asText();
        List<String> uploaded = IntStream.range(0, 500).mapToObj(i -> "K-" + i).toList();
        List<String> written = bulk.rows(id, "successfulResults").stream()
                .map(row -> row.get("Customer_No__c"))
                .toList();
        assertThat(written).isNotEqualTo(uploaded).containsExactlyInAnyOrderElementsOf(uploaded);
    }

    @Test
    void bulkResourcesAreNoPartOfAComposite() {
        JsonNode part = crm.post(
                        API + "/composite",
                        "{\"compositeRequest\":[{\"method\":\"GET\",\"referenceId\":\"a\"," + "\"url\":\"" + INGEST
                                + "\"}]}")
                .json()
                .path("compositeResponse")
                .path(0);
        assertThat(part.path("httpStatusCode").asInt()).isGreaterThanOrEqualTo(400);
    }

    static String rows(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> "K-" + i + ",Name" + i + "\n")
                .collect(Collectors.joining());
    }
}

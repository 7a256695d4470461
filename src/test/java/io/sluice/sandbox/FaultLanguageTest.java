// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.SalesforceClient.contact;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every operation of both CRMs can be made to answer anything, before, within or after its work. */
class FaultLanguageTest {

    private static final String API = SalesforceClient.API;
    private static final String CONTACTS = HubspotClient.CONTACTS;
    private static final String SALESFORCE = "/sandbox/faults/salesforce";
    private static final String HUBSPOT = "/sandbox/faults/hubspot";
    private static final String ID = "003XX0000000001AAA";
    private static final String LOGIN = "grant_type=client_credentials&client_id=sluice&client_secret=sluice";

    private Sandbox sandbox;
    private SalesforceClient salesforce;
    private HubspotClient hubspot;

    /** Holds an operation by its name at the referee, and a request of it. */
    private record Operation(String name, String method, String path, String body) {}

    private static final List<Operation> OF_SALESFORCE = List.of(
            of("resources", "GET", ""),
            of("globalDescribe", "GET", "/sobjects"),
            of("objectInfo", "GET", "/sobjects/Contact"),
            of("describe", "GET", "/sobjects/Contact/describe"),
            of("updated", "GET", "/sobjects/Contact/updated"),
            of("deleted", "GET", "/sobjects/Contact/deleted"),
            of("create", "POST", "/sobjects/Contact"),
            of("read", "GET", "/sobjects/Contact/" + ID),
            of("update", "PATCH", "/sobjects/Contact/" + ID),
            of("delete", "DELETE", "/sobjects/Contact/" + ID),
            of("readByKey", "GET", "/sobjects/Contact/Customer_No__c/C-1"),
            of("upsert", "PATCH", "/sobjects/Contact/Customer_No__c/C-1"),
            of("deleteByKey", "DELETE", "/sobjects/Contact/Customer_No__c/C-1"),
            of("query", "GET", "/query?q=SELECT+Id+FROM+Contact"),
            of("queryAll", "GET", "/queryAll?q=SELECT+Id+FROM+Contact"),
            of("queryMore", "GET", "/query/01gXX-2000"),
            of("limits", "GET", "/limits"),
            of("recordCount", "GET", "/limits/recordCount"),
            of("composite", "POST", "/composite"),
            of("compositeGraph", "POST", "/composite/graph"),
            of("compositeBatch", "POST", "/composite/batch"),
            of("compositeTree", "POST", "/composite/tree/Contact"),
            of("collectionsCreate", "POST", "/composite/sobjects"),
            of("collectionsUpdate", "PATCH", "/composite/sobjects"),
            of("collectionsDelete", "DELETE", "/composite/sobjects?ids=" + ID),
            of("collectionsRead", "GET", "/composite/sobjects/Contact?ids=" + ID + "&fields=Id"),
            of("collectionsUpsert", "PATCH", "/composite/sobjects/Contact/Customer_No__c"),
            of("bulkCreate", "POST", "/jobs/ingest"),
            of("bulkUpload", "PUT", "/jobs/ingest/750/batches"),
            of("bulkClose", "PATCH", "/jobs/ingest/750"),
            of("bulkStatus", "GET", "/jobs/ingest/750"),
            of("bulkList", "GET", "/jobs/ingest"),
            of("bulkDelete", "DELETE", "/jobs/ingest/750"),
            of("bulkSuccessful", "GET", "/jobs/ingest/750/successfulResults"),
            of("bulkFailed", "GET", "/jobs/ingest/750/failedResults"),
            of("bulkUnprocessed", "GET", "/jobs/ingest/750/unprocessedrecords"),
            of("bulkQueryCreate", "POST", "/jobs/query"),
            of("bulkQueryStatus", "GET", "/jobs/query/750"),
            of("bulkQueryList", "GET", "/jobs/query"),
            of("bulkQueryAbort", "PATCH", "/jobs/query/750"),
            of("bulkQueryDelete", "DELETE", "/jobs/query/750"),
            of("bulkQueryResults", "GET", "/jobs/query/750/results"));

    private static final List<Operation> OF_HUBSPOT = List.of(
            of("list", "GET", CONTACTS),
            of("list", "GET", CONTACTS + "?archived=true"),
            of("create", "POST", CONTACTS),
            of("read", "GET", CONTACTS + "/1"),
            of("update", "PATCH", CONTACTS + "/1"),
            of("archive", "DELETE", CONTACTS + "/1"),
            of("merge", "POST", CONTACTS + "/merge"),
            of("gdprDelete", "POST", CONTACTS + "/gdpr-delete"),
            of("search", "POST", CONTACTS + "/search"),
            of("batchCreate", "POST", CONTACTS + "/batch/create"),
            of("batchRead", "POST", CONTACTS + "/batch/read"),
            of("batchUpdate", "POST", CONTACTS + "/batch/update"),
            of("batchUpsert", "POST", CONTACTS + "/batch/upsert"),
            of("batchArchive", "POST", CONTACTS + "/batch/archive"),
            of("batchRead", "POST", "/crm/objects/2026-09/contacts/batch/read"),
            of("associated", "GET", "/crm/v4/objects/deals/1/associations/contacts"),
            of("associate", "PUT", "/crm/v4/objects/deals/1/associations/contacts/2"),
            of("associate", "PUT", "/crm/v4/objects/deals/1/associations/default/contacts/2"),
            of("disassociate", "DELETE", "/crm/v4/objects/deals/1/associations/contacts/2"),
            of("associationsCreate", "POST", "/crm/v4/associations/deals/contacts/batch/create"),
            of("associationsRead", "POST", "/crm/v4/associations/deals/contacts/batch/read"),
            of("associationsArchive", "POST", "/crm/v4/associations/deals/contacts/batch/archive"),
            of("associationsLabels", "GET", "/crm/v4/associations/deals/contacts/labels"),
            of("properties", "GET", "/crm/v3/properties/contacts"),
            of("property", "GET", "/crm/v3/properties/contacts/email"),
            of("createProperty", "POST", "/crm/v3/properties/contacts"),
            of("schemas", "GET", "/crm/v3/schemas"),
            of("schema", "GET", "/crm/v3/schemas/contacts"),
            of("accountInfo", "GET", "/account-info/v3/details"),
            of("apiUsage", "GET", "/account-info/v3/api-usage/daily"),
            of("webhookSettings", "GET", "/webhooks/v3/1/settings"),
            of("webhookSubscriptions", "GET", "/webhooks/v3/1/subscriptions"));

    private static Operation of(String name, String method, String path) {
        String body =
                switch (name) {
                    case "batchRead", "batchUpdate", "batchUpsert", "batchArchive", "batchCreate" -> "{\"inputs\":[]}";
                    case "composite", "compositeGraph" -> "{\"compositeRequest\":[]}";
                    default -> "GET".equals(method) || "DELETE".equals(method) ? "" : "{}";
                };
        return new Operation(name, method, path, body);
    }

    @BeforeEach
    void start() {
        sandbox = Sandbox.start("127.0.0.1", 0);
        salesforce = new SalesforceClient(sandbox.port()).login();
        hubspot = new HubspotClient(sandbox.port());
    }

    @AfterEach
    void stop() {
        sandbox.close();
    }

    @Test
    void everyOperationOfSalesforceAnswersWhatTheFaultSays() {
        for (Operation operation : OF_SALESFORCE) {
            answersAsTheFaultSays(SALESFORCE, operation.name());
            SalesforceClient.Reply reply =
                    salesforce.call(operation.method(), API + operation.path(), operation.body());
            assertAsTheFaultSays(operation, reply.status(), reply.text(), reply.response());
        }
    }

    @Test
    void everyOperationOfHubspotAnswersWhatTheFaultSays() {
        for (Operation operation : OF_HUBSPOT) {
            answersAsTheFaultSays(HUBSPOT, operation.name());
            HubspotClient.Reply reply = hubspot.call(
                    operation.method(), operation.path(), operation.body().isEmpty() ? null : operation.body());
            assertAsTheFaultSays(operation, reply.status(), reply.text(), reply.response());
        }
    }

    @Test
    void loginsOfBothAnswerWhatTheFaultSays() {
        answersAsTheFaultSays(SALESFORCE, "token");
        SalesforceClient.Reply login = salesforce.form(LOGIN);
        assertAsTheFaultSays(of("token", "POST", ""), login.status(), login.text(), login.response());
        answersAsTheFaultSays(HUBSPOT, "token");
        HubspotClient.Reply token = hubspot.post("/oauth/v1/token", LOGIN);
        assertAsTheFaultSays(of("token", "POST", ""), token.status(), token.text(), token.response());
        answersAsTheFaultSays(HUBSPOT, "journal");
        String app = hubspot.post("/oauth/v1/token", LOGIN)
                .json()
                .path("access_token")
                .asText();
        HubspotClient.Reply journal =
                new HubspotClient(sandbox.port()).with(app).get("/webhooks-journal/journal/2026-03/earliest");
        assertAsTheFaultSays(of("journal", "GET", ""), journal.status(), journal.text(), journal.response());
    }

    private void answersAsTheFaultSays(String faults, String operation) {
        fault(
                faults,
                "{\"kind\":\"answer\",\"operation\":\"" + operation + "\",\"count\":1,\"status\":302,\"headers\":"
                        + "{\"Location\":\"https://moved.example.org/x\",\"Retry-After\":\"999999\",\"Sforce-Limit-Info\":null},"
                        + "\"body\":{\"replaced\":true}}");
    }

    private static void assertAsTheFaultSays(
            Operation operation, int status, String text, HttpResponse<String> response) {
        assertThat(status).as("%s", operation).isEqualTo(302);
        assertThat(text).as("%s", operation).isEqualTo("{\"replaced\":true}");
        assertThat(response.headers().firstValue("Location"))
                .as("%s", operation)
                .hasValue("https://moved.example.org/x");
        assertThat(response.headers().firstValue("Retry-After"))
                .as("%s", operation)
                .hasValue("999999");
        assertThat(response.headers().firstValue("Sforce-Limit-Info"))
                .as("%s", operation)
                .isEmpty();
    }

    @Test
    void anAnswerIsGivenInPlaceOfWorkOrAfterIt() {
        fault(SALESFORCE, "{\"kind\":\"answer\",\"status\":502,\"body\":\"<html>bad gateway</html>\",\"count\":1}");
        assertThat(salesforce.upsertContacts(contact("C-1", "One")).status()).isEqualTo(502);
        assertThat(contacts()).isZero();
        fault(SALESFORCE, "{\"kind\":\"answer\",\"when\":\"after\",\"status\":502,\"body\":\"\",\"count\":1}");
        assertThat(salesforce.upsertContacts(contact("C-1", "One")).status()).isEqualTo(502);
        assertThat(contacts()).isOne();
        fault(HUBSPOT, "{\"kind\":\"answer\",\"when\":\"after\",\"status\":200,\"body\":{},\"count\":1}");
        assertThat(hubspot.upsertContacts(1, 2).text()).isEqualTo("{}");
        assertThat(hubspot.referee().path("recordsByObject").path("contacts").asInt())
                .isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/html", "text/csv", "text/xml", "application/json", ""})
    void resultsOfACallThatAnotherFaultAnswersStayAsTheyAre(String contentType) {
        for (String account : List.of(SALESFORCE, HUBSPOT)) {
            fault(
                    account,
                    "{\"kind\":\"answer\",\"status\":502,\"contentType\":\"" + contentType
                            + "\",\"body\":\"bad gateway\",\"count\":1}");
            fault(account, "{\"kind\":\"results\",\"order\":\"reversed\",\"errors\":1,\"count\":1}");
        }

        assertThat(salesforce.upsertContacts(contact("C-1", "One")).status()).isEqualTo(502);
        assertThat(hubspot.upsertContacts(1, 2).status()).isEqualTo(502);
    }

    @Test
    void rowsOfACollectionComeOtherwiseThanTheyWereWritten() {
        assertThat(names(rows("\"order\":\"reversed\""))).containsExactly("C-2", "C-1", "C-0");
        assertThat(names(rows("\"drop\":1"))).containsExactly("C-1", "C-2");
        assertThat(names(rows("\"double\":1"))).containsExactly("C-0", "C-0", "C-1", "C-2");
        assertThat(names(rows("\"foreign\":1"))).startsWith("C-0", "C-1", "C-2").hasSize(4);
        assertThat(rows("\"empty\":true")).isEmpty();
        assertThat(rows("\"created\":true").findValuesAsText("created")).containsOnly("true");
        assertThat(rows("\"created\":false").findValuesAsText("created")).containsOnly("false");
        assertThat(names(rows("\"otherId\":true")))
                .doesNotContain("C-0", "C-1", "C-2")
                .hasSize(3);
        assertThat(rows("\"errors\":1,\"errorCode\":\"UNABLE_TO_LOCK_ROW\"").findValuesAsText("success"))
                .containsExactly("false", "true", "true");
        fault(SALESFORCE, "{\"kind\":\"results\",\"count\":1,\"html\":true}");
        SalesforceClient.Reply page = salesforce.upsertContacts(contact("C-9", "x"));
        assertThat(page.status()).isEqualTo(200);
        assertThat(page.text()).contains("<html>");
        assertThat(contacts()).isEqualTo(4);
    }

    private JsonNode rows(String results) {
        fault(SALESFORCE, "{\"kind\":\"results\",\"count\":1," + results + "}");
        return salesforce
                .upsertContacts(contact("C-0", "a"), contact("C-1", "b"), contact("C-2", "c"))
                .json();
    }

    /** The keys of the records whose ids the rows bear. */
    private List<String> names(JsonNode rows) {
        return StreamSupport.stream(rows.spliterator(), false)
                .map(row -> salesforce
                        .get(API + "/sobjects/Contact/" + row.path("id").asText())
                        .json()
                        .path("Customer_No__c")
                        .asText("nobody"))
                .toList();
    }

    @Test
    void partsOfACompositeAndQueriesAndListsAreChangedToo() {
        salesforce.upsertContacts(contact("C-0", "a"), contact("C-1", "b"));
        fault(
                SALESFORCE,
                "{\"kind\":\"results\",\"operation\":\"query\",\"object\":\"Contact\",\"drop\":1,\"count\":1}");
        assertThat(salesforce.query("SELECT Id FROM Account").json().path("records"))
                .isEmpty();
        assertThat(salesforce.query("SELECT Id FROM Contact").json().path("records"))
                .hasSize(1);
        String composite = "{\"compositeRequest\":[{\"method\":\"PATCH\",\"referenceId\":\"a\",\"url\":\"" + API
                + "/composite/sobjects/Contact/Customer_No__c\",\"body\":"
                + SalesforceClient.records("Contact", false, contact("C-0", "x"), contact("C-1", "y")) + "}]}";
        fault(
                SALESFORCE,
                "{\"kind\":\"results\",\"operation\":\"compositePart\",\"object\":\"Contact\",\"drop\":1,\"count\":1}");
        assertThat(salesforce
                        .post(API + "/composite", composite)
                        .json()
                        .path("compositeResponse")
                        .path(0)
                        .path("body"))
                .hasSize(1);
        fault(
                SALESFORCE,
                "{\"kind\":\"results\",\"operation\":\"composite\",\"object\":\"Contact\",\"drop\":1,\"count\":1}");
        assertThat(salesforce.post(API + "/composite", composite).json().path("compositeResponse"))
                .isEmpty();
        fault(
                SALESFORCE,
                "{\"kind\":\"answer\",\"operation\":\"compositePart\",\"object\":\"Contact\",\"when\":\"after\","
                        + "\"status\":500,\"body\":[{\"errorCode\":\"X\",\"message\":\"y\"}],\"count\":1}");
        assertThat(salesforce
                        .post(API + "/composite", composite)
                        .json()
                        .at("/compositeResponse/0/body/0/errorCode")
                        .asText())
                .isEqualTo("X");
    }

    @Test
    void rowsOfABulkJobAreChangedToo() {
        String job = salesforce
                .post(
                        API + "/jobs/ingest",
                        "{\"object\":\"Contact\",\"operation\":\"upsert\","
                                + "\"externalIdFieldName\":\"Customer_No__c\"}")
                .json()
                .path("id")
                .asText();
        String path = API + "/jobs/ingest/" + job;
        salesforce.call(
                "PUT", path + "/batches", "Customer_No__c,LastName\nC-1,\"One, \"\"a\"\"\nb\"\nC-2,Two\n", "text/csv");
        salesforce.patch(path, "{\"state\":\"UploadComplete\"}");
        await().until(() ->
                "JobComplete".equals(salesforce.get(path).json().path("state").asText()));
        // the rows come in an order of the job's own
        String plain = salesforce.get(path + "/successfulResults").text();
        boolean first = plain.indexOf("\"C-1\"") < plain.indexOf("\"C-2\"");
        fault(
                SALESFORCE,
                "{\"kind\":\"results\",\"operation\":\"bulkSuccessful\",\"object\":\"Contact\",\"created\":false,"
                        + "\"order\":\"reversed\",\"count\":1}");
        String changed = salesforce.get(path + "/successfulResults").text();
        assertThat(changed).doesNotContain("\"true\"");
        assertThat(changed.indexOf(first ? "\"C-2\"" : "\"C-1\""))
                .isPositive()
                .isLessThan(changed.indexOf(first ? "\"C-1\"" : "\"C-2\""));
        fault(SALESFORCE, "{\"kind\":\"results\",\"operation\":\"bulkSuccessful\",\"drop\":1,\"count\":1}");
        assertThat(salesforce.get(path + "/successfulResults").text())
                .contains(first ? "C-2" : "C-1")
                .doesNotContain(first ? "C-1" : "C-2");
    }

    @Test
    void aKeyStandsForItsRecordInSalesforceWhereTheCallNamesTheId() {
        String id = salesforce
                .upsertContacts(contact("C-1", "One"))
                .json()
                .path(0)
                .path("id")
                .asText();
        String other = salesforce
                .upsertContacts(contact("C-2", "Two"))
                .json()
                .path(0)
                .path("id")
                .asText();
        String record = "{\"attributes\":{\"type\":\"Contact\"},\"Id\":\"%s\",\"LastName\":\"x\"}";
        String both =
                "{\"allOrNone\":false,\"records\":[" + record.formatted(other) + "," + record.formatted(id) + "]}";
        String alone = "{\"allOrNone\":false,\"records\":[" + record.formatted(other) + "]}";
        String composite = "{\"compositeRequest\":[{\"method\":\"PATCH\",\"referenceId\":\"a\",\"url\":\"" + API
                + "/composite/sobjects\",\"body\":" + both + "}]}";
        String answer = "{\"kind\":\"answer\",\"errorCode\":\"X\",\"keys\":[\"C-1\"],\"count\":1}";
        String row = "{\"kind\":\"partial\",\"errorCode\":\"Y\",\"keys\":[\"C-1\"],\"count\":1}";

        fault(SALESFORCE, answer);
        assertThat(salesforce.patch(API + "/composite/sobjects", alone).status())
                .isEqualTo(200);
        assertThat(salesforce.patch(API + "/composite/sobjects", both).errorCode())
                .isEqualTo("X");
        fault(SALESFORCE, answer);
        assertThat(salesforce
                        .patch(API + "/sobjects/Contact/" + other, "{\"LastName\":\"x\"}")
                        .status())
                .isEqualTo(204);
        assertThat(salesforce
                        .patch(API + "/sobjects/Contact/" + id, "{\"LastName\":\"x\"}")
                        .errorCode())
                .isEqualTo("X");
        fault(SALESFORCE, answer);
        assertThat(salesforce.post(API + "/composite", composite).errorCode()).isEqualTo("X");

        fault(SALESFORCE, row);
        assertThat(salesforce.patch(API + "/composite/sobjects", both).json().findValuesAsText("success"))
                .containsExactly("true", "false");
        fault(SALESFORCE, row);
        assertThat(salesforce.post(API + "/composite", composite).json().findValuesAsText("success"))
                .containsExactly("true", "false");
        fault(SALESFORCE, row);
        String job = salesforce
                .post(API + "/jobs/ingest", "{\"object\":\"Contact\",\"operation\":\"update\"}")
                .json()
                .path("id")
                .asText();
        String path = API + "/jobs/ingest/" + job;
        salesforce.call("PUT", path + "/batches", "Id,LastName\n" + id + ",x\n" + other + ",x\n", "text/csv");
        salesforce.patch(path, "{\"state\":\"UploadComplete\"}");
        await().until(() ->
                "JobComplete".equals(salesforce.get(path).json().path("state").asText()));
        assertThat(salesforce.get(path + "/failedResults").text())
                .contains(id)
                .contains("Y")
                .doesNotContain(other);
    }

    @Test
    void aKeyStandsForItsRecordInHubspotWhereTheCallNamesTheId() {
        JsonNode made = hubspot.upsertContacts(1, 2).json().path("results");
        String key = "{\"kind\":\"%s\",\"errorCode\":\"VALIDATION_ERROR\",\"keys\":[\""
                + made.path(0).path("properties").path("customer_no").asText() + "\"],\"count\":1}";
        String record = "{\"id\":\"%s\",\"properties\":{\"firstname\":\"x\"}}";
        String one = record.formatted(made.path(0).path("id").asText());
        String other = record.formatted(made.path(1).path("id").asText());

        fault(HUBSPOT, key.formatted("answer"));
        assertThat(hubspot.post(CONTACTS + "/batch/update", HubspotClient.inputs(other))
                        .status())
                .isEqualTo(200);
        assertThat(hubspot.post(CONTACTS + "/batch/update", HubspotClient.inputs(other, one))
                        .status())
                .isEqualTo(400);
        fault(HUBSPOT, key.formatted("partial"));
        HubspotClient.Reply reply = hubspot.post(CONTACTS + "/batch/update", HubspotClient.inputs(one, other));
        assertThat(reply.status()).as(reply.text()).isEqualTo(400);
        assertThat(hubspot.post(CONTACTS + "/batch/update", HubspotClient.inputs(one, other))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void resultsOfABatchComeOtherwiseThanTheyWereWritten() {
        assertThat(batch("\"drop\":1").path("results")).hasSize(2);
        assertThat(batch("\"double\":2").path("results")).hasSize(5);
        assertThat(batch("\"foreign\":1").path("results")).hasSize(4);
        assertThat(batch("\"empty\":true").path("results")).isEmpty();
        assertThat(batch("\"created\":true").findValuesAsText("new"))
                .containsOnly("true")
                .hasSize(3);
        JsonNode pending = batch("\"pending\":true");
        assertThat(pending.path("status").asText()).isEqualTo("PENDING");
        assertThat(pending.path("results")).isEmpty();
        List<String> known = ids(batch("\"order\":\"shuffled\""));
        assertThat(ids(batch("\"otherId\":true"))).hasSize(3).doesNotContainAnyElementsOf(known);
    }

    @Test
    void aReadAnswersAnErrorForARecordThatIsThere() {
        String id = hubspot.upsertContacts(1, 1).json().at("/results/0/id").asText();
        String read = HubspotClient.inputs("{\"id\":\"" + id + "\"}");
        fault(
                HUBSPOT,
                "{\"kind\":\"results\",\"operation\":\"batchRead\",\"errors\":1,\"keys\":[\"" + id
                        + "\"],\"count\":1}");
        assertThat(hubspot.post(CONTACTS + "/batch/read", HubspotClient.inputs("{\"id\":\"5\"}"))
                        .json()
                        .path("errors")
                        .path(0)
                        .path("category")
                        .asText())
                .isEqualTo("OBJECT_NOT_FOUND");
        HubspotClient.Reply reply = hubspot.post(CONTACTS + "/batch/read", read);
        assertThat(reply.status()).isEqualTo(207);
        assertThat(reply.json().path("results")).isEmpty();
        assertThat(reply.json().at("/errors/0/category").asText()).isEqualTo("VALIDATION_ERROR");
        assertThat(reply.json().at("/errors/0/context/ids/0").asText()).isEqualTo(id);
        fault(HUBSPOT, "{\"kind\":\"results\",\"operation\":\"batchArchive\",\"errors\":1,\"count\":1}");
        assertThat(hubspot.post(CONTACTS + "/batch/archive", read).status()).isEqualTo(207);
    }

    private JsonNode batch(String results) {
        fault(HUBSPOT, "{\"kind\":\"results\",\"count\":1," + results + "}");
        return hubspot.upsertContacts(1, 3).json();
    }

    private static List<String> ids(JsonNode batch) {
        List<String> ids = new ArrayList<>();
        batch.path("results").forEach(row -> ids.add(row.path("id").asText()));
        return ids;
    }

    @Test
    void aCutComesBeforeWithinOrAfterTheWork() {
        cut("before");
        assertThat(contacts()).isZero();
        cut("within");
        assertThat(contacts()).isOne();
        salesforce.delete("/sandbox/records/salesforce/Contact/C-1");
        cut("after");
        assertThat(contacts()).isOne();
    }

    private void cut(String when) {
        fault(SALESFORCE, "{\"kind\":\"reset\",\"when\":\"" + when + "\",\"keys\":[\"C-1\"],\"count\":1}");
        assertThat(salesforce.upsertContacts(contact("C-2", "Two")).status()).isEqualTo(200);
        salesforce.delete("/sandbox/records/salesforce/Contact/C-2");
        assertThatThrownBy(() -> salesforce.upsertContacts(contact("C-1", "One")))
                .isInstanceOf(UncheckedIOException.class);
    }

    @Test
    void aSlowRequestIsWorkedOnLateEvenWhenItsClientHasGone() {
        fault(SALESFORCE, "{\"kind\":\"slow\",\"when\":\"before\",\"delayMs\":1500,\"count\":1}");
        CompletableFuture<HttpResponse<String>> slow = upsertLater();
        await().until(() -> salesforce.referee().path("accepted").asInt() == 1);
        slow.cancel(true);
        assertThat(contacts()).isZero();
        await().until(() -> contacts() == 1);
    }

    @Test
    void aSlowAnswerComesInHalves() {
        fault(SALESFORCE, "{\"kind\":\"slow\",\"when\":\"within\",\"delayMs\":1200,\"count\":1}");
        CompletableFuture<HttpResponse<String>> slow = upsertLater();
        await().until(() -> contacts() == 1);
        assertThat(slow).isNotDone();
        assertThat(slow).succeedsWithin(Duration.ofSeconds(8)).satisfies(reply -> assertThat(reply.body())
                .contains("\"success\":true"));
    }

    @Test
    void aHangComesBeforeWithinOrAfterTheWork() {
        fault(SALESFORCE, "{\"kind\":\"hang\",\"when\":\"after\",\"count\":1}");
        upsertLater();
        await().until(() -> contacts() == 1);
        fault(SALESFORCE, "{\"kind\":\"hang\",\"when\":\"within\",\"count\":1}");
        CompletableFuture<HttpResponse<String>> half = upsertLater();
        fault(SALESFORCE, "{\"kind\":\"hang\",\"count\":1}");
        await().until(() -> salesforce.referee().path("accepted").asInt() == 2);
        CompletableFuture<HttpResponse<String>> none = upsertLater();
        await().until(() -> salesforce.referee().path("accepted").asInt() == 3);
        assertThat(half).isNotDone();
        assertThat(none).isNotDone();
    }

    @Test
    void aWhenThatIsNoneIsRefused() {
        assertThat(salesforce
                        .post(SALESFORCE, "{\"kind\":\"reset\",\"when\":\"later\"}")
                        .status())
                .isEqualTo(400);
        assertThat(salesforce
                        .post(SALESFORCE, "{\"kind\":\"answer\",\"when\":\"within\"}")
                        .status())
                .isEqualTo(400);
    }

    private CompletableFuture<HttpResponse<String>> upsertLater() {
        return salesforce.later(
                "PATCH",
                API + "/composite/sobjects/Contact/Customer_No__c",
                SalesforceClient.records("Contact", false, contact("C-1", "One")));
    }

    private int contacts() {
        return salesforce.referee().path("recordsByObject").path("Contact").asInt();
    }

    private void fault(String path, String fault) {
        SalesforceClient.Reply reply = salesforce.post(path, fault);
        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    }
}

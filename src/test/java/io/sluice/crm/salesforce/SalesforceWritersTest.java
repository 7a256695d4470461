// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static io.sluice.crm.salesforce.RunningKamelets.record;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;
import static org.assertj.core.api.InstanceOfAssertFactories.MAP;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.Outcome;
import io.sluice.Outcome.Status;
import io.sluice.crm.BeforeImages;
import io.sluice.crm.ErrorScope;
import io.sluice.crm.PartAnswer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.camel.Exchange;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs the sinks other than collections: a row, several objects, merge and undelete. */
class SalesforceWritersTest {

    private static final String ROW = "kamelet:salesforce-record-upsert-sink?object=Contact&externalId=Customer_No__c";
    private static final String MERGE = "kamelet:salesforce-merge-sink?object=Contact";
    private static final String UNDELETE = "kamelet:salesforce-undelete-sink?object=Contact";
    private static final String SEVERAL = "kamelet:salesforce-composite-upsert-sink"
            + "?externalIds=Account:Ext_Id__c,Contact:Customer_No__c,Opportunity:Deal_No__c";

    @TempDir
    static Path home;

    private static RunningKamelets crm;

    @BeforeAll
    static void start() throws Exception {
        crm = new RunningKamelets(home, Map.of());
    }

    @AfterAll
    static void stop() throws Exception {
        crm.close();
    }

    @BeforeEach
    void noFaults() throws Exception {
        crm.noFaults();
    }

    @Test
    void aRejectedPartHasItsErrorScopeAndFailsNoOtherPart() throws Exception {
        Exchange answered = crm.ask(
                "kamelet:salesforce-composite-upsert-sink?externalIds=Contact:Customer_No__c,"
                        + "Opportunity:No_Such_Field__c",
                List.of(
                        Map.of("object", "Contact", "key", "W-1", "fields", Map.of("LastName", "One")),
                        Map.of("object", "Opportunity", "key", "W-2", "fields", Map.of("Name", "Two"))));
        assertThat(answered.getMessage().getHeader("SluiceStatus")).isEqualTo(404);
        assertThat(answered.getMessage().getHeader(ErrorScope.HEADER)).isEqualTo(ErrorScope.OBJECT);
        assertThat(answered.getMessage().getHeader(PartAnswer.HEADER))
                .isEqualTo(Map.of(
                        "Contact",
                        new PartAnswer(200, ErrorScope.NONE),
                        "Opportunity",
                        new PartAnswer(404, ErrorScope.OBJECT)));
        assertThat(answered.getMessage().getBody())
                .asInstanceOf(LIST)
                .extracting("status")
                .first()
                .isEqualTo(Status.DONE);
        assertThat(contact("W-1").path("LastName").asText()).isEqualTo("One");
    }

    @Test
    void theAnswersToPartsDoNotLeakIntoTheNextCall() throws Exception {
        crm.fault("{\"kind\":\"answer\",\"operation\":\"compositePart\",\"object\":\"Contact\",\"errorCode\":"
                + "\"UNABLE_TO_LOCK_ROW\",\"message\":\"locked\",\"count\":1}");
        Exchange answered = crm.ask(
                SEVERAL,
                List.of(in("Account", record("X-1", "Name", "X")), in("Contact", record("X-2", "LastName", "X"))));
        assertThat(answered.getMessage().getHeader(PartAnswer.HEADER))
                .isEqualTo(Map.of(
                        "Account",
                        new PartAnswer(200, ErrorScope.NONE),
                        "Contact",
                        new PartAnswer(400, ErrorScope.TRANSIENT)));
        answered.getMessage().setBody(List.of(record("X-2", "LastName", "X")));
        Exchange next =
                crm.camel.send("kamelet:salesforce-upsert-sink?object=Contact&externalId=Customer_No__c", answered);
        assertThat(next.getMessage().getHeader("SluiceStatus")).isEqualTo(200);
        assertThat(next.getMessage().getHeader(PartAnswer.HEADER)).isNull();
    }

    /** Salesforce takes addresses of 16,384 bytes (Salesforce Help, 000386264). */
    @Test
    void sixHundredRecordsOf150FieldsAreReadByOneAddressBeforeTheWrite() throws Exception {
        Map<String, Object> fields = new HashMap<>();
        for (int i = 0; i < 150; i++) {
            fields.put("Some_Field_Of_%06d__c".formatted(i).substring(5), "x");
        }
        List<Map<String, Object>> records = new ArrayList<>();
        for (int i = 0; i < SalesforceCrm.IDS_A_QUERY; i++) {
            records.add(
                    Map.of("object", "Contact", "key", "k" + i, "crmId", "003%012dAAA".formatted(i), "fields", fields));
        }
        Exchange exchange = new DefaultExchange(crm.camel.getCamelContext());
        exchange.getMessage().setBody(records);
        exchange.getMessage().setHeader(BeforeImages.SINCE, Map.of("Contact", Instant.EPOCH));
        new SalesforceComposite().request(exchange, "Contact:Customer_No__c", "64.0", 5);

        JsonNode query = RunningKamelets.JSON
                .readTree(exchange.getMessage().getBody(String.class))
                .path("compositeRequest")
                .get(0);
        assertThat(query.path("method").asText()).isEqualTo("GET");
        assertThat(query.path("url").asText()).hasSizeLessThan(16_384);
    }

    @Test
    void recordsAreReadBeforeTheWriteWhateverTheirIdsAndParents() throws Exception {
        String id = made("P-1");
        crm.send(ROW, List.of(record("P-2", "LastName", "Two")));
        Exchange exchange = new DefaultExchange(crm.camel.getCamelContext());
        exchange.getMessage()
                .setBody(List.of(
                        of(record("P-1", "LastName", "New"), "upsert", id),
                        of(record("P-3", "LastName", "Odd"), "upsert", "no'id")));
        exchange.getMessage().setHeader(BeforeImages.SINCE, Map.of("Contact", Instant.EPOCH));
        crm.camel.send("kamelet:salesforce-upsert-sink?object=Contact&externalId=Customer_No__c", exchange);

        assertThat(exchange.getMessage().getHeader(BeforeImages.HEADER))
                .as("an invalid id does not fail the read")
                .asInstanceOf(MAP)
                .containsKey("Contact");
        assertThat(exchange.getMessage().getBody())
                .asInstanceOf(LIST)
                .extracting("status")
                .first()
                .isEqualTo(Status.DONE);
    }

    private static JsonNode contact(String key) throws Exception {
        return crm.find("Contact", "Customer_No__c", key);
    }

    private static String made(String key) {
        return crm.send(ROW, List.of(record(key, "LastName", key))).get(0).crmId();
    }

    private static Map<String, Object> of(Map<String, Object> record, String operation, String crmId) {
        Map<String, Object> all = new HashMap<>(record);
        all.put("operation", operation);
        all.put("crmId", crmId);
        return all;
    }

    private static Map<String, Object> in(String object, Map<String, Object> record) {
        Map<String, Object> all = new HashMap<>(record);
        all.put("object", object);
        return all;
    }

    // --- a row

    @ParameterizedTest
    @ValueSource(strings = {"R-1", "R/1?x=1&y#z", "Ä 100%", "R'\"<1>"})
    void aRowIsCreatedThenUpdatedWhateverItsKey(String key) throws Exception {
        long calls = crm.counted();
        Outcome made = crm.send(ROW, List.of(record(key, "LastName", "One", "Phone", "1", "Title", "Dr")))
                .get(0);
        assertThat(made.status()).isEqualTo(Status.DONE);
        Outcome changed = crm.send(ROW, List.of(record(key, "LastName", "Two", "Phone", null)))
                .get(0);
        assertThat(changed).isEqualTo(Outcome.done(key, made.crmId()));
        assertThat(contact(key).path("LastName").asText()).isEqualTo("Two");
        assertThat(contact(key).path("Phone").isTextual()).as("null clears").isFalse();
        assertThat(contact(key).path("Title").asText())
                .as("an absent field is kept")
                .isEqualTo("Dr");
        assertThat(crm.counted() - calls).isEqualTo(2);
        assertThat(crm.ledger()).isEqualTo(crm.counted());
    }

    @Test
    void anInvalidRowIsRejectedWithTheFields() {
        assertThat(crm.send(ROW, List.of(record("R-2", "LastName", "One", "Email", "nowhere")))
                        .get(0))
                .satisfies(outcome -> {
                    assertThat(outcome.status()).isEqualTo(Status.REJECTED);
                    assertThat(outcome.code()).isEqualTo("INVALID_EMAIL_ADDRESS");
                    assertThat(outcome.fields()).containsExactly("Email");
                });
        assertThat(crm.rejection(ROW, List.of(record("a"), record("b"))))
                .hasMessageContaining("takes one record, but the list has 2");
    }

    @Test
    void aTruncatedAnswerToARowIsARetry() throws Exception {
        crm.fault("{\"kind\":\"reset\",\"afterWrite\":true,\"count\":1}");
        assertThat(crm.send(ROW, List.of(record("R-3", "LastName", "One")))
                        .get(0)
                        .status())
                .isEqualTo(Status.RETRY);
        assertThat(crm.send(ROW, List.of(record("R-3", "LastName", "One")))
                        .get(0)
                        .status())
                .isEqualTo(Status.DONE);
        assertThat(crm.ledger()).isEqualTo(crm.counted());
    }

    @Test
    void twentyThreadsWithAnExpiredTokenLogInOnceAndWriteAll() throws Exception {
        made("L-0");
        crm.fault("{\"kind\":\"expireTokens\"}");
        long logins = crm.referee().path("byOperation").path("token").asLong();
        ExecutorService threads = Executors.newFixedThreadPool(20);
        try {
            List<Future<Boolean>> all = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                String key = "L-" + i;
                all.add(threads.submit(() -> done(key) || done(key)));
            }
            for (Future<Boolean> one : all) {
                assertThat(one.get()).as("after one rejection at most").isTrue();
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(crm.referee().path("byOperation").path("token").asLong() - logins)
                .isEqualTo(1);
        assertThat(crm.ledger()).isEqualTo(crm.counted());
    }

    private static boolean done(String key) {
        return crm.send(ROW, List.of(record(key, "LastName", "One"))).get(0).status() == Status.DONE;
    }

    // --- several objects

    @Test
    void parentsAreWrittenBeforeChildrenInOneCallWhateverTheOrder() throws Exception {
        long calls = crm.counted();
        List<Outcome> outcomes = crm.send(
                SEVERAL,
                List.of(
                        in(
                                "Opportunity",
                                record(
                                        "O-1",
                                        "Name",
                                        "Deal",
                                        "StageName",
                                        "Open",
                                        "CloseDate",
                                        "2026-12-31",
                                        "Customer__r.Customer_No__c",
                                        "C-1")),
                        in("Contact", record("C-1", "LastName", "Child", "Account.Ext_Id__c", "A-1")),
                        in("Account", record("A-1", "Name", "Parent")),
                        in("Contact", record("C-2", "LastName", "Orphan", "Account.Ext_Id__c", "A-never")),
                        in("Account", record("A-2"))));
        assertThat(outcomes).extracting(Outcome::key).containsExactly("O-1", "C-1", "A-1", "C-2", "A-2");
        assertThat(outcomes)
                .extracting(Outcome::status)
                .containsExactly(Status.DONE, Status.DONE, Status.DONE, Status.REJECTED, Status.REJECTED);
        assertThat(outcomes.get(4).fields()).containsExactly("Name");
        assertThat(contact("C-1").path("AccountId").asText())
                .isEqualTo(outcomes.get(2).crmId());
        assertThat(crm.counted() - calls).isEqualTo(1);
        assertThat(crm.ledger()).isEqualTo(crm.counted());
    }

    @Test
    void aThousandRecordsAreOneCallAndOneMoreIsRejected() throws Exception {
        List<Map<String, Object>> records = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            records.add(
                    i % 5 == 0
                            ? in("Account", record("T-" + i, "Name", "T"))
                            : in("Contact", record("T-" + i, "LastName", "T")));
        }
        long calls = crm.counted();
        assertThat(crm.send(SEVERAL, records))
                .extracting(Outcome::status)
                .containsOnly(Status.DONE)
                .hasSize(1000);
        assertThat(crm.counted() - calls).isEqualTo(1);
        assertThat(crm.number("select records from sluice.api_call order by id desc limit 1"))
                .isEqualTo(1000);
        records.add(in("Opportunity", record("T-x", "Name", "T")));
        assertThat(crm.rejection(SEVERAL, records))
                .hasMessageContaining("need 6 collections")
                .hasMessageContaining("split the list");
        assertThat(crm.rejection(SEVERAL, List.of(in("Acount", record("1")))))
                .hasMessageContaining("did you mean Account");
        assertThat(crm.counted() - calls).isEqualTo(1);
    }

    @Test
    void aThrottledOrTruncatedCompositeCallIsARetryForAll() throws Exception {
        List<Map<String, Object>> records =
                List.of(in("Account", record("F-1", "Name", "F")), in("Contact", record("F-2", "LastName", "F")));
        for (String fault : List.of(
                "{\"kind\":\"refuse\",\"count\":1}",
                "{\"kind\":\"reset\",\"afterWrite\":true,\"count\":1}",
                "{\"kind\":\"unavailable\",\"html\":true,\"count\":1}")) {
            crm.fault(fault);
            assertThat(crm.send(SEVERAL, records))
                    .as(fault)
                    .extracting(Outcome::status)
                    .containsExactly(Status.RETRY, Status.RETRY);
            crm.noFaults();
        }
        assertThat(crm.send(SEVERAL, records)).extracting(Outcome::status).containsOnly(Status.DONE);
        assertThat(crm.ledger()).isEqualTo(crm.counted());
    }

    // --- merge

    @Test
    void aMergeKeepsOneRecordWithItsNewValues() throws Exception {
        String survivor = made("M-1");
        String other = made("M-2");
        String third = made("M-3");
        String hard = "<&>\"' ]]> & \u00e4\u20ac\ud83d\ude00 \u0001";
        List<Outcome> outcomes = crm.send(
                MERGE,
                List.of(
                        of(record("M-2"), "delete", other),
                        of(record("M-1", "FirstName", hard, "Title", null), "upsert", survivor),
                        of(record("M-3"), "delete", third)));
        assertThat(outcomes)
                .containsExactly(Outcome.done("M-2", other), Outcome.done("M-1", survivor), Outcome.done("M-3", third));
        assertThat(contact("M-1").path("FirstName").asText()).isEqualTo(hard.replace('\u0001', '\ufffd'));
        assertThat(contact("M-2")).isNull();
        assertThat(contact("M-3")).isNull();
        assertThat(crm.ledger()).isEqualTo(crm.counted());
        assertThat(crm.number("select used from sluice.reported_limit where account = 'salesforce' and name = 'daily'"))
                .as("SOAP states the usage in its envelope")
                .isEqualTo(
                        crm.referee().path("limits").path("daily").path("used").asLong());
    }

    @Test
    void aMergeWithATruncatedAnswerIsFoundDoneByTheRetry() throws Exception {
        List<Map<String, Object>> records =
                List.of(of(record("N-1"), "upsert", made("N-1")), of(record("N-2"), "delete", made("N-2")));
        crm.fault("{\"kind\":\"reset\",\"afterWrite\":true,\"count\":1}");
        assertThat(crm.send(MERGE, records)).extracting(Outcome::status).containsExactly(Status.RETRY, Status.RETRY);
        long calls = crm.counted();
        assertThat(crm.send(MERGE, records)).extracting(Outcome::status).containsExactly(Status.DONE, Status.DONE);
        assertThat(crm.counted() - calls).as("the merge and the lookup").isEqualTo(2);
        assertThat(crm.ledger()).isEqualTo(crm.counted());
    }

    @Test
    void anInvalidMergeIsRejectedForAllRecords() throws Exception {
        String survivor = made("P-1");
        assertThat(crm.send(
                        MERGE,
                        List.of(
                                of(record("P-1", "Email", "nowhere"), "upsert", survivor),
                                of(record("P-2"), "delete", made("P-2")))))
                .extracting(Outcome::code)
                .containsOnly("INVALID_EMAIL_ADDRESS")
                .hasSize(2);
        assertThat(contact("P-2")).as("all or nothing").isNotNull();
        assertThat(crm.rejection(MERGE, List.of(of(record("P-1"), "upsert", survivor))))
                .hasMessageContaining("two or three records");
        assertThat(crm.rejection(MERGE, List.of(record("P-1"), record("P-2")))).hasMessageContaining("crmId");
    }

    @Test
    void aSoapLimitIsThrottledAndAnExpiredSessionLogsIn() throws Exception {
        List<Map<String, Object>> records =
                List.of(of(record("Q-1"), "upsert", made("Q-1")), of(record("Q-2"), "delete", made("Q-2")));
        crm.fault("{\"kind\":\"refuse\",\"count\":1}");
        assertThat(crm.send(MERGE, records)).extracting(Outcome::code).containsOnly("REQUEST_LIMIT_EXCEEDED");
        assertThat(crm.number("select count(*) from sluice.throttle")).isEqualTo(1);
        crm.noFaults();
        crm.fault("{\"kind\":\"expireTokens\"}");
        assertThat(crm.send(MERGE, records)).extracting(Outcome::code).containsOnly("INVALID_SESSION_ID");
        assertThat(crm.send(MERGE, records)).extracting(Outcome::status).containsOnly(Status.DONE);
        assertThat(crm.ledger()).isEqualTo(crm.counted());
    }

    // --- undelete

    @Test
    void deletedRecordsAreRestoredAndExistingOnesAreDone() throws Exception {
        String gone = made("U-1");
        String there = made("U-2");
        crm.control("DELETE", "/sandbox/records/salesforce/Contact/" + gone, "");
        List<Outcome> outcomes = crm.send(
                UNDELETE,
                List.of(
                        of(record("U-1"), "upsert", gone),
                        of(record("U-2"), "upsert", there),
                        of(record("U-3"), "upsert", "003000000000000AAA")));
        assertThat(outcomes).extracting(Outcome::key).containsExactly("U-1", "U-2", "U-3");
        assertThat(outcomes).extracting(Outcome::status).containsExactly(Status.DONE, Status.DONE, Status.REJECTED);
        assertThat(contact("U-1")).isNotNull();
        assertThat(crm.rejection(UNDELETE, List.of(record("U-1")))).hasMessageContaining("crmId");
        assertThat(crm.ledger()).isEqualTo(crm.counted());
    }

    @Test
    void anUndeleteWithATruncatedAnswerIsFoundDoneByTheRetry() throws Exception {
        String gone = made("V-1");
        crm.control("DELETE", "/sandbox/records/salesforce/Contact/" + gone, "");
        List<Map<String, Object>> records = List.of(of(record("V-1"), "upsert", gone));
        crm.fault("{\"kind\":\"reset\",\"afterWrite\":true,\"count\":1}");
        assertThat(crm.send(UNDELETE, records)).extracting(Outcome::status).containsExactly(Status.RETRY);
        assertThat(crm.send(UNDELETE, records)).extracting(Outcome::status).containsExactly(Status.DONE);
    }
}

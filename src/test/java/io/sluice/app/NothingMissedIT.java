// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.Sandbox;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import io.sluice.testkit.FreePorts;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Reads the records that pollers of a CRM are known to miss: late, equally stamped, long deleted and wide ones. */
@Execution(ExecutionMode.CONCURRENT)
class NothingMissedIT {

    private static final int LATE_SECONDS = 30;
    private static final int ROWS = 12_000; // and a page holds 2,000
    private static final int WIDTH = 420; // fields, whose names alone are 17 KB in an address
    private static final String CONTACTS = "/sandbox/records/salesforce/Contact/";
    private static final String WIDE = "/sandbox/records/salesforce/Wide__c";

    @TempDir
    static Path home;

    static EmbeddedDatabase database; // both outlive the standstill
    static Sandbox sandbox;
    static RunningSluice sluice;

    @BeforeAll
    static void startTheDemoWithAWideTable() throws Exception {
        database = EmbeddedDatabase.start(SharedBinaries.in(home.resolve("database")), FreePorts.next());
        sandbox = Sandbox.start("127.0.0.1", 0);
        Map<String, String> fields = new TreeMap<>();
        IntStream.rangeClosed(1, WIDTH).forEach(n -> fields.put(column(n), field(n)));
        sluice = RunningSluice.replica(home, database.port(), sandbox.port())
                .with("sluice.poll.check-interval", 50)
                .with("sluice.poll.min-interval", "200ms")
                .with("sluice.poll.max-interval", "500ms")
                .withSync(
                        "wide-salesforce.camel.yaml",
                        RunningSluice.sync(
                                "wide-salesforce", "public.wide", "no", "salesforce", "Wide__c", "No__c", fields));
        sluice.sql("create table wide (no text primary key, "
                + fields.keySet().stream().map(column -> column + " text").collect(Collectors.joining(", ")) + ")");
        sandbox("PUT", "/sandbox/objects/salesforce/Wide__c", "{\"label\":\"Wide\",\"keyPrefix\":\"a0w\"}");
        sandbox(
                "PUT",
                "/sandbox/fields/salesforce/Wide__c/No__c",
                "{\"type\":\"string\",\"length\":40,\"externalId\":true,\"unique\":true}");
        for (String field : fields.values()) {
            sandbox("PUT", "/sandbox/fields/salesforce/Wide__c/" + field, "{\"type\":\"string\",\"length\":40}");
        }
        sandbox(
                "POST",
                "/sandbox/faults/salesforce",
                "{\"kind\":\"unavailable\",\"operation\":\"describe\",\"object\":\"Opportunity\"," + "\"count\":1}");
        sluice.start().awaitOutput("Account salesforce is ready").awaitSettled();
    }

    @AfterAll
    static void stop() throws Exception {
        sluice.close();
        sandbox.close();
        database.close();
    }

    private static String column(int n) {
        return "c%03d".formatted(n);
    }

    private static String field(int n) {
        return "Field_Number_%03d_Of_A_Wide_Object__c".formatted(n);
    }

    private static void sandbox(String method, String path, String json) {
        HttpResponse<String> answer = sluice.sandbox(method, path, json);
        assertThat(answer.statusCode()).as(path + ": " + answer.body()).isEqualTo(200);
    }

    private static void soon(ThrowingRunnable assertion) {
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(50))
                .untilAsserted(assertion);
    }

    private static String phone(String customer) throws Exception {
        return sluice.rows("select customer_no, phone from customer where customer_no = '" + customer + "'")
                .get(customer)
                .get(0);
    }

    private static long calls(String operation) {
        return sluice.referee().path("byOperation").path(operation).asLong();
    }

    @Test
    void lateWideLongDeletedAndEquallyStampedRecordsAreRead() throws Exception {
        whatWasDescribedIsNotAskedAgain();
        aLateCommit();
        aWideObject();
        aDeleteOlderThanTheWindow();
        moreRecordsOfOneStampThanSixPagesHold();
        assertThat(sluice.refused()).isZero();
    }

    /** The start described two objects, failed at the third, and went on with that one. */
    private static void whatWasDescribedIsNotAskedAgain() {
        assertThat(calls("describe"))
                .as("three objects, and the last of them twice")
                .isEqualTo(4);
    }

    /** It bears its stamp half a minute before anybody sees it, and others are read meanwhile. */
    private static void aLateCommit() throws Exception {
        sandbox(
                "POST",
                "/sandbox/faults/salesforce",
                "{\"kind\":\"lateCommit\",\"seconds\":" + LATE_SECONDS + ",\"operation\":\"edit\",\"count\":1}");
        sandbox("POST", CONTACTS + "C-00001", "{\"Phone\":\"late\"}");
        sandbox("POST", CONTACTS + "C-00002", "{\"Phone\":\"later stamp\"}");
        soon(() -> assertThat(phone("C-00002")).isEqualTo("later stamp"));
        assertThat(phone("C-00001")).as("nobody sees it yet").isNotEqualTo("late");
        soon(() -> assertThat(phone("C-00001")).isEqualTo("late"));
    }

    /** It has more fields than an address holds, and takes a call a page all the same. */
    private static void aWideObject() throws Exception {
        long queries = calls("composite");
        sandbox("POST", WIDE, "{\"No__c\":\"W-1\",\"" + field(1) + "\":\"first\",\"" + field(WIDTH) + "\":\"last\"}");
        soon(() -> assertThat(sluice.rows("select no, c001, c002, " + column(WIDTH) + " from wide")
                        .toString())
                .isEqualTo("{W-1=[first, null, last]}"));
        sandbox("POST", WIDE + "/W-1", "{\"" + field(2) + "\":\"second\",\"" + field(WIDTH) + "\":null}");
        soon(() -> assertThat(sluice.rows("select no, c001, c002, " + column(WIDTH) + " from wide")
                        .toString())
                .isEqualTo("{W-1=[first, second, null]}"));
        assertThat(calls("composite")).as("queries in the body of a call").isGreaterThan(queries);
        sluice.sql("update wide set c003 = 'third', " + column(WIDTH - 1) + " = 'last but one'");
        soon(() -> {
            JsonNode record = sluice.get(sluice.sandboxPort, WIDE + "/W-1");
            assertThat(record.path(field(3)).asText()).isEqualTo("third");
            assertThat(record.path(field(WIDTH - 1)).asText()).isEqualTo("last but one");
        });
    }

    /** Tests a delete of more than fifteen days ago, which the CRM no longer reports after a pause. */
    private static void aDeleteOlderThanTheWindow() throws Exception {
        sluice.stop();
        sluice.sql("update sluice.poll_offset set low_watermark = now() - interval '20 days', deletes_due = now()"
                + " where sync = 'customers-salesforce'");
        // of the demo's customers the thousandth has no deal
        sluice.sql("delete from deal where customer_no = 'C-01000'");
        sandbox("DELETE", CONTACTS + "C-01000", "");
        sluice.start();
        soon(() -> assertThat(sluice.number("select count(*) from customer where customer_no = 'C-01000'"))
                .isZero());
        assertThat(calls("queryAll")).as("looks into the recycle bin").isPositive();
        assertThat(sluice.number("select count(*) from customer")).isEqualTo(999);
    }

    /** The time alone is no offset between two pages: Salesforce compares it by the second. */
    private static void moreRecordsOfOneStampThanSixPagesHold() throws Exception {
        new SandboxRecords(sluice.sandboxPort)
                .imported(
                        "Contact",
                        IntStream.rangeClosed(1, ROWS)
                                .mapToObj(n -> "{\"Customer_No__c\":\"S-" + n + "\",\"LastName\":\"Name " + n
                                        + "\",\"Tier__c\":\"bronze\"}\n")
                                .collect(Collectors.joining()));
        Map<String, Long> stamps = sluice.records("Contact", "Customer_No__c").values().stream()
                .filter(it -> it.path("Customer_No__c").asText().startsWith("S-"))
                .collect(Collectors.groupingBy(it -> it.path("SystemModstamp").asText(), Collectors.counting()));
        assertThat(stamps.values()).as("records of one stamp").containsExactly((long) ROWS);
        soon(() -> assertThat(sluice.number("select count(*) from customer where customer_no like 'S-%'"
                        + " and last_name = 'Name ' || substr(customer_no, 3)"))
                .isEqualTo(ROWS));
        assertThat(sluice.number("select count(*) from customer")).isEqualTo(999 + ROWS);
    }
}

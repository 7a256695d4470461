// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.Sandbox;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import io.sluice.testkit.FreePorts;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads the CRM's existing records into the table by the initial snapshot, which continues after a kill. */
class LoadIT {

    private static final int RECORDS = 12_000;
    private static final int LEADS = 450;
    /** Records in a page of results after the first start. */
    private static final int PAGE = 5000;

    private static final Map<String, String> FIELDS = new TreeMap<>(Map.of(
            "last_name",
            "LastName",
            "city",
            "MailingCity",
            "birthdate",
            "Birthdate",
            "newsletter",
            "Newsletter__c",
            "tier",
            "Tier__c"));
    private static final String MADE = "select customer_no, last_name, city, birthdate::text, newsletter::text, tier"
            + " from person where customer_no like 'L-%' and customer_no <> 'L-1'";

    @TempDir
    static Path home;

    static RunningSluice sluice;
    static EmbeddedDatabase database; // both outlive the kill
    static Sandbox sandbox;
    private static FirstLoad first;

    /**
     * Figures and results of the first start.
     *
     * @param calls    calls of the snapshot
     * @param pages    pages of results
     * @param written  writes to the CRM
     * @param contacts records by key
     */
    private record FirstLoad(
            String calls,
            long pages,
            long written,
            Map<String, JsonNode> contacts,
            Map<String, List<String>> people,
            long leads,
            JsonNode status,
            String output) {}

    @BeforeAll
    static void anOrgWithRecordsAndATableWithTwoRows() throws Exception {
        database = EmbeddedDatabase.start(SharedBinaries.in(home.resolve("database")), FreePorts.next());
        sandbox = Sandbox.start("127.0.0.1", 0);
        SandboxRecords records = new SandboxRecords(sandbox.port());
        records.salesforce(
                "Contact",
                IntStream.rangeClosed(1, RECORDS)
                        .mapToObj(LoadIT::csv)
                        .collect(Collectors.joining(
                                "\n",
                                "Customer_No__c,LastName,MailingCity,Birthdate,Newsletter__c,Tier__c\n",
                                "\n,No key,,,false,\n")));
        for (int from = 1; from <= LEADS; from += 50) {
            records.hubspot(IntStream.range(from, from + 50)
                    .mapToObj(n -> "{\"properties\":{\"customer_no\":\"H-" + n + "\",\"lastname\":\"Lead " + n + "\"}}")
                    .collect(Collectors.joining(",")));
        }
        sluice = RunningSluice.replica(home, database.port(), sandbox.port())
                .with("sluice.demo", false)
                .with("sluice.poll.check-interval", 50)
                .with("sluice.poll.min-interval", "500ms")
                .with("sluice.poll.max-interval", "1s")
                .with("sluice.poll.overlap", "1s")
                // a step is taken up again soon when its process was killed
                .with("sluice.call.timeout", "3s")
                .with("sluice.call.late-delivery", "500ms")
                .with("sluice.account.hubspot.crm", "hubspot")
                .with("sluice.account.hubspot.url", "http://127.0.0.1:" + sandbox.port())
                .with("sluice.account.hubspot.access-token", "pat-sandbox")
                .with("sluice.account.hubspot.limit.daily", "250000 per 24h");
        sluice.withoutSyncs()
                .withSync(
                        "people.camel.yaml",
                        loading(RunningSluice.sync(
                                "people", "person", "customer_no", "salesforce", "Contact", "Customer_No__c", FIELDS)))
                .withSync(
                        "leads.camel.yaml",
                        loading(RunningSluice.sync(
                                "leads",
                                "lead",
                                "no",
                                "hubspot",
                                "contacts",
                                "customer_no",
                                Map.of("name", "lastname"))));
        sluice.sql(
                "create table person (customer_no text primary key, last_name text not null, city text, birthdate date,"
                        + " newsletter boolean, tier text);"
                        + " create table lead (no text primary key, name text);"
                        + " insert into person values ('L-1', 'Ours', null, null, false, 'gold'), ('T-1', 'Table', 'Rome', null,"
                        + " true, null)");
        first = firstLoad();
    }

    private static FirstLoad firstLoad() throws Exception {
        long counted = sluice.counted();
        long written = written();
        sluice.start();
        awaitLoaded("people");
        awaitLoaded("leads");
        sluice.awaitSettled();
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(
                        sluice.number("select count(*) from sluice.api_call where account = 'salesforce'"))
                .isEqualTo(sluice.counted() - counted));
        return new FirstLoad(
                snapshot("people", "calls"),
                asked("bulkQueryResults"),
                written() - written,
                sluice.records("Contact", "Customer_No__c"),
                sluice.rows(MADE),
                sluice.number("select count(*) from lead where name = 'Lead ' || substr(no, 3)"),
                sluice.get(sluice.serverPort, "/api/status").path("syncs").path("people"),
                sluice.output());
    }

    @AfterAll
    static void stop() throws Exception {
        sluice.close();
        sandbox.close();
        database.close();
    }

    private static String loading(String yaml) {
        return yaml.replace("        fields:", "        initial: both\n        fields:");
    }

    /** Each third field is empty, and some have what a CSV must quote. */
    private static String csv(int n) {
        return "L-%d,\"Name, \"\"%d\"\"\",%s,%s,%s,%s"
                .formatted(
                        n,
                        n,
                        n % 3 == 0 ? "" : "\"São\nPaulo\"",
                        n % 3 == 1 ? "" : day(n),
                        n % 2 == 0,
                        n % 3 == 2 ? "" : "gold");
    }

    private static List<String> row(int n) {
        return Arrays.asList(
                "Name, \"" + n + "\"",
                n % 3 == 0 ? null : "São\nPaulo",
                n % 3 == 1 ? null : day(n),
                Boolean.toString(n % 2 == 0),
                n % 3 == 2 ? null : "gold");
    }

    private static String day(int n) {
        return "1980-02-" + (10 + n % 19);
    }

    private static void awaitLoaded(String sync) {
        await().atMost(Duration.ofSeconds(180))
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptions()
                .failFast(() -> assertThat(sluice.isAlive()).as(sluice::output).isTrue())
                .untilAsserted(() -> assertThat(snapshot(sync, "ended_at"))
                        .as(sluice::output)
                        .isNotNull());
    }

    private static String snapshot(String sync, String column) throws Exception {
        return sluice.rows("select sync, " + column + " from sluice.snapshot where sync = '" + sync + "'")
                .get(sync)
                .get(0);
    }

    private static Map<String, List<String>> expected() {
        Map<String, List<String>> expected = new TreeMap<>();
        IntStream.rangeClosed(2, RECORDS).forEach(n -> expected.put("L-" + n, row(n)));
        return expected;
    }

    private static long asked(String operation) {
        return sluice.referee().path("byOperation").path(operation).asLong();
    }

    private static long written() {
        return sluice.referee().path("writesByObject").path("Contact").asLong();
    }

    @Test
    void allRecordsBecomeRowsForAHandfulOfCallsAndOnlyWhatTheTableHadBeforeIsSent() {
        assertThat(new TreeMap<>(first.people())).isEqualTo(expected());
        assertThat(first.leads()).isEqualTo(LEADS);
        assertThat(first.calls()).as("count, create, a poll or two, one page").isBetween("4", "6");
        assertThat(first.pages()).as("pages").isEqualTo(1);
        assertThat(first.contacts().get("L-1").path("LastName").asText())
                .as("what the table had")
                .isEqualTo("Ours");
        assertThat(first.contacts().get("T-1").path("MailingCity").asText()).isEqualTo("Rome");
        assertThat(first.written()).as("writes").isEqualTo(2);
        assertThat(first.status().path("paused").isNull()).as("sends").isTrue();
        assertThat(first.status().path("initial").path("percent").asInt()).isEqualTo(100);
        assertThat(first.status().path("initial").path("read").asInt()).isEqualTo(RECORDS + 1);
        assertThat(first.output())
                .contains(
                        "people: 12,001 records of Contact are read by a bulk query.",
                        "people: all 12,001 records of salesforce Contact are read: 11,999 rows inserted",
                        "1 without Customer_No__c",
                        "leads: all 450 records of hubspot contacts are read: 450 rows inserted")
                .doesNotContain("Exception", "\tat ");
    }

    @Test
    void killedInTheMiddleOfAPageItGoesOnWithTheSameJobAndNoRowIsMissingOrDoubled() throws Exception {
        sluice.kill();
        sluice.sql(
                "delete from person; truncate sluice.sync_state, sluice.initial_export, sluice.poll_offset, sluice.snapshot, sluice.change_log, sluice.outbox");
        long jobs = asked("bulkQueryCreate");
        long pages = asked("bulkQueryResults");
        long written = written();
        int records = sluice.records("Contact", "Customer_No__c").size();
        sluice.with("sluice.snapshot.page-size", PAGE).start();
        await().atMost(Duration.ofSeconds(180))
                .pollInterval(Duration.ofMillis(10))
                .ignoreExceptions()
                .until(() -> Long.parseLong(snapshot("people", "inserted")) > PAGE);
        sluice.kill();
        assertThat(snapshot("people", "read"))
                .as("in the middle of the second page")
                .isEqualTo(Integer.toString(PAGE));
        String job = snapshot("people", "job");
        sluice.start();
        awaitLoaded("people");
        sluice.awaitSettled();

        assertThat(new TreeMap<>(sluice.rows(MADE))).isEqualTo(expected());
        assertThat(asked("bulkQueryCreate") - jobs).as("jobs").isEqualTo(1);
        assertThat(snapshot("people", "job")).isNotNull().isEqualTo(job);
        assertThat(asked("bulkQueryResults") - pages)
                .as("pages, and the one that was cut again")
                .isEqualTo((records + PAGE - 1) / PAGE + 1);
        assertThat(sluice.number("select count(*) from sluice.sync_state where sync = 'people'"))
                .as("all but the one without a key")
                .isEqualTo(records - 1);
        assertThat(written()).as("writes").isEqualTo(written);
    }

    @Test
    void bulkChangesOfAnotherIntegrationAreReadByAJobWithoutDelayingOthers() throws Exception {
        long looks = asked("query");
        long jobs = asked("bulkQueryCreate");
        long began = System.nanoTime();
        // or polls would read a part of them while they are still being made
        assertThat(sluice.api("POST", "/api/accounts/salesforce/pause").statusCode())
                .isEqualTo(200);
        new SandboxRecords(sandbox.port())
                // with one time, or on a slow machine the rest after some pages is too little for a job
                .imported(
                        "Contact",
                        IntStream.rangeClosed(1, RECORDS)
                                .mapToObj(n -> "{\"Customer_No__c\":\"M-" + n + "\",\"LastName\":\"Moved " + n + "\"}")
                                .collect(Collectors.joining("\n", "", "\n")));
        assertThat(sluice.api("POST", "/api/accounts/salesforce/resume").statusCode())
                .isEqualTo(200);
        await().atMost(Duration.ofSeconds(180))
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(() -> assertThat(sluice.number(
                                "select count(*) from person where last_name = 'Moved ' || substr(customer_no, 3)"))
                        .isEqualTo(RECORDS));
        awaitLoaded("people");

        assertThat(asked("bulkQueryCreate") - jobs).as("jobs").isBetween(1L, 2L);
        // twice a second at most, as sluice.poll.min-interval says; reading 12,000 by pages would be six more
        assertThat(asked("query") - looks)
                .as("looks that found nothing, and counts")
                .isLessThanOrEqualTo(
                        3 + Duration.ofNanos(System.nanoTime() - began).toMillis() / 500);
        assertThat(sluice.output()).contains("changed records of salesforce Contact are read: ");
        assertThat(sluice.get(sluice.serverPort, "/api/status")
                        .path("syncs")
                        .path("people")
                        .path("initial")
                        .path("since")
                        .asText())
                .isNotEmpty();
        assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
    }
}

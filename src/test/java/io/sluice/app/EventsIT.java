// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static io.sluice.app.PushedScene.soon;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.sandbox.Sandbox;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import io.sluice.testkit.FreePorts;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads Change Data Capture of Salesforce, while whose events arrive the sync is polled once an hour. */
class EventsIT {

    private static final int PEOPLE = 60;

    @TempDir
    static Path home;

    private static EmbeddedDatabase database;
    private static Sandbox sandbox;
    private static RunningSluice sluice;
    private static final Map<String, String> IDS = new HashMap<>();

    @BeforeAll
    static void everybodyIsThere() throws Exception {
        int port = FreePorts.next();
        database = EmbeddedDatabase.start(SharedBinaries.in(home.resolve("postgres")), port);
        sandbox = Sandbox.start("127.0.0.1", 0);
        sandbox.servePubSub(0, false);
        sluice = replica(home);
        sluice.sql("create table person (no text primary key, last_name text not null, city text, email text);"
                + " insert into person select 'P-' || lpad(n::text, 5, '0'), 'Name ' || n, 'Nowhere'"
                + " from generate_series(1, " + PEOPLE + ") as n");
        control("PUT", "/sandbox/streaming/salesforce", "{\"changeEvents\":[\"Contact\"],\"keepAliveMs\":500}");
        sluice.start().awaitSettled();
        sluice.rows("select key, crm_id from sluice.sync_state where account = 'salesforce'")
                .forEach((key, id) -> IDS.put(key, id.get(0)));
        assertThat(IDS).hasSize(PEOPLE);
        awaitFlowing();
    }

    private static RunningSluice replica(Path folder) throws Exception {
        return RunningSluice.replica(folder, database.port(), sandbox.port())
                .with("sluice.demo", false)
                .with("sluice.account.salesforce.events", true)
                .with("sluice.account.salesforce.events-endpoint", "127.0.0.1:" + sandbox.pubSubPort())
                .with("sluice.account.salesforce.events-plaintext", true)
                .with("sluice.poll.min-interval", "1s")
                .with("sluice.poll.max-interval", "2s")
                .with("sluice.poll.events-interval", "1h")
                .with("sluice.poll.deletes-interval", "1h")
                .withoutSyncs()
                .withSync(
                        "people.camel.yaml",
                        RunningSluice.sync(
                                "people",
                                "person",
                                "no",
                                "salesforce",
                                "Contact",
                                "Customer_No__c",
                                Map.of("last_name", "LastName", "city", "MailingCity", "email", "Email")));
    }

    @AfterAll
    static void stop() throws Exception {
        sluice.close();
        sandbox.close();
        database.close();
    }

    @AfterEach
    void faultless() {
        control("DELETE", "/sandbox/faults/salesforce", "");
    }

    private static String control(String method, String path, String json) {
        var answer = sluice.sandbox(method, path, json);
        assertThat(answer.statusCode()).as(answer::body).isEqualTo(200);
        return answer.body();
    }

    private static void fault(String members) {
        control("POST", "/sandbox/faults/salesforce", "{" + members + "}");
    }

    /** Waits until the events arrive, the inbox is empty and no poll is due for a long time. */
    private static void awaitFlowing() throws SQLException {
        soon(() -> assertThat(
                        sluice.number("select count(*) from sluice.stream_offset where flowing_since is not null"))
                .isOne());
        soon(() -> assertThat(sluice.number(
                        "select count(*) from sluice.poll_offset where due > now() + interval '50 minutes'"))
                .isOne());
        awaitApplied();
        // as if they had been written an hour ago: of a record that was written just now an event can't be judged
        sluice.sql("update sluice.sync_state set settled_at = settled_at - interval '1 hour'");
    }

    private static void awaitApplied() {
        soon(() -> assertThat(sluice.number("select count(*) from sluice.inbox where done_at is null"))
                .isZero());
        sluice.awaitSettled();
    }

    private static void start() throws Exception {
        sluice.start();
        sluice.awaitOutput("Account salesforce is ready");
    }

    private static String number(int person) {
        return PushedScene.number(person);
    }

    /** A Salesforce user's edit. */
    private static void edit(int person, String field, String value) {
        control(
                "POST",
                "/sandbox/records/salesforce/Contact/" + IDS.get(number(person)),
                "{\"" + field + "\":\"" + value + "\"}");
    }

    private static Map<String, List<String>> rows() throws SQLException {
        return sluice.rows("select no, last_name, coalesce(city, ''), coalesce(email, '') from person order by no");
    }

    private static String city(int person) throws SQLException {
        return rows().get(number(person)).get(1);
    }

    private static Map<String, List<String>> contacts() {
        Map<String, List<String>> contacts = new LinkedHashMap<>();
        sluice.records("Contact", "Customer_No__c")
                .forEach((no, record) -> contacts.put(
                        no,
                        List.of(
                                record.path("LastName").asText(),
                                record.path("MailingCity").asText(""),
                                record.path("Email").asText(""))));
        return contacts;
    }

    private static long calls() throws SQLException {
        return sluice.number("select count(*) from sluice.api_call where account = 'salesforce'");
    }

    private static double received(String outcome) {
        return sluice.text(sluice.managementPort, "/observe/metrics")
                .lines()
                .filter(line -> line.startsWith("sluice_webhook_events_total{") && line.contains("\"" + outcome + "\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    @Test
    void editsReachTheTableWithoutACallAndADeleteIsLookedUpFirst() throws Exception {
        long calls = calls();
        for (int i = 1; i <= 30; i++) {
            edit(i, "MailingCity", "Town " + i);
        }
        edit(29, "Email", "p29@example.org");
        soon(() -> assertThat(city(30)).isEqualTo("Town 30"));
        soon(() -> assertThat(rows().get(number(29)).get(2)).isEqualTo("p29@example.org"));
        awaitApplied();
        assertThat(calls()).isEqualTo(calls);
        assertThat(PushedScene.differences(rows(), contacts())).isEmpty();
        control("DELETE", "/sandbox/records/salesforce/Contact/" + IDS.get(number(31)), "");
        soon(() -> assertThat(rows()).doesNotContainKey(number(31)));
        awaitApplied();
        assertThat(calls())
                .as("a record with its key may be there under another id")
                .isBetween(calls + 1, calls + 3);
        assertThat(PushedScene.differences(rows(), contacts())).isEmpty();
    }

    @Test
    void aNewRecordIsReadAndGetsItsRow() throws Exception {
        control(
                "POST",
                "/sandbox/records/salesforce/Contact",
                "{\"Customer_No__c\":\"P-90001\",\"LastName\":\"New\",\"MailingCity\":\"Bonn\"}");
        soon(() -> assertThat(rows()).containsKey("P-90001"));
        assertThat(rows().get("P-90001").get(1)).isEqualTo("Bonn");
    }

    @Test
    void theProcessAfterAKilledOneContinuesAfterTheStoredEvent() throws Exception {
        edit(41, "MailingCity", "Before");
        soon(() -> assertThat(city(41)).isEqualTo("Before"));
        awaitApplied();
        sluice.kill();
        edit(42, "MailingCity", "Meanwhile");
        start();
        soon(() -> assertThat(city(42)).isEqualTo("Meanwhile"));
        awaitApplied();
        assertThat(received("kept")).as("one event since the start").isEqualTo(1);
        assertThat(received("repeated")).as("nothing is delivered twice").isZero();
    }

    @Test
    void aReplayIdThatIsTooOldLeadsToAPoll() throws Exception {
        sluice.kill();
        edit(51, "MailingCity", "Found");
        control("DELETE", "/sandbox/records/salesforce/Contact/" + IDS.get(number(52)), "");
        control("PUT", "/sandbox/streaming/salesforce", "{\"expireEvents\":true}");
        start();
        soon(() -> assertThat(city(51)).isEqualTo("Found"));
        soon(() -> assertThat(rows()).doesNotContainKey(number(52)));
        assertThat(sluice.output())
                .contains("salesforce: the CRM does not know the offset of the stream of events any more");
        awaitFlowing();
        edit(53, "MailingCity", "Goes on");
        soon(() -> assertThat(city(53)).isEqualTo("Goes on"));
    }

    @Test
    void aStreamThatEndsContinues() throws Exception {
        long calls = calls();
        control("DELETE", "/sandbox/pubsub/salesforce", "");
        edit(54, "MailingCity", "After the end");
        soon(() -> assertThat(city(54)).isEqualTo("After the end"));
        awaitApplied();
        assertThat(calls()).isEqualTo(calls);
    }

    @Test
    void eventsThatDoNotShowTheChangeAreReadOrPolled() throws Exception {
        fault("\"kind\":\"gapEvents\",\"operation\":\"changeEvent\",\"count\":1");
        edit(55, "MailingCity", "Read back");
        soon(() -> assertThat(city(55)).isEqualTo("Read back"));
        fault("\"kind\":\"gapEvents\",\"operation\":\"changeEvent\",\"overflow\":true,\"count\":1");
        edit(56, "MailingCity", "Polled");
        soon(() -> assertThat(city(56)).isEqualTo("Polled"));
        double rejected = received("rejected");
        fault("\"kind\":\"garbleEvents\",\"operation\":\"changeEvent\",\"count\":1");
        edit(57, "MailingCity", "Not decoded");
        soon(() -> assertThat(city(57)).isEqualTo("Not decoded"));
        assertThat(received("rejected")).isEqualTo(rejected + 1);
        awaitFlowing();
    }

    @Test
    void whileTheStreamCanNotBeReadTheSyncIsPolled() throws Exception {
        fault("\"kind\":\"answer\",\"operation\":\"pubsubSubscribe\",\"errorCode\":\"subscription.limit.exceeded\"");
        control("DELETE", "/sandbox/pubsub/salesforce", "");
        sluice.awaitOutput("salesforce: the stream of events can't be read: the organisation's deliveries of events");
        edit(58, "MailingCity", "By a poll");
        soon(() -> assertThat(city(58)).isEqualTo("By a poll"));
        assertThat(sluice.output().split("can't be read", -1)).hasSize(2);
        faultless();
        sluice.kill();
        start();
        edit(59, "MailingCity", "By an event");
        awaitFlowing();
        soon(() -> assertThat(city(59)).isEqualTo("By an event"));
        assertThat(sluice.output()).doesNotContain("accesstoken");
    }

    @Test
    void oneOfTwoProcessesReadsTheStreamAndTheOtherOneTakesOver(@TempDir Path folder) throws Exception {
        try (RunningSluice other = replica(folder)) {
            other.start();
            other.awaitOutput("Account salesforce is ready");
            edit(32, "MailingCity", "With two");
            soon(() -> assertThat(city(32)).isEqualTo("With two"));
            assertThat(sluice.get(sandbox.port(), "/sandbox/referee")
                            .at("/accounts/salesforce/pubsub/subscriptions")
                            .asInt())
                    .as("each delivery counts")
                    .isOne();
            sluice.kill();
            edit(33, "MailingCity", "With one");
            soon(() -> assertThat(city(33)).isEqualTo("With one"));
        } finally {
            start();
        }
        edit(34, "MailingCity", "With the first");
        soon(() -> assertThat(city(34)).isEqualTo("With the first"));
        awaitFlowing();
    }
}

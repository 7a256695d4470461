// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.Sandbox;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import io.sluice.testkit.FreePorts;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.awaitility.core.ThrowingRunnable;

/**
 * Syncs a table of people with HubSpot's contacts and Salesforce's, where HubSpot sends webhooks, or writes changes
 * into its journal, and is not polled: the next poll is an hour away. The database can be stopped.
 */
final class PushedScene implements AutoCloseable {

    private static final List<String> PROPERTIES = List.of("lastname", "city", "email");

    final RunningSluice sluice;
    private final Path home;
    private final Sandbox sandbox;
    private EmbeddedDatabase database;
    private final Map<String, String> ids = new LinkedHashMap<>();

    /**
     * Starts it and waits until all people are in both CRMs.
     *
     * @param people 1 to so many, as P-00001 and so on
     */
    PushedScene(Path home, int people, boolean withSalesforce) throws Exception {
        this(home, people, withSalesforce, false);
    }

    /** @param fetched whether HubSpot's journal is fetched, and HubSpot sends nothing */
    PushedScene(Path home, int people, boolean withSalesforce, boolean fetched) throws Exception {
        this.home = home;
        int port = FreePorts.next();
        database = EmbeddedDatabase.start(SharedBinaries.in(home.resolve("postgres")), port);
        sandbox = Sandbox.start("127.0.0.1", 0);
        sluice = RunningSluice.replica(home, port, sandbox.port())
                .with("sluice.demo", false)
                .with("sluice.account.hubspot.crm", "hubspot")
                .with("sluice.account.hubspot.url", "http://127.0.0.1:" + sandbox.port())
                .with("sluice.account.hubspot.access-token", "pat-sandbox")
                .with(
                        "sluice.account.hubspot.limit.burst",
                        "100 per 10s, for write upsert delete deleted read describe")
                .with("sluice.account.hubspot.limit.search", "5 per 1s, for search query")
                .with("sluice.account.hubspot.limit.daily", "250000 per 24h")
                .with("sluice.account.hubspot.webhook-secret", "sandbox-secret")
                .with("sluice.account.hubspot.app-id", "600001")
                .with("sluice.poll.min-interval", "1h")
                .with("sluice.poll.max-interval", "1h")
                .with("sluice.poll.deletes-interval", "1h")
                .withoutSyncs()
                .withSync(
                        "people-hubspot.camel.yaml",
                        RunningSluice.sync(
                                "people-hubspot",
                                "person",
                                "no",
                                "hubspot",
                                "contacts",
                                "customer_no",
                                Map.of("last_name", "lastname", "city", "city", "email", "email")));
        if (withSalesforce) {
            sluice.withSync(
                    "people-salesforce.camel.yaml",
                    RunningSluice.sync(
                            "people-salesforce",
                            "person",
                            "no",
                            "salesforce",
                            "Contact",
                            "Customer_No__c",
                            Map.of("last_name", "LastName", "city", "MailingCity", "email", "Email")));
        }
        sluice.sql("create table person (no text primary key, last_name text not null, city text, email text);"
                + " insert into person select 'P-' || lpad(n::text, 5, '0'), 'Name ' || n, 'Nowhere'"
                + " from generate_series(1, " + people + ") as n");
        if (fetched) {
            sluice.with("sluice.account.hubspot.client-id", "sluice")
                    .with("sluice.account.hubspot.client-secret", "sluice")
                    .with("sluice.account.hubspot.portal-id", 1_000_001)
                    .with("sluice.account.hubspot.journal", true);
            control("PUT", "/sandbox/journal/hubspot", "{\"subscribe\":[\"contacts\"]}");
        } else {
            control(
                    "PUT",
                    "/sandbox/webhooks/hubspot",
                    "{\"targetUrl\":\"http://127.0.0.1:" + sluice.webhookPort
                            + "/webhooks/hubspot\",\"timeScale\":3600,\"subscribe\":{\"contacts\":[\""
                            + String.join("\",\"", PROPERTIES) + "\"]}}");
        }
        sluice.start().awaitSettled();
        soon(() -> assertThat(counts().path("waiting").asInt())
                .as("echoes of the first sending")
                .isZero());
        sluice.rows("select key, crm_id from sluice.sync_state where account = 'hubspot'")
                .forEach((key, id) -> ids.put(key, id.get(0)));
        assertThat(ids).hasSize(people);
        // as if they had been written an hour ago: of a record that was written just now an event can't be judged
        sluice.sql("update sluice.sync_state set settled_at = settled_at - interval '1 hour'");
    }

    static String number(int person) {
        return "P-%05d".formatted(person);
    }

    /** The CRM's id of a person. */
    String id(int person) {
        return ids.get(number(person));
    }

    /** A HubSpot user's edit. */
    void edit(int person, String property, String value) {
        control("POST", "/sandbox/records/hubspot/contacts/" + id(person), "{\"" + property + "\":\"" + value + "\"}");
    }

    void fault(String json) {
        control("POST", "/sandbox/faults/hubspot", json);
    }

    void noFaults() {
        control("DELETE", "/sandbox/faults/hubspot", "");
    }

    String control(String method, String path, String json) {
        var answer = sluice.sandbox(method, path, json);
        assertThat(answer.statusCode()).as(answer::body).isEqualTo(200);
        return answer.body();
    }

    JsonNode referee(String account) {
        return sluice.get(sandbox.port(), "/sandbox/referee").path("accounts").path(account);
    }

    /** Answers what the referee counts of the webhooks. */
    JsonNode counts() {
        return referee("hubspot").path("webhooks");
    }

    long reads() throws SQLException {
        return sluice.number("select count(*) from sluice.api_call where account = 'hubspot'"
                + " and operation in ('read', 'query', 'search', 'deleted')");
    }

    /** A figure of a metric whose line has this in it. */
    double metric(String name, String tag) {
        return sluice.text(sluice.managementPort, "/observe/metrics")
                .lines()
                .filter(line -> line.startsWith(name + "{") && line.contains(tag))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** The table as HubSpot has it: by number the last name, the city and the email. */
    Map<String, List<String>> contacts() {
        Map<String, List<String>> contacts = new LinkedHashMap<>();
        sluice.records("hubspot", "contacts", "customer_no")
                .forEach((no, record) -> contacts.put(
                        no,
                        List.of(
                                record.path("lastname").asText(),
                                record.path("city").asText(),
                                record.path("email").asText())));
        return contacts;
    }

    Map<String, List<String>> salesforceContacts() {
        Map<String, List<String>> contacts = new LinkedHashMap<>();
        sluice.records("Contact", "Customer_No__c")
                .forEach((no, record) -> contacts.put(
                        no,
                        List.of(
                                record.path("LastName").asText(),
                                record.path("MailingCity").asText(),
                                record.path("Email").asText(""))));
        return contacts;
    }

    Map<String, List<String>> rows() throws SQLException {
        return sluice.rows("select no, last_name, coalesce(city, ''), coalesce(email, '') from person order by no");
    }

    void stopDatabase() throws IOException {
        database.close();
    }

    void startDatabase() throws IOException {
        database = EmbeddedDatabase.start(SharedBinaries.in(home.resolve("postgres")), sluice.databasePort);
    }

    /** Lists the differences between the table and a CRM, so that a failure names only these. */
    static Map<String, String> differences(Map<String, List<String>> rows, Map<String, List<String>> contacts) {
        Map<String, String> differences = new TreeMap<>();
        rows.forEach((no, row) -> {
            if (!row.equals(contacts.get(no))) {
                differences.put(no, row + " here, there " + contacts.get(no));
            }
        });
        contacts.keySet().stream()
                .filter(no -> !rows.containsKey(no))
                .forEach(no -> differences.put(no, "not here, there " + contacts.get(no)));
        return differences;
    }

    /** Compares the table with both CRMs. */
    void assertSameEverywhere() throws SQLException {
        assertThat(differences(rows(), contacts()))
                .as("between the table and HubSpot")
                .isEmpty();
        assertThat(differences(rows(), salesforceContacts()))
                .as("between the table and Salesforce")
                .isEmpty();
    }

    /** Waits until all events are applied to the table, and all resulting changes are sent. */
    void awaitApplied() {
        soon(() -> assertThat(counts().path("waiting").asInt())
                .as(() -> counts().toString())
                .isZero());
        soon(() -> assertThat(sluice.number("select count(*) from sluice.inbox where done_at is null"))
                .isZero());
        sluice.awaitSettled();
    }

    static void soon(ThrowingRunnable assertion) {
        await().atMost(Duration.ofSeconds(90))
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptions()
                .untilAsserted(assertion);
    }

    @Override
    public void close() throws IOException {
        sluice.close();
        sandbox.close();
        database.close();
    }
}

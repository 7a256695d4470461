// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import io.sluice.testkit.FreePorts;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shows that webhooks reach the table: one process, on a database that the test can stop. */
class WebhookIT {

    private static final String SECRET = "a-secret-of-this-test";
    private static final int RECORDS = 1_000;
    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

    @TempDir
    static Path home;

    static RunningSluice sluice;
    static EmbeddedDatabase database;

    @BeforeAll
    static void aTableWhoseRecordsAreKnown() throws Exception {
        int port = FreePorts.next();
        database = EmbeddedDatabase.start(SharedBinaries.in(home.resolve("postgres")), port);
        sluice = RunningSluice.replica(home, port, FreePorts.next())
                .with("sluice.demo", false)
                .with("sluice.account.hubspot.crm", "hubspot")
                .with("sluice.account.hubspot.webhook-secret", SECRET)
                .with("sluice.account.hubspot.app-id", "600001")
                .with("sluice.webhooks.trusted-proxies", "127.0.0.1")
                .withoutSyncs()
                .withSync(
                        "people.camel.yaml",
                        RunningSluice.sync(
                                "people",
                                "person",
                                "no",
                                "hubspot",
                                "contacts",
                                "customer_no",
                                Map.of("email", "email", "city", "city")));
        sluice.withSync(
                "mine.camel.yaml",
                """
                - route:
                    id: mine
                    from:
                      id: my-webhooks
                      uri: kamelet:hubspot-webhook-source
                      parameters:
                        account: hubspot
                        path: /webhooks/own/mine
                      steps:
                        - bean:
                            id: keep-them
                            ref: inboxProcessor
                            method: "keep('hubspot', ${body})"
                """);
        sluice.sql("create table person (no int primary key, email text, city text)");
        // a new sync is checked against its CRM, which is away from then on
        sluice.with("sluice.sandbox.enabled", true)
                .with("sluice.sandbox.data", "")
                .start()
                .awaitOutput("people: initial export")
                .stop();
        sluice.with("sluice.sandbox.enabled", false).start().awaitOutput("The pipeline has started");
        // as if they had been written to the CRM an hour ago
        sluice.sql("insert into sluice.sync_state (account, object, key, sync, crm_id, base, settled_at)"
                + " select 'hubspot', 'contacts', n::text, 'people', (500000 + n)::text,"
                + " '{\"email\": null, \"city\": null}', now() - interval '1 hour' from generate_series(1, " + RECORDS
                + ") as n");
        sluice.sql("begin; set local sluice.applying = 'on';" + " insert into person select n from generate_series(1, "
                + RECORDS + ") as n; commit");
    }

    @AfterAll
    static void stop() throws Exception {
        sluice.close();
        database.close();
    }

    private static String change(int record, String property, String value, long at) {
        return "{\"eventId\":1,\"subscriptionId\":7,\"subscriptionType\":\"contact.propertyChange\",\"objectId\":"
                + (500_000 + record) + ",\"propertyName\":\"" + property + "\",\"propertyValue\":\"" + value
                + "\",\"occurredAt\":" + at + ",\"changeSource\":\"CRM_UI\"}";
    }

    private static HttpRequest.Builder signed(String method, String path, byte[] body, long at, String secret)
            throws Exception {
        return signed(method, "http://127.0.0.1:" + sluice.webhookPort, path, body, at, secret);
    }

    /** @param base what HubSpot calls before the path */
    private static HttpRequest.Builder signed(
            String method, String base, String path, byte[] body, long at, String secret) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + sluice.webhookPort + path);
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret.getBytes(UTF_8), "HmacSHA256"));
        mac.update((method + base + path).getBytes(UTF_8));
        mac.update(body);
        mac.update(Long.toString(at).getBytes(UTF_8));
        return HttpRequest.newBuilder(uri)
                .timeout(Duration.ofSeconds(60))
                .header("Content-Type", "application/json")
                .header("X-HubSpot-Signature-v3", Base64.getEncoder().encodeToString(mac.doFinal()))
                .header("X-HubSpot-Request-Timestamp", Long.toString(at))
                .method(method, HttpRequest.BodyPublishers.ofByteArray(body));
    }

    private static HttpResponse<String> send(String path, String body, long at, String secret) throws Exception {
        return HTTP.send(
                signed("POST", path, body.getBytes(UTF_8), at, secret).build(), HttpResponse.BodyHandlers.ofString());
    }

    private static HttpResponse<String> tell(String... events) throws Exception {
        return send("/webhooks/hubspot", "[" + String.join(",", events) + "]", System.currentTimeMillis(), SECRET);
    }

    private static String refused(String why) {
        return sluice.text(sluice.managementPort, "/observe/metrics")
                .lines()
                .filter(line -> line.startsWith("sluice_webhook_rejections_total") && line.contains("\"" + why + "\""))
                .map(line -> line.substring(line.lastIndexOf(' ') + 1))
                .findFirst()
                .orElse("0.0");
    }

    private static void soon(ThrowingRunnable assertion) {
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(50))
                .untilAsserted(assertion);
    }

    private static String city(int record) throws Exception {
        return sluice.rows("select no::text, city from person where no = " + record)
                .get(Integer.toString(record))
                .get(0);
    }

    @Test
    void anEventReachesTheTableWithoutACall() throws Exception {
        assertThat(tell(change(1, "city", "Köln", System.currentTimeMillis())).statusCode())
                .isEqualTo(204);
        soon(() -> assertThat(city(1)).isEqualTo("Köln"));
        assertThat(sluice.number("select count(*) from sluice.api_call where operation = 'read'"))
                .isZero();
        soon(() -> assertThat(sluice.number("select count(*) from sluice.change_log"))
                .isZero());
    }

    @Test
    void aRejectedRequestChangesNothingAndIsCountedWithItsReason() throws Exception {
        long now = System.currentTimeMillis();
        String event = "[" + change(2, "city", "Nowhere", now) + "]";
        assertThat(send("/webhooks/hubspot", event, now, "another secret").statusCode())
                .isEqualTo(401);
        assertThat(send("/webhooks/hubspot", event, now - 301_000, SECRET).statusCode())
                .isEqualTo(401);
        assertThat(send("/webhooks/hubspot", event + " ".repeat(41 << 20), now, SECRET)
                        .statusCode())
                .isEqualTo(413);
        assertThat(send("/webhooks/hubspot", "[".repeat(50_000), now, SECRET).statusCode())
                .isEqualTo(400);
        assertThat(send("/webhooks/nobody", event, now, SECRET).statusCode()).isEqualTo(404);
        assertThat(send("/webhooks/salesforce", event, now, SECRET).statusCode())
                .isEqualTo(404);
        assertThat(HTTP.send(
                                HttpRequest.newBuilder(URI.create(
                                                "http://127.0.0.1:" + sluice.webhookPort + "/webhooks/hubspot"))
                                        .header("SluiceWebhookRejection", "")
                                        .POST(HttpRequest.BodyPublishers.ofString(event))
                                        .build(),
                                HttpResponse.BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(401);

        assertThat(refused("signature"))
                .as(() -> sluice.text(sluice.managementPort, "/observe/metrics"))
                .isEqualTo("1.0");
        assertThat(refused("too old")).isEqualTo("1.0");
        assertThat(refused("too large")).isEqualTo("1.0");
        assertThat(refused("malformed")).isEqualTo("1.0");
        assertThat(refused("no signature")).isEqualTo("1.0");
        assertThat(sluice.number("select count(*) from sluice.inbox where crm_id = '500002'"))
                .isZero();
        assertThat(sluice.output())
                .contains("A request to /webhooks/hubspot was rejected and changed nothing: too old")
                .doesNotContain(SECRET);
    }

    @Test
    void anOddEventIsCountedAndThoseBesideItArrive() throws Exception {
        long now = System.currentTimeMillis();
        String[] events = new String[100];
        for (int i = 0; i < events.length; i++) {
            events[i] = change(7, "city", "Oddtown" + i, now + i);
        }
        events[10] = "{\"subscriptionType\":\"contact.propertyChange\",\"objectId\":\"canary-value\",\"occurredAt\":1}";

        assertThat(tell(events).statusCode()).isEqualTo(204);
        await().atMost(Duration.ofSeconds(30))
                .until(() -> sluice.number("select count(*) from person where no = 7 and city = 'Oddtown99'") == 1);
        assertThat(sluice.rows(
                        "select type, why, times from sluice.event_rejection where type = 'contact.propertyChange'"))
                .containsEntry("contact.propertyChange", java.util.List.of("an event without a record", "1"));
        assertThat(sluice.get(sluice.serverPort, "/api/status")
                        .path("accounts")
                        .path("hubspot")
                        .path("inbox")
                        .path("rejected")
                        .asLong())
                .isPositive();
        assertThat(sluice.output())
                .contains("an event of type contact.propertyChange can't be parsed")
                .doesNotContain("canary-value");
    }

    @Test
    void aReplayedRequestIsAnsweredAndChangesNothing() throws Exception {
        long now = System.currentTimeMillis();
        String event = "[" + change(6, "city", "Replay", now) + "]";
        String stored = "select count(*) from sluice.inbox where crm_id = '500006' and value = 'Replay'";
        assertThat(send("/webhooks/hubspot", event, now, SECRET).statusCode()).isEqualTo(204);
        soon(() -> assertThat(city(6)).isEqualTo("Replay"));
        assertThat(sluice.number(stored)).isEqualTo(1);
        sluice.sql("delete from sluice.inbox where crm_id = '500006'");

        assertThat(send("/webhooks/hubspot", event, now, SECRET).statusCode()).isEqualTo(204);
        assertThat(sluice.number(stored)).as("after the same request").isZero();
        assertThat(send("/webhooks/hubspot", event, now + 1, SECRET).statusCode())
                .isEqualTo(204);
        assertThat(sluice.number(stored)).as("after a new one").isEqualTo(1);
    }

    @Test
    void aRequestWhoseEventsCouldNotBeStoredIsTakenWhenItComesAgain() throws Exception {
        long now = System.currentTimeMillis();
        String event = "[" + change(5, "city", "Again", now) + "]";
        sluice.sql("alter table sluice.inbox rename to elsewhere");
        try {
            assertThat(send("/webhooks/hubspot", event, now, SECRET).statusCode())
                    .isEqualTo(503);
        } finally {
            sluice.sql("alter table sluice.elsewhere rename to inbox");
        }

        soon(() -> assertThat(send("/webhooks/hubspot", event, now, SECRET).statusCode())
                .isEqualTo(204));
        soon(() -> assertThat(city(5)).isEqualTo("Again"));
    }

    @Test
    void aBodyOfAHundredLongValuesIsTaken() throws Exception {
        long now = System.currentTimeMillis();
        String[] events = new String[100];
        for (int i = 0; i < events.length; i++) {
            events[i] = change(8, i < 99 ? "other" : "city", "\\u00e9".repeat(65_536), now + i);
        }
        assertThat(tell(events).statusCode()).isEqualTo(204);
        await().atMost(Duration.ofSeconds(60))
                .until(() -> sluice.number("select count(*) from person where no = 8 and length(city) = 65536") == 1);
    }

    /** HubSpot signs the address that it calls, which is the proxy's. */
    @Test
    void aRequestThatATrustedProxyForwardsIsGenuineByItsPublicAddress() throws Exception {
        String[][] forwarded = {
            {"https://sync.example.org:8443", "Forwarded", "for=192.0.2.43;proto=https;host=\"sync.example.org:8443\""},
            {
                "https://sync.example.org:8443/crm",
                "X-Forwarded-Proto",
                "https",
                "X-Forwarded-Host",
                "sync.example.org",
                "X-Forwarded-Port",
                "8443",
                "X-Forwarded-Prefix",
                "/crm"
            }
        };
        for (String[] proxy : forwarded) {
            long now = System.currentTimeMillis();
            byte[] body = ("[" + change(9, "city", "Behind " + proxy.length, now) + "]").getBytes(UTF_8);
            HttpRequest.Builder request = signed("POST", proxy[0], "/webhooks/hubspot", body, now, SECRET);
            for (int i = 1; i < proxy.length; i += 2) {
                request.header(proxy[i], proxy[i + 1]);
            }
            assertThat(HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString())
                            .statusCode())
                    .as(proxy[1])
                    .isEqualTo(204);
            soon(() -> assertThat(city(9)).isEqualTo("Behind " + proxy.length));
        }
    }

    @Test
    void aRouteOfOnesOwnTakesWebhooksByTheSourceKamelet() throws Exception {
        long now = System.currentTimeMillis();
        String event = "[" + change(3, "city", "Ulm", now) + "]";
        assertThat(send("/webhooks/own/mine", event, now, "another secret").statusCode())
                .isEqualTo(401);
        assertThat(send("/webhooks/own/mine", event, now, SECRET).statusCode()).isEqualTo(204);
        soon(() -> assertThat(city(3)).isEqualTo("Ulm"));
    }

    @Test
    void readBacksWaitWhileTheAccountIsUnavailable() throws Exception {
        assertThat(tell("{\"subscriptionId\":7,\"subscriptionType\":\"contact.creation\",\"objectId\":499999,"
                                + "\"occurredAt\":" + System.currentTimeMillis() + "}")
                        .statusCode())
                .isEqualTo(204);
        soon(() -> assertThat(sluice.number("select count(*) from sluice.inbox where crm_id = '499999'"
                        + " and done_at is null and due > received_at + interval '200 ms'"))
                .as("was looked at")
                .isEqualTo(1));
        assertThat(sluice.get(sluice.serverPort, "/api/status")
                        .path("accounts")
                        .path("hubspot")
                        .path("inbox")
                        .path("waiting")
                        .asInt())
                .isPositive();
        sluice.sql("delete from sluice.inbox where crm_id = '499999'");
    }

    /** Sends a request again until it is accepted, as HubSpot does. */
    private record Delivery(String body, AtomicInteger tries) {}

    @Test
    void aBurstWhileTheDatabaseIsDownIsAppliedEffectivelyOnce() throws Exception {
        Random random = new Random(11);
        long start = System.currentTimeMillis();
        Map<Integer, String> last = new LinkedHashMap<>();
        List<String> events = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            int record = 10 + random.nextInt(RECORDS - 10);
            events.add(change(record, "email", "e" + i + "@example.org", start + i));
            last.put(record, "e" + i + "@example.org");
        }
        for (int i = 0; i < 2_000; i++) {
            events.add(events.get(random.nextInt(10_000)));
        }
        Collections.shuffle(events, random);
        Queue<Delivery> waiting = new ConcurrentLinkedQueue<>();
        for (int i = 0; i < events.size(); i += 100) {
            waiting.add(new Delivery("[" + String.join(",", events.subList(i, i + 100)) + "]", new AtomicInteger()));
        }
        AtomicInteger refused = new AtomicInteger();
        AtomicInteger taken = new AtomicInteger();
        int deliveries = waiting.size();
        CompletableFuture<Void> away = new CompletableFuture<>();
        ExecutorService senders = Executors.newFixedThreadPool(6);
        try {
            for (int sender = 0; sender < 6; sender++) {
                senders.execute(() -> deliver(waiting, taken, refused, deliveries, away));
            }
            await().atMost(Duration.ofSeconds(60)).until(() -> taken.get() >= deliveries / 4);
            database.close();
            away.complete(null);
            await().atMost(Duration.ofSeconds(60)).until(() -> refused.get() >= 20);
            database = EmbeddedDatabase.start(SharedBinaries.in(home.resolve("postgres")), sluice.databasePort);
            await().atMost(Duration.ofSeconds(120)).until(() -> taken.get() == deliveries);
        } finally {
            senders.shutdownNow();
            senders.awaitTermination(10, TimeUnit.SECONDS);
        }
        soon(() -> assertThat(sluice.number("select count(*) from sluice.inbox where done_at is null"))
                .isZero());
        Map<String, List<String>> rows = sluice.rows("select no::text, email from person");
        last.forEach((record, email) ->
                assertThat(rows.get(record.toString())).as("record " + record).containsExactly(email));
        assertThat(sluice.number("select count(*) from sluice.change_log")).isZero();
        assertThat(sluice.number("select count(*) from sluice.api_call where operation = 'read'"))
                .isZero();
        assertThat(sluice.number("select count(*) from sluice.inbox where field = 'email'"))
                .isEqualTo(10_000);
    }

    /** Half of the requests wait until the database is away, so that some meet it so. */
    private static void deliver(
            Queue<Delivery> waiting,
            AtomicInteger taken,
            AtomicInteger refused,
            int all,
            CompletableFuture<Void> away) {
        while (taken.get() < all && !Thread.currentThread().isInterrupted()) {
            if (taken.get() >= all / 2) {
                away.join();
            }
            Delivery delivery = waiting.poll();
            if (delivery == null) {
                continue;
            }
            delivery.tries().incrementAndGet();
            boolean good;
            try {
                good = send("/webhooks/hubspot", delivery.body(), System.currentTimeMillis(), SECRET)
                                .statusCode()
                        == 204;
            } catch (Exception unanswered) {
                good = false;
            }
            if (good) {
                taken.incrementAndGet();
            } else {
                refused.incrementAndGet();
                waiting.add(delivery);
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Mutates genuine requests of HubSpot's webhooks: a mutated request changes nothing and is counted with
 * its reason. {@code -Dmutated.webhooks=100000} sends more than the usual 3,000.
 */
class MutatedWebhooksIT {

    private static final int REQUESTS = Integer.getInteger("mutated.webhooks", 3_000);
    private static final int SENDERS = 4;
    private static final String SECRET = "a-secret-of-this-test";
    private static final String PATH = "/webhooks/hubspot";
    /** MiB that the heap may grow by while it is under fire. */
    private static final int GROWTH = 64;

    private static final String ODD = "an odd event";

    @TempDir
    static Path home;

    static RunningSluice sluice;

    private final Map<String, LongAdder> expected = new ConcurrentHashMap<>();
    private final AtomicLong lastTime = new AtomicLong();

    @BeforeAll
    static void aTableWhoseRecordIsKnown() throws Exception {
        sluice = new RunningSluice(home);
        sluice.with("sluice.demo", true)
                .with("sluice.sandbox.enabled", true)
                .with("sluice.sandbox.data", "")
                .with("sluice.account.hubspot.crm", "hubspot")
                .with("sluice.account.hubspot.access-token", "pat-sandbox")
                .with("sluice.account.hubspot.url", "http://127.0.0.1:" + sluice.sandboxPort)
                .with("sluice.account.hubspot.webhook-secret", SECRET)
                .withoutSyncs()
                .withSync(
                        "people.camel.yaml",
                        RunningSluice.sync(
                                "people",
                                "customer",
                                "customer_no",
                                "hubspot",
                                "contacts",
                                "customer_no",
                                Map.of("last_name", "lastname", "city", "city")));
        sluice.start().awaitSettled();
    }

    @AfterAll
    static void stop() throws Exception {
        sluice.close();
    }

    /** A request and why it should be refused. */
    private record Mutant(HttpRequest request, int status, String why) {}

    /** Holds the request that HubSpot signs, and the one that is sent. */
    private record Original(String method, String uri, byte[] body, long at) {

        String signature() {
            try {
                Mac mac = Mac.getInstance("HmacSHA256");
                mac.init(new SecretKeySpec(SECRET.getBytes(UTF_8), "HmacSHA256"));
                mac.update((method + uri).getBytes(UTF_8));
                mac.update(body);
                mac.update(Long.toString(at).getBytes(UTF_8));
                return Base64.getEncoder().encodeToString(mac.doFinal());
            } catch (java.security.GeneralSecurityException impossible) {
                throw new IllegalStateException(impossible);
            }
        }

        HttpRequest sent() {
            return sent(method, uri, body, Long.toString(at), signature());
        }

        static HttpRequest sent(String method, String uri, byte[] body, String at, String signature) {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(uri))
                    .timeout(Duration.ofSeconds(30))
                    .header("Content-Type", "application/json")
                    .method(method, HttpRequest.BodyPublishers.ofByteArray(body));
            if (signature != null) {
                request.header("X-HubSpot-Signature-v3", signature);
            }
            if (at != null) {
                request.header("X-HubSpot-Request-Timestamp", at);
            }
            return request.build();
        }
    }

    private static Original original(String body, long at) {
        return new Original("POST", "http://127.0.0.1:" + sluice.webhookPort + PATH, body.getBytes(UTF_8), at);
    }

    private static String event(Random random, String id) {
        return "[{\"eventId\":1,\"subscriptionId\":7,\"subscriptionType\":\"contact.propertyChange\",\"objectId\":" + id
                + ",\"propertyName\":\"city\",\"propertyValue\":\"Nowhere" + random.nextInt(1_000_000)
                + "\",\"occurredAt\":" + System.currentTimeMillis() + ",\"changeSource\":\"CRM_UI\"}]";
    }

    /** Returns the time, and none twice: requests with one time and body are one delivery, which counts once. */
    private long uniqueTime() {
        return lastTime.updateAndGet(last -> Math.max(last + 1, System.currentTimeMillis()));
    }

    private Mutant mutant(Random random, String id) {
        long now = uniqueTime();
        Original right = original(event(random, id), now);
        switch (random.nextInt(13)) {
            case 0 -> {
                byte[] body = right.body().clone();
                body[random.nextInt(body.length)] ^= (byte) (1 << random.nextInt(8));
                return new Mutant(
                        Original.sent("POST", right.uri(), body, Long.toString(now), right.signature()),
                        401,
                        "signature");
            }
            case 1 -> {
                String uri = right.uri() + "?" + (char) ('a' + random.nextInt(26)) + "=" + random.nextInt(100);
                return new Mutant(
                        Original.sent("POST", uri, right.body(), Long.toString(now), right.signature()),
                        401,
                        "signature");
            }
            case 2 -> {
                Original other = new Original(random.nextBoolean() ? "PUT" : "GET", right.uri(), right.body(), now);
                return new Mutant(
                        Original.sent("POST", right.uri(), right.body(), Long.toString(now), other.signature()),
                        401,
                        "signature");
            }
            case 3 -> {
                long near = now + (random.nextBoolean() ? 1 : -1) * (1 + random.nextInt(100_000));
                return new Mutant(
                        Original.sent("POST", right.uri(), right.body(), Long.toString(near), right.signature()),
                        401,
                        "signature");
            }
            case 4 -> {
                char[] signature = right.signature().toCharArray();
                int place = random.nextInt(signature.length - 2);
                signature[place] = signature[place] == 'A' ? 'B' : 'A';
                return new Mutant(
                        Original.sent("POST", right.uri(), right.body(), Long.toString(now), new String(signature)),
                        401,
                        "signature");
            }
            case 5 -> {
                // signed as it is, and sent again long after
                Original old =
                        original(event(random, id), System.currentTimeMillis() - 300_001 - random.nextInt(1_000_000));
                return new Mutant(old.sent(), 401, "too old");
            }
            case 6 -> {
                return new Mutant(
                        Original.sent(
                                "POST",
                                right.uri(),
                                right.body(),
                                random.nextBoolean() ? null : "yesterday",
                                right.signature()),
                        401,
                        "no time");
            }
            case 7 -> {
                return new Mutant(
                        Original.sent("POST", right.uri(), right.body(), Long.toString(now), null),
                        401,
                        "no signature");
            }
            case 8 -> {
                String cut = event(random, id);
                return new Mutant(
                        original(cut.substring(0, random.nextInt(cut.length() - 1)), now)
                                .sent(),
                        400,
                        "malformed");
            }
            case 9 -> {
                String deep = random.nextBoolean() ? "[" : "[{\"a\":";
                return new Mutant(
                        original(deep.repeat(1_000 + random.nextInt(20_000)), now)
                                .sent(),
                        400,
                        "malformed");
            }
            case 10 -> {
                String other =
                        List.of("null", "{}", "\"text\"", "5", "<xml/>", "").get(random.nextInt(6));
                return new Mutant(original(other, now).sent(), 400, "malformed");
            }
            case 11 -> {
                // an array of events, of which this one can't be read: it is left out
                String odd = List.of(
                                "[{}]",
                                "[5]",
                                "[[]]",
                                event(random, "\"; drop table customer\""),
                                event(random, "-1.5"),
                                event(random, id).replaceFirst("\"occurredAt\":\\d+", "\"occurredAt\":-1"),
                                event(random, id).replaceFirst("\"occurredAt\":\\d+", "\"occurredAt\":\"now\""))
                        .get(random.nextInt(7));
                return new Mutant(original(odd, now).sent(), 204, ODD);
            }
            default -> {
                // more than a hundred events ever have; one in two hundred, since each costs seconds
                if (random.nextInt(200) > 0) {
                    return new Mutant(
                            Original.sent(
                                    "POST",
                                    right.uri(),
                                    right.body(),
                                    Long.toString(now),
                                    "x".repeat(1 + random.nextInt(2_000))),
                            401,
                            "signature");
                }
                return new Mutant(
                        original("[" + " ".repeat(41 << 20) + "]", now).sent(), 413, "too large");
            }
        }
    }

    @Test
    void aMutatedRequestChangesNothingAndIsCounted() throws Exception {
        String id = sluice.rows("select key, crm_id from sluice.sync_state limit 1")
                .values()
                .iterator()
                .next()
                .get(0);
        Map<String, List<String>> before = table();
        ExecutorService senders = Executors.newFixedThreadPool(SENDERS);
        List<Future<?>> sending = new ArrayList<>();
        fire(senders, sending, id, REQUESTS / 10, 1);
        double heap = sluice.heap();
        fire(senders, sending, id, REQUESTS - REQUESTS / 10, 2);
        senders.shutdown();

        assertThat(table()).isEqualTo(before);
        assertThat(sluice.number("select count(*) from sluice.inbox")).isZero();
        Map<String, Long> counts = new TreeMap<>();
        expected.forEach((why, count) -> counts.put(why, count.sum()));
        assertThat(sluice.number("select sum(times) from sluice.event_rejection"))
                .isEqualTo(counts.remove(ODD));
        assertThat(refused())
                .isEqualTo(counts)
                .containsKeys("signature", "too old", "no time", "no signature", "malformed");
        assertThat(counts.values().stream().mapToLong(Long::longValue).sum()
                        + sluice.number("select sum(times) from sluice.event_rejection"))
                .isEqualTo(REQUESTS);
        double grown = sluice.heap() - heap;
        System.out.printf("%,d mutated requests: refused %s; the heap grew by %.0f MiB%n", REQUESTS, counts, grown);
        assertThat(grown).as("MiB by which the heap grew").isLessThan(GROWTH);
        assertThat(sluice.output()
                        .lines()
                        .filter(line -> line.contains("was rejected and changed nothing"))
                        .count())
                .as("lines in the log, one a reason and minute")
                .isLessThan(100);
        assertThat(sluice.output()).doesNotContain(SECRET).doesNotContain("ERROR");
    }

    /** Tests that the events identify a request that is sent again within its five minutes. */
    @Test
    void aReplayedRequestIsTakenOnce() throws Exception {
        String id = sluice.rows("select key, crm_id from sluice.sync_state order by key desc limit 1")
                .values()
                .iterator()
                .next()
                .get(0);
        Original right = original(event(new Random(5), id), System.currentTimeMillis());
        HttpClient http = HttpClient.newHttpClient();
        for (int i = 0; i < 20; i++) {
            assertThat(http.send(right.sent(), HttpResponse.BodyHandlers.discarding())
                            .statusCode())
                    .isEqualTo(204);
        }
        assertThat(sluice.number("select count(*) from sluice.inbox where crm_id = '" + id + "'"))
                .isEqualTo(1);
        await().atMost(Duration.ofSeconds(30))
                .until(() -> sluice.number("select count(*) from sluice.inbox where done_at is null") == 0);
        sluice.sql("delete from sluice.inbox");
    }

    private void fire(ExecutorService senders, List<Future<?>> sending, String id, int requests, int seed)
            throws Exception {
        for (int sender = 0; sender < SENDERS; sender++) {
            Random random = new Random(seed * 100L + sender);
            int share = requests / SENDERS + (sender < requests % SENDERS ? 1 : 0);
            HttpClient http = HttpClient.newHttpClient();
            sending.add(senders.submit(() -> {
                for (int i = 0; i < share; i++) {
                    Mutant mutant = mutant(random, id);
                    assertThat(http.send(mutant.request(), HttpResponse.BodyHandlers.discarding())
                                    .statusCode())
                            .as(mutant.why())
                            .isEqualTo(mutant.status());
                    expected.computeIfAbsent(mutant.why(), first -> new LongAdder())
                            .increment();
                }
                return null;
            }));
        }
        for (Future<?> sent : sending) {
            sent.get();
        }
    }

    private static Map<String, List<String>> table() throws Exception {
        return sluice.rows("select customer_no, last_name, city from customer order by 1");
    }

    private static Map<String, Long> refused() {
        Map<String, Long> refused = new TreeMap<>();
        metrics().forEach((name, value) -> {
            if (name.startsWith("sluice_webhook_rejections_total")) {
                refused.put(name.replaceFirst(".*reason=\"([^\"]*)\".*", "$1"), value.longValue());
            }
        });
        return refused;
    }

    private static Map<String, Double> metrics() {
        Map<String, Double> metrics = new LinkedHashMap<>();
        sluice.text(sluice.managementPort, "/observe/metrics")
                .lines()
                .filter(line -> !line.startsWith("#"))
                .forEach(line -> metrics.put(
                        line.substring(0, line.lastIndexOf(' ')),
                        Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))));
        return metrics;
    }
}

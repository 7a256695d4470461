// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import at.favre.lib.crypto.bcrypt.BCrypt;
import io.sluice.app.RawHttp.Answer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Logs in to the running product as its users do, and attacks the login as a stranger could. */
class LoginIT {

    private static final String LOGIN = "/page/login";
    private static final String LETTERS = "/api/dead-letters";
    private static final String CANARY = "canary@example.org";
    private static final String PAUSE = "/api/syncs/deals-salesforce/pause";

    @TempDir
    static Path home;

    static RunningSluice sluice;

    @BeforeAll
    static void start() throws Exception {
        sluice = new RunningSluice(home)
                .with("sluice.user.anna.password", hash("read it"))
                .with("sluice.user.ben.password", hash("do it"))
                .with("sluice.user.ben.roles", "read, act, values")
                .with("sluice.user.guessed.password", hash("hard to guess"))
                .with("sluice.http.user-header", "X-Forwarded-User")
                .with("sluice.http.trusted-proxies", "127.0.0.2")
                .with("sluice.http.hosts", "sync.example.org");
        sluice.start().awaitSettled();
        sluice.sql("insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps, code,"
                + " message) values ('salesforce', 'Contact', 'C-00001', 'customers-salesforce', 'upsert', '{\"Email\": \""
                + CANARY
                + "\"}', '{}', 'CODE', 'Email: invalid email address: " + CANARY + "')");
    }

    @AfterAll
    static void stop() {
        sluice.close();
    }

    private static String hash(String password) {
        return BCrypt.with(BCrypt.Version.VERSION_2Y).hashToString(6, password.toCharArray());
    }

    private static Answer send(String method, String path, Map<String, String> headers, String body)
            throws IOException {
        Map<String, String> all = new HashMap<>(headers);
        if (!body.isEmpty()) {
            all.put("Content-Type", "application/json");
        }
        return RawHttp.send(sluice.serverPort, method, path, all, body);
    }

    private static Answer get(String path, String cookie) throws IOException {
        return send("GET", path, Map.of("Cookie", cookie), "");
    }

    private static Answer login(String name, String password, Map<String, String> headers) throws IOException {
        return send("POST", LOGIN, headers, "{\"name\": \"" + name + "\", \"password\": \"" + password + "\"}");
    }

    /** Logs in. @return the cookie to send */
    private static String cookie(String name, String password) throws IOException {
        Answer answer = login(name, password, Map.of());
        assertThat(answer.status()).as(answer.body()).isEqualTo(204);
        return answer.headers().get("set-cookie").split(";")[0];
    }

    @Test
    void nobodyReadsOrActsWithoutALogin() throws Exception {
        for (String path :
                List.of("/api/status", "/api/plan", "/api/calls", LETTERS, "/api/openapi.json", "/page/events")) {
            assertThat(send("GET", path, Map.of(), "").status()).as(path).isEqualTo(401);
            assertThat(get(path, "sluice-session=guess").status()).as(path).isEqualTo(401);
        }
        assertThat(send("POST", PAUSE, Map.of(), "").status()).isEqualTo(401);
        assertThat(send("GET", "/", Map.of(), "").status()).isEqualTo(200);
        for (String path : List.of(
                "//api/status",
                "/page/../api/status",
                "/page/%2e%2e/api/status",
                "/./api/status",
                "/api//status",
                "/api/status/",
                "/page/events/",
                "/page/%65vents/",
                "/page//events",
                "/page/events;x")) {
            assertThat(statusLine("GET " + path)).as(path).containsPattern(" (401|404) ");
        }
    }

    @Test
    void aReaderSeesNoValuesAndChangesNothing() throws Exception {
        String cookie = cookie("anna", "read it");
        assertThat(get("/api/status", cookie).status()).isEqualTo(200);
        assertThat(get("/api/status", cookie).body()).contains("C-00001: CODE").doesNotContain(CANARY);
        assertThat(get(LETTERS, cookie).body()).contains("CODE", "(hidden)").doesNotContain(CANARY);
        assertThat(get("/api/records?sync=customers-salesforce&key=C-00001", cookie)
                        .body())
                .contains("(hidden)")
                .doesNotContain(CANARY)
                .doesNotContain("bronze")
                .doesNotContain("silver")
                .doesNotContain("gold");
        assertThat(send("POST", PAUSE, Map.of("Cookie", cookie), "").status()).isEqualTo(403);
        assertThat(send("DELETE", LETTERS + "?code=CODE", Map.of("Cookie", cookie), "")
                        .status())
                .isEqualTo(403);
        assertThat(sluice.number("select count(*) from sluice.dead_letter where code = 'CODE'"))
                .isEqualTo(1);
    }

    @Test
    void aReaderSeesNoWordsOfTheCrmOrOfTheDatabaseInAlertsStatusAndStream() throws Exception {
        sluice.sql("insert into sluice.inbound_rejection (sync, crm_id, columns, why)"
                + " values ('customers-salesforce', 'quoted', '{email}', 'no address: " + CANARY + "')");
        sluice.sql(
                "insert into sluice.snapshot (account, object, sync, state, queried_at, last_error, began_at, ended_at)"
                        + " values ('salesforce', 'Contact', 'customers-salesforce', 'done', now(), 'INVALID_QUERY: "
                        + CANARY
                        + "', now(), now())");
        sluice.sql("insert into sluice.pause (kind, name, by, reason, until) values"
                + " ('sync', 'deals-salesforce', 'crm', 'no right for " + CANARY + "', now() + interval '1 hour'),"
                + " ('sync', 'customers-salesforce', 'api', 'typed by a person', null)");
        try {
            String reader = cookie("anna", "read it");
            String all = cookie("ben", "do it");
            await().atMost(Duration.ofSeconds(60))
                    .untilAsserted(() -> assertThat(get("/api/alerts", all).body())
                            .contains("rejects 1 record of the CRM, mostly email: no address: " + CANARY + "."));
            assertThat(get("/api/alerts", reader).body())
                    .contains("rejects 1 record of the CRM, mostly (hidden).", "(typed by a person)")
                    .doesNotContain(CANARY);
            assertThat(get("/api/status", all).body())
                    .contains("INVALID_QUERY: " + CANARY, "no right for " + CANARY)
                    .doesNotContain("\u007f");
            assertThat(get("/api/status", reader).body())
                    .contains("INVALID_QUERY: (hidden)", "typed by a person")
                    .doesNotContain(CANARY);
            assertThat(firstEvent(all))
                    .contains("mostly email: no address: " + CANARY, "INVALID_QUERY: " + CANARY)
                    .contains("no right for " + CANARY)
                    .doesNotContain("\u007f");
            assertThat(firstEvent(reader))
                    .contains("mostly (hidden)", "INVALID_QUERY: (hidden)", "typed by a person")
                    .doesNotContain(CANARY);
        } finally {
            sluice.sql("delete from sluice.inbound_rejection where crm_id = 'quoted'");
            sluice.sql("delete from sluice.snapshot where last_error like 'INVALID_QUERY%'");
            sluice.sql("delete from sluice.pause where by in ('crm', 'api')");
        }
    }

    @Test
    void anActionIsAuditedWithItsUser() throws Exception {
        String cookie = cookie("ben", "do it");
        assertThat(get(LETTERS, cookie).body()).contains(CANARY);
        assertThat(send("POST", PAUSE + "?reason=audit", Map.of("Cookie", cookie), "")
                        .status())
                .isEqualTo(200);
        assertThat(send("POST", PAUSE.replace("pause", "resume"), Map.of("Cookie", cookie), "")
                        .status())
                .isEqualTo(200);
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(
                        sluice.rows("select action, name, address, status from sluice.audit where name = 'ben'")
                                .get("POST " + PAUSE + "?reason=audit"))
                .containsExactly("ben", "127.0.0.1", "200"));
        assertThat(sluice.output()).contains("ben from 127.0.0.1: POST " + PAUSE + "?reason=audit, status 200.");
    }

    @Test
    void aSessionEndsWithItsLogout() throws Exception {
        String cookie = cookie("anna", "read it");
        assertThat(send("POST", "/page/logout", Map.of("Cookie", cookie), "").status())
                .isEqualTo(204);
        assertThat(get("/api/status", cookie).status()).isEqualTo(401);
    }

    @Test
    void theStreamOfAnOpenPageEndsWithItsSession() throws Exception {
        String cookie = cookie("anna", "read it");
        try (Socket socket = new Socket("127.0.0.1", sluice.serverPort)) {
            socket.getOutputStream()
                    .write(("GET /page/events HTTP/1.1\r\nHost: localhost\r\nCookie: " + cookie + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            BufferedReader events =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            assertThat(events.readLine()).contains(" 200 ");
            assertThat(send("POST", "/page/logout", Map.of("Cookie", cookie), "")
                            .status())
                    .isEqualTo(204);
            Instant end = Instant.now().plusSeconds(30);
            String line = events.readLine();
            while (line != null && !line.equals("0") && Instant.now().isBefore(end)) {
                line = events.readLine();
            }
            assertThat(line).as("the last chunk").isEqualTo("0");
        }
    }

    @Test
    void aPlantedSessionIsNeverUsed() throws Exception {
        Answer answer = login("anna", "read it", Map.of("Cookie", "sluice-session=planted"));
        assertThat(answer.headers().get("set-cookie"))
                .doesNotContain("planted")
                .containsIgnoringCase("HttpOnly")
                .contains("SameSite=Strict", "Path=/");
        assertThat(get("/api/status", "sluice-session=planted").status()).isEqualTo(401);
        assertThat(sluice.rows("select encode(id_hash, 'hex'), name from sluice.web_session")
                        .keySet())
                .as("hashes of the ids")
                .noneMatch(hash -> answer.headers().get("set-cookie").contains(hash));
    }

    @Test
    void passwordsCanNotBeGuessedQuickly() throws Exception {
        List<Callable<Answer>> guesses = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            String guess = "guess " + i;
            guesses.add(() -> login("guessed", guess, Map.of()));
        }
        int tried = 0;
        for (int threads : new int[] {guesses.size(), 1}) {
            ExecutorService guessers = Executors.newFixedThreadPool(threads);
            for (Future<Answer> answer : guessers.invokeAll(guesses)) {
                tried += answer.get().status() == 401 ? 1 : 0;
            }
            guessers.shutdown();
        }
        assertThat(tried)
                .as("guesses that were tried, at the same time and one after the other")
                .isLessThan(12);
        assertThat(login("guessed", "hard to guess", Map.of()).status()).isEqualTo(429);
        // the address waits as well: the other tests of this class log in from it
        await().atMost(Duration.ofSeconds(120))
                .pollInterval(Duration.ofMillis(200))
                .until(() -> login("ben", "do it", Map.of()).status() == 204);
        assertThat(sluice.output()).doesNotContain("guess 1").doesNotContain("hard to guess");
    }

    @Test
    void wrongRequestsForALoginChangeNothing() throws Exception {
        for (String body : List.of(
                "[]",
                "{",
                "5",
                "{\"name\": 5}",
                "{\"name\": {\"a\": 1}, \"password\": []}",
                "{\"name\": null}",
                "{\"name\": \"anna\", \"password\": null}")) {
            assertThat(send("POST", LOGIN, Map.of(), body).status()).as(body).isIn(400, 401, 429);
        }
        assertThat(send("POST", LOGIN, Map.of(), "{\"name\": \"" + "x".repeat(10_000) + "\"}")
                        .status())
                .isEqualTo(413);
        assertThat(login("anna", "read it", Map.of("Origin", "http://evil.example.org"))
                        .status())
                .isEqualTo(403);
        assertThat(login("anna", "read it", Map.of("Host", "evil.example.org")).status())
                .isEqualTo(421);
    }

    @Test
    void theHeaderOfAProxyIsTakenFromItsAddressAlone() throws Exception {
        assertThat(send("GET", "/api/status", Map.of("X-Forwarded-User", "ben"), "")
                        .status())
                .as("from another address than that of the proxy")
                .isEqualTo(401);
        assertThat(me("X-Forwarded-User: ben")).contains("\"username\":\"ben\"");
        assertThat(me("X-Forwarded-User: ben", "X-Forwarded-User: carla"))
                .as("a proxy that adds its header to that of a stranger")
                .contains("\"username\":null");
    }

    @Test
    void aPageBehindAProxyThatRewritesTheHostMayAct() throws Exception {
        String user = "X-Forwarded-User: ben";
        String origin = "Origin: https://sync.example.org";
        String resume = "POST " + PAUSE.replace("pause", "resume");
        assertThat(byProxy(resume, "", user, origin, "X-Forwarded-Host: sync.example.org"))
                .contains(" 200 ");
        assertThat(byProxy(resume, "", user, origin, "Forwarded: host=sync.example.org;proto=https"))
                .contains(" 200 ");
        assertThat(byProxy(resume, "", user, origin)).contains(" 403 ", "X-Forwarded-Host");
        assertThat(byProxy(resume, "", user, "Origin: http://evil.example.org", "X-Forwarded-Host: evil.example.org"))
                .contains(" 403 ");
    }

    @Test
    void wrongPasswordsOfOnePersonBehindAProxyDelayNoOther() throws Exception {
        for (int i = 0; i < 7; i++) {
            byProxy(
                    "POST " + LOGIN,
                    "{\"name\": \"nobody-" + i + "\", \"password\": \"x\"}",
                    "X-Forwarded-For: made-up, 203.0.113.66");
        }
        String right = "{\"name\": \"ben\", \"password\": \"do it\"}";
        assertThat(byProxy("POST " + LOGIN, right, "X-Forwarded-For: 203.0.113.66"))
                .contains(" 429 ");
        assertThat(byProxy("POST " + LOGIN, right, "X-Forwarded-For: 203.0.113.67"))
                .contains(" 204 ");
        await().atMost(Duration.ofSeconds(30))
                .until(() -> sluice.number(
                                "select count(*) from sluice.audit where name = 'ben' and address = '203.0.113.67'")
                        == 1);
    }

    /** Returns the data of the first event of the stream, which has all parts. */
    private static String firstEvent(String cookie) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", sluice.serverPort)) {
            socket.getOutputStream()
                    .write(("GET /page/events HTTP/1.1\r\nHost: localhost\r\nCookie: " + cookie + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            BufferedReader events =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            String line = events.readLine();
            while (line != null && !line.startsWith("data: {")) {
                line = events.readLine();
            }
            return line;
        }
    }

    /** Reads no more than the first line of an answer, since a stream would not end. */
    private static String statusLine(String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", sluice.serverPort)) {
            socket.getOutputStream()
                    .write((request + " HTTP/1.1\r\nHost: localhost\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
                    .readLine();
        }
    }

    /** Answers who the proxy's header names. */
    private static String me(String... headers) throws IOException {
        return byProxy("GET /page/me", "", headers);
    }

    /** Sends a request from the address of the proxy. */
    private static String byProxy(String request, String body, String... headers) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", sluice.serverPort, InetAddress.getByName("127.0.0.2"), 0)) {
            socket.getOutputStream()
                    .write((request + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: "
                                    + body.length()
                                    + (body.isEmpty() ? "" : "\r\nContent-Type: application/json") + "\r\n"
                                    + String.join("\r\n", headers) + "\r\n\r\n" + body)
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}

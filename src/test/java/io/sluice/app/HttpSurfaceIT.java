// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Attacks the ports of one process as a stranger, a browser's page or a broken client could. */
class HttpSurfaceIT {

    @TempDir
    static Path home;

    static RunningSluice sluice;

    @BeforeAll
    static void start() throws Exception {
        sluice = new RunningSluice(home)
                .with("sluice.http.timeout", "2s")
                .withSync(
                        "echo.camel.yaml",
                        """
                - route:
                    id: echo
                    from:
                      id: own-address
                      uri: platform-http
                      parameters:
                        path: /own/{who}
                      steps:
                        - setBody:
                            id: words
                            expression:
                              constant:
                                expression: hello
                """);
        sluice.start().awaitSettled();
    }

    @AfterAll
    static void stop() throws Exception {
        sluice.close();
    }

    private static String asked(int port, String method, String path, String... headers) throws IOException {
        return RawHttp.send(
                port,
                method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + port + "\r\nConnection: close\r\n"
                        + String.join(
                                "",
                                java.util.Arrays.stream(headers)
                                        .map(it -> it + "\r\n")
                                        .toList()) + "\r\n");
    }

    private static int status(String answer) {
        return RawHttp.Answer.of(answer).status();
    }

    private static Map<String, String> headers(String answer) {
        return RawHttp.Answer.of(answer).headers();
    }

    @Test
    void noHeaderOrParameterOfARequestComesBackInItsAnswer() throws Exception {
        String query = "?Access-Control-Allow-Origin=*&X-Canary=bird&Set-Cookie=a%3Db&Location=http://evil";
        for (int port : new int[] {sluice.serverPort, sluice.webhookPort, sluice.managementPort}) {
            for (String path : new String[] {
                "/api/status",
                "/api/plan",
                "/api/dead-letters",
                "/observe/health",
                "/nothing",
                "/webhooks/hubspot",
                "/webhooks/nobody",
                "/own/bird"
            }) {
                String answer = asked(port, "GET", path + query, "X-Mine: bird", "Access-Control-Allow-Headers: bird");
                assertThat(headers(answer))
                        .as(port + path)
                        .doesNotContainKeys(
                                "access-control-allow-origin",
                                "x-canary",
                                "set-cookie",
                                "location",
                                "x-mine",
                                "access-control-allow-headers",
                                "who");
            }
        }
        assertThat(asked(sluice.serverPort, "GET", "/own/bird" + query)).contains("hello");
        String form = "Access-Control-Allow-Origin=*&X-Canary=bird";
        String answer = asked(
                sluice.serverPort,
                "POST",
                "/own/bird",
                "Content-Type: application/x-www-form-urlencoded",
                "Content-Length: " + form.length(),
                "",
                form);
        assertThat(headers(answer)).doesNotContainKeys("access-control-allow-origin", "x-canary");
        assertThat(headers(asked(sluice.serverPort, "GET", "/own/bird?Content-Type=text/html"))
                        .get("content-type"))
                .isNotEqualTo("text/html");
    }

    @Test
    void noHeaderOrParameterOfARequestSteersARoute() throws Exception {
        for (String name : new String[] {"CamelHttpResponseCode", "camelhttpresponsecode", "CAMELHTTPRESPONSECODE"}) {
            assertThat(status(asked(sluice.serverPort, "GET", "/own/bird?" + name + "=418")))
                    .isEqualTo(200);
            assertThat(status(asked(sluice.serverPort, "GET", "/own/bird", name + ": 418")))
                    .isEqualTo(200);
            assertThat(status(asked(
                            sluice.webhookPort,
                            "POST",
                            "/webhooks/hubspot?" + name + "=204",
                            name + ": 204",
                            "SluiceWebhookRejection: none",
                            "Content-Length: 2",
                            "",
                            "[]")))
                    .isEqualTo(401);
        }
    }

    @Test
    void aPageOfAnotherSiteNeitherActsNorReads() throws Exception {
        String pause = "/api/accounts/salesforce/pause";
        assertThat(status(asked(
                        sluice.serverPort,
                        "POST",
                        pause,
                        "Content-Type: application/x-www-form-urlencoded",
                        "Content-Length: 8",
                        "",
                        "reason=x")))
                .isEqualTo(415);
        assertThat(status(asked(
                        sluice.serverPort, "POST", pause, "Origin: http://evil.example.org", "Content-Length: 0")))
                .isEqualTo(403);
        assertThat(status(asked(sluice.serverPort, "POST", pause, "Sec-Fetch-Site: cross-site", "Content-Length: 0")))
                .isEqualTo(403);
        assertThat(sluice.number("select count(*) from sluice.pause")).isZero();
        for (int port : new int[] {sluice.serverPort, sluice.managementPort}) {
            assertThat(status(RawHttp.send(
                            port, "GET /api/status HTTP/1.1\r\nHost: evil.example.org\r\nConnection: close\r\n\r\n")))
                    .isEqualTo(421);
        }
    }

    @Test
    void eachPortServesItsOwnAlone() throws Exception {
        assertThat(status(asked(sluice.serverPort, "POST", "/webhooks/hubspot", "Content-Length: 0")))
                .isEqualTo(404);
        for (String path : new String[] {"/api/status", "/api/dead-letters", "/own/bird", "/observe/health", "/"}) {
            assertThat(status(asked(sluice.webhookPort, "GET", path))).as(path).isEqualTo(404);
        }
        assertThat(status(RawHttp.send(
                        sluice.webhookPort,
                        "POST /webhooks/../api/accounts/salesforce/pause HTTP/1.1\r\n"
                                + "Host: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")))
                .isEqualTo(404);
        assertThat(sluice.number("select count(*) from sluice.pause")).isZero();
    }

    @Test
    void aConnectionOnWhichNoWholeRequestComesIsClosed() throws Exception {
        for (int port : new int[] {sluice.serverPort, sluice.webhookPort, sluice.managementPort}) {
            assertThat(RawHttp.send(port, "")).as("says nothing").isEmpty();
            RawHttp.send(port, "POST /webhooks/hubspot HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-");
            RawHttp.send(port, "POST /webhooks/hubspot HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n[");
        }
        try (Socket drop = new Socket("127.0.0.1", sluice.serverPort)) {
            drop.setSoTimeout(100);
            long began = System.nanoTime();
            boolean closed = false;
            for (int sent = 0; sent < 600 && !closed; sent++) {
                try {
                    drop.getOutputStream().write('G');
                    closed = drop.getInputStream().read() < 0;
                } catch (java.net.SocketTimeoutException open) {
                    // a byte now and then
                } catch (IOException reset) {
                    closed = true;
                }
            }
            assertThat(closed).as("drop by drop").isTrue();
            assertThat(System.nanoTime() - began).isLessThan(50_000_000_000L);
        }
        assertThat(status(asked(sluice.serverPort, "GET", "/api/status"))).isEqualTo(200);
    }

    @Test
    void aTextThatPostgresqlCanNotHoldIsTheMistakeOfTheRequest() throws Exception {
        sluice.sql(
                "insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps, code)"
                        + " values ('salesforce', 'Contact', 'nul', 'customers-salesforce', 'upsert', '{\"Email\": \"x\"}', '{}', 'NUL')");
        long id = sluice.number("select id from sluice.dead_letter where key = 'nul'");
        assertThat(sluice.api("GET", "/api/dead-letters?key=%00").statusCode()).isEqualTo(400);
        assertThat(sluice.api("GET", "/api/records?sync=customers-salesforce&key=a%00b")
                        .statusCode())
                .isEqualTo(400);
        assertThat(sluice.api("DELETE", "/api/dead-letters?code=NUL%00").statusCode())
                .isEqualTo(400);
        assertThat(sluice.api("PATCH", "/api/dead-letters/" + id, "{\"fields\": {\"Email\": \"a\\u0000\"}}")
                        .statusCode())
                .isEqualTo(400);
        assertThat(sluice.number("select count(*) from sluice.dead_letter where fields ->> 'Email' = 'x'"))
                .isEqualTo(1);
        sluice.sql("delete from sluice.dead_letter where key = 'nul'");
    }

    @Test
    void noMoreThanTwoHundredPagesAreOpenAlthoughAllOpenAtOnce() throws Exception {
        List<Socket> pages = new ArrayList<>();
        try {
            for (int i = 0; i < 210; i++) {
                Socket page = new Socket("127.0.0.1", sluice.serverPort);
                pages.add(page);
                page.getOutputStream()
                        .write("GET /page/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII));
            }
            int open = 0;
            for (Socket page : pages) {
                page.setSoTimeout(30_000);
                String head = new String(page.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
                open += head.endsWith("200") ? 1 : 0;
            }
            assertThat(open).isEqualTo(200);
        } finally {
            for (Socket page : pages) {
                page.close();
            }
        }
        await().atMost(Duration.ofSeconds(30)).until(() -> {
            try (Socket page = new Socket("127.0.0.1", sluice.serverPort)) {
                page.setSoTimeout(30_000);
                page.getOutputStream()
                        .write("GET /page/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII));
                return new String(page.getInputStream().readNBytes(12), StandardCharsets.US_ASCII).endsWith("200");
            }
        });
    }

    @Test
    void aBindToOtherAddressesWithoutATokenIsRejected(@TempDir Path other) throws Exception {
        try (RunningSluice open = new RunningSluice(other).with("camel.server.host", "0.0.0.0")) {
            assertThat(open.start().awaitExit()).isNotZero();
            assertThat(open.output())
                    .contains("camel.server.host = 0.0.0.0 lets other machines reach the page and the API")
                    .contains("sluice.http.token");
        }
    }
}

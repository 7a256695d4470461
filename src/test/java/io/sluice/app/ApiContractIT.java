// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.app.ApiContract.Operation;
import io.sluice.app.RawHttp.Answer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls each operation of the API with each outcome that its OpenAPI document names, and judges all answers by the document. */
class ApiContractIT {

    private static final String LETTERS = "/api/dead-letters";
    private static final String REJECTIONS = "/api/inbound-rejections";
    private static final Map<String, String> TOKEN = Map.of("Authorization", "Bearer secret");
    private static final Map<String, String> JSON =
            Map.of("Authorization", "Bearer secret", "Content-Type", "application/json");

    @TempDir
    static Path home;

    static RunningSluice sluice;
    static ApiContract contract;

    @BeforeAll
    static void start() throws Exception {
        sluice = new RunningSluice(home)
                .with("sluice.http.token", "secret")
                .with("sluice.account.hubspot.paused", true)
                .with("sluice.poll.min-interval", "1s")
                .with("sluice.poll.max-interval", "2s")
                .with("camel.server.maxBodySize", 2000);
        sluice.start().awaitSettled();
        contract = new ApiContract(get("/api/openapi.json").body());
    }

    @AfterAll
    static void stop() throws Exception {
        sluice.close();
    }

    private static Answer get(String path) throws IOException {
        return RawHttp.send(sluice.serverPort, "GET", path, TOKEN, "");
    }

    /** Sends a request, and checks its answer against the document. */
    private static String answer(int status, String method, String path, Map<String, String> headers, String body)
            throws IOException {
        Answer answer = RawHttp.send(sluice.serverPort, method, path, headers, body);
        assertThat(answer.status()).as(method + " " + path + " " + answer).isEqualTo(status);
        assertThat(contract.problems(method, path, answer)).isEmpty();
        return answer.body();
    }

    private static String answer(int status, String method, String path, String body) throws IOException {
        return answer(status, method, path, body.isEmpty() ? TOKEN : JSON, body);
    }

    private static String answer(int status, String method, String path) throws IOException {
        return answer(status, method, path, "");
    }

    private static String letter(String key) throws Exception {
        return LETTERS + "/" + sluice.number("select id from sluice.dead_letter where key = '" + key + "'");
    }

    @Test
    void everyAnswerIsAsTheDocumentSaysAndEveryOperationIsCalled() throws Exception {
        rejectedBeforeAnyRoute();
        answers();
        withoutTheDatabase();
        assertThat(contract.unseen()).as("documented, but never answered").isEmpty();
    }

    private static void rejectedBeforeAnyRoute() throws IOException {
        for (Operation operation : contract.operations()) {
            String path = operation.template().replace("{id}", "0").replace("{name}", "nobody");
            String method = operation.method();
            answer(421, method, path, with("Host", "evil.example.org"), "");
            if (operation.documents(401)) {
                answer(401, method, path, Map.of(), "");
            }
            if (operation.changesSomething()) {
                answer(403, method, path, with("Origin", "http://evil.example.org"), "");
                answer(415, method, path, with("Content-Type", "text/plain"), "text");
            }
            if (operation.node().has("requestBody")) {
                answer(413, method, path, "x".repeat(3000));
            }
            if (path.contains("nobody") || path.contains("/0")) {
                answer(404, method, path);
            }
        }
    }

    private static Map<String, String> with(String header, String value) {
        Map<String, String> headers = new HashMap<>(TOKEN);
        headers.put(header, value);
        return headers;
    }

    private static void answers() throws Exception {
        pauses();
        statusAndPlan();
        usage();
        whatIf();
        deadLetters();
        inboundRejections();
        calls();
        conflicts();
        records();
    }

    private static void calls() throws IOException {
        assertThat(answer(200, "GET", "/api/calls?account=salesforce&minutes=5"))
                .contains("\"critical\":[", "\"describe\":[");
        answer(400, "GET", "/api/calls?account=salesforce&minutes=1");
        answer(400, "GET", "/api/calls");
        answer(404, "GET", "/api/calls?account=nobody");
    }

    private static void conflicts() throws Exception {
        sluice.sql(
                "insert into sluice.conflict (account, object, key, sync, field, winner, base, crm, crm_at, ours, ours_at)"
                        + " select 'salesforce', 'Contact', 'C-00006', 'customers-salesforce', 'Phone', 'crm', null, '\"1\"', now(),"
                        + " '{\"a\": [2]}', now() from generate_series(1, 2)");
        String conflicts = "/api/conflicts";
        assertThat(answer(200, "GET", conflicts + "?account=salesforce&sync=customers-salesforce&key=C-00006&limit=1"))
                .doesNotContain("\"next\":null");
        answer(200, "GET", conflicts + "?before=1");
        answer(400, "GET", conflicts + "?before=0");
        answer(404, "GET", conflicts + "?sync=nobody");
    }

    private static void records() throws Exception {
        sluice.sql(
                "insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps)"
                        + " values ('salesforce', 'Contact', 'C-00006', 'customers-salesforce', 'upsert', '{\"Phone\": 1}', '{}')");
        sluice.sql("insert into sluice.inbound_rejection (sync, crm_id, key, columns, why)"
                + " values ('customers-salesforce', 'y', 'C-00006', '{phone}', 'a reason')");
        String record = "/api/records?sync=customers-salesforce&key=";
        assertThat(answer(200, "GET", record + "C-00006"))
                .contains("\"customer_no\": \"C-00006\"", "\"base\":{", "\"winner\":\"crm\"", "a reason");
        answer(400, "GET", "/api/records?sync=customers-salesforce");
        answer(404, "GET", record + "nobody");
        answer(404, "GET", "/api/records?sync=nobody&key=1");
        sluice.sql("update customer set phone = '7' where customer_no = 'C-00006'");
        answer(200, "GET", record + "C-00006");
    }

    private static void pauses() throws Exception {
        for (String path : List.of("/api/accounts/salesforce", "/api/syncs/customers-salesforce")) {
            answer(200, "POST", path + "/pause?reason=audit");
            answer(200, "POST", path + "/pause", "{\"reason\": \"a new org\"}");
            answer(400, "POST", path + "/pause", "{\"reason\": \"" + "x".repeat(501) + "\"}");
            answer(200, "POST", path + "/resume");
        }
        sluice.sql("insert into sluice.pause (kind, name, by) values ('sync', 'deals-salesforce', 'setting')");
        answer(409, "POST", "/api/syncs/deals-salesforce/resume");
        answer(409, "POST", "/api/accounts/hubspot/resume");
    }

    private static void statusAndPlan() throws Exception {
        answer(200, "POST", "/api/syncs/customers-salesforce/pause?reason=audit");
        sluice.sql("update customer set phone = '1' where customer_no = 'C-00001'");
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(answer(200, "GET", "/api/plan?sync=customers-salesforce"))
                        .contains("recordsAtOnce"));
        assertThat(answer(200, "GET", "/api/status")).contains("\"by\":\"api\"", "\"by\":\"setting\"");
        answer(404, "GET", "/api/plan?sync=nobody");
        answer(200, "GET", "/api/openapi.json");
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> assertThat(answer(200, "GET", "/api/alerts"))
                .contains("\"kind\":\"account-paused\"", "\"account\":\"hubspot\""));
        sluice.sql(
                "insert into sluice.alert (installation, id, kind, severity, sync, what, action, since, seen_at, ended_at)"
                        + " values ('sluice', 'latency:gone:low', 'latency', 'warning', 'gone', 'It was late.', 'None.',"
                        + " now(), now(), now())");
        assertThat(answer(200, "GET", "/api/alerts?ended=true")).contains("endedAt", "It was late.");
        answer(400, "GET", "/api/alerts?ended=maybe");
        answer(400, "GET", "/api/alerts?from=today");
        answer(200, "POST", "/api/syncs/customers-salesforce/resume");
        sluice.awaitSettled();
    }

    private static void usage() throws Exception {
        assertThat(answer(200, "GET", "/api/usage")).contains("\"objects\":[\"Contact\"]");
        answer(
                200,
                "GET",
                "/api/usage?account=salesforce&sync=deals-salesforce&from=2026-01-01&zone=Europe/Berlin"
                        + "&to=2026-01-02T08:00:00Z");
        answer(400, "GET", "/api/usage?from=2026-01-02&to=2026-01-02");
        answer(400, "GET", "/api/usage?day=monday");
        answer(404, "GET", "/api/usage?sync=nobody");
    }

    private static void whatIf() throws IOException {
        String whatIf = "/api/usage/what-if";
        assertThat(answer(200, "POST", whatIf, "{\"account\": \"salesforce\"}")).contains("\"limit\":\"daily\"");
        String assumptions =
                """
                {"account": "salesforce", "from": "2026-01-01", "limits": {"daily": "3 per 24h"}, "batchSize": 50,
                 "pollInterval": "30s", "priorities": {"customers-salesforce": "low"},
                 "addedSync": {"changesPerDay": 100, "priority": "high"}, "to": "2026-01-02T08:00:00Z"}""";
        assertThat(answer(200, "POST", whatIf, assumptions))
                .contains("\"reached100\":\"2026-01-0", "\"limit\":\"daily\"");
        for (String[] mistake : new String[][] {
            {"pollInterval", "polInterval"},
            {"daily", "dayly"},
            {"3 per", "3 in"},
            {"50", "0"},
            {"30s", "30"},
            {"customers", "custmers"},
            {"low", "lower"},
            {"100", "\"many\""},
            {"2026-01-02T", "2025-01-02T"},
            {"{\"account", "[\"account"}
        }) {
            answer(400, "POST", whatIf, assumptions.replace(mistake[0], mistake[1]));
        }
        answer(400, "POST", whatIf);
        answer(404, "POST", whatIf, "{\"account\": \"nobody\"}");
    }

    private static void deadLetters() throws Exception {
        sluice.sql("update customer set email = 'no address', phone = '42'"
                + " where customer_no in ('C-00001', 'C-00002', 'C-00003', 'C-00004')");
        sluice.sql("insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps)"
                + " values ('salesforce', 'Contact', 'old', 'removed', 'upsert', '{\"a\": [1]}', '{}')");
        sluice.awaitSettled();
        answer(200, "GET", LETTERS);
        answer(
                200,
                "GET",
                LETTERS + "?account=salesforce&sync=customers-salesforce&key=C-00001&code=x&upTo=9&after=0&limit=1");
        answer(200, "GET", LETTERS + "?limit=1");
        answer(400, "GET", LETTERS + "?limit=0");
        answer(404, "GET", LETTERS + "?sync=nobody");

        answer(200, "GET", letter("C-00001"));
        answer(200, "PATCH", letter("C-00001"), "{\"fields\": {\"Email\": \"right@example.org\", \"Phone\": null}}");
        answer(400, "PATCH", letter("C-00001"), "{\"fields\": {\"Emial\": \"right@example.org\"}}");
        answer(409, "PATCH", letter("old"), "{\"fields\": {\"Email\": \"right@example.org\"}}");
        answer(409, "POST", letter("old") + "/replay");
        answer(200, "POST", letter("C-00001") + "/replay");

        answer(400, "POST", LETTERS + "/replay");
        answer(404, "POST", LETTERS + "/replay?sync=nobody");
        answer(200, "POST", LETTERS + "/replay?account=salesforce&sync=customers-salesforce&key=C-00002&code=x&upTo=9");
        assertThat(answer(200, "POST", LETTERS + "/replay?key=old")).contains("belongs to no sync");

        answer(200, "DELETE", letter("C-00003"));
        answer(400, "DELETE", LETTERS);
        answer(404, "DELETE", LETTERS + "?sync=nobody");
        answer(200, "DELETE", LETTERS + "?account=salesforce&sync=customers-salesforce&key=C-00004&code=x&upTo=9");
    }

    private static void inboundRejections() throws Exception {
        sluice.sql("alter table customer add constraint no_canary check (phone not like 'canary%')");
        String contact = sluice.rows(
                        "select key, crm_id from sluice.sync_state where key = 'C-00005'" + " and object = 'Contact'")
                .get("C-00005")
                .get(0);
        sluice.sandbox("POST", "/sandbox/records/salesforce/Contact/" + contact, "{\"Phone\": \"canary\"}");
        await().atMost(Duration.ofSeconds(60))
                .until(() -> sluice.number("select count(*) from sluice.inbound_rejection") == 1);
        sluice.sql("insert into sluice.inbound_rejection (sync, crm_id, columns, why)"
                + " values ('removed', 'x', '{phone}', 'a reason')");
        String rejection = REJECTIONS + "/"
                + sluice.number("select id from sluice.inbound_rejection where sync = 'customers-salesforce'");
        String removed =
                REJECTIONS + "/" + sluice.number("select id from sluice.inbound_rejection where sync = 'removed'");

        answer(200, "GET", REJECTIONS + "?sync=customers-salesforce&after=0&limit=1");
        answer(200, "GET", REJECTIONS + "?limit=1");
        answer(400, "GET", REJECTIONS + "?limit=many");
        answer(400, "GET", REJECTIONS + "?limit=0");
        answer(404, "GET", REJECTIONS + "?sync=nobody");
        answer(200, "GET", rejection);
        answer(200, "POST", rejection + "/retry");
        answer(409, "POST", removed + "/retry");
        answer(200, "DELETE", removed);
    }

    /** Each statement fails, as with a database that is away; comes last, since nothing works any more. */
    private static void withoutTheDatabase() throws Exception {
        sluice.sql("alter schema sluice rename to away");
        for (Operation operation : contract.operations()) {
            if (operation.documents(503)) {
                String path = operation
                        .template()
                        .replace("{id}", "1")
                        .replace("accounts/{name}", "accounts/salesforce")
                        .replace("{name}", "deals-salesforce");
                boolean needsChoice =
                        path.endsWith("s/replay") || operation.method().equals("DELETE");
                String query =
                        switch (operation.id()) {
                            case "getPlan" -> "?sync=deals-salesforce";
                            case "listCalls" -> "?account=salesforce";
                            case "findRecord" -> "?sync=deals-salesforce&key=1";
                            default -> needsChoice ? "?code=x" : "";
                        };
                String body = operation.id().equals("simulateUsage") ? "{\"account\": \"salesforce\"}" : "";
                answer(503, operation.method(), path + query, body);
            }
        }
    }
}

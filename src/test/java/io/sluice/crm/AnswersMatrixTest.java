// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.DeletedRecord;
import io.sluice.Outcome;
import io.sluice.Outcome.Uncertainty;
import io.sluice.app.Main;
import io.sluice.crm.HostileCrm.Cut;
import io.sluice.crm.HostileCrm.Reply;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import io.sluice.testkit.FreePorts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests every operation of both CRMs against every answer: nothing counts as done, rejected, gone or read that the
 * answer does not prove, no Kamelet throws, and no answer costs more than a few calls. {@code -Dmatrix=full} runs all
 * combinations; otherwise each operation runs with all shapes and cuts, and one in 16 of the statuses. The name of a
 * failed combination describes it.
 */
class AnswersMatrixTest {

    private static final boolean FULL = "full".equals(System.getProperty("matrix"));
    private static final Path PAGE = Path.of("src/site/markdown/errors.md");
    private static final String BEGIN = "<!-- AnswersMatrixTest writes from here -->\n";
    private static final String END = "<!-- AnswersMatrixTest writes to here -->\n";

    private static final String A = "003XX0000000001AAA";
    private static final String B = "003XX0000000002AAA";
    private static final String FOREIGN = "003XX0000000009AAA";
    private static final String LOOK_UP = "look-up before a delete";
    private static final String READ_BEFORE = "update that reads before";
    private static final String DELETE_READ_BEFORE = "delete that reads before";
    private static final String PAGE_OF_A_PROXY =
            "<html><head><title>Proxy</title></head><body>Please sign in.</body></html>";

    /** Whether a body is a list of results. */
    private enum Kind {
        POSITIONAL,
        NAMED,
        SINGLE,
        READER,
        READ_BACK
    }

    /**
     * An operation of a CRM.
     *
     * @param before  what calls that go before it are answered
     * @param status  of its answer where all went well
     * @param results that answer's parts, of the records A and B
     * @param foreign a part of a record that nobody asked for
     * @param wrap    parts to an answer
     */
    private record Operation(
            String crm,
            String name,
            String uri,
            Object body,
            Kind kind,
            List<Reply> before,
            int status,
            List<String> results,
            String foreign,
            Function<List<String>, String> wrap) {

        boolean writes() {
            return kind == Kind.POSITIONAL || kind == Kind.NAMED || kind == Kind.SINGLE;
        }

        String good() {
            return wrap.apply(results);
        }

        /** A call that itself writes nothing, before one that does. */
        boolean looks() {
            return name.equals(LOOK_UP);
        }

        /** Whether its answer is a file of rows. */
        boolean file() {
            return name.equals("query page") || uri.contains("bulk-results");
        }

        List<String> keys() {
            return kind == Kind.SINGLE ? List.of("A") : List.of("A", "B");
        }
    }

    /**
     * An answer.
     *
     * @param done     keys of which it proves that they are done
     * @param rejected whether it says that what was sent is wrong
     * @param refuses  whether it proves that nothing was done
     * @param late     whether the CRM may still be at work
     * @param read     whether a reader may take it for an answer
     */
    private record Given(
            String name,
            Reply reply,
            Set<String> done,
            boolean rejected,
            boolean refuses,
            boolean late,
            boolean read,
            boolean status) {}

    private static final String CREATED = "a known record was created";
    private static final String OTHER_ID = "another id than the known one";
    private static final Set<String> OTHERS = Set.of("results of others", CREATED, OTHER_ID);
    /** Operations that write records whose ids are known, and may find them by the key. */
    private static final Set<String> KNOWN = Set.of("upsert", "row upsert", "composite", READ_BEFORE, "update");

    @TempDir
    static Path home;

    private static EmbeddedDatabase database;
    private static HostileCrm crm;
    private static Main main;
    private static ProducerTemplate camel;
    private static Connection connection;

    @BeforeAll
    static void start() throws Exception {
        database = EmbeddedDatabase.start(SharedBinaries.in(home), FreePorts.next());
        crm = new HostileCrm(700);
        main = new Main();
        String url = "http://127.0.0.1:" + crm.port();
        Map.ofEntries(
                        Map.entry("sluice.database.url", database.url()),
                        Map.entry("sluice.demo", "false"),
                        Map.entry("sluice.sandbox.enabled", "false"),
                        Map.entry("sluice.call.timeout", "400ms"),
                        Map.entry("sluice.call.late-delivery", "1ms"),
                        Map.entry("sluice.account.salesforce.login-url", url),
                        Map.entry("sluice.account.hubspot.url", url),
                        Map.entry("sluice.account.hubspot.access-token", "t"),
                        Map.entry("sluice.account.hubspot.limit.burst", "100000 per 10s"),
                        Map.entry("sluice.account.hubspot.limit.search", "100000 per 10s"),
                        Map.entry("sluice.account.salesforce.limit.daily", "10000000 per 24h"),
                        Map.entry("sluice.circuit-breaker.initial-delay", "1ms"),
                        Map.entry("sluice.circuit-breaker.max-delay", "1ms"),
                        Map.entry("camel.main.routesIncludePattern", "file:src/test/resources/no-routes/*.camel.yaml"),
                        Map.entry("camel.server.enabled", "false"),
                        Map.entry("camel.management.enabled", "false"))
                .forEach(main::addOverrideProperty);
        main.start();
        camel = main.getCamelContext().createProducerTemplate();
        Awaitility.await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> {
            connection = DriverManager.getConnection(database.url(), "sluice", "");
            clear();
            Operation first = operations().get(0);
            // the client of Salesforce starts a moment after its context
            return ask(first, new Reply(200, first.good()))
                    .getMessage()
                    .getBody(List.class)
                    .get(0)
                    .toString()
                    .contains("=done");
        });
    }

    @AfterAll
    static void stop() throws Exception {
        connection.close();
        main.stop();
        crm.close();
        database.close();
    }

    /** Limits that an answer said to be spent would hold the next call. */
    private static void clear() throws Exception {
        try (Statement statement = connection.createStatement()) {
            statement.execute(
                    "delete from sluice.throttle; delete from sluice.reported_limit; delete from sluice.api_call");
        }
    }

    // --- what is asked

    private static Map<String, Object> record(String key, String id) {
        return Map.of("key", key, "crmId", id, "fields", Map.of("LastName", "L" + key));
    }

    private static Map<String, Object> gone(String key, String id) {
        return Map.of("key", key, "crmId", id, "operation", "delete");
    }

    private static String list(List<String> results) {
        return "[" + String.join(",", results) + "]";
    }

    private static String batch(List<String> results) {
        return "{\"status\":\"COMPLETE\",\"results\":" + list(results)
                + ",\"startedAt\":\"2026-01-01T00:00:00Z\",\"completedAt\":\"2026-01-01T00:00:00Z\"}";
    }

    private static String query(List<String> records) {
        return "{\"totalSize\":" + records.size() + ",\"done\":true,\"records\":" + list(records) + "}";
    }

    private static String saved(String id) {
        return "{\"id\":\"" + id + "\",\"success\":true,\"errors\":[],\"created\":false}";
    }

    private static String traced(String key, String id) {
        return "{\"id\":\"" + id + "\",\"properties\":{\"customer_no\":\"" + key + "\"},\"objectWriteTraceId\":\"" + key
                + "\",\"new\":false,\"updatedAt\":\"2026-01-01T00:00:00Z\"}";
    }

    private static String contact(String id, String key) {
        return "{\"id\":\"" + id
                + "\",\"archived\":false,\"updatedAt\":\"2026-01-01T00:00:00Z\",\"properties\":{\"customer_no\":\""
                + key + "\",\"lastname\":\"L\",\"lastmodifieddate\":\"2026-01-01T00:00:00Z\"}}";
    }

    private static String row(String id, String key) {
        return "{\"attributes\":{\"type\":\"Contact\"},\"Id\":\"" + id
                + "\",\"SystemModstamp\":\"2026-01-01T00:00:00.000+0000\"," + "\"Customer_No__c\":\"" + key
                + "\",\"LastName\":\"L\"}";
    }

    private static String soap(String call, List<String> results) {
        return "<?xml version=\"1.0\"?><soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\">"
                + "<soapenv:Body><" + call + "Response>" + String.join("", results) + "</" + call
                + "Response></soapenv:Body></soapenv:Envelope>";
    }

    private static String soapResult(String id) {
        return "<result><id>" + id + "</id><success>true</success></result>";
    }

    private static String readBefore(List<String> results) {
        return "{\"compositeResponse\":[{\"referenceId\":\"before0\",\"httpStatusCode\":200,\"httpHeaders\":{},\"body\":"
                + query(List.of(row(A, "A"))) + "},"
                + "{\"referenceId\":\"part0\",\"httpStatusCode\":200,\"httpHeaders\":{},\"body\":" + list(results)
                + "}]}";
    }

    /** A write of the records A and B to Salesforce, whose results come in the order of the records. */
    private static Operation collection(String name, String uri, Object body, Function<List<String>, String> wrap) {
        return new Operation(
                "salesforce",
                name,
                uri,
                body,
                Kind.POSITIONAL,
                List.of(),
                200,
                List.of(saved(A), saved(B)),
                saved(FOREIGN),
                wrap);
    }

    private static List<Operation> operations() {
        String sf = "kamelet:salesforce-";
        String hs = "kamelet:hubspot-";
        String sfKey = "&object=Contact&externalId=Customer_No__c";
        String hsKey = "&object=contacts&externalId=customer_no";
        List<Object> both = List.of(record("A", A), record("B", B));
        List<Object> numbered = List.of(record("A", "101"), record("B", "102"));
        List<String> traced = List.of(traced("A", "101"), traced("B", "102"));
        List<Operation> all = new ArrayList<>();
        all.add(collection("upsert", sf + "upsert-sink?account=salesforce" + sfKey, both, AnswersMatrixTest::list));
        all.add(new Operation(
                "salesforce",
                "row upsert",
                sf + "record-upsert-sink?account=salesforce" + sfKey,
                List.of(record("A", A)),
                Kind.SINGLE,
                List.of(),
                200,
                List.of(saved(A)),
                saved(FOREIGN),
                results -> results.isEmpty() ? "" : results.get(0)));
        all.add(collection(
                "composite",
                sf + "composite-upsert-sink?account=salesforce&externalIds=" + "Contact:Customer_No__c",
                List.of(with(record("A", A)), with(record("B", B))),
                results -> "{\"compositeResponse\":[{\"referenceId\":\"part0\",\"httpStatusCode\":200,"
                        + "\"httpHeaders\":{},\"body\":" + list(results) + "}]}"));
        all.add(collection(
                READ_BEFORE, sf + "upsert-sink?account=salesforce" + sfKey, both, AnswersMatrixTest::readBefore));
        all.add(collection(
                "delete",
                sf + "delete-sink?account=salesforce" + sfKey,
                List.of(gone("A", A), gone("B", B)),
                AnswersMatrixTest::list));
        all.add(collection(
                DELETE_READ_BEFORE,
                sf + "delete-sink?account=salesforce&fields=LastName" + sfKey,
                List.of(gone("A", A), gone("B", B)),
                AnswersMatrixTest::readBefore));
        all.add(new Operation(
                "salesforce",
                "undelete",
                sf + "undelete-sink?account=salesforce&object=Contact",
                both,
                Kind.POSITIONAL,
                List.of(),
                200,
                List.of(soapResult(A), soapResult(B)),
                soapResult(FOREIGN),
                results -> soap("undelete", results)));
        all.add(new Operation(
                "salesforce",
                "changes",
                sf + "delta-action?account=salesforce" + sfKey + "&fields=LastName",
                "2026-01-01T00:00:00Z",
                Kind.READER,
                List.of(),
                200,
                List.of(row(A, "A"), row(B, "B")),
                row(FOREIGN, "Z"),
                AnswersMatrixTest::query));
        all.add(new Operation(
                "salesforce",
                "deletions",
                sf + "deleted-action?account=salesforce&object=Contact",
                "2026-01-01T00:00:00Z",
                Kind.READER,
                List.of(),
                200,
                List.of(
                        "{\"id\":\"" + A + "\",\"deletedDate\":\"2026-01-01T00:00:00.000+0000\"}",
                        "{\"id\":\"" + B + "\",\"deletedDate\":\"2026-01-01T00:00:00.000+0000\"}"),
                "{\"id\":\"" + FOREIGN + "\",\"deletedDate\":\"2026-01-01T00:00:00.000+0000\"}",
                results -> "{\"deletedRecords\":" + list(results)
                        + ",\"earliestDateAvailable\":\"2026-01-01T00:00:00.000+0000\","
                        + "\"latestDateCovered\":\"2026-01-01T00:00:00.000+0000\"}"));
        all.add(new Operation(
                "salesforce",
                "describe",
                sf + "describe-action?account=salesforce&object=Contact&timeToLive=0ms",
                null,
                Kind.READER,
                List.of(),
                200,
                List.of(
                        "{\"name\":\"LastName\",\"type\":\"string\",\"updateable\":true}",
                        "{\"name\":\"Phone\",\"type\":\"phone\",\"updateable\":true}"),
                "{\"name\":\"Other\",\"type\":\"string\"}",
                fields -> "{\"name\":\"Contact\",\"fields\":" + list(fields) + "}"));
        all.add(new Operation(
                "salesforce",
                "bulk jobs",
                sf + "bulk-list-action?account=salesforce",
                null,
                Kind.READER,
                List.of(),
                200,
                List.of(job("750A"), job("750B")),
                job("750Z"),
                jobs -> "{\"done\":true,\"records\":" + list(jobs) + "}"));
        all.add(new Operation(
                "salesforce",
                "count",
                sf + "count-action?account=salesforce&object=Contact",
                null,
                Kind.READER,
                List.of(),
                200,
                List.of("5"),
                "",
                results -> "{\"totalSize\":5,\"done\":true,\"records\":[]}"));
        all.add(new Operation(
                "salesforce",
                "limits",
                sf + "limits-action?account=salesforce",
                null,
                Kind.READER,
                List.of(),
                200,
                List.of(""),
                "",
                results -> "{\"DailyApiRequests\":{\"Max\":15000,\"Remaining\":14998}}"));
        all.add(new Operation(
                "salesforce",
                "merge",
                sf + "merge-sink?account=salesforce&object=Contact",
                List.of(record("A", A), gone("B", B)),
                Kind.POSITIONAL,
                List.of(),
                200,
                List.of(soapResult(A)),
                "",
                results -> soap("merge", results)));
        for (String step : List.of(
                "create-action?account=salesforce&object=Contact&operation=upsert&externalId=Customer_No__c",
                "close-action?account=salesforce",
                "status-action?account=salesforce",
                "abort-action?account=salesforce")) {
            all.add(new Operation(
                    "salesforce",
                    "bulk " + step.substring(0, step.indexOf('-')),
                    sf + "bulk-" + step,
                    null,
                    Kind.READER,
                    List.of(),
                    200,
                    List.of(""),
                    "",
                    results -> job("750A")));
        }
        for (String part : List.of("successfulResults", "failedResults", "unprocessedrecords")) {
            all.add(new Operation(
                    "salesforce",
                    "bulk " + part,
                    sf + "bulk-results-action?account=salesforce&operation=upsert" + "&externalId=Customer_No__c&part="
                            + part,
                    null,
                    Kind.READER,
                    List.of(),
                    200,
                    List.of(""),
                    "",
                    results -> "\"sf__Id\",\"sf__Created\",\"sf__Error\",\"Customer_No__c\"\n\"" + A
                            + "\",\"false\",\"X:y:--\",\"A\"\n"));
        }
        all.add(new Operation(
                "salesforce",
                "query page",
                sf + "query-page-action?account=salesforce&externalId=Customer_No__c" + "&fields=LastName",
                null,
                Kind.READER,
                List.of(),
                200,
                List.of(""),
                "",
                results -> "\"Id\",\"SystemModstamp\"," + "\"Customer_No__c\",\"LastName\"\n\"" + A
                        + "\",\"2026-01-01T00:00:00.000Z\",\"A\",\"L\"\n"));
        all.add(new Operation(
                "hubspot",
                "upsert",
                hs + "upsert-sink?account=hubspot" + hsKey,
                numbered,
                Kind.NAMED,
                List.of(),
                200,
                traced,
                traced("Z", "999"),
                AnswersMatrixTest::batch));
        all.add(new Operation(
                "hubspot",
                "create",
                hs + "create-sink?account=hubspot" + hsKey,
                List.of(
                        Map.of("key", "A", "fields", Map.of("lastname", "L")),
                        Map.of("key", "B", "fields", Map.of("lastname", "L"))),
                Kind.NAMED,
                List.of(),
                201,
                traced,
                traced("Z", "999"),
                AnswersMatrixTest::batch));
        all.add(new Operation(
                "hubspot",
                "update",
                hs + "update-sink?account=hubspot" + hsKey,
                numbered,
                Kind.NAMED,
                List.of(),
                200,
                traced,
                traced("Z", "999"),
                AnswersMatrixTest::batch));
        all.add(new Operation(
                "hubspot",
                "delete",
                hs + "delete-sink?account=hubspot" + hsKey,
                List.of(gone("A", "101"), gone("B", "102")),
                Kind.SINGLE,
                List.of(new Reply(200, batch(List.of(contact("101", "A"), contact("102", "B"))))),
                204,
                List.of(),
                "",
                results -> null));
        all.add(new Operation(
                "hubspot",
                LOOK_UP,
                hs + "delete-sink?account=hubspot" + hsKey,
                List.of(gone("A", "101"), gone("B", "102")),
                Kind.NAMED,
                List.of(),
                200,
                List.of(contact("101", "A"), contact("102", "B")),
                contact("999", "Z"),
                AnswersMatrixTest::batch));
        all.add(new Operation(
                "hubspot",
                "read-back",
                hs + "read-action?account=hubspot&object=contacts&fields=lastname",
                List.of("101", "102"),
                Kind.READ_BACK,
                List.of(),
                200,
                List.of(contact("101", "A"), contact("102", "B")),
                contact("999", "Z"),
                AnswersMatrixTest::batch));
        all.add(new Operation(
                "hubspot",
                "changes",
                hs + "delta-action?account=hubspot" + hsKey + "&fields=lastname",
                "2026-01-01T00:00:00Z",
                Kind.READER,
                List.of(),
                200,
                List.of(contact("101", "A"), contact("102", "B")),
                contact("999", "Z"),
                results -> "{\"total\":" + results.size() + ",\"results\":" + list(results) + "}"));
        all.add(new Operation(
                "hubspot",
                "deletions",
                hs + "deleted-action?account=hubspot&object=contacts",
                "2026-01-01T00:00:00Z",
                Kind.READER,
                List.of(),
                200,
                List.of(archived("101"), archived("102")),
                archived("999"),
                results -> "{\"results\":" + list(results) + "}"));
        all.add(new Operation(
                "hubspot",
                "describe",
                hs + "describe-action?account=hubspot&object=contacts",
                null,
                Kind.READER,
                List.of(),
                200,
                List.of("{\"name\":\"lastname\",\"type\":\"string\"}", "{\"name\":\"phone\",\"type\":\"string\"}"),
                "{\"name\":\"other\",\"type\":\"string\"}",
                results -> "{\"results\":" + list(results) + "}"));
        return all;
    }

    private static String archived(String id) {
        return "{\"id\":\"" + id + "\",\"archived\":true,\"archivedAt\":\"2026-01-01T00:00:00Z\",\"properties\":{}}";
    }

    private static String job(String id) {
        return "{\"id\":\"" + id + "\",\"state\":\"Open\",\"object\":\"Contact\",\"operation\":\"upsert\","
                + "\"createdDate\":\"2026-01-01T00:00:00.000+0000\",\"createdById\":\"005\"}";
    }

    private static Map<String, Object> with(Map<String, Object> record) {
        Map<String, Object> with = new LinkedHashMap<>(record);
        with.put("object", "Contact");
        return with;
    }

    // --- what is answered

    private static List<Given> answers(Operation operation) {
        List<Given> all = new ArrayList<>();
        shapes(operation, all);
        cuts(operation, all);
        if (String.valueOf(operation.good()).contains("compositeResponse")) {
            all.add(new Given(
                    "the answer to another call",
                    new Reply(operation.status(), operation.good().replace("part0", "part0_1")),
                    Set.of(),
                    false,
                    false,
                    false,
                    false,
                    false));
        }
        for (int status : new int[] {300, 302, 304, 307}) {
            all.add(new Given(
                    "HTTP " + status,
                    new Reply(
                            status,
                            status == 304 ? Map.of() : Map.of("Location", "http://127.0.0.1:1/elsewhere"),
                            "",
                            Cut.NOT),
                    Set.of(),
                    status == 300,
                    true,
                    false,
                    false,
                    true));
        }
        for (int status :
                new int[] {400, 403, 404, 405, 408, 409, 410, 413, 414, 415, 420, 423, 425, 426, 428, 431, 451, 477}) {
            boolean wrong = Set.of(400, 404, 405, 409, 410, 413, 414, 415, 431).contains(status);
            all.add(new Given(
                    "HTTP " + status + " in the CRM's words",
                    new Reply(status, error(operation, "SOMETHING")),
                    Set.of(),
                    wrong,
                    status != 408,
                    status == 408,
                    false,
                    true));
            all.add(new Given(
                    "HTTP " + status + " with a page",
                    new Reply(status, PAGE_OF_A_PROXY),
                    Set.of(),
                    Set.of(413, 414, 431).contains(status),
                    Set.of(413, 414, 431).contains(status),
                    status == 408,
                    false,
                    true));
        }
        for (String policy : new String[] {"DAILY", "TEN_SECONDLY_ROLLING", "SECONDLY", ""}) {
            for (String after : new String[] {"", "1", "999999"}) {
                Map<String, String> headers = after.isEmpty() ? Map.of() : Map.of("Retry-After", after);
                all.add(new Given(
                        "HTTP 429 " + policy + (after.isEmpty() ? "" : " Retry-After " + after),
                        new Reply(
                                429,
                                headers,
                                policy.isEmpty()
                                        ? ""
                                        : "{\"status\":\"error\",\"errorType\":\"RATE_LIMIT\",\"policyName\":\""
                                                + policy + "\",\"message\":\"You have reached your limit.\"}",
                                Cut.NOT),
                        Set.of(),
                        false,
                        true,
                        false,
                        false,
                        true));
            }
        }
        for (int status : new int[] {500, 501, 502, 503, 504, 520, 521}) {
            boolean late = status == 502 || status == 504;
            all.add(new Given(
                    "HTTP " + status + " in the CRM's words",
                    new Reply(status, error(operation, "UNKNOWN_EXCEPTION")),
                    Set.of(),
                    false,
                    false,
                    late,
                    false,
                    true));
            all.add(new Given(
                    "HTTP " + status + " with a page",
                    new Reply(status, PAGE_OF_A_PROXY),
                    Set.of(),
                    false,
                    false,
                    late,
                    false,
                    true));
        }
        return all;
    }

    private static String error(Operation operation, String code) {
        return operation.crm().equals("salesforce")
                ? "[{\"errorCode\":\"" + code + "\",\"message\":\"words\"}]"
                : "{\"status\":\"error\",\"category\":\"" + code + "\",\"message\":\"words\",\"correlationId\":\"c\"}";
    }

    private static void shapes(Operation operation, List<Given> all) {
        int status = operation.status() == 204 ? 200 : operation.status();
        for (String[] odd : new String[][] {
            {"a page", PAGE_OF_A_PROXY},
            {"nothing", ""},
            {"{}", "{}"},
            {"[]", "[]"},
            {"null", "null"},
            {"a number", "7"},
            {"half of it", half(operation)}
        }) {
            all.add(new Given(
                    "HTTP 2xx with " + odd[0], new Reply(status, odd[1]), Set.of(), false, false, false, false, false));
        }
        if (operation.file()) {
            String good = operation.good();
            String cell = good.substring(0, good.lastIndexOf('"'));
            all.add(new Given(
                    "a file cut within its last cell",
                    new Reply(status, cell),
                    Set.of(),
                    false,
                    false,
                    false,
                    false,
                    false));
            all.add(new Given(
                    "a file cut before its last cell",
                    new Reply(status, cell.substring(0, cell.lastIndexOf(',') + 1)),
                    Set.of(),
                    false,
                    false,
                    false,
                    false,
                    false));
            all.add(new Given(
                    "a file cut before its last comma",
                    new Reply(status, cell.substring(0, cell.lastIndexOf(','))),
                    Set.of(),
                    false,
                    false,
                    false,
                    false,
                    false));
        }
        boolean named = operation.kind() == Kind.NAMED;
        if (named) {
            all.add(new Given(
                    "status PENDING",
                    new Reply(status, operation.good().replace("COMPLETE", "PENDING")),
                    Set.of(),
                    false,
                    false,
                    false,
                    false,
                    false));
            all.add(new Given(
                    "207 with an error of nobody",
                    new Reply(
                            207,
                            "{\"status\":\"COMPLETE\",\"results\":[],\"numErrors\":1,"
                                    + "\"errors\":[{\"status\":\"error\",\"category\":\"VALIDATION_ERROR\",\"message\":\"words\",\"context\":{}}]}"),
                    Set.of(),
                    false,
                    false,
                    false,
                    false,
                    false));
            all.add(new Given(
                    "207 with A done and B named by an error",
                    new Reply(
                            207,
                            "{\"status\":\"COMPLETE\",\"results\":["
                                    + operation.results().get(0)
                                    + "],\"numErrors\":1,\"errors\":[{\"status\":\"error\",\"category\":\"VALIDATION_ERROR\","
                                    + "\"message\":\"words\",\"context\":{\"objectWriteTraceId\":[\"B\"]}}]}"),
                    Set.of("A"),
                    true,
                    true,
                    false,
                    false,
                    false));
        }
        if (operation.kind() == Kind.READ_BACK) {
            all.add(new Given(
                    "status PENDING",
                    new Reply(status, operation.good().replace("COMPLETE", "PENDING")),
                    Set.of(),
                    false,
                    false,
                    false,
                    false,
                    false));
            all.add(new Given(
                    "207 with errors of nobody",
                    new Reply(
                            207,
                            "{\"status\":\"COMPLETE\",\"results\":[],\"numErrors\":1,"
                                    + "\"errors\":[{\"status\":\"error\",\"category\":\"INTERNAL_ERROR\",\"message\":\"words\"}]}"),
                    Set.of(),
                    false,
                    false,
                    false,
                    false,
                    false));
        }
        if (operation.name().equals("delete") && operation.crm().equals("hubspot")) {
            all.add(new Given(
                    "207 with an error",
                    new Reply(
                            207,
                            "{\"status\":\"COMPLETE\",\"numErrors\":1,\"errors\":[{\"status\":"
                                    + "\"error\",\"category\":\"INTERNAL_ERROR\",\"message\":\"words\"}]}"),
                    Set.of(),
                    false,
                    false,
                    false,
                    false,
                    false));
        }
        String changed =
                operation.results().isEmpty() ? "" : operation.results().get(0);
        String created =
                changed.replace("\"created\":false", "\"created\":true").replace("\"new\":false", "\"new\":true");
        if (!created.equals(changed) && KNOWN.contains(operation.name())) {
            List<String> others =
                    operation.results().subList(1, operation.results().size());
            for (String[] result : new String[][] {
                {CREATED, created},
                {
                    OTHER_ID,
                    changed.replace("\"" + A + "\"", "\"" + FOREIGN + "\"").replace("\"101\"", "\"999\"")
                }
            }) {
                List<String> results = new ArrayList<>(others);
                results.add(0, result[1]);
                listed(operation, all, result[0], results, others.isEmpty() ? Set.of() : Set.of("B"), false);
            }
        }
        if (operation.results().size() == 2) {
            String first = operation.results().get(0);
            String second = operation.results().get(1);
            boolean list = operation.kind() == Kind.READER || operation.kind() == Kind.READ_BACK;
            listed(operation, all, "fewer results", List.of(first), named ? Set.of("A") : Set.of(), list);
            listed(
                    operation,
                    all,
                    "more results",
                    List.of(first, second, operation.foreign()),
                    named ? Set.of("A", "B") : Set.of(),
                    list);
            listed(
                    operation,
                    all,
                    "results in another order",
                    List.of(second, first),
                    named ? Set.of("A", "B") : Set.of(),
                    list);
            listed(
                    operation,
                    all,
                    "one result twice",
                    List.of(first, second, first),
                    named ? Set.of("A", "B") : Set.of(),
                    list);
            listed(
                    operation,
                    all,
                    "one result in place of another",
                    List.of(first, first),
                    named ? Set.of("A") : Set.of(),
                    list);
            listed(
                    operation,
                    all,
                    "results of others",
                    List.of(
                            operation.foreign(),
                            operation.foreign().replace("9AAA", "8AAA").replace("999", "998")),
                    operation.kind() == Kind.POSITIONAL && !operation.name().contains("delete")
                            ? Set.of("A", "B")
                            : Set.of(),
                    operation.kind() == Kind.READER);
            listed(
                    operation,
                    all,
                    "no results",
                    List.of(),
                    Set.of(),
                    operation.kind() == Kind.READER && !operation.name().equals("describe"));
        }
    }

    private static String half(Operation operation) {
        String good = operation.good() == null ? "{\"status\":" : operation.good();
        return good.substring(0, good.length() / 2);
    }

    private static void listed(
            Operation operation, List<Given> all, String name, List<String> results, Set<String> done, boolean read) {
        all.add(new Given(
                name,
                new Reply(operation.status(), operation.wrap().apply(results)),
                done,
                false,
                false,
                false,
                read,
                false));
    }

    private static void cuts(Operation operation, List<Given> all) {
        // files have a time-out of their own
        List<Cut> cuts = operation.file()
                ? List.of(Cut.BEFORE, Cut.WITHIN)
                : List.of(Cut.BEFORE, Cut.WITHIN, Cut.LATE, Cut.PROCESSING, Cut.BLANKS);
        for (Cut cut : cuts) {
            if (cut != Cut.WITHIN && cut != Cut.BLANKS || operation.status() != 204) {
                all.add(new Given(
                        switch (cut) {
                            case LATE -> "slower than the time-out";
                            case PROCESSING -> "slower than the time-out, with signs of work until then";
                            case BLANKS -> "slower than the time-out, with blanks until then";
                            default -> "cut " + cut.name().toLowerCase() + " the answer";
                        },
                        new Reply(operation.status(), Map.of(), operation.good(), cut),
                        Set.of(),
                        false,
                        false,
                        true,
                        false,
                        false));
            }
        }
    }

    // --- what becomes of it

    @Test
    void nothingIsTakenOfAnAnswerThatItDoesNotProve() throws Exception {
        List<String> wrong = new ArrayList<>();
        Map<String, String> table = new LinkedHashMap<>();
        int combinations = 0;
        for (Operation operation : operations()) {
            if (Boolean.getBoolean("matrix.write") && !operation.name().equals("upsert")) {
                continue; // the table tells of these alone
            }
            String fine = check(
                    operation,
                    new Given(
                            "as it should be",
                            new Reply(operation.status(), operation.good()),
                            Set.copyOf(operation.keys()),
                            false,
                            false,
                            false,
                            true,
                            false));
            if (fine != null) {
                wrong.add(operation.crm() + " " + operation.name() + ", as it should be: " + fine);
            }
            for (Given given : answers(operation)) {
                boolean upsert = operation.name().equals("upsert");
                if (!FULL
                        && given.status()
                        && !upsert
                        && Math.floorMod((operation.uri() + given.name()).hashCode(), 16) != 0) {
                    continue;
                }
                combinations++;
                String problem = check(operation, given);
                if (problem != null) {
                    wrong.add(operation.crm() + " " + operation.name() + ", " + given.name() + ": " + problem);
                }
                if (upsert) {
                    table.merge(
                            given.name(),
                            operation.crm() + ": " + last,
                            (one, other) ->
                                    one.substring(one.indexOf(' ') + 1).equals(other.substring(other.indexOf(' ') + 1))
                                            ? "both: " + last
                                            : one + "; " + other);
                }
                if (combinations % 5 == 0) {
                    // otherwise the circuit breaker would stay open ever longer
                    ask(operation, new Reply(operation.status(), operation.good()));
                }
            }
        }
        System.out.println("AnswersMatrixTest: " + combinations + " combinations, " + wrong.size() + " wrong");
        assertThat(wrong)
                .as(wrong.size() + " of " + combinations + " combinations")
                .isEmpty();
        upToDate(table);
    }

    /** Describes the outcomes of the last combination's writes. */
    private static String last = "";

    private static Exchange ask(Operation operation, Reply reply) throws Exception {
        clear();
        List<Reply> replies = new ArrayList<>(operation.before());
        replies.add(reply);
        if (operation.looks()) {
            replies.add(new Reply(204, null));
        }
        crm.reply(replies);
        return camel.request(operation.uri(), exchange -> {
            exchange.getMessage().setBody(operation.body());
            exchange.getMessage().setHeader("SluiceJob", "750A");
            if (operation.name().equals(READ_BEFORE) || operation.name().equals(DELETE_READ_BEFORE)) {
                exchange.getMessage().setHeader(BeforeImages.SINCE, Map.of("Contact", Instant.EPOCH));
            }
        });
    }

    private static String check(Operation operation, Given given) throws Exception {
        Exchange exchange = ask(operation, given.reply());
        if (exchange.getException() != null) {
            return "threw " + exchange.getException();
        }
        if (crm.asked().size() > 8) {
            return crm.asked().size() + " calls";
        }
        Object body = exchange.getMessage().getBody();
        return operation.writes()
                ? written(
                        operation,
                        given,
                        body,
                        Boolean.TRUE.equals(exchange.getMessage().getHeader(Permits.THROTTLED)))
                : read(operation, given, exchange);
    }

    private static String written(Operation operation, Given given, Object body, boolean refused) {
        if (!(body instanceof List<?> list) || !list.stream().allMatch(Outcome.class::isInstance)) {
            return "no outcomes but " + body;
        }
        List<Outcome> outcomes = list.stream().map(Outcome.class::cast).toList();
        List<String> keys = operation.name().equals("delete") ? List.of("A", "B") : operation.keys();
        if (!outcomes.stream().map(Outcome::key).toList().equals(keys)) {
            return "outcomes of " + outcomes.stream().map(Outcome::key).toList();
        }
        last = words(outcomes, refused);
        for (Outcome outcome : outcomes) {
            boolean done = given.done().contains(outcome.key()) || given.name().equals("as it should be");
            if (outcome.status() == Outcome.Status.DONE && !done) {
                return outcome.key() + " counts as done";
            }
            if (outcome.status() != Outcome.Status.DONE && given.name().equals("as it should be")) {
                return outcome.key() + " is not done: " + outcome;
            }
            if (outcome.status() == Outcome.Status.REJECTED && !given.rejected()) {
                return outcome.key() + " is rejected: " + outcome.code();
            }
            if (outcome.status() == Outcome.Status.GONE && !OTHERS.contains(given.name())) {
                return outcome.key() + " counts as gone";
            }
            boolean first = outcome.key().equals("A");
            if (outcome.status() != Outcome.Status.GONE
                    && first
                    && Set.of(CREATED, OTHER_ID).contains(given.name())) {
                return "the known record is not looked up: " + outcome;
            }
            boolean open = outcome.status() == Outcome.Status.RETRY && !done && !operation.looks();
            if (open && !refused && !given.refuses() && outcome.uncertainty() == Uncertainty.NONE) {
                return outcome.key() + " counts as not written";
            }
            if (open && !refused && given.late() && outcome.uncertainty() != Uncertainty.UNANSWERED) {
                return outcome.key() + " does not rest: " + outcome.uncertainty();
            }
        }
        return null;
    }

    private static String words(List<Outcome> outcomes, boolean refused) {
        Set<String> words = new java.util.TreeSet<>(new HashSet<>(outcomes.stream()
                .map(outcome -> switch (outcome.status()) {
                    case DONE -> "done";
                    case REJECTED -> "dead letter";
                    case RETRY ->
                        refused
                                ? "sent again, no attempt counted"
                                : switch (outcome.uncertainty()) {
                                    case NONE -> "not written, sent again";
                                    case UNPROVEN -> "in doubt, sent again";
                                    case UNANSWERED -> "in doubt, rests until its lease ends";
                                };
                    case TAKEN -> "waits for another record";
                    case GONE -> "looked up in the CRM";
                })
                .collect(Collectors.toSet())));
        return String.join(" or ", words);
    }

    private static String read(Operation operation, Given given, Exchange exchange) {
        Object body = exchange.getMessage().getBody();
        boolean taken = body instanceof List
                || body instanceof ObjectShape
                || body instanceof Number
                || body instanceof Map
                || body instanceof CrmJob;
        if (body instanceof Stream<?> stream) {
            try (stream) {
                taken = stream.toList().size() == 1;
            } catch (RuntimeException broken) {
                return "breaks where it is read: " + broken;
            }
        }
        boolean fine = given.name().equals("as it should be");
        if (fine && !taken) {
            return "is not read: " + exchange.getMessage().getHeader("SluiceStatus") + " " + body;
        }
        if (taken && !given.read() && !fine) {
            return "is taken for an answer: " + body;
        }
        if (body instanceof List<?> list
                && operation.kind() == Kind.READ_BACK
                && list.stream().anyMatch(DeletedRecord.class::isInstance)) {
            return "says that records are gone: " + body;
        }
        if (!taken
                && (exchange.getMessage().getHeader("SluiceNext") != null
                        || exchange.getMessage().getHeader("SluiceCovered") != null)) {
            return "moves the offset";
        }
        int status = exchange.getMessage().getHeader("SluiceStatus", 0, Integer.class);
        if (!taken && status >= 200 && status < 300) {
            return "is no answer, but has the status " + status;
        }
        return null;
    }

    // --- the page

    private static void upToDate(Map<String, String> table) throws Exception {
        StringBuilder text =
                new StringBuilder("| a write of several records is answered | then the records are |\n|---|---|\n");
        table.forEach((answer, what) ->
                text.append("| ").append(answer).append(" | ").append(what).append(" |\n"));
        String page = Files.readString(PAGE);
        int from = page.indexOf(BEGIN) + BEGIN.length();
        int to = page.indexOf(END);
        String fresh = page.substring(0, from) + "\n" + text + "\n" + page.substring(to);
        if (Boolean.getBoolean("matrix.write")) {
            Files.writeString(PAGE, fresh);
        }
        assertThat(Files.readString(PAGE))
                .as("The table of errors.md is stale; -Dmatrix.write=true regenerates the table")
                .isEqualTo(fresh);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Outcome;
import io.sluice.crm.Accounts;
import io.sluice.crm.Logins;
import io.sluice.crm.ScriptedCrm;
import io.sluice.crm.ScriptedCrm.Reply;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import io.sluice.testkit.FreePorts;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.main.Main;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checks each answer of a CRM about an account, to a login and to a call, with each header about limits and waiting.
 * No answer is a record's fault, few calls are wasted, a redirect is not followed, and the account recovers by
 * itself once the CRM answers as it should.
 */
class AccountAnswersMatrixTest {

    private static final boolean FULL = "full".equals(System.getProperty("matrix"));
    /** Statuses of an organisation that has moved or serves another version. */
    private static final Set<Integer> MOVED = Set.of(301, 302, 303, 307, 308, 410);

    private static final Duration RETRY_AFTER_MAX = Duration.ofHours(1);

    private static ScriptedCrm crm;
    private static ScriptedCrm elsewhere;
    private static EmbeddedDatabase database;
    private static Main main;
    private static ProducerTemplate camel;

    /** A CRM as the Kamelets see it. */
    private record Vendor(
            String account, String upsert, String read, Reply goodLogin, Reply goodCall, List<Case> answers) {}

    /** An answer and whether it is about the account, so that nobody else calls for a while. */
    private record Case(String name, Reply reply, boolean ofLimit) {}

    @TempDir
    static Path home;

    @BeforeAll
    static void start() throws Exception {
        crm = new ScriptedCrm();
        elsewhere = new ScriptedCrm();
        database = EmbeddedDatabase.start(SharedBinaries.in(home), FreePorts.next());
        main = new Main();
        main.addOverrideProperty("sluice.database.url", database.url());
        main.addOverrideProperty("sluice.demo", "false");
        main.addOverrideProperty("sluice.sandbox.enabled", "false");
        main.addOverrideProperty("sluice.call.timeout", "2s");
        main.addOverrideProperty("sluice.account.salesforce.login-url", crm.url());
        main.addOverrideProperty("sluice.account.salesforce.authentication-type", "refresh-token");
        main.addOverrideProperty("sluice.account.salesforce.refresh-token", "first-refresh-token");
        main.addOverrideProperty("sluice.account.hubspot.crm", "hubspot");
        main.addOverrideProperty("sluice.account.hubspot.url", crm.url());
        main.addOverrideProperty("sluice.account.hubspot.access-token", "");
        main.addOverrideProperty("sluice.account.hubspot.client-id", "id");
        main.addOverrideProperty("sluice.account.hubspot.client-secret", "secret");
        main.addOverrideProperty("sluice.account.hubspot.refresh-token", "first-refresh-token");
        main.addOverrideProperty("sluice.circuit-breaker.initial-delay", "1ms");
        main.addOverrideProperty("sluice.circuit-breaker.max-delay", "1ms");
        main.addOverrideProperty("camel.main.routesIncludePattern", "file:src/test/resources/no-routes/*.camel.yaml");
        main.addOverrideProperty("camel.server.enabled", "false");
        main.addOverrideProperty("camel.management.enabled", "false");
        main.start();
        camel = main.getCamelContext().createProducerTemplate();
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .until(() -> number("select count(*) from sluice.api_call") == 0);
    }

    @AfterAll
    static void stop() throws Exception {
        RouteCoverage.gather(main.getCamelContext());
        main.stop();
        database.close();
        crm.close();
        elsewhere.close();
    }

    private static List<Vendor> vendors() {
        String org = "00D000000000001AAA";
        Reply sfLogin = new Reply(
                200,
                "{\"access_token\":\"sf-token\",\"instance_url\":\"" + crm.url() + "\",\"id\":\"" + crm.url() + "/id/"
                        + org + "/005000000000001AAA\",\"token_type\":\"Bearer\"}");
        Reply sfGood =
                new Reply(200, "[{\"id\":\"003000000000001AAA\",\"success\":true,\"errors\":[],\"created\":false}]");
        Reply hsLogin = new Reply(200, "{\"access_token\":\"hs-token\",\"expires_in\":1800}");
        Reply hsGood = new Reply(
                200,
                "{\"status\":\"COMPLETE\",\"results\":[{\"id\":\"1\",\"new\":false,"
                        + "\"properties\":{\"customer_no\":\"K-1\"}}]}");
        List<Case> sf = new ArrayList<>(redirects());
        sf.add(new Case(
                "401 session", new Reply(401, error("INVALID_SESSION_ID", "Session expired or invalid")), false));
        sf.add(new Case("401 page", new Reply(401, "<html>no</html>"), false));
        sf.add(new Case(
                "401 not for this",
                new Reply(401, error("INVALID_SESSION_ID", "This session is not valid for use with the REST API")),
                true));
        sf.add(new Case(
                "403 daily", new Reply(403, error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")), true));
        sf.add(new Case(
                "403 concurrent",
                new Reply(
                        403,
                        error(
                                "REQUEST_LIMIT_EXCEEDED",
                                "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")),
                true));
        sf.add(new Case("403 disabled", new Reply(403, error("API_DISABLED_FOR_ORG", "API is disabled")), true));
        sf.add(new Case("403 firewall", new Reply(403, "<html>Access denied</html>"), false));
        sf.add(new Case("410", new Reply(410, error("UNSUPPORTED_API_VERSION", "no such version")), false));
        sf.add(new Case("410 empty", new Reply(410, ""), false));
        for (String usage : new String[] {
            "api-usage=1/0",
            "api-usage=99999999999999999999999999/15000",
            "api-usage=-1/-1",
            "nonsense",
            "api-usage=999999/15000",
            "api-usage=3/1"
        }) {
            sf.add(new Case("200 " + usage, new Reply(200, sfGood.body(), "Sforce-Limit-Info", usage), false));
        }
        List<Case> hs = new ArrayList<>(redirects());
        hs.add(new Case(
                "401", new Reply(401, "{\"category\":\"EXPIRED_AUTHENTICATION\",\"message\":\"expired\"}"), false));
        hs.add(new Case("403", new Reply(403, "{\"category\":\"MISSING_SCOPES\",\"message\":\"no scope\"}"), false));
        hs.add(new Case("403 page", new Reply(403, "<html>no</html>"), false));
        for (String policy : new String[] {"DAILY", "TEN_SECONDLY_ROLLING", "SECONDLY", null}) {
            String body = policy == null
                    ? "<html>slow down</html>"
                    : "{\"policyName\":\"" + policy + "\",\"message\":\"You have reached your " + policy + " limit.\"}";
            for (String after : new String[] {
                null,
                "1",
                "999999",
                "999999999999999999999",
                "-5",
                "soon",
                "Thu, 01 Jan 2099 00:00:00 GMT",
                "Thu, 01 Jan 1970 00:00:00 GMT"
            }) {
                hs.add(new Case(
                        "429 " + policy + " Retry-After " + after,
                        after == null ? new Reply(429, body) : new Reply(429, body, "Retry-After", after),
                        true));
            }
        }
        for (String[] usage :
                new String[][] {{"0", "0"}, {"250000", "-1"}, {"99999999999999999999", "5"}, {"10", "0"}, {"x", "y"}}) {
            hs.add(new Case(
                    "200 daily " + String.join("/", usage),
                    new Reply(
                            200,
                            hsGood.body(),
                            "X-HubSpot-RateLimit-Daily",
                            usage[0],
                            "X-HubSpot-RateLimit-Daily-Remaining",
                            usage[1]),
                    false));
        }
        return List.of(
                new Vendor(
                        "salesforce",
                        "kamelet:salesforce-upsert-sink?account=salesforce&object=Contact&externalId=Customer_No__c",
                        "kamelet:salesforce-limits-action?account=salesforce",
                        sfLogin,
                        sfGood,
                        sf),
                new Vendor(
                        "hubspot",
                        "kamelet:hubspot-upsert-sink?account=hubspot&object=contacts&externalId=customer_no",
                        "kamelet:hubspot-read-action?account=hubspot&object=contacts&fields=lastname",
                        hsLogin,
                        hsGood,
                        hs));
    }

    private static List<Case> redirects() {
        List<Case> redirects = new ArrayList<>();
        for (int status : new int[] {301, 302, 303, 307, 308}) {
            redirects.add(
                    new Case(status + " elsewhere", new Reply(status, "", "Location", elsewhere.url() + "/x"), false));
            redirects.add(new Case(status + " without a place", new Reply(status, "moved"), false));
        }
        return redirects;
    }

    private static String error(String code, String message) {
        return "[{\"errorCode\":\"" + code + "\",\"message\":\"" + message + "\"}]";
    }

    private static long number(String sql) throws Exception {
        try (var connection = DriverManager.getConnection(database.url(), "sluice", "");
                var rows = connection.createStatement().executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private static void forget() throws Exception {
        try (var connection = DriverManager.getConnection(database.url(), "sluice", "")) {
            connection
                    .createStatement()
                    .execute(
                            "delete from sluice.throttle; delete from sluice.api_call;"
                                    + " delete from sluice.usage_minute; delete from sluice.reported_limit; delete from sluice.reported_limit_history");
        }
        crm.asked.clear();
        elsewhere.asked.clear();
    }

    /** The records' outcomes; none of them may be called wrong by an answer that is about the account. */
    private static List<Outcome> upsert(Vendor vendor) {
        Exchange exchange = camel.request(vendor.upsert(), message -> message.getMessage()
                .setBody(List.of(Map.of("key", "K-1", "fields", Map.of("lastname", "One", "LastName", "One")))));
        assertThat(exchange.getException()).isNull();
        @SuppressWarnings("unchecked")
        List<Outcome> outcomes = exchange.getMessage().getBody(List.class);
        return outcomes;
    }

    private static void resume(Vendor vendor) throws Exception {
        main.getCamelContext()
                .getRegistry()
                .lookupByNameAndType("logins", Logins.class)
                .resume(vendor.account());
    }

    @Test
    void anyErrorOfTheAccountConcernsNoRecord() throws Exception {
        List<String> wrong = new ArrayList<>();
        int tried = 0;
        for (Vendor vendor : vendors()) {
            int place = 0;
            for (Case one : vendor.answers()) {
                if (!FULL && one.name().startsWith("429") && place++ % 3 != 0) {
                    continue;
                }
                tried++;
                try {
                    call(vendor, one);
                } catch (AssertionError | Exception failure) {
                    wrong.add(vendor.account() + ", call answered " + one.name() + ": "
                            + String.valueOf(failure.getMessage()).strip().replaceAll("\\s+", " "));
                }
            }
        }
        System.out.println(tried + " answers to calls, " + wrong.size() + " wrong");
        assertThat(wrong).as("of %d combinations", tried).isEmpty();
    }

    private static void call(Vendor vendor, Case one) throws Exception {
        forget();
        resume(vendor);
        crm.login = vendor.goodLogin();
        crm.call = one.reply();
        List<Outcome> outcomes = upsert(vendor);
        long expected = one.reply().status() == 200 ? 0 : 1;
        assertThat(outcomes).hasSize(1);
        assertThat(outcomes.get(0).status())
                .as("the record")
                .isEqualTo(expected == 0 ? Outcome.Status.DONE : Outcome.Status.RETRY);
        assertThat(crm.calls()).as("calls made").isEqualTo(1);
        assertThat(elsewhere.asked).as("what the other host was asked").isEmpty();
        assertThat(number("select count(*) from sluice.api_call where account = '" + vendor.account()
                        + "' and completed_at is not null"))
                .as("in the ledger")
                .isEqualTo(1);
        assertThat(number("select count(*) from sluice.throttle where until > clock_timestamp() + interval '"
                        + (one.name().contains("DAILY") ? Duration.ofHours(24) : RETRY_AFTER_MAX).toSeconds()
                        + " seconds'"))
                .as("waits longer than anybody may ask for")
                .isZero();
        assertThat(number("select count(*) from sluice.throttle where recovered_at is null"))
                .as("limits taken for spent")
                .isEqualTo(one.ofLimit() ? 1 : 0);
        String problem = main.getCamelContext()
                .getRegistry()
                .findSingleByType(Accounts.class)
                .problem(vendor.account());
        if (one.name().endsWith("elsewhere")) {
            assertThat(String.valueOf(problem))
                    .as("the problem")
                    .contains("to 127.0.0.1:")
                    .doesNotContain("/x");
        }
        if (one.name().startsWith("410")) {
            assertThat(String.valueOf(problem)).as("the problem").contains("does not serve API version");
        }
        // the CRM is as it should be again: a person's resume tries at once
        crm.call = vendor.goodCall();
        try (var connection = DriverManager.getConnection(database.url(), "sluice", "")) {
            connection
                    .createStatement()
                    .execute("update sluice.throttle set until = clock_timestamp(), probe = null;"
                            + " delete from sluice.reported_limit");
        }
        assertThat(upsert(vendor).get(0).status())
                .as("once it answers as it should")
                .isEqualTo(Outcome.Status.DONE);
        if (vendor.account().equals("salesforce") && MOVED.contains(one.reply().status())) {
            assertThat(crm.logins())
                    .as("logins, since another one may give another address")
                    .isEqualTo(1);
        }
    }

    /** An organisation that moves to another instance has its new address from the next login. */
    @Test
    void theAddressOfAMovedOrganisationIsTakenFromTheNextLogin() throws Exception {
        Vendor vendor = vendors().get(0);
        forget();
        resume(vendor);
        crm.call = new Reply(401, error("INVALID_SESSION_ID", "Session expired or invalid"));
        crm.login = new Reply(
                200,
                vendor.goodLogin()
                        .body()
                        .replace("\"instance_url\":\"" + crm.url(), "\"instance_url\":\"" + elsewhere.url()));
        elsewhere.call = new Reply(302, "", "Location", crm.url() + "/x");
        upsert(vendor);
        upsert(vendor);
        assertThat(elsewhere.calls()).as("calls to the old instance").isEqualTo(1);
        assertThat(crm.calls()).as("calls that follow a redirect").isEqualTo(1);

        crm.login = vendor.goodLogin();
        crm.call = vendor.goodCall();
        assertThat(upsert(vendor).get(0).status()).isEqualTo(Outcome.Status.DONE);
        assertThat(elsewhere.calls()).as("calls to the old instance").isEqualTo(1);
    }

    @Test
    void aRejectedLoginCausesABackoffAndConcernsNoRecord() throws Exception {
        List<String> wrong = new ArrayList<>();
        int tried = 0;
        for (Vendor vendor : vendors()) {
            List<Reply> refusals =
                    new ArrayList<>(redirects().stream().map(Case::reply).toList());
            for (String reason : new String[] {
                "invalid_grant", "inactive_user", "app_not_found", "OAUTH_EC_APP_NOT_FOUND", "invalid_client"
            }) {
                refusals.add(new Reply(
                        400, "{\"error\":\"" + reason + "\",\"error_description\":\"" + reason + " it says\"}"));
            }
            refusals.addAll(List.of(
                    new Reply(401, "{}"),
                    new Reply(403, "<html>no</html>"),
                    new Reply(410, ""),
                    new Reply(429, "{}", "Retry-After", "999999"),
                    new Reply(500, ""),
                    new Reply(503, "<html>later</html>"),
                    new Reply(200, "{}"),
                    new Reply(200, "<html>log in</html>")));
            for (Reply refusal : refusals) {
                tried++;
                try {
                    login(vendor, refusal);
                } catch (AssertionError | Exception failure) {
                    wrong.add(vendor.account() + ", login answered " + refusal + ": "
                            + String.valueOf(failure.getMessage()).strip().replaceAll("\\s+", " "));
                }
            }
        }
        System.out.println(tried + " answers to logins, " + wrong.size() + " wrong");
        assertThat(wrong).as("of %d combinations", tried).isEmpty();
    }

    private static void login(Vendor vendor, Reply refusal) throws Exception {
        // a token that has died makes the next call log in
        resume(vendor);
        crm.login = vendor.goodLogin();
        crm.call = vendor.goodCall();
        upsert(vendor);
        crm.call = new Reply(
                401,
                vendor.account().equals("hubspot")
                        ? "{\"category\":\"EXPIRED_AUTHENTICATION\"}"
                        : error("INVALID_SESSION_ID", "Session expired or invalid"));
        upsert(vendor);
        forget();
        crm.login = refusal;
        for (int i = 0; i < 5; i++) {
            assertThat(upsert(vendor).get(0).status()).isEqualTo(Outcome.Status.RETRY);
        }
        assertThat(crm.logins()).as("logins of five calls").isEqualTo(1);
        assertThat(crm.calls()).as("calls without a login").isZero();
        assertThat(elsewhere.asked).as("what the other host was asked").isEmpty();
        assertThat(number("select count(*) from sluice.api_call"))
                .as("calls that were not made")
                .isZero();

        crm.login = vendor.goodLogin();
        crm.call = vendor.goodCall();
        resume(vendor);
        assertThat(upsert(vendor).get(0).status()).as("once it is resumed").isEqualTo(Outcome.Status.DONE);
    }

    @Test
    void aRefreshTokenThatTheCrmGivesIsTheOneThatIsUsedNext() throws Exception {
        for (Vendor vendor : vendors()) {
            for (int turn = 1; turn <= 3; turn++) {
                resume(vendor);
                crm.call = vendor.goodCall();
                Reply good = vendor.goodLogin();
                crm.login =
                        new Reply(200, good.body().replaceFirst("}$", ",\"refresh_token\":\"rotated-" + turn + "\"}"));
                crm.call = new Reply(
                        401,
                        vendor.account().equals("hubspot")
                                ? "{\"category\":\"EXPIRED_AUTHENTICATION\"}"
                                : error("INVALID_SESSION_ID", "Session expired or invalid"));
                upsert(vendor);
                forget();
                crm.call = vendor.goodCall();
                upsert(vendor);
                String sent = turn == 1 ? "" : "rotated-" + (turn - 1);
                if (turn > 1) {
                    assertThat(crm.asked.get(0))
                            .as(vendor.account() + " sends the newest")
                            .contains(sent);
                }
            }
            assertThat(number("select count(*) from sluice.login where account = '" + vendor.account()
                            + "' and refresh_token is not null and refresh_token not like '%rotated%'"))
                    .isEqualTo(1);
        }
    }
}

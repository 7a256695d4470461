// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Request;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in a real browser, on a running product. Screenshots are in {@code target/page}. */
class WebPageIT {

    private static final Path SCREENSHOTS = Path.of("target/page");
    private static final LocatorAssertions.ContainsTextOptions PATIENT =
            new LocatorAssertions.ContainsTextOptions().setTimeout(60_000);

    @TempDir
    static Path home;

    static RunningSluice sluice;
    static Chromium chromium;

    @BeforeAll
    static void start() throws Exception {
        chromium = Chromium.start();
        sluice = new RunningSluice(home)
                .withBothCrms()
                .with("sluice.poll.min-interval", "1s")
                .with("sluice.poll.max-interval", "2s");
        sluice.start().awaitSettled();
    }

    @AfterAll
    static void stop() {
        if (sluice != null) {
            sluice.close();
        }
        if (chromium != null) {
            chromium.close();
        }
    }

    @AfterEach
    void closePages() {
        chromium.closePages();
    }

    private static Page open(String hash) {
        return open(hash, 1360, 900, ColorScheme.LIGHT);
    }

    private static Page open(String hash, int width, int height, ColorScheme scheme) {
        Page page = chromium.open(width, height, scheme);
        page.navigate("http://127.0.0.1:" + sluice.serverPort + "/" + hash);
        assertThat(page.locator("#connection")).containsText("live", PATIENT);
        return page;
    }

    private static void screenshot(Page page, String name) {
        page.screenshot(new Page.ScreenshotOptions()
                .setPath(SCREENSHOTS.resolve(name + ".png"))
                .setFullPage(true));
    }

    private static Locator button(Locator within, String name) {
        return within.getByRole(
                AriaRole.BUTTON, new Locator.GetByRoleOptions().setName(name).setExact(true));
    }

    private static void reject(String key) throws Exception {
        sluice.sql(
                "insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps, code, message,"
                        + " rejected_fields) values ('salesforce', 'Contact', '" + key
                        + "', 'customers-salesforce', 'upsert',"
                        + " '{\"Email\": \"nobody at example\"}', '{}', 'INVALID_EMAIL_ADDRESS', 'Email: invalid email address',"
                        + " '{Email}')");
    }

    @Test
    void theOverviewShowsEachAccountAndSync() {
        Page page = open("");
        assertThat(page.locator("#accounts .card")).hasCount(2);
        assertThat(page.locator("#syncs tr")).hasCount(4);
        assertThat(page.locator("#accounts")).containsText("of 15,000 in 24 h");
        assertThat(page.locator("#syncs")).containsText("public.customer ↔ salesforce Contact");
        assertThat(page.locator(".card canvas").first()).isVisible();
        screenshot(page, "overview-light");
        screenshot(open("", 1360, 900, ColorScheme.DARK), "overview-dark");
        Page phone = open("", 390, 844, ColorScheme.LIGHT);
        assertThat((Integer) phone.evaluate("document.documentElement.scrollWidth"))
                .as("no scrolling sideways")
                .isLessThanOrEqualTo(390);
        screenshot(phone, "overview-phone");
    }

    @Test
    void aPauseActsAndAResumptionEndsIt() throws Exception {
        Page page = open("");
        Locator row = page.locator("#syncs tr").filter(new Locator.FilterOptions().setHasText("deals-hubspot"));
        button(row, "Pause deals-hubspot").click();
        page.getByLabel("Reason, for those who look at this page").fill("a new pipeline");
        button(page.locator("dialog"), "Pause").click();
        assertThat(row).containsText("a new pipeline", PATIENT);
        assertThat(page.locator("#problems"))
                .containsText("deals-hubspot: paused by a person (a new pipeline)", PATIENT);
        assertThat(sluice.number("select count(*) from sluice.pause where name = 'deals-hubspot' and by = 'api'"))
                .isEqualTo(1);
        button(row, "Resume deals-hubspot").click();
        assertThat(row).containsText("running", PATIENT);
        assertThat(sluice.number("select count(*) from sluice.pause where name = 'deals-hubspot'"))
                .isZero();
    }

    @Test
    void aDeadLetterIsEditedOnThePageAndArrives() throws Exception {
        sluice.sql("update customer set email = 'no address' where customer_no = 'C-00007'");
        await().atMost(Duration.ofSeconds(60))
                .until(() -> sluice.number("select count(*) from sluice.dead_letter where key = 'C-00007'"
                                + " and account = 'salesforce'")
                        == 1);
        Page page = open("#/dead-letters?sync=customers-salesforce&key=C-00007");
        assertThat(page.locator("#page-list tbody")).containsText("INVALID_EMAIL_ADDRESS");
        button(page.locator("#page-list"), "Edit the dead letter of C-00007").click();
        page.getByLabel("Email (rejected)").fill("seven@example.org");
        button(page.locator("dialog"), "Save and replay").click();
        assertThat(page.locator("#notice")).containsText("C-00007 is sent again");
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(sluice.record("salesforce", "Contact", "C-00007")
                                .path("Email")
                                .asText())
                        .isEqualTo("seven@example.org"));
    }

    @Test
    void aRepairSendsWhatAPersonHasChangedAndNothingElse() throws Exception {
        sluice.sql(
                "insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps, code, rejected_fields)"
                        + " values ('salesforce', 'Contact', 'lines', 'customers-salesforce', 'upsert', '{\"Email\": \"no address\","
                        + " \"LastName\": \"two\\nlines\", \"FirstName\": \"\\r\", \"Phone\": 9007199254740993}', '{}', 'LINES', '{Email}')");
        Page page = open("#/dead-letters?code=LINES");
        button(page.locator("#page-list"), "Edit the dead letter of lines").click();
        assertThat(page.getByLabel("LastName")).hasValue("two\nlines");
        assertThat(page.getByLabel("Phone")).hasValue("9007199254740993");
        page.getByLabel("Email (rejected)").fill("lines@example.org");
        Request sent = page.waitForRequest(
                request -> request.method().equals("PATCH"),
                () -> button(page.locator("dialog"), "Save and replay").click());
        assertThat(sent.postData()).isEqualTo("{\"fields\":{\"Email\":\"lines@example.org\"}}");
        sluice.sql("delete from sluice.dead_letter where code = 'LINES'");
    }

    @Test
    void noEntryIsShownTwice() throws Exception {
        sluice.sql("insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps, code)"
                + " select 'salesforce', 'Contact', 'twice-' || n, 'customers-salesforce', 'upsert', '{}', '{}', 'TWICE'"
                + " from generate_series(1, 250) as n");
        Page page = open("#/dead-letters?code=TWICE");
        Locator list = page.locator("#page-list");
        assertThat(list).containsText("100 entries shown");
        button(list, "Show more").dblclick();
        assertThat(list).containsText(Pattern.compile("(200|300) entries shown|250 entries"));
        if (button(list, "Show more").isVisible()) {
            button(list, "Show more").click();
        }
        assertThat(list).containsText("250 entries.");
        assertThat(list.locator("tbody tr")).hasCount(250);
        sluice.sql("delete from sluice.dead_letter where code = 'TWICE'");
    }

    @Test
    void thePageComesBackAfterAnErrorOfAProxy() {
        Page page = open("");
        page.route("**/page/{events,me}", route -> route.fulfill(new Route.FulfillOptions().setStatus(502)));
        page.reload();
        assertThat(page.locator("#connection")).containsText("status 502");
        page.unroute("**/page/{events,me}");
        assertThat(page.locator("#connection")).containsText("live", PATIENT);
    }

    @Test
    void aStreamThatComesBackLeavesWhatAPersonTypes() {
        Page page = chromium.open(1360, 900, ColorScheme.LIGHT);
        page.addInitScript(
                "window.EventSource = class extends EventSource { constructor(url) { super(url); window.stream = this; } }");
        page.navigate("http://127.0.0.1:" + sluice.serverPort + "/#/record");
        page.getByLabel("Key of the record").fill("C-000");
        page.evaluate("stream.dispatchEvent(new Event('error'))");
        assertThat(page.locator("#connection")).containsText("live", PATIENT);
        assertThat(page.getByLabel("Key of the record")).hasValue("C-000");
    }

    /** Sends the page an event that a replica could send, and returns the rate that it shows. */
    private static String rate(Page page, String at, int records) {
        page.evaluate(
                "([at, records]) => stream.dispatchEvent(new MessageEvent('overview', { data: JSON.stringify({ at, parts: {"
                        + " 'sync:deals': { table: 'deal', account: 'crm', object: 'Deal', direction: 'out',"
                        + " circuitBreaker: 'closed', outbound: { waiting: {}, inFlight: 0, captured: 0, flow: { records, p50Ms: null },"
                        + " export: { expected: 0, done: 0 } }, deadLetters: 0, inboundRejections: 0 } } }) }))",
                List.of("2026-01-05T12:00:" + at + "Z", records));
        return page.locator("#syncs td[data-label='To the CRM'] > span").first().textContent();
    }

    @Test
    void aRateIsOfTheRecordsThatOneReplicaHasCounted() {
        Page page = chromium.open(1360, 900, ColorScheme.LIGHT);
        page.addInitScript(
                "window.EventSource = class extends EventTarget { constructor() { super(); window.stream = this; } }");
        page.navigate("http://127.0.0.1:" + sluice.serverPort + "/");
        page.waitForFunction("() => window.stream");
        assertThat(rate(page, "00", 1000)).isEqualTo("none now");
        assertThat(rate(page, "10", 2000)).isEqualTo("100 a second");
        page.evaluate("stream.onerror()");
        assertThat(rate(page, "11", 50_000)).as("at another replica").isEqualTo("none now");
        assertThat(rate(page, "21", 50_100)).isEqualTo("10 a second");
        assertThat(rate(page, "15", 50_200)).as("the clock was set back").isEqualTo("none now");
        assertThat(rate(page, "25", 50_300)).isEqualTo("10 a second");
        assertThat(rate(page, "26", 10)).as("the replica was restarted").isEqualTo("none now");
        assertThat(rate(page, "36", 110)).isEqualTo("10 a second");
    }

    @Test
    void theLinkToTheContentStaysOnThePage() {
        Page page = open("#/dead-letters");
        page.locator(".skip").press("Enter");
        assertThat(page.locator("#main")).isFocused();
        assertThat(page.locator("#page-list h1")).isVisible();
    }

    @Test
    void aTimeZoneThatTheServerDoesNotKnowIsReplacedByItsOffset() {
        Page page = chromium.open(1360, 900, ColorScheme.LIGHT);
        page.addInitScript("Intl.DateTimeFormat.prototype.resolvedOptions = () => ({ timeZone: 'Etc/Unknown' })");
        page.navigate("http://127.0.0.1:" + sluice.serverPort + "/#/usage?account=hubspot");
        assertThat(page.locator("#page-usage")).containsText("Operations with the most calls", PATIENT);
        assertThat(page.locator("#page-usage"))
                .containsText(Pattern.compile("Hours and days are those of ([+-]\\d\\d:\\d\\d|Z)\\."));
    }

    @Test
    void fiveHundredDeadLettersAreDiscardedAtOnce() throws Exception {
        for (int i = 0; i < 500; i++) {
            reject("gone-" + i);
        }
        Page page = open("#/dead-letters?code=INVALID_EMAIL_ADDRESS");
        assertThat(page.locator("#page-list")).containsText("100 entries shown; there are more");
        button(page.locator("#page-list"), "Discard all that match").click();
        button(page.locator("dialog"), "Discard all").click();
        assertThat(page.locator("#notice")).containsText("dead letters discarded");
        assertThat(sluice.number("select count(*) from sluice.dead_letter where key like 'gone-%'"))
                .isZero();
    }

    private static void lockOut(String key, String code) throws Exception {
        sluice.sql("insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps, code) values"
                + " ('salesforce', 'Contact', '" + key + "', 'customers-salesforce', 'upsert', '{}', '{}', '" + code
                + "')");
    }

    private static String lockedOut() throws Exception {
        return String.join(
                " ",
                sluice.rows("select key from sluice.dead_letter where code like 'SHOWN%' order by key")
                        .keySet());
    }

    @Test
    void whatIsDiscardedIsWhatTheListShowsAndNotWhatIsTypedOrDiedLater() throws Exception {
        lockOut("listed-1", "SHOWN");
        lockOut("listed-2", "SHOWN");
        lockOut("other", "SHOWN_NOT");
        Page page = open("#/dead-letters?code=SHOWN");
        assertThat(page.locator("#page-list")).containsText("2 entries.");
        lockOut("later", "SHOWN");
        page.getByLabel("Code").fill("SHOWN_NOT");
        button(page.locator("#page-list"), "Discard all that match").click();
        assertThat(page.locator("dialog")).containsText("2 dead letters of code SHOWN are discarded");
        button(page.locator("dialog"), "Discard all").click();
        assertThat(page.locator("#notice")).containsText("2 dead letters discarded.");
        assertThat(page.locator("#page-list tbody")).containsText("later");
        assertThat(lockedOut()).isEqualTo("later other");
        sluice.sql("delete from sluice.dead_letter where code like 'SHOWN%'");
    }

    @Test
    void aRecordIsFoundByItsKey() {
        Page page = open("#/record");
        page.locator("#page-record select").selectOption("customers-salesforce");
        page.getByLabel("Key of the record").fill("C-00042");
        button(page.locator("#page-record"), "Find").click();
        Locator record = page.locator("#page-record");
        assertThat(record).containsText("public.customer C-00042");
        assertThat(record).containsText("Row of the table");
        assertThat(record).containsText("Contact 003");
        assertThat(record).containsText("LastName");
        screenshot(page, "record");
    }

    @Test
    void aLimitThatRunsOutStopsLowWorkAndThePageSaysSo() throws Exception {
        Page page = open("");
        // as if another 11,000 of 15,000 calls had been made ten minutes ago
        sluice.sql("insert into sluice.usage_minute (account, minute, operation, calls, cost) values ('salesforce',"
                + " date_trunc('minute', now() - interval '10 minutes'), 'query', 11000, 11000)");
        try {
            Locator salesforce =
                    page.locator("#accounts .card").filter(new Locator.FilterOptions().setHasText("of 15,000 in 24 h"));
            assertThat(salesforce).containsText("Low work waits for this limit, and goes on from", PATIENT);
            assertThat(page.locator("#problems")).containsText("low changes wait until", PATIENT);
            screenshot(page, "limit");
            sluice.sql("update sluice.usage_minute set calls = 13500 where calls = 11000");
            Locator marks = page.locator("#problems li")
                    .filter(new Locator.FilterOptions().setHasText("of the limit daily are used"));
            assertThat(marks).containsText("normal and low changes wait until", PATIENT);
            assertThat(marks).hasCount(1);
            assertThat(sluice.number(
                            "select count(*) from sluice.alert where kind = 'limit-mark' and ended_at is null"))
                    .as("active marks, of which the page shows the highest")
                    .isEqualTo(2);
        } finally {
            sluice.sql("delete from sluice.usage_minute where calls in (11000, 13500)");
        }
    }

    /** Adds a week of summed calls, of which those at nine o'clock are the most, and calls that were saved. */
    private static void aWeekOfCalls() throws Exception {
        sluice.sql(
                "insert into sluice.usage_hour select hour, 'hubspot', operation, 'contacts', priority, calls, calls, 20 * calls,"
                        + " 900 * calls, 90 * calls, errors, 0, 0, 150 * calls, 900, 0 from (select date_trunc('hour', now(), 'UTC')"
                        + " - n * interval '1 hour' as hour, case n % 24 when 9 then 400 else 10 + n % 60 end as calls, n % 2 as errors"
                        + " from generate_series(2, 167) as n) as hours, (values ('upsert', 2), ('upsert', 0), ('query', 3))"
                        + " as kinds(operation, priority) on conflict do nothing");
        sluice.sql(
                "insert into sluice.saved_calls select date_trunc('hour', now() - interval '1 day', 'UTC'), 'hubspot',"
                        + " 'contacts', 'events', 98765 on conflict do nothing");
    }

    private static long reports() {
        return chromium.requests().stream()
                .filter(url -> url.contains("/api/usage"))
                .count();
    }

    private static Page openUsage(String hash, int width, ColorScheme scheme) {
        Page page = open(hash, width, 900, scheme);
        assertThat(page.locator("#page-usage h1")).hasText("Usage of hubspot");
        assertThat(page.locator("#page-usage")).containsText("Operations with the most calls");
        page.getByText("What if").click();
        assertThat(page.locator("#page-usage .comparison")).containsText("Calls made");
        return page;
    }

    @Test
    void theUsageOfAnAccountIsReadWhenItsPageIsOpenedAndNotWithEachUpdate() throws Exception {
        aWeekOfCalls();
        long before = reports();
        Page overview = open("");
        assertThat(overview.locator("#accounts .card")).hasCount(2);
        assertThat(reports() - before).as("reports read by the overview").isZero();
        overview.getByLabel("Usage of hubspot").click();
        Locator usage = overview.locator("#page-usage");
        assertThat(usage.locator("h1")).hasText("Usage of hubspot");
        assertThat(usage).containsText("98,765");
        assertThat(usage).containsText("the vendor allows 5 %");
        assertThat(usage.locator("table.heat tbody tr")).hasCount(24);
        assertThat(usage.locator("table.heat tbody td")).hasCount(7 * 24);
        assertThat(usage.locator("table.heat td.heat5").first()).containsText("1.2K");
        assertThat(usage.locator("[aria-labelledby=h-usage-syncs]")).containsText("customers-hubspot");
        assertThat(usage.locator("[aria-labelledby=h-usage-operations] tbody tr")
                        .first())
                .containsText("upsert");
        assertThat(usage).containsText("of the calls were critical");
        assertThat(usage.locator(".comparison")).hasCount(0);
        button(usage, "Show").click();
        assertThat(usage).containsText("98,765");
        assertThat(reports() - before)
                .as("reports read, one for each time that it is shown")
                .isEqualTo(2);
        screenshot(openUsage("#/usage?account=hubspot", 1360, ColorScheme.LIGHT), "usage-light");
        screenshot(openUsage("#/usage?account=hubspot", 1360, ColorScheme.DARK), "usage-dark");
        Page phone = openUsage("#/usage?account=hubspot", 390, ColorScheme.LIGHT);
        assertThat((Integer) phone.evaluate("document.documentElement.scrollWidth"))
                .as("no scrolling sideways")
                .isLessThanOrEqualTo(390);
        screenshot(phone, "usage-phone");
    }

    @Test
    void callsAreReplayedUnderAssumptionsBesideTheBaseline() {
        Page page = openUsage("#/usage?account=hubspot&days=1", 1360, ColorScheme.LIGHT);
        Locator form = page.locator("form.what-if");
        Locator problem = form.getByRole(AriaRole.ALERT);
        assertThat(form.getByLabel("daily")).hasValue("250000 per 24h, as reported");
        button(form, "Replay").click();
        assertThat(problem).containsText("Nothing is assumed");

        form.getByLabel("daily").fill("5 per day");
        button(form, "Replay").click();
        assertThat(problem).containsText("Field 'limits.daily'");
        assertThat(problem).containsText("reads like '15000 per 24h'");
        assertThat(form.getByLabel("daily")).isFocused();
        assertThat(form.getByLabel("daily")).hasAttribute("aria-invalid", "true");

        form.getByLabel("daily").fill("10 per 24h");
        form.getByLabel("customers-hubspot").selectOption("low");
        form.getByLabel("Time between polls").fill("1m");
        form.getByLabel("Records of a call at most").fill("5");
        form.getByLabel("Changes a day").fill("1000");
        form.getByLabel("Changes a day").press("Enter");
        assertThat(page.locator("#page-usage")).containsText("limit daily of 10 per 24h");
        assertThat(problem).isEmpty();
        Locator result = page.locator(".comparison");
        assertThat(result.locator("thead")).containsText("As assumed");
        assertThat(result.locator("tr").filter(new Locator.FilterOptions().setHasText("Limit daily")))
                .containsText("70 % at");
        assertThat(result).containsText("normal by daily from");
        assertThat(result).containsText("99th percentile");
        screenshot(page, "what-if");
    }

    @Test
    void valuesAndMessagesCanNotRunAsScripts() throws Exception {
        String attack = "<img src=x onerror=document.title=1>";
        sluice.sql(
                "insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps, code, message)"
                        + " values ('salesforce', 'Contact', '" + attack + "', 'customers-salesforce', 'upsert',"
                        + " '{\"LastName\": \"" + attack + "\"}', '{}', '" + attack + "', '" + attack + "')");
        Page page = open("#/dead-letters?sync=customers-salesforce");
        assertThat(page.locator("#page-list tbody")).containsText(attack);
        assertThat(page.locator("#page-list img")).hasCount(0);
        assertThat(page.title()).isNotEqualTo("1");
        sluice.sql("delete from sluice.dead_letter where code like '<img%'");
    }

    @Test
    void axeFindsNothingAndNoRequestLeavesTheMachine() throws Exception {
        reject("axe-1");
        for (String hash : List.of(
                "",
                "#/dead-letters",
                "#/rejections",
                "#/conflicts",
                "#/record?sync=customers-salesforce&key=C-00001",
                "#/usage?account=hubspot")) {
            for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
                Page page = hash.startsWith("#/usage") ? openUsage(hash, 1360, scheme) : open(hash, 1360, 900, scheme);
                assertThat(new AxeBuilder(page)
                                .analyze().getViolations().stream()
                                        .map(it -> it.getId() + ": "
                                                + it.getNodes().get(0).getHtml())
                                        .toList())
                        .as("%s %s", hash, scheme)
                        .isEmpty();
                chromium.closePages();
            }
        }
        sluice.sql("delete from sluice.dead_letter where key = 'axe-1'");
        assertThat(chromium.requests()).allMatch(url -> url.startsWith("http://127.0.0.1:" + sluice.serverPort + "/"));
        assertThat(chromium.errors())
                .filteredOn(error -> !error.contains("status of 40") && !error.contains("status of 502"))
                .as("errors, except that the browser logs each rejected request as one")
                .isEmpty();
    }
}

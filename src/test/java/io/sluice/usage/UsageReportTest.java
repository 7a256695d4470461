// SPDX-License-Identifier: Apache-2.0
package io.sluice.usage;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import io.sluice.Sync;
import io.sluice.crm.Account;
import io.sluice.crm.hubspot.HubspotCrm;
import io.sluice.crm.salesforce.SalesforceCrm;
import io.sluice.quota.Pool;
import io.sluice.quota.PoolMember;
import io.sluice.quota.SavedCalls;
import io.sluice.store.Json;
import io.sluice.store.TestDatabase;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class UsageReportTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Instant NOW = Instant.parse("2026-01-08T12:00:00Z");
    private static final Sync CUSTOMERS = sync("customers", "sf", "Contact");
    private static final Sync DEALS = sync("deals", "sf", "Opportunity");

    private final UsageHours usageHours = new UsageHours(DATABASE.sluice());
    private final UsageReport usageReport = new UsageReport(
            usageHours,
            new SavedCalls(DATABASE.sluice()),
            List.of(
                    new Account(
                            "sf",
                            new SalesforceCrm(),
                            new Pool(
                                    "sf",
                                    List.of(),
                                    List.of(
                                            new PoolMember("one", List.of(), false),
                                            new PoolMember("two", List.of(), false)),
                                    Map.of()),
                            false),
                    new Account("hs", new HubspotCrm(), Pool.of("hs", List.of()), false)),
            List.of(CUSTOMERS, DEALS));

    private static Sync sync(String name, String account, String object) {
        Sync sync = new Sync();
        sync.setName(name);
        sync.setAccount(account);
        sync.setObject(object);
        return sync;
    }

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
    }

    /** @param call login, operation, priority, time, status, records, bytes, answer bytes and object, as SQL */
    private static void call(String call) throws SQLException {
        DATABASE.run("insert into sluice.api_call (account, operation, priority, granted_at, status, records, bytes,"
                + " answer_bytes, object, throttled, expires_at, completed_at)"
                + " select login, operation, priority, at, status, records, bytes, answer_bytes::bigint, object,"
                + " status = 429, c.at + interval '15 s', c.at + interval '200 ms' from (values ("
                + call.replaceFirst("'(20..-..-..T[^']*)'", "timestamptz '$1'")
                + ")) as c(login, operation, priority, at, status, records, bytes, answer_bytes, object)");
    }

    private JsonNode report(String account, String sync, ZoneId zone) throws SQLException {
        return read(
                usageReport.json(new UsageReport.Request(account, sync, NOW.minusSeconds(7 * 86_400), NOW, zone), NOW));
    }

    @Test
    void theReportIsAsItsContractSays() throws SQLException, IOException {
        calls();
        JsonNode usage = report(null, null, ZoneOffset.UTC);
        JsonSchema schema;
        try (var document = UsageReportTest.class.getResourceAsStream("/io/sluice/operate/openapi.json")) {
            JsonNode contract = new ObjectMapper().readTree(document);
            ObjectNode root = new ObjectMapper().createObjectNode();
            root.put("$ref", "#/components/schemas/Usage").set("components", contract.path("components"));
            schema = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                    .getSchema(root);
        }

        assertThat(schema.validate(usage)).isEmpty();
        ((ObjectNode) usage.path("byHour").get(0)).put("other", 1);
        ((ObjectNode) usage.path("saved")).remove("byCaching");
        assertThat(schema.validate(usage)).hasSize(2);
    }

    private static JsonNode read(Object json) {
        try {
            return new ObjectMapper().readTree(Json.text(json));
        } catch (JsonProcessingException broken) {
            throw new IllegalStateException(broken);
        }
    }

    private static void calls() throws SQLException {
        call("'one', 'upsert', 0, '2026-01-05T09:10:00Z', 200, 10, 1000, 100, 'Contact'");
        call("'two', 'upsert', 2, '2026-01-05T09:20:00Z', 200, 30, 3000, 300, 'Contact,Opportunity'");
        call("'one', 'query', 2, '2026-01-06T23:30:00Z', 200, 0, 0, 9000, 'Opportunity'");
        call("'hs', 'upsert', 3, '2026-01-06T23:40:00Z', 429, 5, 500, 50, 'contacts'");
        call("'hs', 'upsert', 3, '2026-01-06T23:41:00Z', 0, 5, 500, null, 'contacts'");
        call("'hs', 'journal', 3, '2025-12-31T23:59:59Z', 200, 0, 0, 1, null");
    }

    @Test
    void callsAreSummedInEachWay() throws SQLException {
        calls();

        JsonNode usage = report(null, null, ZoneOffset.UTC);

        assertThat(usage.path("total").path("calls").asInt()).isEqualTo(5);
        assertThat(usage.path("total").path("records").asInt()).isEqualTo(50);
        assertThat(usage.path("byHour").findValuesAsText("calls")).containsExactly("2", "3");
        assertThat(usage.path("peaks").findValuesAsText("hour"))
                .containsExactly("2026-01-06T23:00:00Z", "2026-01-05T09:00:00Z");
        assertThat(usage.path("heatMap").findValuesAsText("weekday")).containsExactly("monday", "tuesday");
        assertThat(usage.path("byOperation").findValuesAsText("operation")).containsExactly("upsert", "query");
        assertThat(usage.path("byOperation").get(0).path("recordsPerCall").asDouble())
                .isEqualTo(12.5);
        assertThat(usage.path("byPriority").findValuesAsText("share")).containsExactly("20.0", "0.0", "40.0", "40.0");
        assertThat(usage.path("largestTransfers").get(0).path("bytes").asInt()).isEqualTo(9000);
        assertThat(usage.path("largestTransfers").get(0).path("at").asText()).isEqualTo("2026-01-06T23:30:00Z");
    }

    @Test
    void errorsAreComparedWithWhatTheVendorAllows() throws SQLException {
        calls();

        JsonNode accounts = report(null, null, ZoneOffset.UTC).path("byAccount");

        assertThat(accounts.findValuesAsText("account")).containsExactly("sf", "hs");
        assertThat(accounts.get(0).path("maxErrorShare").isNull()).isTrue();
        assertThat(accounts.get(1).path("maxErrorShare").asInt()).isEqualTo(5);
        assertThat(accounts.get(1).path("errorShare").asDouble()).isEqualTo(50);
        assertThat(accounts.get(1).path("throttled").asInt()).isEqualTo(1);
        assertThat(accounts.get(1).path("unanswered").asInt()).isEqualTo(1);
    }

    @Test
    void aSharedCallCountsForEachOfItsSyncs() throws SQLException {
        calls();

        JsonNode usage = report("sf", null, ZoneOffset.UTC);

        JsonNode customers = usage.path("bySync").get(0);
        assertThat(customers.path("sync").asText()).isEqualTo("customers");
        assertThat(customers.path("calls").asInt()).isEqualTo(2);
        assertThat(customers.path("sharedCalls").asInt()).isEqualTo(1);
        assertThat(customers.path("records").asInt()).as("of its own calls").isEqualTo(10);
        assertThat(usage.path("saved").path("bySharedCalls").asInt()).isEqualTo(1);
        assertThat(usage.path("saved").path("byBatching").asInt()).isEqualTo(38);
    }

    @Test
    void savedCallsAreThoseOfTheTimeAndOfTheAccountOrSync() throws SQLException {
        DATABASE.run(
                "insert into sluice.saved_calls select at::timestamptz, account, object, reason, calls from (values"
                        + " ('2026-01-05T09:00Z', 'sf', 'Contact', 'coalescing', 5),"
                        + " ('2026-01-05T10:00Z', 'sf', 'Contact', 'coalescing', 2),"
                        + " ('2026-01-05T10:00Z', 'sf', 'Opportunity', 'coalescing', 10),"
                        + " ('2026-01-05T10:00Z', 'sf', 'Contact', 'caching', 20),"
                        + " ('2026-01-05T10:00Z', 'hs', 'contacts', 'events', 40),"
                        + " ('2026-01-08T12:00Z', 'sf', 'Contact', 'coalescing', 80),"
                        + " ('2025-12-31T23:00Z', 'sf', 'Contact', 'coalescing', 80))"
                        + " as s(at, account, object, reason, calls)");

        assertThat(savedBy(null, null)).containsExactly(17, 20, 40);
        assertThat(savedBy("sf", null)).containsExactly(17, 20, 0);
        assertThat(savedBy(null, "customers")).containsExactly(7, 20, 0);
    }

    private List<Integer> savedBy(String account, String sync) throws SQLException {
        JsonNode saved = report(account, sync, ZoneOffset.UTC).path("saved");
        return Stream.of("byCoalescing", "byCaching", "byEvents")
                .map(reason -> saved.path(reason).asInt(-1))
                .toList();
    }

    @Test
    void theReportOfASyncHasItsCallsOnly() throws SQLException {
        calls();

        JsonNode usage = report(null, "deals", ZoneId.of("Europe/Berlin"));

        assertThat(usage.path("account").asText()).isEqualTo("sf");
        assertThat(usage.path("total").path("calls").asInt()).isEqualTo(2);
        assertThat(usage.path("bySync").size()).isEqualTo(1);
        assertThat(usage.path("bySync").get(0).path("days").findValuesAsText("day"))
                .as("in Berlin it is past midnight")
                .containsExactly("2026-01-05", "2026-01-07");
    }

    @Test
    void theSumsOfHoursThatAreRolledUpAreThoseOfTheirCalls() throws SQLException {
        calls();
        JsonNode before = report(null, null, ZoneOffset.UTC);

        assertThat(usageHours.rollUp()).isEqualTo(6 - 1);
        assertThat(report(null, null, ZoneOffset.UTC)).isEqualTo(before);

        assertThat(usageHours.rollUp()).as("nothing is left").isZero();
        call("'one', 'upsert', 0, '2026-01-07T09:10:00Z', 200, 10, 1000, 100, 'Contact'");
        assertThat(report(null, null, ZoneOffset.UTC)
                        .path("total")
                        .path("calls")
                        .asInt())
                .as("the calls after the hours that are rolled up")
                .isEqualTo(6);
    }

    @Test
    void nothingIsReportedBeforeTheFirstCall() throws SQLException {
        JsonNode usage = report(null, null, ZoneOffset.UTC);

        assertThat(usage.path("since").isNull()).isTrue();
        assertThat(usage.path("total").path("calls").asInt()).isZero();
        assertThat(usage.path("byHour").isEmpty()).isTrue();
        assertThat(usage.path("saved").path("recordsPerCall").isNull()).isTrue();
    }
}

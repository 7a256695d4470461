// SPDX-License-Identifier: Apache-2.0
package io.sluice.usage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.crm.Account;
import io.sluice.crm.hubspot.HubspotCrm;
import io.sluice.plan.LatencyTarget;
import io.sluice.plan.Planner;
import io.sluice.quota.Limit;
import io.sluice.quota.Limits;
import io.sluice.quota.Pool;
import io.sluice.quota.PoolMember;
import io.sluice.store.Json;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class WhatIfTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Instant FROM = Instant.parse("2026-01-05T00:00:00Z");
    private static final Instant TO = FROM.plus(Duration.ofDays(1));

    /** Longer than the recorded time, so that nothing rises. */
    private static final Duration AGEING = Duration.ofDays(2);

    private final Pool pool = new Pool(
            "crm",
            List.of(Limit.parse("burst", "100 per 10s")),
            List.of(
                    new PoolMember("one", List.of(Limit.parse("daily", "400 per 24h")), false),
                    new PoolMember("two", List.of(Limit.parse("daily", "600 per 24h")), true)),
            Map.of());
    private final WhatIf whatIf = new WhatIf(
            DATABASE.sluice(),
            new Limits(List.of(pool)),
            List.of(new Account("crm", new HubspotCrm(), pool, false)),
            List.of(sync("people", "contacts"), sync("deals", "deals")),
            new Planner(new LatencyTarget(Duration.ofMinutes(15), Duration.ofHours(6)), 0, 5),
            AGEING);

    private static Sync sync(String name, String object) {
        Sync sync = new Sync();
        sync.setName(name);
        sync.setAccount("crm");
        sync.setObject(object);
        return sync;
    }

    /** Records a day: each minute a normal call by one login and a poll by the other, and what must not be read. */
    @BeforeEach
    void recordCalls() throws SQLException {
        DATABASE.reset();
        DATABASE.run(
                insert("one", "upsert", 1440, "'contacts'", 2, 1, false, "200 ms"),
                insert("two", "search", 1440, "'contacts'", 2, 0, false, "100 ms"),
                insert("one", "upsert", 10, "'contacts'", 2, 1, true, "50 ms"),
                insert("other", "upsert", 10, "'contacts'", 2, 1, false, "50 ms"));
    }

    private static String insert(
            String login,
            String operation,
            int calls,
            String object,
            int priority,
            int records,
            boolean throttled,
            String answered) {
        return "insert into sluice.api_call (account, operation, priority, granted_at, expires_at, completed_at, status,"
                + " records, bytes, object, throttled) select '%s', '%s', %d, at, at + interval '15 s', at + interval '%s',"
                        .formatted(login, operation, priority, answered)
                + " 200, %d, 10, %s, %b from (select timestamptz '%s' + n * interval '1 minute' as at"
                        .formatted(records, object, throttled, FROM)
                + " from generate_series(0, " + (calls - 1) + ") as n) as c";
    }

    private JsonNode answer(
            List<Limit> limits,
            Integer batchSize,
            Duration pollInterval,
            Map<String, Priority> priorities,
            WhatIf.NewSync newSync)
            throws SQLException {
        try {
            return new ObjectMapper()
                    .readTree(Json.text(whatIf.json(new WhatIf.Request(
                            "crm", FROM, TO, limits, batchSize, pollInterval, priorities, newSync))));
        } catch (JsonProcessingException broken) {
            throw new IllegalStateException(broken);
        }
    }

    private static List<Limit> daily(String text) {
        return List.of(Limit.parse("daily", text));
    }

    @Test
    void callsAreReadFromTheLedgerOfAllLogins() throws SQLException {
        JsonNode result = answer(daily("10000 per 24h"), null, null, Map.of(), null);

        assertThat(result.path("calls").toString())
                .isEqualTo("{\"recorded\":2880,\"wanted\":2880,\"made\":2880,\"waiting\":0,\"omittedPolls\":0}");
        assertThat(result.path("latency").get(2).toString())
                .isEqualTo("{\"priority\":\"normal\",\"calls\":2880,\"p50Millis\":100,\"p99Millis\":200}");
        assertThat(result.path("latency").get(0).path("p99Millis").isNull()).isTrue();
        assertThat(result.path("stops")).isEmpty();
    }

    @Test
    void limitsOfLoginsAddUpAndStopsNameTheirResumption() throws SQLException {
        JsonNode result = answer(List.of(), null, null, Map.of(), null);

        JsonNode daily = result.path("limits").get(1);
        assertThat(daily.path("max").asInt()).isEqualTo(1000);
        assertThat(daily.path("setting").asText()).isEqualTo("1000 per 24h");
        assertThat(daily.path("reached70").asText()).isEqualTo("2026-01-05T05:49:00Z");
        assertThat(daily.path("reached85").asText()).isEqualTo("2026-01-05T07:04:00Z");
        assertThat(daily.path("reached95").isNull())
                .as("normal calls stop at 85 %")
                .isTrue();
        JsonNode stop = result.path("stops").get(0);
        assertThat(stop.path("from").asText()).isEqualTo("2026-01-05T07:05:00Z");
        assertThat(stop.path("until").asText()).isEqualTo("2026-01-06T00:00:00.100Z");
    }

    @Test
    void aPriorityAnIntervalAndASyncAreAssumed() throws SQLException {
        JsonNode result = answer(
                daily("100000 per 24h"),
                null,
                Duration.ofMinutes(10),
                Map.of("people", Priority.LOW),
                new WhatIf.NewSync(240, Priority.HIGH));

        assertThat(result.path("latency").findValuesAsText("calls")).containsExactly("0", "240", "144", "1440");
        assertThat(result.path("latency").get(1).path("p50Millis").asInt())
                .as("the mean of recorded upserts")
                .isEqualTo(200);
        assertThat(result.path("calls").path("wanted").asInt()).isEqualTo(240 + 144 + 1440);
    }

    @Test
    void tooManyCallsAreRejectedBeforeTheyAreMade() {
        assertThatThrownBy(() -> answer(
                        List.of(), null, null, Map.of(), new WhatIf.NewSync(AssumedTraffic.MAX_CALLS, Priority.LOW)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("choose a shorter time");
    }
}

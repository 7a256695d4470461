// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Priority;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Compares the usage that is counted by minutes and quarters of an hour with the calls of the ledger, over days of random
 * grants, answers, lost answers, crashes, reports of the CRM, housekeeping, and clocks that are set back. On failure jqwik prints
 * the seed.
 */
class LongWindowTest {

    private static final List<String> MEMBERS = List.of("one", "two");
    private static final List<String> OPERATIONS = List.of("upsert", "search", "delete");
    private static final int SEARCH_COST = 5;
    private static final int STEPS = 60;
    private static final int MAX_MINUTES = 300;
    private static final int MAX_OPEN_MINUTES = 120;

    private static final List<ScopedLimit> LIMITS = List.of(
            limit("daily", "1000000 per 24h"),
            limit("hourly", "1000000 per 1h"),
            limit("units", "1000000 units per 24h"),
            limit("some", "1000000 per 3h, for search delete"),
            limit("short", "1000000 per 30m"));

    private static final String EXACT =
            """
            select coalesce(sum(case when ? then cost else 1 end) filter (where inside and counted), 0) as own,
                   min(completed_at) filter (where inside and counted) + window_ms * interval '1 millisecond' as frees,
                   case when q.reported_at > cutoff then count(*) filter (
                       where completed_at > q.reported_at or completed_at is null and expires_at > now) else 0 end as since
            from (select now, window_ms, now - window_ms * interval '1 millisecond' as cutoff
                  from (values (clock_timestamp(), ?::bigint)) as v(now, window_ms)) as l
            left join sluice.api_call c on true
            cross join lateral (
                select coalesce(completed_at, expires_at) > cutoff as inside,
                       ? = '' or operation = any(string_to_array(?, ' ')) as counted) as part
            left join sluice.reported_limit q on q.name = ?
            group by now, window_ms, cutoff, q.reported_at""";

    /** Moves a completed call to another second of its minute. */
    private static final String SPREAD =
            """
            update sluice.api_call
            set completed_at = date_trunc('minute', completed_at) + ? * interval '1 millisecond' where id = ?""";

    private static TestDatabase database;

    private record Exact(long own, Instant frees, long since) {}

    @BeforeContainer
    static void open() throws SQLException {
        database = TestDatabase.open();
    }

    @AfterContainer
    static void close() {
        database.close();
    }

    private static ScopedLimit limit(String name, String text) {
        return new ScopedLimit(Limit.parse(name, text), "crm", MEMBERS);
    }

    @Property(tries = 10, shrinking = ShrinkingMode.OFF)
    void theUsageOfALongWindowIsThatOfTheLedgerAndNeverLess(@ForAll long seed) throws SQLException {
        new History(new Random(seed), false).play();
    }

    @Property(tries = 5, shrinking = ShrinkingMode.OFF)
    void aClockThatIsSetBackNeverMakesTheUsageLessThanThatOfTheLedger(@ForAll long seed) throws SQLException {
        new History(new Random(seed), true).play();
    }

    private static final class History {

        private final Random random;
        private final boolean setsBack;
        private final Quota quota = new Quota(
                database.sluice(),
                new Limits(List.of(new Pool(
                        "crm",
                        LIMITS.stream().map(ScopedLimit::limit).toList(),
                        MEMBERS.stream()
                                .map(name -> new PoolMember(name, List.of(), false))
                                .toList(),
                        Map.of("search", SEARCH_COST)))),
                Duration.ofSeconds(20),
                Duration.ofSeconds(10));
        private final List<Permit> open = new ArrayList<>();
        private long moved;

        History(Random random, boolean setsBack) {
            this.random = random;
            this.setsBack = setsBack;
        }

        void play() throws SQLException {
            database.reset();
            for (int step = 0; step < STEPS; step++) {
                step();
                if (step % 3 == 0) {
                    compare();
                }
            }
        }

        private void step() throws SQLException {
            switch (random.nextInt(10)) {
                case 0, 1, 2 -> {
                    for (int i = random.nextInt(4); i >= 0; i--) {
                        report(grant());
                    }
                }
                case 3 -> open.add(grant());
                case 4 -> {
                    if (!open.isEmpty()) {
                        report(open.remove(random.nextInt(open.size())));
                    }
                }
                case 5 -> end(grant());
                case 6 ->
                    quota.reported(
                            "crm",
                            "one",
                            LIMITS.get(random.nextInt(LIMITS.size())).limit().name(),
                            1_000_000,
                            0);
                case 7 -> {
                    if (setsBack && random.nextBoolean()) {
                        setBack(1 + random.nextInt(MAX_MINUTES));
                    } else {
                        quota.deleteOldCalls(Duration.ZERO);
                    }
                }
                default -> pass(random.nextInt(random.nextBoolean() ? 20 : MAX_MINUTES));
            }
        }

        private Permit grant() throws SQLException {
            Decision decision = quota.request(new CallRequest(
                    "crm",
                    OPERATIONS.get(random.nextInt(OPERATIONS.size())),
                    Priority.NORMAL,
                    false,
                    MEMBERS.get(random.nextInt(MEMBERS.size()))));
            return ((Decision.Granted) decision).permit();
        }

        private void report(Permit permit) throws SQLException {
            quota.report(permit, new CallReport(permit.operation(), 200, 1, 10));
            database.sluice().update(SPREAD, random.nextInt(60_000), permit.id());
        }

        /** Ends a call without an answer, or before it is made. */
        private void end(Permit permit) throws SQLException {
            if (random.nextBoolean()) {
                quota.report(permit, new CallReport(permit.operation(), CallReport.NO_ANSWER, 1, 10));
            } else {
                quota.cancel(permit);
            }
        }

        private void setBack(int minutes) throws SQLException {
            pass(-minutes);
            moved += SEARCH_COST
                    * Long.parseLong(database.text(
                            "select count(*) from sluice.api_call where completed_at > clock_timestamp()"));
            database.texts("select sluice.clock_set_back(? * interval '1 minute')::text", minutes);
        }

        /** Moves all times into the past. A minute may have to make room for another, so they go by way of another decade. */
        private void pass(int minutes) throws SQLException {
            if (minutes > MAX_OPEN_MINUTES) {
                open.clear(); // their process has died
            }
            String passed = " - interval '" + minutes + " minutes'";
            database.run(
                    "update sluice.usage_minute set minute = minute + interval '3650 days'",
                    "update sluice.usage_minute set minute = minute - interval '3650 days'" + passed,
                    "update sluice.reported_limit set reported_at = reported_at" + passed,
                    "update sluice.api_call set granted_at = granted_at" + passed + ", expires_at = expires_at" + passed
                            + ", completed_at = completed_at" + passed);
        }

        private void compare() throws SQLException {
            for (ScopedLimit limit : LIMITS) {
                Exact before = exact(limit);
                WindowUsage usage = database.sluice()
                        .transaction(connection -> Ledger.count(connection, List.of(limit)))
                        .get(limit);
                Exact after = exact(limit); // calls may have left the window meanwhile
                long more = limit.limit().isLong() ? moved : 0;
                assertThat(usage.own())
                        .as("usage of %s", limit.limit().text())
                        .isBetween(after.own(), before.own() + more);
                assertThat(usage.sinceReport())
                        .as("since the report of %s", limit.limit().text())
                        .isBetween(after.since(), before.since() + more);
                if (moved == 0 && before.equals(after)) {
                    assertThat(usage.frees() == null)
                            .as("nothing in %s becomes free", limit.limit().text())
                            .isEqualTo(after.frees() == null);
                    if (after.frees() != null) {
                        assertThat(usage.frees())
                                .as(
                                        "when a place of %s becomes free",
                                        limit.limit().text())
                                .isBetween(after.frees(), after.frees().plus(Duration.ofMinutes(1)));
                    }
                }
            }
        }

        private static Exact exact(ScopedLimit scopedLimit) throws SQLException {
            Limit limit = scopedLimit.limit();
            String operations = String.join(" ", limit.operations());
            return database.sluice()
                    .first(
                            EXACT,
                            row -> new Exact(row.getLong("own"), Ledger.instant(row, "frees"), row.getLong("since")),
                            limit.kind() == Limit.Kind.UNITS,
                            limit.window().toMillis(),
                            operations,
                            operations,
                            limit.name())
                    .orElseThrow();
        }
    }
}

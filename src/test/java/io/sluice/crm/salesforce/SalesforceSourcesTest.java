// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static io.sluice.crm.salesforce.RunningKamelets.record;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.Outcome;
import io.sluice.crm.OwnRoute;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the polling sources, each with a custom route behind it, over HTTP against the sandbox. */
class SalesforceSourcesTest {

    private static final String READ = "&object=Contact&externalId=Customer_No__c&fields=LastName,MailingCity&period=";
    private static final int PERIOD = 200; // ms

    @TempDir
    static Path home;

    private static RunningKamelets crm;

    @BeforeAll
    static void start() throws Exception {
        crm = new RunningKamelets(home, Map.of());
    }

    @AfterAll
    static void stop() throws Exception {
        crm.close();
    }

    @AfterEach
    void noFaults() throws Exception {
        crm.noFaults();
    }

    private static OwnRoute behind(String source, Integer... failing) throws Exception {
        return new OwnRoute(crm.main.getCamelContext(), "kamelet:salesforce-" + source, failing);
    }

    private static List<Outcome> write(String prefix, int count, String city) {
        return crm.send(
                "kamelet:salesforce-upsert-sink?object=Contact&externalId=Customer_No__c",
                IntStream.range(0, count)
                        .mapToObj(n -> record(prefix + n, "LastName", "Name " + n, "MailingCity", city))
                        .toList());
    }

    private static void soon(ThrowingRunnable assertion) {
        await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(50))
                .untilAsserted(assertion);
    }

    private static String kept(String name) {
        return "from sluice.stream_offset where account = 'salesforce' and stream = 'source:" + name + "'";
    }

    private static void awaitOffset(String name) {
        soon(() -> assertThat(crm.number("select count(*) " + kept(name) + " and page is not null"))
                .isOne());
    }

    /**
     * Waits until the source is running; an unfinished list is claimed for a while, as if the process had been killed.
     */
    private static void isFollowed(String name) throws Exception {
        crm.run("update sluice.stream_offset set due = now() where" + " stream = 'source:" + name + "'");
    }

    private static List<String> keys(OwnRoute route) {
        return route.received().stream()
                .map(record -> ((CrmRecord) record).key())
                .toList();
    }

    private static Stream<String> ids(OwnRoute route) {
        return route.received().stream().map(gone -> ((DeletedRecord) gone).crmId());
    }

    @Test
    void newChangesReachACustomRoutePageByPage() throws Exception {
        write("old-", 3, "Rome");
        String second = "select (extract(epoch from page::timestamptz))::bigint ";
        String source = "delta-source?name=changes&overlap=0s&pageSize=2" + READ;
        try (OwnRoute mine = behind(source + PERIOD, 1)) {
            awaitOffset("changes");
            long from = crm.number(second + kept("changes"));
            await().pollInterval(Duration.ofMillis(50))
                    .until(() -> crm.number("select extract(epoch from now())::bigint") > from + 1);
            crm.fault("{\"kind\":\"unavailable\",\"operation\":\"query\",\"count\":2}");
            write("new-", 5, "Paris");
            soon(() -> assertThat(mine.lists()).isOne());
            assertThat(keys(mine)).isEmpty();
            isFollowed("changes");
            soon(() -> assertThat(keys(mine)).contains("new-0", "new-1", "new-2", "new-3", "new-4"));
            assertThat(mine.lists()).as("two records a page").isGreaterThanOrEqualTo(3);
            assertThat(keys(mine))
                    .noneMatch(key -> key.startsWith("old-")
                            && mine.received().stream()
                                    .map(CrmRecord.class::cast)
                                    .anyMatch(it ->
                                            it.key().equals(key) && it.at().getEpochSecond() < from));
            CrmRecord first = mine.received().stream()
                    .map(CrmRecord.class::cast)
                    .filter(it -> it.key().equals("new-0"))
                    .findFirst()
                    .orElseThrow();
            assertThat(first.fields()).isEqualTo(Map.of("LastName", "Name 0", "MailingCity", "Paris"));
        }
        write("later-", 1, "Oslo");
        try (OwnRoute later = behind(source + (PERIOD + 1))) {
            soon(() -> assertThat(keys(later))
                    .as("changed while the route was stopped")
                    .contains("later-0"));
        }
        assertThat(crm.ledger()).isEqualTo(crm.counted());
    }

    private static long queries() throws Exception {
        return crm.referee().path("byOperation").path("query").asLong();
    }

    private static void awaitPolls(int count) throws Exception {
        long before = queries();
        soon(() -> assertThat(queries()).isGreaterThanOrEqualTo(before + count));
    }

    /** The overlap of a minute makes each poll read the same records again. */
    @Test
    void eachChangeReachesACustomRouteOnceOverPollsAndRestarts() throws Exception {
        String source = "delta-source?name=once&overlap=1m&pageSize=2" + READ;
        try (OwnRoute mine = behind(source + PERIOD, 2)) {
            awaitOffset("once");
            write("once-", 5, "Paris");
            soon(() -> assertThat(mine.lists()).as("the second page fails").isEqualTo(2));
            isFollowed("once");
            soon(() -> assertThat(onceKeys(mine)).hasSize(5));
            awaitPolls(4);
            assertThat(onceKeys(mine))
                    .as("records of the failed page again, the others not")
                    .containsExactlyInAnyOrder("once-0", "once-1", "once-2", "once-3", "once-4");
        }
        write("once-", 1, "Oslo");
        try (OwnRoute later = behind(source + (PERIOD + 1))) {
            soon(() -> assertThat(onceKeys(later)).isNotEmpty());
            awaitPolls(4);
            assertThat(onceKeys(later)).as("changed since").containsExactly("once-0");
        }
    }

    private static List<String> onceKeys(OwnRoute route) {
        return keys(route).stream()
                .filter(key -> key != null && key.startsWith("once-"))
                .toList();
    }

    @Test
    void deletesReachACustomRouteAndAFailedListIsRepeated() throws Exception {
        List<Outcome> made = write("gone-", 3, "Rome");
        String source = "deleted-source?name=deletes&object=Contact&period=";
        try (OwnRoute mine = behind(source + PERIOD, 1)) {
            awaitOffset("deletes");
            crm.control("DELETE", "/sandbox/records/salesforce/Contact/gone-0", "");
            soon(() -> assertThat(mine.lists()).isOne());
            assertThat(mine.received()).isEmpty();
            isFollowed("deletes");
            soon(() -> assertThat(ids(mine)).contains(made.get(0).crmId()));
        }
        crm.control("DELETE", "/sandbox/records/salesforce/Contact/gone-1", "");
        try (OwnRoute later = behind(source + (PERIOD + 1))) {
            soon(() -> assertThat(ids(later))
                    .as("deleted while the route was stopped")
                    .contains(made.get(1).crmId()));
            assertThat(ids(later)).doesNotContain(made.get(2).crmId());
        }
        crm.run(
                "update sluice.stream_offset set page = to_jsonb(now() - interval '20 days') #>> '{}', due = now() where stream = 'source:deletes'");
        crm.run("delete from sluice.idempotent_key where key like 'salesforce/deletes/%'");
        try (OwnRoute late = behind(source + (PERIOD + 2))) {
            soon(() -> assertThat(ids(late))
                    .as("from the recycle bin")
                    .contains(made.get(0).crmId(), made.get(1).crmId()));
        }
    }

    @Test
    void allRecordsReachACustomRouteByAJobThatResumesAtTheUnfinishedPage() throws Exception {
        write("all-", 150, "Rome");
        String source = "bulk-query-source?name=whole&pageSize=40" + READ;
        long jobs = created();
        long ledger = crm.ledger();
        long counted = crm.counted();
        try (OwnRoute mine = behind(source + 3_600_000, 2)) {
            soon(() -> assertThat(mine.lists()).isEqualTo(2));
            List<String> first = keys(mine);
            assertThat(first).hasSize(40);
            isFollowed("whole");
            soon(() -> assertThat(keys(mine)).contains("all-0", "all-149").hasSize((int) contacts()));
            assertThat(keys(mine))
                    .as("the first page is not read again")
                    .doesNotHaveDuplicates()
                    .startsWith(first.toArray(String[]::new));
        }
        assertThat(created() - jobs).isOne();
        assertThat(crm.number("select count(*) " + kept("whole") + " and job is null and"
                        + " due > now() + interval '50 minutes'"))
                .as("waits for the period")
                .isOne();
        assertThat(crm.ledger() - ledger).isEqualTo(crm.counted() - counted);

        isFollowed("whole");
        try (OwnRoute again = behind(source + 3_600_001)) {
            soon(() -> assertThat(keys(again)).hasSize((int) contacts()));
            assertThat(created() - jobs).isEqualTo(2);
        }
    }

    private static long contacts() throws Exception {
        return crm.control("GET", "/sandbox/records/salesforce/Contact", "")
                .lines()
                .count();
    }

    private static long created() throws Exception {
        return crm.referee().path("byOperation").path("bulkQueryCreate").asLong();
    }

    @Test
    void aFailedOrExpiredJobIsFollowedByAnother() throws Exception {
        write("newjob-", 1, "Rome");
        long before = created();
        crm.fault("{\"kind\":\"jobFails\",\"count\":1}");
        try (OwnRoute mine = behind("bulk-query-source?name=newjob" + READ + 3_600_000)) {
            soon(() -> assertThat(crm.number("select count(*) " + kept("newjob") + " and job is null and"
                            + " due > now() + interval '50 seconds'"))
                    .isOne());
            assertThat(mine.received()).isEmpty();
            crm.run("update sluice.stream_offset set due = now(), job = '750000000000999AAA',"
                    + " job_created_at = '2026-01-01T00:00:00Z', job_complete = true where stream = 'source:newjob'");
            soon(() -> assertThat(crm.number("select count(*) " + kept("newjob") + " and job is null"))
                    .isOne());
            isFollowed("newjob");
            soon(() -> assertThat(keys(mine)).contains("newjob-0"));
            assertThat(created() - before).isEqualTo(2);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static io.sluice.app.PushedScene.number;
import static io.sluice.app.PushedScene.soon;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shows that changes by a HubSpot user reach the table and, by its other sync, Salesforce, by webhooks alone. */
class PushedChangesIT {

    private static final int PEOPLE = 600;
    private static final int EDITS = 300;

    @TempDir
    static Path home;

    static PushedScene scene;

    @BeforeAll
    static void everybodyIsEverywhere() throws Exception {
        scene = new PushedScene(home, PEOPLE, true);
        // when a value came, by a clock that the edits know too
        scene.sluice.sql(
                """
                create table arrival (no text, city text, at timestamptz default clock_timestamp());
                create function arrived() returns trigger language plpgsql as $$
                begin insert into arrival (no, city) values (new.no, new.city); return null; end $$;
                create trigger arrived after update of city on person for each row execute function arrived()""");
    }

    @AfterAll
    static void stop() throws Exception {
        scene.close();
    }

    @AfterEach
    void faultless() {
        scene.noFaults();
    }

    @Test
    void editsReachTheTableAndTheOtherCrmThoughTheyComeTwiceAndInDisorder() throws Exception {
        long reads = scene.reads();
        scene.fault("{\"kind\":\"shuffleEvents\",\"probability\":0.2,\"delayMs\":100}");
        scene.fault("{\"kind\":\"duplicateEvents\",\"probability\":0.2,\"delayMs\":100}");
        Map<String, Long> edited = new LinkedHashMap<>();
        for (int i = 1; i <= EDITS; i++) {
            edited.put(number(i), System.currentTimeMillis());
            scene.edit(i, "city", "Town " + i);
        }
        scene.awaitApplied();

        scene.assertSameEverywhere();
        assertThat(scene.rows().get(number(EDITS)).get(1)).isEqualTo("Town " + EDITS);
        assertThat(scene.reads()).as("calls that read").isEqualTo(reads);
        assertThat(scene.sluice.number("select count(*) from arrival where no <= '" + number(EDITS) + "'"))
                .as("writes of rows, though some events came twice")
                .isEqualTo(EDITS);
        assertThat(scene.counts().path("duplicated").asInt()).isPositive();
        assertThat(scene.counts().path("givenUp").asInt()).isZero();

        List<Long> toTable =
                waits(edited, "select no, (extract(epoch from min(at)) * 1000)::bigint from arrival group by no");
        List<Long> toSalesforce = waits(
                edited,
                "select key, (extract(epoch from settled_at) * 1000)::bigint"
                        + " from sluice.sync_state where account = 'salesforce'");
        System.out.printf(
                "%d edits of a HubSpot user: in PostgreSQL p50 %d ms, p99 %d ms; in Salesforce p50 %d ms, p99 %d ms%n",
                EDITS, part(toTable, 50), part(toTable, 99), part(toSalesforce, 50), part(toSalesforce, 99));
    }

    /** Milliseconds from each edit to what the query says of it, in order. */
    private static List<Long> waits(Map<String, Long> edited, String query) throws Exception {
        Map<String, List<String>> arrived = scene.sluice.rows(query);
        List<Long> waits = new ArrayList<>();
        edited.forEach((no, at) -> waits.add(Long.parseLong(arrived.get(no).get(0)) - at));
        return waits.stream().sorted().toList();
    }

    private static long part(List<Long> sorted, int percent) {
        return sorted.get(Math.min(sorted.size() - 1, sorted.size() * percent / 100));
    }

    @Test
    void theLastOfManyEditsOfOneRecordHoldsHoweverTheyCome() throws Exception {
        scene.fault("{\"kind\":\"shuffleEvents\",\"delayMs\":250}");
        scene.fault("{\"kind\":\"lateEvents\",\"probability\":0.1,\"delayMs\":500}");
        for (int i = 0; i < 50; i++) {
            scene.edit(501 + i % 5, "email", "try" + i + "@example.org");
        }
        scene.awaitApplied();
        assertThat(scene.rows().get(number(505)).get(2)).isEqualTo("try49@example.org");
        scene.assertSameEverywhere();
    }

    @Test
    void forgedDeliveriesChangeNothingAndAreCountedWithTheirReason() throws Exception {
        double before = scene.metric("sluice_webhook_rejections_total", "\"signature\"");
        int forged = scene.counts().path("forged").asInt();
        scene.fault("{\"kind\":\"forgeEvents\"}");
        for (int i = 511; i <= 530; i++) {
            scene.edit(i, "city", "True " + i);
        }
        scene.awaitApplied();
        soon(() -> assertThat(scene.metric("sluice_webhook_rejections_total", "\"signature\"") - before)
                .isEqualTo(20));
        assertThat(scene.counts().path("forged").asInt() - forged).isEqualTo(20);
        assertThat(scene.counts().path("forgedAnswered2xx").asInt()).isZero();
        assertThat(scene.sluice.number("select count(*) from person where city = 'forged'"))
                .isZero();
        assertThat(scene.sluice.number("select count(*) from sluice.inbox where value = 'forged'"))
                .isZero();
        assertThat(scene.rows().get(number(530)).get(1)).isEqualTo("True 530");
    }

    @Test
    void anEventOfOurOwnWriteChangesNothing() throws Exception {
        JsonNode counts = scene.counts();
        long events = scene.sluice.number("select count(*) from sluice.inbox");
        long calls = scene.sluice.number("select count(*) from sluice.api_call");
        scene.sluice.sql("update person set email = 'ours' || lower(no) || '@example.org' where no between '"
                + number(541) + "' and '" + number(550) + "'");
        soon(() -> assertThat(scene.counts().path("delivered").asInt()
                        - counts.path("delivered").asInt())
                .isEqualTo(10));
        scene.awaitApplied();
        assertThat(scene.contacts().get(number(541)).get(2))
                .isEqualTo("ours" + number(541).toLowerCase() + "@example.org");
        scene.assertSameEverywhere();
        assertThat(scene.sluice.number("select count(*) from sluice.inbox"))
                .as("events that were kept")
                .isEqualTo(events);
        assertThat(scene.sluice.number("select count(*) from sluice.api_call") - calls)
                .as("calls, one to each CRM")
                .isEqualTo(2);
    }

    @Test
    void createsMergesAndArchivesInHubspotReachTheTable() throws Exception {
        scene.control(
                "POST",
                "/sandbox/records/hubspot/contacts",
                "{\"customer_no\":\"N-1\",\"lastname\":\"New\",\"city\":\"Ulm\"}");
        scene.control("DELETE", "/sandbox/records/hubspot/contacts/" + scene.id(561), "");
        scene.edit(562, "email", "kept@example.org");
        scene.control(
                "POST",
                "/sandbox/records/hubspot/contacts/" + scene.id(563),
                "{\"objectIdToMerge\":\"" + scene.id(562) + "\"}");
        scene.control("POST", "/sandbox/records/hubspot/contacts/" + scene.id(564), "{\"gdprDelete\":true}");
        scene.awaitApplied();
        soon(scene::assertSameEverywhere);
        assertThat(scene.rows())
                .containsEntry("N-1", List.of("New", "Ulm", ""))
                .doesNotContainKeys(number(561), number(562), number(564));
        assertThat(scene.rows().get(number(563)).get(2))
                .as("moved by the merge")
                .isEqualTo("kept@example.org");
    }

    @Test
    void anAssociationThatAUserMakesLetsItsRecordBeRead() throws Exception {
        long reads = scene.reads();
        String company = new ObjectMapper()
                .readTree(scene.control("POST", "/sandbox/records/hubspot/companies", "{\"name\":\"Acme\"}"))
                .path("id")
                .asText();
        scene.control(
                "POST",
                "/sandbox/records/hubspot/associations",
                "{\"from\":\"" + scene.id(571) + "\",\"to\":\"" + company + "\"}");
        scene.awaitApplied();
        soon(() -> assertThat(scene.sluice.number("select count(*) from sluice.inbox where crm_id = '" + scene.id(571)
                        + "' and kind = 'read_back' and done_at is not null"))
                .isOne());
        assertThat(scene.reads() - reads).as("calls that read").isOne();
        scene.assertSameEverywhere();
    }

    @Test
    void aSteadyStreamOfNewRecordsArrivesContinuously() throws Exception {
        AtomicInteger made = new AtomicInteger();
        ScheduledExecutorService trickle = Executors.newSingleThreadScheduledExecutor();
        int soFar;
        try {
            trickle.scheduleAtFixedRate(
                    () -> scene.control(
                            "POST",
                            "/sandbox/records/hubspot/contacts",
                            "{\"customer_no\":\"T-" + made.incrementAndGet()
                                    + "\",\"lastname\":\"New\",\"city\":\"Ulm\"}"),
                    0,
                    50,
                    TimeUnit.MILLISECONDS);
            soon(() -> assertThat(scene.rows()).containsKey("T-1"));
            soFar = made.get();
        } finally {
            trickle.shutdown();
            trickle.awaitTermination(10, TimeUnit.SECONDS);
        }
        assertThat(soFar)
                .as("made in the meantime, of which a call would read a hundred")
                .isLessThan(80);
        scene.awaitApplied();
        soon(scene::assertSameEverywhere);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static io.sluice.app.PushedScene.differences;
import static io.sluice.app.PushedScene.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Makes very many edits in HubSpot at once: counts their calls, and checks that none is lost while the database is down. */
class PushedStormIT {

    private static final int PEOPLE = 999;
    private static final int EDITORS = 3;

    @TempDir
    static Path home;

    static PushedScene scene;

    @BeforeAll
    static void everybodyIsThere() throws Exception {
        scene = new PushedScene(home, PEOPLE, false);
    }

    @AfterAll
    static void stop() throws Exception {
        scene.close();
    }

    /** Each of the editors has people of its own and edits them one after the other. */
    private static ExecutorService edit(int edits, String value, AtomicInteger done) {
        ExecutorService editors = Executors.newFixedThreadPool(EDITORS);
        String[] properties = {"city", "email", "lastname"};
        for (int editor = 0; editor < EDITORS; editor++) {
            int first = editor;
            editors.execute(() -> {
                for (int i = first; i < edits; i += EDITORS) {
                    int round = i / PEOPLE;
                    scene.edit(
                            1 + i % PEOPLE, properties[round % 3], value + i + (round % 3 == 1 ? "@example.org" : ""));
                    done.incrementAndGet();
                }
            });
        }
        editors.shutdown();
        return editors;
    }

    @Test
    void aBurstWhileTheDatabaseIsDownLosesNothing() throws Exception {
        long reads = scene.reads();
        scene.control("PUT", "/sandbox/webhooks/hubspot", "{\"timeScale\":1200}");
        scene.fault("{\"kind\":\"shuffleEvents\",\"probability\":0.3}");
        scene.fault("{\"kind\":\"duplicateEvents\",\"probability\":0.2}");
        AtomicInteger done = new AtomicInteger();
        ExecutorService editors = edit(5_000, "storm", done);
        await().atMost(Duration.ofSeconds(60)).until(() -> done.get() > 1_500);
        scene.stopDatabase();
        await().atMost(Duration.ofSeconds(60))
                .until(() -> scene.counts().at("/byStatus/503").asInt() > 10);
        scene.startDatabase();
        await().atMost(Duration.ofSeconds(60)).until(editors::isTerminated);
        scene.awaitApplied();
        scene.noFaults();

        assertThat(done).hasValue(5_000);
        assertThat(differences(scene.rows(), scene.contacts())).isEmpty();
        assertThat(scene.counts().path("retried").asInt()).isPositive();
        assertThat(scene.counts().path("givenUp").asInt()).isZero();
        assertThat(scene.counts().path("duplicated").asInt()).isPositive();
        assertThat(scene.reads()).as("calls that read").isEqualTo(reads);
        assertThat(scene.sluice.number("select count(*) from sluice.change_log"))
                .isZero();
    }

    @Test
    void anEventWithItsValueNeedsNoRead() throws Exception {
        long reads = scene.reads();
        AtomicInteger done = new AtomicInteger();
        ExecutorService editors = edit(500, "event", done);
        await().atMost(Duration.ofSeconds(60)).until(editors::isTerminated);
        scene.awaitApplied();

        assertThat(differences(scene.rows(), scene.contacts())).isEmpty();
        assertThat(scene.reads()).isEqualTo(reads);
    }

    @Test
    void fiveHundredNewRecordsAreReadInSixCalls() throws Exception {
        long reads = scene.reads();
        int delivered = scene.counts().path("delivered").asInt();
        // all events wait in the inbox, so that the pace of this machine does not decide what one call reads
        scene.sluice.api("POST", "/api/accounts/hubspot/pause");
        for (int i = 0; i < 500; i++) {
            scene.control(
                    "POST",
                    "/sandbox/records/hubspot/contacts",
                    "{\"customer_no\":\"N-" + i + "\",\"lastname\":\"New " + i + "\",\"city\":\"Ulm\"}");
        }
        // each has an event of its creation, and of two subscribed properties
        soon(() ->
                assertThat(scene.counts().path("delivered").asInt() - delivered).isEqualTo(1_500));
        scene.sluice.api("POST", "/api/accounts/hubspot/resume");
        soon(() -> assertThat(scene.sluice.number("select count(*) from person where no like 'N-%'"))
                .isEqualTo(500));
        scene.awaitApplied();

        assertThat(differences(scene.rows(), scene.contacts())).isEmpty();
        assertThat(scene.reads() - reads).as("calls that read").isLessThanOrEqualTo(6);
        assertThat(scene.referee("hubspot").at("/byOperation/batchRead").asLong())
                .as("as HubSpot counts them")
                .isEqualTo(scene.sluice.number(
                        "select count(*) from sluice.api_call where account = 'hubspot'" + " and operation = 'read'"));
    }
}

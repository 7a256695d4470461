// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static io.sluice.app.PushedScene.number;
import static io.sluice.app.PushedScene.soon;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Polls HubSpot's journal, so that changes reach the table although HubSpot can't reach Sluice. */
class JournalIT {

    private static final int PEOPLE = 60;

    @TempDir
    static Path home;

    static PushedScene scene;

    @BeforeAll
    static void everybodyIsThere() throws Exception {
        scene = new PushedScene(home, PEOPLE, false, true);
        // the echoes of the first sending
        soon(() -> assertThat(scene.sluice.number("select count(*) from sluice.inbox where done_at is not null"))
                .isGreaterThanOrEqualTo(PEOPLE));
        scene.awaitApplied();
    }

    @AfterAll
    static void stop() throws Exception {
        scene.close();
    }

    @AfterEach
    void faultless() {
        scene.noFaults();
    }

    private static String city(int person) throws Exception {
        return scene.rows().get(number(person)).get(1);
    }

    private static String offset() throws Exception {
        return scene.sluice
                .rows("select stream, page from sluice.stream_offset where account = 'hubspot'")
                .get("journal:hubspot")
                .get(0);
    }

    private static double received(String outcome) {
        return scene.metric("sluice_webhook_events_total", "\"" + outcome + "\"");
    }

    @Test
    void editsReachTheTableWithoutACallAndADeleteIsLookedUpFirst() throws Exception {
        long calls = scene.sluice.number("select count(*) from sluice.api_call where account = 'hubspot'");
        long accepted = scene.referee("hubspot").path("accepted").asLong();
        long exempt = scene.referee("hubspot").path("exempt").asLong();
        String before = offset();
        for (int i = 1; i <= 30; i++) {
            scene.edit(i, "city", "Town " + i);
        }
        soon(() -> assertThat(city(30)).isEqualTo("Town 30"));
        scene.awaitApplied();
        assertThat(scene.sluice.number("select count(*) from sluice.api_call where account = 'hubspot'"))
                .isEqualTo(calls);
        assertThat(scene.referee("hubspot").path("accepted").asLong()).isEqualTo(accepted);
        scene.control("DELETE", "/sandbox/records/hubspot/contacts/" + scene.id(31), "");
        soon(() -> assertThat(scene.rows()).doesNotContainKey(number(31)));
        scene.awaitApplied();
        assertThat(PushedScene.differences(scene.rows(), scene.contacts())).isEmpty();
        assertThat(scene.sluice.number("select count(*) from sluice.api_call where account = 'hubspot'"))
                .as("a record with its key may be there under another id")
                .isBetween(calls + 1, calls + 3);
        assertThat(scene.referee("hubspot").path("exempt").asLong())
                .as("a reading and a file for each edit at least")
                .isGreaterThan(exempt + 60);
        assertThat(scene.referee("hubspot").path("refused").asLong()).isZero();
        assertThat(offset()).isNotNull().isNotEqualTo(before);
    }

    @Test
    void aNewRecordIsReadAndGetsItsRow() throws Exception {
        scene.control(
                "POST",
                "/sandbox/records/hubspot/contacts",
                "{\"customer_no\":\"P-90001\",\"lastname\":\"New\",\"city\":\"Bonn\"}");
        soon(() -> assertThat(scene.rows()).containsKey("P-90001"));
        assertThat(scene.rows().get("P-90001").get(1)).isEqualTo("Bonn");
    }

    @Test
    void theProcessAfterAKilledOneContinuesFromTheStoredOffset() throws Exception {
        scene.edit(41, "city", "Before");
        soon(() -> assertThat(city(41)).isEqualTo("Before"));
        scene.sluice.kill();
        scene.edit(42, "city", "Meanwhile");
        scene.sluice.start();
        soon(() -> assertThat(city(42)).isEqualTo("Meanwhile"));
        assertThat(received("kept")).as("one event since the start").isEqualTo(1);
        assertThat(received("repeated")).as("nothing is fetched twice").isZero();
    }

    @Test
    void aForgottenOffsetIsSaidAndTheJournalIsReadFromItsBeginning() throws Exception {
        scene.sluice.sql("update sluice.stream_offset set page = '00000000-0000-0000-0000-000000000000'"
                + " where stream = 'journal:hubspot'");
        scene.edit(51, "city", "Found");
        soon(() -> assertThat(city(51)).isEqualTo("Found"));
        assertThat(scene.sluice.output()).contains("hubspot: the CRM does not know the journal's offset any more");
        assertThat(received("repeated")).as("what was kept before is known").isPositive();
    }

    @Test
    void aJournalThatCanNotBeReadIsSaidOnceAndFollowedFromWhereItWas() throws Exception {
        scene.fault(
                "{\"kind\":\"answer\",\"operation\":\"journal\",\"status\":500,\"contentType\":\"text/plain\",\"body\":\"no journal today\"}");
        scene.edit(52, "city", "Late");
        scene.sluice.awaitOutput("hubspot: the journal can't be read: HTTP 500: no journal today");
        assertThat(city(52)).isNotEqualTo("Late");
        scene.noFaults();
        soon(() -> assertThat(city(52)).isEqualTo("Late"));
        scene.sluice.awaitOutput("hubspot: the journal is read again");
        assertThat(scene.sluice.output().split("can't be read", -1)).hasSize(2);
        assertThat(scene.sluice.output()).doesNotContain("Signature=");
    }
}

package io.sluice.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Priority;
import io.sluice.outbox.Paused.By;
import io.sluice.outbox.Paused.Kind;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StandstillsTest extends OutboxTestBase {

    private final Pauses pauses = new Pauses(DATABASE.sluice());
    private final Standstills standstills = new Standstills(pauses);

    @BeforeEach
    void twoSyncsHaveWork() throws SQLException {
        DATABASE.run("insert into sluice.outbox (account, object, key, sync, operation, fields, priority, since)"
                + " select 'crm', sync, '1', sync, 'upsert', '{\"a\": 1}', 2, now() from unnest(array['contacts', 'deals'])"
                + " as sync");
    }

    private String claimed() throws SQLException {
        return outbox.claim("crm", 10, Priority.LOW).map(Claim::sync).orElse(null);
    }

    /** As if the pause was over. */
    private static void time() throws SQLException {
        DATABASE.run("update sluice.pause set until = now() - interval '1 millisecond'");
    }

    @Test
    void aRefusedSyncWaitsAndSaysWhyAndUntilWhenWhileOthersGoOn() throws SQLException {
        standstills.refused("contacts", "INSUFFICIENT_ACCESS: no");

        assertThat(claimed()).isEqualTo("deals");
        assertThat(claimed()).isNull();
        assertThat(pauses.find(Kind.SYNC, "contacts")).hasValueSatisfying(paused -> {
            assertThat(paused.by()).isEqualTo(By.CRM);
            assertThat(paused.reason()).isEqualTo("INSUFFICIENT_ACCESS: no");
            assertThat(paused.until()).isBetween(Instant.now().minusMillis(100), Instant.now().plusMillis(1100));
            assertThat(paused.json()).containsEntry("by", "crm").containsKey("until");
        });
    }

    @Test
    void itGoesOnByItselfWhenTheTimeIsOver() throws SQLException {
        standstills.refused("contacts", "no");
        time();

        assertThat(pauses.all()).isEmpty();
        assertThat(pauses.find(Kind.SYNC, "contacts")).isEmpty();
        assertThat(outbox.waiting(List.of("crm"))).containsExactly("crm");
        assertThat(List.of(claimed(), claimed())).containsExactlyInAnyOrder("contacts", "deals");
    }

    @Test
    void ofSeveralCallsThatWereUnderWayTheFirstCountsAndTheNextTrialsPauseIsLongerSinceTheSameMoment() throws SQLException {
        standstills.refused("contacts", "first");
        Paused first = pauses.find(Kind.SYNC, "contacts").orElseThrow();
        standstills.refused("contacts", "second");
        assertThat(pauses.find(Kind.SYNC, "contacts")).contains(first);

        time();
        for (int trial = 2; trial <= 6; trial++) {
            standstills.refused("contacts", "trial " + trial);
            Paused later = pauses.find(Kind.SYNC, "contacts").orElseThrow();
            assertThat(later.since()).isEqualTo(first.since());
            assertThat(later.reason()).isEqualTo("trial " + trial);
            if (trial < 6) {
                time();
            } else {
                assertThat(later.until()).isAfter(Instant.now().plusSeconds(15));
            }
        }
    }

    @Test
    void aCallThatIsTakenEndsIt() throws SQLException {
        standstills.refused("contacts", "no");
        standstills.taken("contacts");

        assertThat(pauses.all()).isEmpty();
        standstills.refused("contacts", "no again");
        assertThat(pauses.find(Kind.SYNC, "contacts").orElseThrow().until()).isBefore(Instant.now().plusMillis(1100));
    }

    @Test
    void aPersonWhoHasMendedItEndsIt() throws SQLException {
        standstills.refused("contacts", "no");
        pauses.resume(Kind.SYNC, "contacts");

        assertThat(pauses.all()).isEmpty();
    }

    @Test
    void whatAPersonHasPausedStaysSoWhateverTheCrmTakes() throws SQLException {
        pauses.pause(Kind.SYNC, "contacts", "by hand");
        standstills.refused("contacts", "no");
        standstills.taken("contacts");

        assertThat(pauses.all()).extracting(Paused::by).containsExactly(By.API);
    }

    @Test
    void aPauseIsTwoThirdsToTheWholeOfATimeThatDoublesUpToFiveMinutes() {
        assertThat(Standstills.pause(1, () -> 0)).isEqualTo(Duration.ofMillis(666));
        assertThat(Standstills.pause(1, () -> 1)).isEqualTo(Duration.ofSeconds(1));
        assertThat(Standstills.pause(4, () -> 1)).isEqualTo(Duration.ofSeconds(8));
        assertThat(Standstills.pause(100, () -> 1)).isEqualTo(Duration.ofMinutes(5));
        assertThat(Standstills.pause(100, () -> 0)).isEqualTo(Duration.ofSeconds(200));
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Priority;
import io.sluice.outbox.Pause.By;
import io.sluice.outbox.Pause.Kind;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CircuitBreakersTest extends OutboxTestBase {

    private final PauseStore pauseStore = new PauseStore(DATABASE.sluice());
    private final CircuitBreakers circuitBreakers = new CircuitBreakers(pauseStore);

    @BeforeEach
    void twoSyncsHaveWork() throws SQLException {
        DATABASE.run("insert into sluice.outbox (account, object, key, sync, operation, fields, priority, since)"
                + " select 'crm', sync, '1', sync, 'upsert', '{\"a\": 1}', 2, now() from unnest(array['contacts', 'deals'])"
                + " as sync");
    }

    private String claimed() throws SQLException {
        return outbox.claim("crm", 10, Priority.LOW).map(Claim::sync).orElse(null);
    }

    /** Ends the pause's time. */
    private static void time() throws SQLException {
        DATABASE.run("update sluice.pause set until = now() - interval '1 millisecond'");
    }

    @Test
    void aRejectedSyncIsPausedWithReasonAndEndWhileOthersContinue() throws SQLException {
        circuitBreakers.rejected("contacts", "INSUFFICIENT_ACCESS: no");

        assertThat(claimed()).isEqualTo("deals");
        assertThat(claimed()).isNull();
        assertThat(pauseStore.find(Kind.SYNC, "contacts")).hasValueSatisfying(paused -> {
            assertThat(paused.by()).isEqualTo(By.CRM);
            assertThat(paused.reason()).isEqualTo("INSUFFICIENT_ACCESS: no");
            assertThat(paused.until())
                    .isBetween(Instant.now().minusMillis(100), Instant.now().plusMillis(1100));
            assertThat(paused.json()).containsEntry("by", "crm").containsKey("until");
        });
    }

    @Test
    void aPausedSyncContinuesWhenItsDelayIsOver() throws SQLException {
        circuitBreakers.rejected("contacts", "no");
        time();

        assertThat(pauseStore.all()).isEmpty();
        assertThat(pauseStore.find(Kind.SYNC, "contacts")).isEmpty();
        assertThat(outbox.waiting(List.of("crm"))).containsExactly("crm");
        assertThat(List.of(claimed(), claimed())).containsExactlyInAnyOrder("contacts", "deals");
    }

    @Test
    void ofConcurrentCallsTheFirstCountsAndTheNextDelayIsLonger() throws SQLException {
        circuitBreakers.rejected("contacts", "first");
        Pause first = pauseStore.find(Kind.SYNC, "contacts").orElseThrow();
        circuitBreakers.rejected("contacts", "second");
        assertThat(pauseStore.find(Kind.SYNC, "contacts")).contains(first);

        time();
        for (int trial = 2; trial <= 6; trial++) {
            circuitBreakers.rejected("contacts", "trial " + trial);
            Pause later = pauseStore.find(Kind.SYNC, "contacts").orElseThrow();
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
    void anAcceptedCallClosesTheBreaker() throws SQLException {
        circuitBreakers.rejected("contacts", "no");
        circuitBreakers.accepted("contacts");

        assertThat(pauseStore.all()).isEmpty();
        circuitBreakers.rejected("contacts", "no again");
        assertThat(pauseStore.find(Kind.SYNC, "contacts").orElseThrow().until())
                .isBefore(Instant.now().plusMillis(1100));
    }

    @Test
    void aResumeClosesTheBreaker() throws SQLException {
        circuitBreakers.rejected("contacts", "no");
        pauseStore.resume(Kind.SYNC, "contacts");

        assertThat(pauseStore.all()).isEmpty();
    }

    @Test
    void aPauseByHandStaysWhenTheCrmAcceptsCalls() throws SQLException {
        pauseStore.pause(Kind.SYNC, "contacts", "by hand");
        circuitBreakers.rejected("contacts", "no");
        circuitBreakers.accepted("contacts");

        assertThat(pauseStore.all()).extracting(Pause::by).containsExactly(By.API);
    }

    @Test
    void aDelayIsTwoThirdsToTheWholeOfATimeThatDoublesUpToFiveMinutes() {
        assertThat(CircuitBreakers.delay(1, () -> 0)).isEqualTo(Duration.ofMillis(666));
        assertThat(CircuitBreakers.delay(1, () -> 1)).isEqualTo(Duration.ofSeconds(1));
        assertThat(CircuitBreakers.delay(4, () -> 1)).isEqualTo(Duration.ofSeconds(8));
        assertThat(CircuitBreakers.delay(100, () -> 1)).isEqualTo(Duration.ofMinutes(5));
        assertThat(CircuitBreakers.delay(100, () -> 0)).isEqualTo(Duration.ofSeconds(200));
    }
}

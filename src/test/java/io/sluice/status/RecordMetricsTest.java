// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.Backoff;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.Outcome;
import io.sluice.crm.Accounts;
import io.sluice.merge.Applier;
import io.sluice.outbox.Claim;
import io.sluice.outbox.CustomerSync;
import io.sluice.outbox.Settlement;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The counters and timers of records, as settlements and merges in the database feed them. */
class RecordMetricsTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Offset<Double> A_MINUTE = within(60.0);

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final CustomerSync customers = new CustomerSync(DATABASE);
    private Settlement settlement;
    private Applier applier;

    @BeforeEach
    void fourCustomers() throws SQLException {
        customers.start("name text check (name <> 'Nobody')", "1, 'Ann'", Map.of("name", "Name"));
        customers.sync.setDirection("both");
        DATABASE.run("insert into app.customer values (2, 'Bob'), (3, 'Cid'), (4, 'Dan')");
        RecordMetrics metrics = new RecordMetrics(registry, InstantSource.system(), List.of(customers.sync));
        settlement = new Settlement(DATABASE.sluice(), Backoff.NONE, WriteDebounce.NONE, metrics);
        applier = new Applier(
                DATABASE.sluice(),
                customers.capture,
                new Accounts(List.of(), InstantSource.system()),
                Duration.ofSeconds(5),
                metrics);
    }

    private double records(String direction, String outcome) {
        return registry.get("sluice.records")
                .tags("account", "crm", "sync", "customers", "direction", direction, "outcome", outcome)
                .counter()
                .count();
    }

    private Timer lag(String direction, String priority) {
        return registry.get("sluice.lag")
                .tags("account", "crm", "sync", "customers", "direction", direction, "priority", priority)
                .timer();
    }

    private Claim claimedAnHourAfterItsChange() throws SQLException {
        customers.drain();
        DATABASE.run("update sluice.outbox set since = since - interval '1 hour'");
        return customers.claim().orElseThrow();
    }

    @Test
    void recordsSentAreCountedByOutcome() throws SQLException {
        Claim claim = claimedAnHourAfterItsChange();
        settlement.settle(
                claim,
                List.of(
                        Outcome.done("1", "x1"),
                        Outcome.retry("2", "BUSY", "busy"),
                        Outcome.rejected("3", "INVALID", "invalid"),
                        Outcome.uncertain("4", Outcome.Uncertainty.UNANSWERED, "TIMEOUT", "no answer")));

        assertThat(records("out", "done")).isEqualTo(1);
        assertThat(records("out", "retry")).isEqualTo(1);
        assertThat(records("out", "rejected")).isEqualTo(1);
        assertThat(records("out", "unanswered")).isEqualTo(1);
        assertThat(records("out", "gone")).isZero();
        assertThat(lag("out", "normal").count()).isEqualTo(1);
        assertThat(lag("out", "normal").totalTime(TimeUnit.SECONDS)).isCloseTo(3600, A_MINUTE);
    }

    @Test
    void aBatchThatIsAllDoneHasTheLagOfEachRecordByItsPriority() throws SQLException {
        customers.drain();
        DATABASE.run("update sluice.outbox set priority = 0 where key = '1'");
        Claim claim = claimedAnHourAfterItsChange();
        customersAreDone(claim);

        assertThat(records("out", "done")).isEqualTo(4);
        assertThat(lag("out", "critical").count()).isEqualTo(1);
        assertThat(lag("out", "normal").count()).isEqualTo(3);
        assertThat(lag("out", "normal").totalTime(TimeUnit.SECONDS)).isCloseTo(3 * 3600, A_MINUTE);
        assertThat(lag("out", "low").count()).isZero();
    }

    private void customersAreDone(Claim claim) throws SQLException {
        settlement.settle(
                claim,
                claim.changes().stream()
                        .map(it -> Outcome.done(it.key(), "x" + it.key()))
                        .toList());
    }

    @Test
    void aRecordThatAnotherProcessHasClaimedSinceIsNotCountedTwice() throws SQLException {
        Claim claim = claimedAnHourAfterItsChange();
        customersAreDone(claim);
        customersAreDone(claim);

        assertThat(records("out", "done")).isEqualTo(4);
        assertThat(lag("out", "normal").count()).isEqualTo(4);
    }

    private static CrmRecord record(String key, Instant at, String name) {
        return new CrmRecord("x" + key, key, at, Map.of("Name", name));
    }

    @Test
    void recordsReceivedAreCountedByOutcomeAndThoseThatChangeARowHaveALag() throws SQLException {
        customersAreDone(claimedAnHourAfterItsChange());
        Instant edited = Instant.now().plus(Duration.ofHours(1));
        applier.apply(
                customers.sync,
                List.of(
                        record("1", edited, "Anna"),
                        record("2", edited, "Bob"),
                        record("3", edited, "Nobody"),
                        record("9", Instant.now().minus(Duration.ofSeconds(500)), "Zoe"),
                        new CrmRecord("x8", null, edited, Map.of("Name", "Yan"))),
                applier.now());

        assertThat(records("in", "updated")).isEqualTo(1);
        assertThat(records("in", "inserted")).isEqualTo(1);
        assertThat(records("in", "unchanged")).isEqualTo(1);
        assertThat(records("in", "rejected")).isEqualTo(1);
        assertThat(records("in", "without_key")).isEqualTo(1);
        assertThat(lag("in", "none").count()).isEqualTo(2);
        // the CRM's clock is ahead in the first record, which counts as no lag
        assertThat(lag("in", "none").totalTime(TimeUnit.SECONDS)).isCloseTo(500, A_MINUTE);
    }

    @Test
    void aDeleteInTheCrmIsCountedWithItsLag() throws SQLException {
        customersAreDone(claimedAnHourAfterItsChange());
        Instant now = Instant.now();
        applier.delete(
                customers.sync,
                List.of(new DeletedRecord("x1", now.minus(Duration.ofSeconds(300))), new DeletedRecord("x77", now)),
                applier.now());

        assertThat(records("in", "deleted")).isEqualTo(1);
        assertThat(records("in", "unchanged")).isEqualTo(1);
        assertThat(lag("in", "none").totalTime(TimeUnit.SECONDS)).isCloseTo(300, A_MINUTE);
    }

    @Test
    void aSnapshotHasNoLag() throws SQLException {
        customersAreDone(claimedAnHourAfterItsChange());
        applier.applySnapshot(
                customers.sync, List.of(record("9", Instant.now().minus(Duration.ofDays(900)), "Zoe")), applier.now());

        assertThat(records("in", "inserted")).isEqualTo(1);
        assertThat(lag("in", "none").count()).isZero();
    }

    @Test
    void fieldsThatBothSidesChangedAreConflicts() throws SQLException {
        customersAreDone(claimedAnHourAfterItsChange());
        DATABASE.run("update app.customer set name = 'Anne' where no = 1");
        applier.apply(
                customers.sync, List.of(record("1", Instant.now().plus(Duration.ofHours(1)), "Anna")), applier.now());

        assertThat(registry.get("sluice.conflicts")
                        .tags("account", "crm", "sync", "customers")
                        .counter()
                        .count())
                .isEqualTo(1);
    }
}

package io.sluice.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Operation;
import io.sluice.Priority;
import io.sluice.crm.Accounts;
import io.sluice.crm.Bulk;
import io.sluice.crm.Crm;
import io.sluice.crm.Permits;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.camel.CamelContext;
import org.apache.camel.spi.Registry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PlannerTest {

    /** 200 records a call; a job takes ten calls, and five may be open. */
    private record Example(Optional<Bulk> bulk) implements Crm {

        @Override
        public String name() {
            return "crm";
        }

        @Override
        public int collectionSize(Operation operation) {
            return 200;
        }

        @Override
        public void bind(Registry registry, Permits permits, Accounts accounts) {
        }

        @Override
        public void connect(CamelContext context, String account, Map<String, String> settings) {
        }
    }

    private static final Crm WITH = new Example(Optional.of(
            new Bulk(Set.of(Operation.UPSERT), 150_000, 100_000_000, 5, 10, 10_000, 15_000, null)));
    private static final Crm WITHOUT = new Example(Optional.empty());
    private static final Promise PROMISE = new Promise(Duration.ofMinutes(15), Duration.ofHours(6));

    private final Planner planner = new Planner(PROMISE, 100_000);

    /** Young work of normal priority, with quota enough. */
    private static Situation waiting(long records) {
        return new Situation(Operation.UPSERT, Priority.NORMAL, records, Duration.ZERO, 10_000, false, 5, null);
    }

    private Method.Way way(Situation situation) {
        return planner.plan(WITH, situation).method().way();
    }

    @Test
    void aJobIsPlannedFromWhereItTakesHalfTheCallsAndFromLessOnWhereTheyAreScarce() {
        assertThat(way(waiting(4000))).isEqualTo(Method.Way.COLLECTIONS);
        assertThat(way(waiting(4001))).isEqualTo(Method.Way.BULK);
        assertThat(Planner.least(WITH, Operation.UPSERT, false)).isEqualTo(4001);

        assertThat(way(scarce(2000))).isEqualTo(Method.Way.COLLECTIONS);
        assertThat(way(scarce(2001))).isEqualTo(Method.Way.BULK);
        assertThat(Planner.least(WITH, Operation.UPSERT, true)).isEqualTo(2001);
    }

    private static Situation scarce(long records) {
        return new Situation(Operation.UPSERT, Priority.NORMAL, records, Duration.ZERO, 100, true, 5, null);
    }

    @Test
    void aJobIsNoLargerThanTheCrmOrTheUserAllows() {
        assertThat(planner.plan(WITH, waiting(1_000_000)).method())
                .isEqualTo(new Method(Method.Way.BULK, "crm-bulk", 100_000));
        assertThat(new Planner(PROMISE, 1_000_000).plan(WITH, waiting(1_000_000)).method().most()).isEqualTo(150_000);
        assertThat(new Planner(PROMISE, 0).plan(WITH, waiting(1_000_000)).method().way())
                .isEqualTo(Method.Way.COLLECTIONS);
    }

    @Test
    void theCallsOfSeveralJobsAreCounted() {
        Plan plan = planner.plan(WITH, waiting(250_000));
        assertThat(plan.options()).extracting(Option::calls).containsExactly(1250L, 30L);
        assertThat(plan.why()).contains("1250 calls", "30 for a bulk job");
    }

    @ParameterizedTest
    @EnumSource(value = Priority.class, names = {"CRITICAL", "HIGH"})
    void whatIsUrgentNeverGoesByAJob(Priority urgency) {
        Plan plan = planner.plan(WITH, new Situation(Operation.UPSERT, urgency, 1_000_000, Duration.ZERO, 20, true, 5,
                null));
        assertThat(plan.method().way()).isEqualTo(Method.Way.COLLECTIONS);
        assertThat(plan.why()).contains("does not wait");
    }

    @Test
    void anOperationThatTheCrmDoesNotTakeInBulkOrOneJobTooManyOrARefusalLeavesCollections() {
        assertThat(way(new Situation(Operation.DELETE, Priority.NORMAL, 100_000, Duration.ZERO, 10_000, false, 5, null)))
                .isEqualTo(Method.Way.COLLECTIONS);
        assertThat(way(new Situation(Operation.UPSERT, Priority.NORMAL, 100_000, Duration.ZERO, 10_000, false, 0, null)))
                .isEqualTo(Method.Way.COLLECTIONS);
        Plan barred = planner.plan(WITH, new Situation(Operation.UPSERT, Priority.NORMAL, 100_000, Duration.ZERO, 10_000,
                false, 5, "the limit is spent"));
        assertThat(barred.method().way()).isEqualTo(Method.Way.COLLECTIONS);
        assertThat(barred.why()).isEqualTo("the limit is spent");
    }

    @Test
    void whatIsAlmostLateGoesByCallsIfTheyComeInTimeAndAJobDoesNot() {
        Situation late = new Situation(Operation.UPSERT, Priority.NORMAL, 5000, Duration.ofMillis(14 * 60_000 + 30_000),
                10_000, false, 5, null);
        assertThat(planner.plan(WITH, late).why()).contains("not be over in time");
        assertThat(way(late)).isEqualTo(Method.Way.COLLECTIONS);
        assertThat(way(new Situation(Operation.UPSERT, Priority.LOW, 5000, late.age(), 10_000, false, 5, null)))
                .as("low was promised less").isEqualTo(Method.Way.BULK);
        assertThat(way(new Situation(Operation.UPSERT, Priority.NORMAL, 5000, Duration.ofHours(3), 10_000, false, 5,
                null))).as("late in any case").isEqualTo(Method.Way.BULK);
    }

    @Test
    void aJobThatCanBePaidGoesBeforeCallsThatCanNot() {
        Situation poor = new Situation(Operation.UPSERT, Priority.NORMAL, 3000, Duration.ZERO, 12, false, 5, null);
        assertThat(way(waiting(3000))).isEqualTo(Method.Way.COLLECTIONS);
        assertThat(way(poor)).isEqualTo(Method.Way.BULK);
        assertThat(planner.plan(WITH, poor).why()).contains("12 are left");
    }

    @Test
    void aCrmWithoutJobsNeverGetsOne() {
        assertThat(planner.plan(WITHOUT, waiting(1_000_000)).method())
                .isEqualTo(new Method(Method.Way.COLLECTIONS, "crm-upsert-sink", 200));
    }
}

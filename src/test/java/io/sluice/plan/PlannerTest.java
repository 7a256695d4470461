// SPDX-License-Identifier: Apache-2.0
package io.sluice.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Operation;
import io.sluice.Priority;
import io.sluice.crm.BulkCapability;
import io.sluice.crm.Crm;
import io.sluice.crm.ExampleCrm;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PlannerTest {

    /** A CRM with 200 records a call; a job takes ten calls, and five may be open. */
    private static final Crm WITH = new ExampleCrm(
            200,
            1,
            Optional.of(
                    new BulkCapability(Set.of(Operation.UPSERT), 150_000, 100_000_000, 5, 10, 10_000, 15_000, null)),
            false);

    private static final Crm WITHOUT = new ExampleCrm(200, 1, Optional.empty(), false);
    private static final Crm COMPOSITE = new ExampleCrm(200, 5, WITH.bulk(), false);
    private static final LatencyTarget LATENCY_TARGET = new LatencyTarget(Duration.ofMinutes(15), Duration.ofHours(6));

    private final Planner planner = new Planner(LATENCY_TARGET, 100_000, 5);

    /** New work of normal priority, with enough quota. */
    private static PlanInput waiting(long records) {
        return new PlanInput(Operation.UPSERT, Priority.NORMAL, records, Duration.ZERO, 10_000, false, 5, null);
    }

    private SendMethod.Way way(PlanInput planInput) {
        return planner.plan(WITH, planInput).method().way();
    }

    @Test
    void aJobMustHalveTheCallsAndWhenCallsAreScarceOnlySaveSome() {
        assertThat(way(waiting(4000))).isEqualTo(SendMethod.Way.COLLECTIONS);
        assertThat(way(waiting(4001))).isEqualTo(SendMethod.Way.BULK);
        assertThat(planner.minRecords(WITH, Operation.UPSERT, false)).isEqualTo(4001);

        assertThat(way(scarce(2000))).isEqualTo(SendMethod.Way.COLLECTIONS);
        assertThat(way(scarce(2001))).isEqualTo(SendMethod.Way.BULK);
        assertThat(planner.minRecords(WITH, Operation.UPSERT, true)).isEqualTo(2001);
    }

    private static PlanInput scarce(long records) {
        return new PlanInput(Operation.UPSERT, Priority.NORMAL, records, Duration.ZERO, 100, true, 5, null);
    }

    @Test
    void aJobIsNoLargerThanTheCrmOrTheUserAllows() {
        assertThat(planner.plan(WITH, waiting(1_000_000)).method())
                .isEqualTo(new SendMethod(SendMethod.Way.BULK, Operation.UPSERT, 100_000));
        assertThat(new Planner(LATENCY_TARGET, 1_000_000, 5)
                        .plan(WITH, waiting(1_000_000))
                        .method()
                        .maxRecords())
                .isEqualTo(150_000);
        assertThat(new Planner(LATENCY_TARGET, 0, 5)
                        .plan(WITH, waiting(1_000_000))
                        .method()
                        .way())
                .isEqualTo(SendMethod.Way.COLLECTIONS);
    }

    @Test
    void theCallsOfSeveralJobsAreCounted() {
        Plan plan = planner.plan(WITH, waiting(250_000));
        assertThat(plan.options()).extracting(PlanOption::calls).containsExactly(1250L, 30L);
        assertThat(plan.why()).contains("1250 calls", "30 for a bulk job");
    }

    @ParameterizedTest
    @EnumSource(
            value = Priority.class,
            names = {"CRITICAL", "HIGH"})
    void urgentWorkIsNeverSentByAJob(Priority urgency) {
        Plan plan = planner.plan(
                WITH, new PlanInput(Operation.UPSERT, urgency, 1_000_000, Duration.ZERO, 20, true, 5, null));
        assertThat(plan.method().way()).isEqualTo(SendMethod.Way.COLLECTIONS);
        assertThat(plan.why()).contains("does not wait");
    }

    @Test
    void withoutBulkForTheOperationOrAFreeJobOrDuringACooldownCollectionsAreUsed() {
        assertThat(way(new PlanInput(
                        Operation.DELETE, Priority.NORMAL, 100_000, Duration.ZERO, 10_000, false, 5, null)))
                .isEqualTo(SendMethod.Way.COLLECTIONS);
        assertThat(way(new PlanInput(
                        Operation.UPSERT, Priority.NORMAL, 100_000, Duration.ZERO, 10_000, false, 0, null)))
                .isEqualTo(SendMethod.Way.COLLECTIONS);
        Plan barred = planner.plan(
                WITH,
                new PlanInput(
                        Operation.UPSERT,
                        Priority.NORMAL,
                        100_000,
                        Duration.ZERO,
                        10_000,
                        false,
                        5,
                        "the limit is spent"));
        assertThat(barred.method().way()).isEqualTo(SendMethod.Way.COLLECTIONS);
        assertThat(barred.why()).isEqualTo("the limit is spent");
    }

    @Test
    void callsAreUsedIfTheyMeetTheLatencyTargetAndAJobWouldNot() {
        PlanInput late = new PlanInput(
                Operation.UPSERT,
                Priority.NORMAL,
                5000,
                Duration.ofMillis(14 * 60_000 + 30_000),
                10_000,
                false,
                5,
                null);
        assertThat(planner.plan(WITH, late).why()).contains("not be over in time");
        assertThat(way(late)).isEqualTo(SendMethod.Way.COLLECTIONS);
        assertThat(way(new PlanInput(Operation.UPSERT, Priority.LOW, 5000, late.age(), 10_000, false, 5, null)))
                .as("low priority has a later latency target")
                .isEqualTo(SendMethod.Way.BULK);
        assertThat(way(new PlanInput(
                        Operation.UPSERT, Priority.NORMAL, 5000, Duration.ofHours(3), 10_000, false, 5, null)))
                .as("late by both ways")
                .isEqualTo(SendMethod.Way.BULK);
    }

    @Test
    void anAffordableJobIsUsedBeforeUnaffordableCalls() {
        PlanInput poor = new PlanInput(Operation.UPSERT, Priority.NORMAL, 3000, Duration.ZERO, 12, false, 5, null);
        assertThat(way(waiting(3000))).isEqualTo(SendMethod.Way.COLLECTIONS);
        assertThat(way(poor)).isEqualTo(SendMethod.Way.BULK);
        assertThat(planner.plan(WITH, poor).why()).contains("12 are left");
    }

    @Test
    void aCompositeCallIsPlannedFromTheSecondCollectionOnAndRaisesTheThresholdOfJobs() {
        assertThat(planner.plan(COMPOSITE, waiting(200)).method())
                .isEqualTo(new SendMethod(SendMethod.Way.COLLECTIONS, Operation.UPSERT, 200));
        assertThat(planner.plan(COMPOSITE, waiting(201)).method())
                .isEqualTo(new SendMethod(SendMethod.Way.COMPOSITE, Operation.UPSERT, 1000));
        assertThat(planner.plan(COMPOSITE, waiting(20_000)).method().way()).isEqualTo(SendMethod.Way.COMPOSITE);
        assertThat(planner.plan(COMPOSITE, waiting(20_001)).method().way()).isEqualTo(SendMethod.Way.BULK);
        assertThat(planner.plan(COMPOSITE, waiting(3000)).options())
                .extracting(PlanOption::calls)
                .containsExactly(15L, 3L, 10L);
    }

    @Test
    void urgentWorkAndDeletesAndAllWithoutCompositeCallsUseOneCollection() {
        assertThat(planner.maxRecords(COMPOSITE, Operation.UPSERT, Priority.NORMAL))
                .isEqualTo(1000);
        assertThat(planner.maxRecords(COMPOSITE, Operation.UPSERT, Priority.HIGH))
                .isEqualTo(200);
        assertThat(planner.maxRecords(COMPOSITE, Operation.DELETE, Priority.LOW))
                .isEqualTo(200);
        assertThat(new Planner(LATENCY_TARGET, 0, 3).maxRecords(COMPOSITE, Operation.UPSERT, Priority.LOW))
                .isEqualTo(600);
        assertThat(new Planner(LATENCY_TARGET, 0, 1).maxRecords(COMPOSITE, Operation.UPSERT, Priority.LOW))
                .isEqualTo(200);
        assertThat(planner.plan(
                                COMPOSITE,
                                new PlanInput(
                                        Operation.UPSERT, Priority.HIGH, 1000, Duration.ZERO, 100, false, 5, null))
                        .method()
                        .way())
                .isEqualTo(SendMethod.Way.COLLECTIONS);
    }

    @Test
    void severalObjectsUseACompositeCallHoweverFewTheyAre() {
        assertThat(planner.call(COMPOSITE, Operation.UPSERT, List.of(1, 1)).way())
                .isEqualTo(SendMethod.Way.COMPOSITE);
        assertThat(planner.call(COMPOSITE, Operation.UPSERT, List.of(200)).way())
                .isEqualTo(SendMethod.Way.COLLECTIONS);
        assertThat(planner.call(COMPOSITE, Operation.UPSERT, List.of(201)).way())
                .isEqualTo(SendMethod.Way.COMPOSITE);
        assertThat(planner.call(COMPOSITE, Operation.DELETE, List.of(200)))
                .isEqualTo(new SendMethod(SendMethod.Way.COLLECTIONS, Operation.DELETE, 200));
    }

    @Test
    void aCrmWithoutJobsNeverGetsOne() {
        assertThat(planner.plan(WITHOUT, waiting(1_000_000)).method())
                .isEqualTo(new SendMethod(SendMethod.Way.COLLECTIONS, Operation.UPSERT, 200));
    }
}

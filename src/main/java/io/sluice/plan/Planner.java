// SPDX-License-Identifier: Apache-2.0
package io.sluice.plan;

import io.sluice.Operation;
import io.sluice.Priority;
import io.sluice.crm.BulkCapability;
import io.sluice.crm.Crm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;

/**
 * Chooses the API method with the fewest calls among those that the quota can pay and that meet the latency target. Pure
 * functions over one table of costs:
 *
 * <pre>
 * way           calls for n records            starts after   records a second
 * collections   n / collection size            at once        400
 * composite     n / some collections           at once        400
 * bulk          {@link BulkCapability#calls()} a job             60 s           2,000
 * </pre>
 */
public final class Planner {

    /** A row of the table: one call, or one job of {@code calls} calls, carries up to {@code maxRecords} records. */
    private record Cost(SendMethod.Way way, int maxRecords, int calls, Duration startDelay, int recordsPerSecond) {

        PlanOption option(long records, String obstacle) {
            return new PlanOption(
                    way,
                    (records + maxRecords - 1) / maxRecords * calls,
                    startDelay.plusMillis(records * 1000 / recordsPerSecond),
                    obstacle);
        }
    }

    /** The factor by which a job must save calls while there are enough, because it holds its records until it ends. */
    private static final int MIN_SAVING = 2;

    /** A way with its cost. */
    private record Choice(SendMethod method, PlanOption option) {}

    private final LatencyTarget latencyTarget;
    private final int maxRecordsPerJob;
    private final int maxCollectionsPerCall;

    /**
     * @param maxRecordsPerJob      the maximum number of records of a job, set by the user; 0: no jobs
     * @param maxCollectionsPerCall the maximum number of collections of a call, set by the user; 1: no composite calls
     */
    public Planner(LatencyTarget latencyTarget, int maxRecordsPerJob, int maxCollectionsPerCall) {
        this.latencyTarget = latencyTarget;
        this.maxRecordsPerJob = maxRecordsPerJob;
        this.maxCollectionsPerCall = maxCollectionsPerCall;
    }

    /** The maximum number of collections of upserts in one call; of one object each, or all of one. */
    public int collections(Crm crm) {
        return Math.max(1, Math.min(maxCollectionsPerCall, crm.collectionsACall()));
    }

    /** The maximum number of records of one object in one call, behind work of this urgency. */
    public int maxRecords(Crm crm, Operation operation, Priority urgency) {
        SendMethod collection = collection(crm, operation);
        return obstacle(collection, composite(crm), operation, urgency) == null
                ? composite(crm).maxRecords()
                : collection.maxRecords();
    }

    /**
     * The way to send a claim by one call.
     *
     * @param records the number of records of each object
     */
    public SendMethod call(Crm crm, Operation operation, List<Integer> records) {
        SendMethod collection = collection(crm, operation);
        return records.size() == 1 && records.get(0) <= collection.maxRecords() ? collection : composite(crm);
    }

    private static SendMethod collection(Crm crm, Operation operation) {
        return new SendMethod(SendMethod.Way.COLLECTIONS, operation, crm.collectionSize(operation));
    }

    private SendMethod composite(Crm crm) {
        return new SendMethod(
                SendMethod.Way.COMPOSITE, Operation.UPSERT, collections(crm) * crm.collectionSize(Operation.UPSERT));
    }

    /** The plan for the waiting records, with its reason. */
    public Plan plan(Crm crm, PlanInput planInput) {
        List<Choice> choices = choices(crm, planInput);
        List<PlanOption> options = choices.stream().map(Choice::option).toList();
        Choice calls = cheapest(
                choices.stream()
                        .filter(it -> it.method().way() != SendMethod.Way.BULK)
                        .toList(),
                planInput);
        Choice jobs = choices.stream()
                .filter(it -> it.method().way() == SendMethod.Way.BULK)
                .findFirst()
                .orElse(null);
        if (jobs == null) {
            return new Plan(calls.method(), "the CRM has no bulk jobs", options);
        }
        if (jobs.option().obstacle() != null) {
            return new Plan(calls.method(), jobs.option().obstacle(), options);
        }
        Choice chosen = cheapest(List.of(calls, jobs), planInput);
        return new Plan(chosen.method(), why(crm, calls.option(), jobs.option(), chosen == jobs, planInput), options);
    }

    private List<Choice> choices(Crm crm, PlanInput planInput) {
        List<Choice> choices = new ArrayList<>();
        SendMethod collection = collection(crm, planInput.operation());
        choices.add(choice(collection, 1, Duration.ZERO, 400, planInput, null));
        if (collections(crm) > 1) {
            SendMethod composite = composite(crm);
            choices.add(choice(
                    composite,
                    1,
                    Duration.ZERO,
                    400,
                    planInput,
                    obstacle(collection, composite, planInput.operation(), planInput.urgency())));
        }
        crm.bulk()
                .ifPresent(bulkCapability -> choices.add(choice(
                        new SendMethod(
                                SendMethod.Way.BULK,
                                planInput.operation(),
                                Math.min(maxRecordsPerJob, bulkCapability.records())),
                        bulkCapability.calls(),
                        Duration.ofSeconds(60),
                        2000,
                        planInput,
                        obstacle(bulkCapability, planInput))));
        return choices;
    }

    private static Choice choice(
            SendMethod method,
            int calls,
            Duration startDelay,
            int recordsPerSecond,
            PlanInput planInput,
            String obstacle) {
        return new Choice(
                method,
                new Cost(method.way(), Math.max(1, method.maxRecords()), calls, startDelay, recordsPerSecond)
                        .option(planInput.waiting(), obstacle));
    }

    /** The reason why a composite call of several collections is impossible, or null. */
    private static String obstacle(SendMethod collection, SendMethod composite, Operation operation, Priority urgency) {
        if (composite.maxRecords() <= collection.maxRecords()) {
            return "the CRM or the settings allow one collection a call";
        }
        if (operation != Operation.UPSERT) {
            return "a composite call carries upserts only";
        }
        return mayWait(urgency) ? null : "a critical or high record does not wait for the answer to a large call";
    }

    /** The reason why a job is impossible, or null. */
    private String obstacle(BulkCapability bulkCapability, PlanInput planInput) {
        if (maxRecordsPerJob == 0) {
            return "the settings allow no bulk jobs";
        }
        if (!bulkCapability.operations().contains(planInput.operation())) {
            return "the CRM takes no bulk jobs of this operation";
        }
        if (!mayWait(planInput.urgency())) {
            return "a critical or high record does not wait for a bulk job";
        }
        if (planInput.cooldownReason() != null) {
            return planInput.cooldownReason();
        }
        return planInput.jobsLeft() > 0 ? null : "as many bulk jobs are open as the CRM works on at once";
    }

    /** Whether work of this urgency may wait for a job: critical and high work may not. */
    public static boolean mayWait(Priority urgency) {
        return urgency.compareTo(Priority.HIGH) > 0;
    }

    /** The cheapest of the ways that can be paid and are in time; where none can be paid, or none is in time, that test is left out. */
    private Choice cheapest(List<Choice> choices, PlanInput planInput) {
        List<Choice> left = matching(choices, it -> it.obstacle() == null);
        left = matching(left, it -> it.calls() <= planInput.callsLeft());
        left = matching(left, it -> latencyTarget.isMet(planInput.urgency(), planInput.age(), it.duration()));
        return left.stream()
                .min(Comparator.comparing(it -> weighed(it.option(), planInput.scarce())))
                .orElseThrow();
    }

    private static List<Choice> matching(List<Choice> choices, Predicate<PlanOption> wanted) {
        List<Choice> some =
                choices.stream().filter(it -> wanted.test(it.option())).toList();
        return some.isEmpty() ? choices : some;
    }

    private static long weighed(PlanOption option, boolean scarce) {
        return option.way() != SendMethod.Way.BULK || scarce ? option.calls() : MIN_SAVING * option.calls();
    }

    /** The number of records from which on a job can be the cheaper way; fewer need not be counted. */
    public int minRecords(Crm crm, Operation operation, boolean scarce) {
        return crm.bulk()
                .map(bulkCapability ->
                        bulkCapability.calls() * (scarce ? 1 : MIN_SAVING) * maxRecords(crm, operation, Priority.NORMAL)
                                + 1)
                .orElse(Integer.MAX_VALUE);
    }

    private String why(Crm crm, PlanOption calls, PlanOption jobs, boolean job, PlanInput planInput) {
        String both = calls.calls() + (calls.calls() == 1 ? " call, or " : " calls one after the other, or ")
                + jobs.calls() + " for a bulk job";
        if (job) {
            return both + (calls.calls() > planInput.callsLeft() ? ", and " + planInput.callsLeft() + " are left" : "");
        }
        if (weighed(jobs, planInput.scarce()) < weighed(calls, planInput.scarce())) {
            return both + ", which would not be over in time";
        }
        return both + ", which is worth it from " + minRecords(crm, planInput.operation(), planInput.scarce())
                + " records on";
    }
}

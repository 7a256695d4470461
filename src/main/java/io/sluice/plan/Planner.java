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
 * Chooses the API method that takes the fewest calls of those that can be paid and keep what the priority promises. Pure
 * functions over one table of costs:
 *
 * <pre>
 * way           calls for n records            begins after   records a second
 * collections   n / collection size            at once        400
 * composite     n / some collections           at once        400
 * bulk          {@link BulkCapability#calls()} a job             60 s           2,000
 * </pre>
 */
public final class Planner {

    /** A row of the table: a call, or a job of {@code calls} calls, takes {@code most} records. */
    private record Cost(SendMethod.Way way, int most, int calls, Duration beginsAfter, int recordsASecond) {

        PlanOption option(long records, String against) {
            return new PlanOption(way, (records + most - 1) / most * calls,
                    beginsAfter.plusMillis(records * 1000 / recordsASecond), against);
        }
    }

    /** A job holds its records until it is over, so it must be worth that many times its calls while there are enough. */
    private static final int WORTH = 2;

    /** A way with what it costs. */
    private record Choice(SendMethod method, PlanOption option) {
    }

    private final LatencyTarget latencyTarget;
    private final int mostInAJob;
    private final int mostInACall;

    /**
     * @param mostInAJob  records that the user allows; 0: there are no jobs
     * @param mostInACall collections that the user allows; 1: there are no composite calls
     */
    public Planner(LatencyTarget latencyTarget, int mostInAJob, int mostInACall) {
        this.latencyTarget = latencyTarget;
        this.mostInAJob = mostInAJob;
        this.mostInACall = mostInACall;
    }

    /** How many collections of upserts one call may carry; of one object each, or all of one. */
    public int collections(Crm crm) {
        return Math.max(1, Math.min(mostInACall, crm.collectionsACall()));
    }

    /** Most records of one object that go in one call, behind work of this urgency. */
    public int most(Crm crm, Operation operation, Priority urgency) {
        SendMethod collection = collection(crm, operation);
        return against(collection, composite(crm), operation, urgency) == null ? composite(crm).most() : collection.most();
    }

    /**
     * The way of one call for what was claimed.
     *
     * @param records of each object
     */
    public SendMethod call(Crm crm, Operation operation, List<Integer> records) {
        SendMethod collection = collection(crm, operation);
        return records.size() == 1 && records.get(0) <= collection.most() ? collection : composite(crm);
    }

    private static SendMethod collection(Crm crm, Operation operation) {
        return new SendMethod(SendMethod.Way.COLLECTIONS, crm.name() + "-" + operation + "-sink", crm.collectionSize(operation));
    }

    private SendMethod composite(Crm crm) {
        return new SendMethod(SendMethod.Way.COMPOSITE, crm.name() + "-composite-upsert-sink",
                collections(crm) * crm.collectionSize(Operation.UPSERT));
    }

    /** What to do with what waits, and why. */
    public Plan plan(Crm crm, PlanInput planInput) {
        List<Choice> choices = choices(crm, planInput);
        List<PlanOption> options = choices.stream().map(Choice::option).toList();
        Choice calls = cheapest(choices.stream().filter(it -> it.method().way() != SendMethod.Way.BULK).toList(), planInput);
        Choice jobs = choices.stream().filter(it -> it.method().way() == SendMethod.Way.BULK).findFirst().orElse(null);
        if (jobs == null) {
            return new Plan(calls.method(), "the CRM has no other way", options);
        }
        if (jobs.option().against() != null) {
            return new Plan(calls.method(), jobs.option().against(), options);
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
            choices.add(choice(composite, 1, Duration.ZERO, 400, planInput,
                    against(collection, composite, planInput.operation(), planInput.urgency())));
        }
        crm.bulk().ifPresent(bulkCapability -> choices.add(choice(new SendMethod(SendMethod.Way.BULK, crm.name() + "-bulk",
                Math.min(mostInAJob, bulkCapability.records())), bulkCapability.calls(), Duration.ofSeconds(60), 2000, planInput,
                against(bulkCapability, planInput))));
        return choices;
    }

    private static Choice choice(SendMethod method, int calls, Duration beginsAfter, int recordsASecond, PlanInput planInput,
            String against) {
        return new Choice(method, new Cost(method.way(), Math.max(1, method.most()), calls, beginsAfter, recordsASecond)
                .option(planInput.waiting(), against));
    }

    /** Why a composite call of several collections is out of the question, or null. */
    private static String against(SendMethod collection, SendMethod composite, Operation operation, Priority urgency) {
        if (composite.most() <= collection.most()) {
            return "the CRM or the settings allow one collection a call";
        }
        if (operation != Operation.UPSERT) {
            return "a composite call carries upserts only";
        }
        return mayWait(urgency) ? null : "what is critical or high does not wait for the answer to a large call";
    }

    /** Why a job is out of the question, or null. */
    private String against(BulkCapability bulkCapability, PlanInput planInput) {
        if (mostInAJob == 0) {
            return "the settings allow no bulk jobs";
        }
        if (!bulkCapability.operations().contains(planInput.operation())) {
            return "the CRM takes no bulk jobs of this operation";
        }
        if (!mayWait(planInput.urgency())) {
            return "what is critical or high does not wait for a bulk job";
        }
        if (planInput.barred() != null) {
            return planInput.barred();
        }
        return planInput.jobsLeft() > 0 ? null : "as many bulk jobs are open as the CRM works on at once";
    }

    /** What is critical or high does not wait for a job. */
    public static boolean mayWait(Priority urgency) {
        return urgency.compareTo(Priority.HIGH) > 0;
    }

    /** Of those that can be paid, of those that come in time, the cheapest; where none can or does, of all. */
    private Choice cheapest(List<Choice> choices, PlanInput planInput) {
        List<Choice> left = some(choices, it -> it.against() == null);
        left = some(left, it -> it.calls() <= planInput.callsLeft());
        left = some(left, it -> latencyTarget.keeps(planInput.urgency(), planInput.age(), it.takes()));
        return left.stream().min(Comparator.comparing(it -> weighed(it.option(), planInput.scarce()))).orElseThrow();
    }

    private static List<Choice> some(List<Choice> choices, Predicate<PlanOption> wanted) {
        List<Choice> some = choices.stream().filter(it -> wanted.test(it.option())).toList();
        return some.isEmpty() ? choices : some;
    }

    private static long weighed(PlanOption option, boolean scarce) {
        return option.way() != SendMethod.Way.BULK || scarce ? option.calls() : WORTH * option.calls();
    }

    /** From so many records on a job can be the cheaper way; fewer need not be counted. */
    public int least(Crm crm, Operation operation, boolean scarce) {
        return crm.bulk().map(bulkCapability -> bulkCapability.calls() * (scarce ? 1 : WORTH) * most(crm, operation, Priority.NORMAL) + 1)
                .orElse(Integer.MAX_VALUE);
    }

    private String why(Crm crm, PlanOption calls, PlanOption jobs, boolean job, PlanInput planInput) {
        String both = calls.calls() + (calls.calls() == 1 ? " call, or " : " calls one after the other, or ") + jobs.calls()
                + " for a bulk job";
        if (job) {
            return both + (calls.calls() > planInput.callsLeft()
                    ? ", and " + planInput.callsLeft() + " are left" : "");
        }
        if (weighed(jobs, planInput.scarce()) < weighed(calls, planInput.scarce())) {
            return both + ", which would not be over in time";
        }
        return both + ", which is worth it from " + least(crm, planInput.operation(), planInput.scarce())
                + " records on";
    }
}

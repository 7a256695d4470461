package io.sluice.plan;

import io.sluice.Operation;
import io.sluice.Priority;
import io.sluice.crm.Bulk;
import io.sluice.crm.Crm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Chooses the API method that takes the fewest calls of those that can be paid and keep what the priority promises. Pure
 * functions over one table of costs:
 *
 * <pre>
 * way           calls for n records            begins after   records a second
 * collections   n / collection size            at once        400
 * bulk          {@link Bulk#calls()} a job             60 s           2,000
 * </pre>
 */
public final class Planner {

    /** A row of the table: a call, or a job of {@code calls} calls, takes {@code most} records. */
    private record Cost(Method.Way way, int most, int calls, Duration beginsAfter, int recordsASecond) {

        Option option(long records, String against) {
            return new Option(way, (records + most - 1) / most * calls,
                    beginsAfter.plusMillis(records * 1000 / recordsASecond), against);
        }
    }

    /** A job holds its records until it is over, so it must be worth that many times its calls while there are enough. */
    private static final int WORTH = 2;

    private final Promise promise;
    private final int mostInAJob;

    /** @param mostInAJob records that the user allows; 0: there are no jobs */
    public Planner(Promise promise, int mostInAJob) {
        this.promise = promise;
        this.mostInAJob = mostInAJob;
    }

    /** By collections: what is left where nothing else is to be chosen from. */
    public static Method collections(Crm crm, Operation operation) {
        return new Method(Method.Way.COLLECTIONS, crm.name() + "-" + operation + "-sink",
                crm.collectionSize(operation));
    }

    /** What to do with what waits, and why. */
    public Plan plan(Crm crm, Situation situation) {
        Method collections = collections(crm, situation.operation());
        Option calls = new Cost(Method.Way.COLLECTIONS, collections.most(), 1, Duration.ZERO, 400)
                .option(situation.waiting(), null);
        if (crm.bulk().isEmpty()) {
            return new Plan(collections, "the CRM has no other way", List.of(calls));
        }
        Bulk bulk = crm.bulk().get();
        int most = Math.min(mostInAJob, bulk.records());
        Option jobs = new Cost(Method.Way.BULK, Math.max(1, most), bulk.calls(), Duration.ofSeconds(60), 2000)
                .option(situation.waiting(), against(bulk, situation));
        List<Option> options = List.of(calls, jobs);
        if (jobs.against() != null) {
            return new Plan(collections, jobs.against(), options);
        }
        Option chosen = cheapest(options, situation);
        return new Plan(chosen == jobs ? new Method(Method.Way.BULK, crm.name() + "-bulk", most) : collections,
                why(crm, calls, jobs, chosen, situation), options);
    }

    /** Why a job is out of the question, or null. */
    private String against(Bulk bulk, Situation situation) {
        if (mostInAJob == 0) {
            return "the settings allow no bulk jobs";
        }
        if (!bulk.operations().contains(situation.operation())) {
            return "the CRM takes no bulk jobs of this operation";
        }
        if (!mayWait(situation.urgency())) {
            return "what is critical or high does not wait for a bulk job";
        }
        if (situation.barred() != null) {
            return situation.barred();
        }
        return situation.jobsLeft() > 0 ? null : "as many bulk jobs are open as the CRM works on at once";
    }

    /** What is critical or high does not wait for a job. */
    public static boolean mayWait(Priority urgency) {
        return urgency.compareTo(Priority.HIGH) > 0;
    }

    /** Of those that can be paid, of those that come in time, the cheapest; where none can or does, of all. */
    private Option cheapest(List<Option> options, Situation situation) {
        List<Option> left = some(options, it -> it.calls() <= situation.callsLeft());
        left = some(left, it -> promise.keeps(situation.urgency(), situation.age(), it.takes()));
        return left.stream().min(Comparator.comparing(it -> weighed(it, situation.scarce()))).orElseThrow();
    }

    private static List<Option> some(List<Option> options, java.util.function.Predicate<Option> wanted) {
        List<Option> some = new ArrayList<>(options);
        some.removeIf(wanted.negate());
        return some.isEmpty() ? options : some;
    }

    private static long weighed(Option option, boolean scarce) {
        return option.way() == Method.Way.COLLECTIONS || scarce ? option.calls() : WORTH * option.calls();
    }

    /** From so many records on a job can be the cheaper way; fewer need not be counted. */
    public static int least(Crm crm, Operation operation, boolean scarce) {
        return crm.bulk().map(bulk -> bulk.calls() * (scarce ? 1 : WORTH) * crm.collectionSize(operation) + 1)
                .orElse(Integer.MAX_VALUE);
    }

    private String why(Crm crm, Option calls, Option jobs, Option chosen, Situation situation) {
        String both = calls.calls() + " calls one after the other, or " + jobs.calls() + " for a bulk job";
        if (chosen == jobs) {
            return both + (calls.calls() > situation.callsLeft()
                    ? ", and " + situation.callsLeft() + " are left" : "");
        }
        if (weighed(jobs, situation.scarce()) < weighed(calls, situation.scarce())) {
            return both + ", which would not be over in time";
        }
        return both + ", which is worth it from " + least(crm, situation.operation(), situation.scarce())
                + " records on";
    }
}

package io.sluice.plan;

import io.sluice.Operation;
import io.sluice.Priority;
import io.sluice.crm.Bulk;
import io.sluice.crm.Crm;
import java.util.Optional;

/**
 * Chooses the API method by what it costs in calls. Pure functions:
 *
 * <pre>
 * collections   records / collection size      answers within a second
 * bulk          {@link Bulk#calls()}, however many      answers within minutes, and holds its records until then
 * </pre>
 */
public final class Planner {

    /** Calls that a job must save at least, for its records are held until it is over. */
    private static final int WORTH = 1;

    private Planner() {
    }

    /** By collections. */
    public static Method plan(Crm crm, Operation operation) {
        return new Method(Method.Way.COLLECTIONS, crm.name() + "-" + operation + "-sink",
                crm.collectionSize(operation));
    }

    /**
     * @param urgency of the most urgent record
     * @param waiting records that could go together
     * @param jobs    that are open
     */
    public static Method plan(Crm crm, Operation operation, Priority urgency, int waiting, int jobs) {
        Optional<Bulk> bulk = crm.bulk();
        return bulk.isPresent() && mayGoInBulk(operation, urgency) && jobs < bulk.get().jobs()
                && waiting >= leastInBulk(crm)
                ? new Method(Method.Way.BULK, crm.name() + "-bulk", bulk.get().records())
                : plan(crm, operation);
    }

    /** What is critical can't wait for a job, and deletes need the CRM's ids. */
    public static boolean mayGoInBulk(Operation operation, Priority urgency) {
        return operation == Operation.UPSERT && urgency != Priority.CRITICAL;
    }

    /** From so many records on a job takes fewer calls than collections. */
    public static int leastInBulk(Crm crm) {
        return crm.bulk().map(bulk -> (bulk.calls() + WORTH) * crm.collectionSize(Operation.UPSERT))
                .orElse(Integer.MAX_VALUE);
    }
}

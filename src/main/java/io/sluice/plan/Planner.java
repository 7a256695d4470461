package io.sluice.plan;

import io.sluice.Operation;
import io.sluice.crm.Crm;

/**
 * Chooses the API method. A pure function; so far every CRM here has one method an operation, collections, which is
 * the cheapest for up to a few thousand records.
 */
public final class Planner {

    private Planner() {
    }

    public static Method plan(Crm crm, Operation operation) {
        return new Method(crm.name() + "-" + operation + "-sink", crm.collectionSize(operation));
    }
}

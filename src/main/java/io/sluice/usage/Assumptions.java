// SPDX-License-Identifier: Apache-2.0
package io.sluice.usage;

import io.sluice.Priority;
import io.sluice.plan.Planner;
import io.sluice.quota.Limit;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a replay assumes.
 *
 * @param limits       limits of the account
 * @param costs        cost of operations, in the CRM's units; 1 for others
 * @param batchSize    maximum number of records of a call, bulk jobs excepted; null: the calls stay as they are
 * @param callSize     size of a call that waiting calls share; null: they share none
 * @param ageing       waiting time after which a write rises by one step of priority; null: never
 * @param recorded     limits under which the calls were recorded: polls are rarer the more of a long one is used
 * @param pollInterval interval of the polls of each object; null: they stay as they are
 * @param polls        operations that poll
 * @param priorities   object to the priority of its writes; others keep theirs
 * @param addedSync    sync in addition, or null
 */
record Assumptions(
        List<Limit> limits,
        Map<String, Integer> costs,
        Integer batchSize,
        CallSize callSize,
        Duration ageing,
        List<Limit> recorded,
        Duration pollInterval,
        Set<String> polls,
        Map<String, Priority> priorities,
        AddedSync addedSync) {

    /**
     * The size of a call that carries the writes of several waiting calls.
     *
     * @param collection  maximum number of records of a collection, all of one object
     * @param collections maximum number of collections of a call
     */
    record CallSize(int collection, int collections) {

        /** The maximum number of records of one object behind work of this urgency. */
        int records(Priority urgency) {
            return Planner.mayWait(urgency) ? collection * collections : collection;
        }
    }

    /** A sync whose changes are spread evenly over each day, one call for each change unless calls wait and are batched. */
    record AddedSync(String operation, long changesPerDay, Priority priority, int answerMillis) {}
}

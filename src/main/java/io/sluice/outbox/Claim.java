// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import io.sluice.Operation;
import io.sluice.RecordChange;
import java.util.List;
import java.util.UUID;

/**
 * Holds records of one sync for one call, under a lease until they are settled or the lease ends.
 *
 * @param split  whether a call with them was rejected for one of its records, which is being searched by smaller calls
 * @param trace  the trace of its most urgent change that is traced, or null
 */
public record Claim(
        UUID lease,
        String account,
        String object,
        String sync,
        Operation operation,
        boolean split,
        List<RecordChange> changes,
        UUID trace) {

    /** Makes a claim without a traced change. */
    public Claim(
            UUID lease,
            String account,
            String object,
            String sync,
            Operation operation,
            boolean split,
            List<RecordChange> changes) {
        this(lease, account, object, sync, operation, split, changes, null);
    }

    /** Whether records of other objects may share the call. */
    public boolean mayShareCall() {
        return operation == Operation.UPSERT && !split;
    }

    /** The same claim with its values written otherwise. */
    public Claim withChanges(List<RecordChange> written) {
        return new Claim(lease, account, object, sync, operation, split, written, trace);
    }

    /** A part of the claim, under the same lease. */
    public Claim part(List<RecordChange> part) {
        return new Claim(lease, account, object, sync, operation, split, part, trace);
    }

    public int size() {
        return changes.size();
    }

    /** Describes the claim without its records, which may be megabytes and hold field values. */
    @Override
    public String toString() {
        return size() + " records of " + sync + " under lease " + lease;
    }
}

package io.sluice.outbox;

import io.sluice.Operation;
import io.sluice.RecordChange;
import java.util.List;
import java.util.UUID;

/**
 * Work of one sync for one call, held under a lease until it is settled or the lease ends.
 *
 * @param halved whether a call with it was refused for what is wrong with some record of it, which is being found
 */
public record Claim(UUID lease, String account, String object, String sync, Operation operation, boolean halved,
        List<RecordChange> changes) {

    /** Whether work of other objects may go in the same call. */
    public boolean joins() {
        return operation == Operation.UPSERT && !halved;
    }

    /** The same work, its values written otherwise. */
    public Claim with(List<RecordChange> written) {
        return new Claim(lease, account, object, sync, operation, halved, written);
    }

    /** A part of it, under the same lease. */
    public Claim of(List<RecordChange> part) {
        return new Claim(lease, account, object, sync, operation, halved, part);
    }

    public int size() {
        return changes.size();
    }

    /** Without its records, which may be megabytes and hold field values. */
    @Override
    public String toString() {
        return size() + " records of " + sync + " under lease " + lease;
    }
}

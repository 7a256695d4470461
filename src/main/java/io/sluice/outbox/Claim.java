package io.sluice.outbox;

import io.sluice.Change;
import io.sluice.Operation;
import java.util.List;
import java.util.UUID;

/** Work of one call, held under a lease until it is settled or the lease ends. */
public record Claim(UUID lease, String account, String object, String sync, Operation operation, List<Change> changes) {

    public int size() {
        return changes.size();
    }
}

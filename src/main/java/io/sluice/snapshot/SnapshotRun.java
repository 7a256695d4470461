// SPDX-License-Identifier: Apache-2.0
package io.sluice.snapshot;

import io.sluice.Sync;
import io.sluice.crm.CrmCall;

/** Snapshot that this process runs, call by call, until the next call is not due yet. */
public final class SnapshotRun {

    /** Offset with which a snapshot by pages starts. */
    private static final String BEGINNING_OF_TIME = "1970-01-01T00:00:00Z";

    private final Sync sync;
    private final String crm;
    private final int pageSize;
    private Snapshot snapshot;
    private boolean open = true;

    /** @param pageSize maximum number of records in a page of a bulk query's results */
    SnapshotRun(Sync sync, String crm, int pageSize, Snapshot snapshot) {
        this.sync = sync;
        this.crm = crm;
        this.pageSize = pageSize;
        this.snapshot = snapshot;
    }

    /**
     * The lease of a snapshot.
     *
     * @param epoch fencing token
     */
    record Held(Sync sync, int epoch) {}

    Held held() {
        return new Held(sync, snapshot.epoch());
    }

    /** Whether the snapshot has a call to make now. */
    public boolean isOpen() {
        return open;
    }

    /** The next call. */
    public CrmCall.SnapshotPart getCall() {
        return new CrmCall.SnapshotPart(
                crm,
                sync.getAccount(),
                snapshot.state().toString(),
                sync.getObject(),
                sync.getExternalId(),
                sync.fieldList(),
                pageSize,
                snapshot.job());
    }

    /** Offset of the page, or the time since which the counted or read records have changed; null: the beginning. */
    public String getStart() {
        if (snapshot.next() != null
                || snapshot.state() == SnapshotState.RESULTS
                || snapshot.state() == SnapshotState.POLL) {
            return snapshot.next();
        }
        String since = snapshot.isOfChanges() ? snapshot.since().toString() : null;
        return since == null && snapshot.state() == SnapshotState.PAGES ? BEGINNING_OF_TIME : since;
    }

    public Sync sync() {
        return sync;
    }

    Snapshot snapshot() {
        return snapshot;
    }

    void snapshot(Snapshot other) {
        snapshot = other;
    }

    /** Ends this run; the next call is made when the snapshot is due. */
    void close() {
        open = false;
    }
}

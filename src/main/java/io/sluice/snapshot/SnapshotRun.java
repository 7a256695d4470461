package io.sluice.snapshot;

import io.sluice.Sync;
import java.util.TreeSet;

/** A reading in the hands of this process: step by step until one is not due yet. */
public final class SnapshotRun {

    /** What a reading by pages begins with. */
    private static final String BEGINNING_OF_TIME = "1970-01-01T00:00:00Z";

    private final Sync sync;
    private final String crm;
    private final int page;
    private Snapshot load;
    private boolean open = true;

    /** @param page most records of a page of a job's results */
    SnapshotRun(Sync sync, String crm, int page, Snapshot load) {
        this.sync = sync;
        this.crm = crm;
        this.page = page;
        this.load = load;
    }

    /** Whether a call is to be made now. */
    public boolean isOpen() {
        return open;
    }

    /** The Kamelet that makes it. */
    public String getKamelet() {
        String account = "-action?account=" + sync.getAccount();
        String object = "&object=" + sync.getObject();
        String fields = "&externalId=" + sync.getExternalId() + "&fields="
                + String.join(",", new TreeSet<>(sync.getFields().values()));
        return "kamelet:" + crm + switch (load.step()) {
            case COUNT -> "-count" + account + object;
            case CREATE -> "-query-create" + account + object + fields;
            case POLL -> "-bulk-status" + account + "&type=query";
            case RESULTS -> "-query-page" + account + fields + "&pageSize=" + page;
            case PAGES -> "-delta" + account + object + fields;
            case DONE -> throw new IllegalStateException(sync + " is read");
        };
    }

    /** Where the page begins, or since when what is counted or read has changed; null: at the beginning. */
    public String getStart() {
        if (load.next() != null || load.step() == SnapshotState.RESULTS || load.step() == SnapshotState.POLL) {
            return load.next();
        }
        String since = load.isOfChanges() ? load.since().toString() : null;
        return since == null && load.step() == SnapshotState.PAGES ? BEGINNING_OF_TIME : since;
    }

    /** The CRM's job, or null. */
    public String getJob() {
        return load.job();
    }

    Sync sync() {
        return sync;
    }

    Snapshot load() {
        return load;
    }

    void load(Snapshot other) {
        load = other;
    }

    /** No more calls for now. */
    void close() {
        open = false;
    }
}

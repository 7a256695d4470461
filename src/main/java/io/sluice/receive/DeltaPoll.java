package io.sluice.receive;

import io.sluice.CrmRecord;
import io.sluice.Sync;
import io.sluice.merge.Applied;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** One look of a sync into its CRM: deletes where they are due, then page after page of what changed. */
public final class DeltaPoll {

    /** Pages of changes that are read one after the other, before it is asked how many there are. */
    private static final int MOST_PAGES = 3;

    private final Sync sync;
    private final String crm;
    private final Instant began;
    private final boolean withDeletes;
    private PollOffset pollOffset;
    private Instant readAt;
    /** Where the next page begins, or null before the first. */
    private String next;
    private boolean deletesOpen;
    private boolean open = true;
    private boolean complete;
    private int calls;
    private int fullPages;
    private boolean handedOver;
    /** Everything before this is told, as the CRM said in this round. */
    private Instant covered;
    /** The stamp of the earliest record that must be read again. */
    private Instant hold;
    private Applied applied = Applied.NOTHING;

    DeltaPoll(Sync sync, String crm, PollOffset pollOffset, Instant now) {
        this.sync = sync;
        this.crm = crm;
        this.pollOffset = pollOffset;
        this.began = now;
        this.readAt = now;
        this.withDeletes = !pollOffset.deletesDue().isAfter(now);
        this.deletesOpen = withDeletes;
    }

    /** Whether a call is left to be made. */
    public boolean isOpen() {
        return open;
    }

    /** The Kamelet that makes the next call. */
    public String getReader() {
        String reader = "kamelet:" + crm + (deletesOpen ? "-deleted" : "-delta") + "-action?account=" + sync.getAccount()
                + "&object=" + sync.getObject();
        return deletesOpen ? reader : reader + "&externalId=" + sync.getExternalId() + "&fields="
                + String.join(",", new java.util.TreeSet<>(sync.getFields().values()));
    }

    /** Where that call begins to read. */
    public String getStart() {
        if (deletesOpen) {
            return pollOffset.proven().toString();
        }
        return next != null ? next : start().toString();
    }

    private Instant start() {
        return withDeletes && pollOffset.proven().isBefore(pollOffset.from()) ? pollOffset.proven() : pollOffset.from();
    }

    Sync sync() {
        return sync;
    }

    PollOffset position() {
        return pollOffset;
    }

    Applied applied() {
        return applied;
    }

    Instant began() {
        return began;
    }

    Instant readAt() {
        return readAt;
    }

    int calls() {
        return calls;
    }

    boolean readsDeletes() {
        return deletesOpen;
    }

    /** A call is about to be made. */
    void asking(Instant now) {
        readAt = now;
        calls++;
    }

    /** No more calls: there is no quota, or no answer. What was not read is read the next time. */
    void abandon() {
        open = false;
    }

    void deleted(Applied page, Instant coveredNow) {
        applied = applied.plus(page);
        deletesOpen = false;
        covered = page.later().isEmpty() ? coveredNow : null;
    }

    /** @param nextPage where the next page begins, or null after the last */
    void changed(List<CrmRecord> records, Applied page, String nextPage) {
        applied = applied.plus(page);
        records.stream().filter(record -> record.hasTime() && page.later().contains(record.crmId())).map(CrmRecord::at)
                .filter(at -> hold == null || at.isBefore(hold)).findFirst().ifPresent(at -> hold = at);
        next = nextPage;
        fullPages += nextPage == null ? 0 : 1;
        if (nextPage == null) {
            complete = true;
            open = false;
        } else if (hold == null) {
            records.stream().filter(CrmRecord::hasTime).reduce((earlier, later) -> later)
                    .ifPresent(last -> pollOffset = pollOffset.from(last.at()));
        }
    }

    /** Whether so many have changed that they are better read another way. */
    boolean isLong() {
        return fullPages >= MOST_PAGES;
    }

    /** Everything before this is read. */
    Instant readUpTo() {
        return hold != null && hold.isBefore(pollOffset.from()) ? hold : pollOffset.from();
    }

    /** What is left is read by others: the next round begins where this one began. */
    void handOver() {
        handedOver = true;
        complete = true;
        hold = null;
        covered = null;
        open = false;
    }

    /** Whether it was too long, and others are at it. */
    boolean isHandedOver() {
        return handedOver;
    }

    /** As long as others are at the rest. */
    void leave() {
        handedOver = true;
        open = false;
    }

    /** The position after the round. */
    PollOffset after(Duration overlap, Duration deletesEvery) {
        if (!complete) {
            return handedOver ? pollOffset.polled(began) : pollOffset;
        }
        Instant from = began.minus(overlap);
        PollOffset after = pollOffset.from(hold != null && hold.isBefore(from) ? hold
                : from.isAfter(pollOffset.from()) || hold != null ? from : pollOffset.from());
        after = handedOver ? after.handed(began) : after.polled(began);
        return covered == null || hold != null ? after : after.proven(covered, began.plus(deletesEvery));
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.CrmRecord;
import io.sluice.Sync;
import io.sluice.crm.CrmCall;
import io.sluice.merge.Applied;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** One poll of a sync: reads the deletes if they are due, then page after page of changed records. */
public final class DeltaPoll {

    /** Full pages of changes after which the records are counted: a bulk query may read the rest with fewer calls. */
    private static final int MAX_FULL_PAGES = 3;

    private final Sync sync;
    private final String crm;
    private final Instant began;
    private final boolean withDeletes;
    private PollOffset pollOffset;
    private Instant readAt;
    /** Offset of the next page; null before the first. */
    private String next;

    private boolean deletesOpen;
    private boolean open = true;
    private boolean complete;
    private int calls;
    private int fullPages;
    private boolean handedOver;
    /** Time up to which the CRM says that its list of deletes is complete. */
    private Instant covered;
    /** Time of the earliest deferred record, which must be read again. */
    private Instant earliestDeferred;

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

    /** Whether the poll has another call to make. */
    public boolean isOpen() {
        return open;
    }

    /** The next call. */
    public CrmCall.Read getCall() {
        return new CrmCall.Read(
                crm,
                sync.getAccount(),
                deletesOpen ? "deleted" : "delta",
                sync.getObject(),
                sync.getExternalId(),
                sync.fieldList());
    }

    /** Offset from which the next call reads. */
    public String getStart() {
        if (deletesOpen) {
            return pollOffset.lowWatermark().toString();
        }
        return next != null ? next : start().toString();
    }

    private Instant start() {
        return withDeletes && pollOffset.lowWatermark().isBefore(pollOffset.readUpTo())
                ? pollOffset.lowWatermark()
                : pollOffset.readUpTo();
    }

    public Sync sync() {
        return sync;
    }

    PollOffset offset() {
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

    /** Notes the time of a call that is about to be made. */
    void beforeCall(Instant now) {
        readAt = now;
        calls++;
    }

    /** Ends the poll because there is no quota or no answer. The next poll reads the rest. */
    void abandon() {
        open = false;
    }

    void deleted(Applied page, Instant coveredNow) {
        applied = applied.plus(page);
        deletesOpen = false;
        covered = page.deferred().isEmpty() ? coveredNow : null;
    }

    /** @param nextPage offset of the next page; null after the last */
    void changed(List<CrmRecord> records, Applied page, String nextPage) {
        applied = applied.plus(page);
        records.stream()
                .filter(record -> record.hasTime() && page.deferred().contains(record.crmId()))
                .map(CrmRecord::at)
                .filter(at -> earliestDeferred == null || at.isBefore(earliestDeferred))
                .findFirst()
                .ifPresent(at -> earliestDeferred = at);
        next = nextPage;
        fullPages += nextPage == null ? 0 : 1;
        if (nextPage == null) {
            complete = true;
            open = false;
        } else if (earliestDeferred == null) {
            records.stream()
                    .filter(CrmRecord::hasTime)
                    .reduce((earlier, later) -> later)
                    .ifPresent(last -> pollOffset = pollOffset.readUpTo(last.at()));
        }
    }

    /** Whether so many records have changed that a bulk query may need fewer calls. */
    boolean isLong() {
        return fullPages >= MAX_FULL_PAGES;
    }

    /** Time up to which all changes were read. */
    Instant readUpTo() {
        return earliestDeferred != null && earliestDeferred.isBefore(pollOffset.readUpTo())
                ? earliestDeferred
                : pollOffset.readUpTo();
    }

    /** Leaves the rest to a bulk query: the next poll starts where this one started. */
    void handOver() {
        handedOver = true;
        complete = true;
        earliestDeferred = null;
        covered = null;
        open = false;
    }

    /** Whether the poll has read all changes, so that nothing remains for the next one or for a bulk query. */
    boolean isComplete() {
        return complete && !handedOver && applied.deferred().isEmpty();
    }

    /** Whether a bulk query reads the rest. */
    boolean isHandedOver() {
        return handedOver;
    }

    /** Ends the poll while a bulk query or a large write of the sync is running. */
    void postpone() {
        handedOver = true;
        open = false;
    }

    /** Computes the offset after the poll. */
    PollOffset after(Duration overlap, Duration deletesInterval) {
        if (!complete) {
            return handedOver ? pollOffset.polledAt(began) : pollOffset;
        }
        Instant from = began.minus(overlap);
        PollOffset after = pollOffset.readUpTo(
                earliestDeferred != null && earliestDeferred.isBefore(from)
                        ? earliestDeferred
                        : from.isAfter(pollOffset.readUpTo()) || earliestDeferred != null
                                ? from
                                : pollOffset.readUpTo());
        after = handedOver ? after.handedOverAt(began) : after.polledAt(began);
        return covered == null || earliestDeferred != null
                ? after
                : after.lowWatermark(covered, began.plus(deletesInterval));
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.send;

import io.sluice.CrmRecord;
import io.sluice.Outcome;
import io.sluice.RecordChange;
import io.sluice.Sync;
import io.sluice.crm.Crm;
import io.sluice.crm.CrmId;
import io.sluice.merge.Applied;
import io.sluice.merge.Applier;
import io.sluice.outbox.Claim;
import io.sluice.receive.ReadBeforeWrite;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds edits by the CRM's users that a write replaces: a call that writes or deletes known records first reads, in the same
 * call, which of them were changed since the last complete poll. Of records that are written for the first time it reads those
 * that a user has created with the same key, where the call has room for that.
 *
 * <p>A read takes the capacity of a collection. So where more known records wait than one query reads, the sync is polled
 * first, and the records are sent in full calls until that poll is a minute old: 10,000 changed records take a poll and 10
 * calls, where 17 calls would read them all. Where very many were written just before, no poll is made, because it would
 * read those.
 *
 * <p>Three kinds of edits stay unseen: one made between the read and the write of one call (milliseconds); one replaced by a
 * call that was not answered; one replaced by a full call or a bulk job after the poll before it.
 */
public final class OverwrittenEdits {

    private static final Logger LOG = LoggerFactory.getLogger(OverwrittenEdits.class);

    private final ReadBeforeWrite readFirst;
    private final Applier applier;

    public OverwrittenEdits(ReadBeforeWrite readFirst, Applier applier) {
        this.readFirst = readFirst;
        this.applier = applier;
    }

    /** Whether known records of this claim are read before they are written. */
    static boolean areRead(Crm crm, Claim claim, Sync sync) {
        return crm.readBeforeWrite() > 0 && sync.getDirection() == Sync.Direction.BOTH;
    }

    /** The time since which changes of a sync's records may not have been read; the epoch where the sync was never polled. */
    Instant unreadSince(Sync sync) throws SQLException {
        return readFirst.readUpTo(sync).orElse(Instant.EPOCH);
    }

    /**
     * Decides on the edits among records that the call has written, or may have written.
     *
     * @param images the claim's records as they were before, those that had changed; null where they could not be read
     */
    void find(Sync sync, Claim claim, List<Outcome> outcomes, List<CrmRecord> images) throws SQLException {
        Map<String, String> written = new HashMap<>();
        Set<String> keys = new HashSet<>();
        boolean known = false;
        for (int i = 0; i < claim.size(); i++) {
            RecordChange recordChange = claim.changes().get(i);
            Outcome outcome = outcomes.get(i);
            if (outcome.status() == Outcome.Status.DONE || outcome.uncertainty() != Outcome.Uncertainty.NONE) {
                keys.add(recordChange.key());
                String crmId = recordChange.crmId() == null ? outcome.crmId() : recordChange.crmId();
                if (crmId != null) {
                    written.put(CrmId.withoutChecksum(crmId), recordChange.key());
                }
                known |= recordChange.crmId() != null;
            }
        }
        if (keys.isEmpty() || images == null && !known) {
            return;
        }
        if (images == null || !applier.isReady(sync)) {
            // a call without an answer has none to its reads either
            if (outcomes.stream().anyMatch(it -> it.status() == Outcome.Status.DONE)) {
                LOG.warn(
                        "{}: {} {} could not be read before they were written; an edit by the CRM's users that they"
                                + " replaced is not logged",
                        claim.sync(),
                        keys.size(),
                        claim.object());
            }
            return;
        }
        List<CrmRecord> before = new ArrayList<>();
        images.forEach(image -> {
            String key = written.getOrDefault(
                    CrmId.withoutChecksum(image.crmId()), keys.contains(image.key()) ? image.key() : null);
            if (key != null) {
                before.add(new CrmRecord(image.crmId(), key, image.at(), image.fields()));
            }
        });
        if (before.isEmpty()) {
            return;
        }
        Applied applied;
        try {
            applied = applier.replaced(sync, before);
        } catch (SQLException failure) {
            if (!Applier.isRejection(failure)) {
                throw failure;
            }
            logUnread(claim, before.size(), failure);
            return;
        } catch (RuntimeException odd) {
            logUnread(claim, before.size(), odd);
            return;
        }
        if (applied.conflicts() > 0) {
            LOG.info(
                    "{}: {} fields of {} had been changed in the CRM before they were written; {} records get the CRM's value"
                            + " back",
                    claim.sync(),
                    applied.conflicts(),
                    claim.object(),
                    applied.updated() + applied.inserted());
        }
    }

    /** Logs an answer to a read that can't be parsed; the write, which was answered too, is settled all the same. */
    private static void logUnread(Claim claim, int records, Exception odd) {
        LOG.warn(
                "{}: the read of {} {} before they were written can't be parsed ({}); an edit by the CRM's users that"
                        + " was replaced is not logged",
                claim.sync(),
                records,
                claim.object(),
                odd.getClass().getSimpleName());
    }
}

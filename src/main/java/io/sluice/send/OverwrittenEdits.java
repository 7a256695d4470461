package io.sluice.send;

import io.sluice.CrmRecord;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.RecordChange;
import io.sluice.Sync;
import io.sluice.crm.Crm;
import io.sluice.merge.Applied;
import io.sluice.merge.Applier;
import io.sluice.outbox.Claim;
import io.sluice.receive.ReadBeforeWrite;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the edits of a CRM's users that a write replaces: a call that writes known records reads first, in the same call,
 * which of them were changed since the last poll that read everything.
 *
 * <p>A query takes the place of a collection. So where more known records wait than one query finds, the sync is polled first
 * and they go in full calls until that poll is a minute old: 10,000 changed records take a poll and 10 calls, where 17 calls
 * would read them all. Where very many were written just before, no poll is waited for, for it would read those.
 *
 * <p>What stays unseen: an edit between the reading and the writing of one call (milliseconds); one that a call replaced of
 * which no answer came; one that such a full call or a bulk job replaces after the poll before it.
 */
public final class OverwrittenEdits {

    private static final Logger LOG = LoggerFactory.getLogger(OverwrittenEdits.class);

    private final ReadBeforeWrite readFirst;
    private final Applier applier;

    public OverwrittenEdits(ReadBeforeWrite readFirst, Applier applier) {
        this.readFirst = readFirst;
        this.applier = applier;
    }

    /** Whether known records of this work are read before they are written. */
    static boolean areRead(Crm crm, Claim claim, Sync sync) {
        return crm.readBeforeWrite() > 0 && claim.operation() == Operation.UPSERT && "both".equals(sync.getDirection());
    }

    /** Since when changes of a sync's records may not have been read; all of them where it was never polled. */
    Instant unreadSince(Sync sync) throws SQLException {
        return readFirst.readUpTo(sync).orElse(Instant.EPOCH);
    }

    /**
     * Has the edits among these records decided on that the call has written, or may have.
     *
     * @param images the claim's records as they were before, those that had changed; null where they could not be read
     */
    void find(Sync sync, Claim claim, List<Outcome> outcomes, List<CrmRecord> images) throws SQLException {
        Map<String, String> written = new HashMap<>();
        for (int i = 0; i < claim.size(); i++) {
            RecordChange recordChange = claim.changes().get(i);
            if (recordChange.crmId() != null && (outcomes.get(i).status() == Outcome.Status.DONE
                    || outcomes.get(i).uncertainty() != Outcome.Uncertainty.NONE)) {
                written.put(shortId(recordChange.crmId()), recordChange.key());
            }
        }
        if (written.isEmpty()) {
            return;
        }
        if (images == null || !applier.isReady(sync)) {
            // of a call without an answer nobody expects one to its readings
            if (outcomes.stream().anyMatch(it -> it.status() == Outcome.Status.DONE)) {
                LOG.warn("{}: {} {} could not be read before they were written; an edit of the CRM's users that they"
                        + " replaced is in no log.", claim.sync(), written.size(), claim.object());
            }
            return;
        }
        List<CrmRecord> before = new ArrayList<>();
        images.stream().filter(image -> written.containsKey(shortId(image.crmId()))).forEach(image ->
                before.add(new CrmRecord(image.crmId(), written.get(shortId(image.crmId())), image.at(), image.fields())));
        if (before.isEmpty()) {
            return;
        }
        Applied applied;
        try {
            applied = applier.replaced(sync, before);
        } catch (SQLException failure) {
            if (!Applier.isRefusal(failure)) {
                throw failure;
            }
            tellUnread(claim, before.size(), failure);
            return;
        } catch (RuntimeException odd) {
            tellUnread(claim, before.size(), odd);
            return;
        }
        if (applied.conflicts() > 0) {
            LOG.info("{}: {} fields of {} had been changed in the CRM before they were written; {} records take the CRM's value"
                    + " again.", claim.sync(), applied.conflicts(), claim.object(), applied.updated());
        }
    }

    /** What the reading answered must not keep the write, which was answered too, from being settled. */
    private static void tellUnread(Claim claim, int records, Exception odd) {
        LOG.warn("{}: what the CRM told of {} {} before they were written can't be understood ({}); an edit of the CRM's users that"
                + " was replaced is in no log.", claim.sync(), records, claim.object(), odd.getClass().getSimpleName());
    }

    /** Of ids with a checksum at their end (15 and 18 characters) the shorter form is the same. */
    private static String shortId(String id) {
        return id.length() == 18 ? id.substring(0, 15) : id;
    }
}

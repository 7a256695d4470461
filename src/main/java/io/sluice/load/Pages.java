package io.sluice.load;

import io.sluice.Received;
import io.sluice.load.Course.Next;
import io.sluice.merge.Applied;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;

/** Merges pages part by part, so that neither memory nor locks grow with the page. */
final class Pages {

    /** Records of a transaction: while it lasts, changes of the same table wait to be drained. */
    private static final int PART = 2_000;
    /** Readings of a page of which rows are held by others. */
    private static final int MOST_TRIALS = 6;

    private final Loads loads;
    private final Merging merging;
    private final Hands hands;
    private final Story story;

    Pages(Loads loads, Merging merging, Hands hands, Story story) {
        this.loads = loads;
        this.merging = merging;
        this.hands = hands;
        this.story = story;
    }

    /**
     * Merges a page.
     *
     * @param records {@link Received}s
     * @param next    where the page behind it begins, or null
     * @return null when another process has taken the reading up
     */
    Next merge(Run run, Iterator<?> records, String next) throws SQLException, InterruptedException {
        long count = 0;
        int withoutKey = 0;
        int refused = 0;
        int held = 0;
        String example = null;
        while (records.hasNext()) {
            List<Received> part = new ArrayList<>();
            while (records.hasNext() && part.size() < PART) {
                part.add((Received) records.next());
            }
            boolean changes = run.load().isOfChanges();
            Applied applied = merging.merge(run, part);
            if (changes) {
                part.stream().filter(record -> applied.later().contains(record.crmId())).map(Received::at)
                        .min(Comparator.naturalOrder()).ifPresent(at -> run.load(run.load().holding(at)));
            }
            story.refused(run.sync(), applied, refused);
            count += part.size();
            withoutKey += applied.withoutKey();
            refused += applied.refused().size();
            held += changes ? 0 : applied.later().size();
            example = applied.later().stream().findFirst().orElse(example);
            run.load(run.load().tally(run.load().tally().wrote(applied)));
            if (!loads.save(run.sync(), run.load(), hands.lease())) {
                return null;
            }
            hands.moves(run);
        }
        if (held > 0 && run.load().trials() < MOST_TRIALS) {
            return Course.again(run.load(), held + " rows are held by other transactions");
        }
        if (held > 0) {
            story.held(run.sync(), held, example);
        }
        Tally before = run.load().tally();
        Tally now = before.read(count, withoutKey, refused);
        story.progress(run.sync(), before, now);
        return Course.read(run.load().tally(now), next);
    }
}

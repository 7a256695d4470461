// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.RecordIds;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import io.sluice.sandbox.store.Transaction;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Merges up to three records (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_merge.htm">merge()</a>): the
 * master gets the values given with it and the references to the others, which go to the recycle bin and hold the
 * master's id. A merge is atomic. The guide does not document the error codes of its rules; these are guesses.
 */
final class Merger {

    private static final int MOST_MERGED = 2;

    private final Store store;
    private final RecordWriter writer;

    Merger(Store store, RecordWriter writer) {
        this.store = store;
        this.writer = writer;
    }

    /** Holds the result of a merge; the ids are empty when it was rejected. */
    record Result(Outcome outcome, List<String> merged, List<String> related) {

        private static Result rejected(Outcome outcome) {
            return new Result(outcome, List.of(), List.of());
        }
    }

    Result merge(Table table, JsonNode master, List<String> others) {
        String id = KeyedRows.idOf(master);
        Field masterField = table.type().field(StandardObjects.MASTER).orElse(null);
        if (masterField == null) {
            return rejected(
                    "INVALID_TYPE_FOR_OPERATION",
                    "entity type cannot be merged: " + table.type().name());
        }
        if (id == null || others.isEmpty()) {
            return rejected("MISSING_ARGUMENT", "A merge needs the id of the master record and of a record to merge");
        }
        Set<String> distinct = new LinkedHashSet<>();
        others.forEach(other -> distinct.add(RecordIds.isWellFormed(other) ? RecordIds.full(other) : other));
        if (others.size() > MOST_MERGED) {
            return rejected("MERGE_FAILED", "At most " + MOST_MERGED + " records can be merged into a master record");
        }
        if (distinct.size() < others.size() || RecordIds.isWellFormed(id) && distinct.contains(RecordIds.full(id))) {
            return rejected("INVALID_MERGE_RECORD", "A record stands twice in the merge request");
        }
        Transaction.Savepoint before = writer.savepoint();
        Result result = merged(table, masterField, id, master, List.copyOf(distinct));
        if (result.outcome() instanceof Outcome.Rejected) {
            writer.backTo(before);
        }
        return result;
    }

    private Result merged(Table table, Field masterField, String id, JsonNode master, List<String> others) {
        // first the others, so that the master can take over a unique value of theirs
        for (String other : others) {
            Outcome gone = writer.deleteAsMerged(
                    table, masterField, other, RecordIds.isWellFormed(id) ? RecordIds.full(id) : id);
            if (gone instanceof Outcome.Rejected) {
                return Result.rejected(gone);
            }
        }
        Outcome kept = writer.update(table, id, new SentRecord.Json(master));
        if (!(kept instanceof Outcome.Saved saved)) {
            return Result.rejected(kept);
        }
        List<String> related = new ArrayList<>();
        for (Table children : store.tables()) {
            for (Field reference : children.type().fields()) {
                if (reference.updateable() && reference.refersTo(table.type().name())) {
                    Outcome moved = move(children, reference, Set.copyOf(others), saved.id(), related);
                    if (moved instanceof Outcome.Rejected) {
                        return Result.rejected(moved);
                    }
                }
            }
        }
        return new Result(saved, others, related);
    }

    /** Moves the references of other records to the master; a reference of the master to itself is cleared. */
    private Outcome move(Table children, Field reference, Set<String> from, String to, List<String> moved) {
        Outcome last = null;
        for (Row child : writer.referring(children, reference, from)) {
            boolean isMaster = child.id().equals(to);
            last = writer.update(
                    children,
                    child.id(),
                    new SentRecord.Json(Answers.JSON.createObjectNode().put(reference.name(), isMaster ? null : to)));
            if (last instanceof Outcome.Rejected) {
                return last;
            }
            if (!isMaster && !moved.contains(child.id())) {
                moved.add(child.id());
            }
        }
        return last;
    }

    private static Result rejected(String code, String message) {
        return Result.rejected(Outcome.Rejected.because(code, message));
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import io.sluice.ConflictRule;
import io.sluice.CrmRecord;
import io.sluice.merge.Merge.Agreed;
import io.sluice.merge.Merge.Decision;
import io.sluice.merge.Merge.Field;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the edits in events that the CRM does not have any more, because a write of ours replaced them before they were
 * read. Each is a conflict. If the CRM's side wins, the value is written to the table like a change of the application and
 * sent to the CRM again. Values that we wrote, the value before them and older ones are no edits.
 *
 * <p>Several writes may have replaced an edit; the times say which was the first. The write may be one without a proven
 * result. If a user has edited the field again since, the edit before our write is logged, but not restored.
 */
final class ReplacedEdits {

    /** @param decision CRM_WINS if the table takes the edit again */
    record Replaced(String name, Field field, Decision decision) {}

    /** Whose value an event reports: written by Sluice, edited by a user and taken, or edited and not known. */
    private enum Origin {
        OURS,
        TAKEN,
        EDIT
    }

    private record Event(Object value, Instant at, Origin origin) {

        boolean isOurs() {
            return origin == Origin.OURS;
        }
    }

    private final TargetTable targetTable;
    private final CrmFields crmFields;
    private final ConflictRule conflictRule;
    private final CrmRecord record;
    private final RecordState ours;

    /** @param record the record as it was read, or the last value of each field in the events */
    ReplacedEdits(
            TargetTable targetTable,
            CrmFields crmFields,
            ConflictRule conflictRule,
            CrmRecord record,
            RecordState ours) {
        this.targetTable = targetTable;
        this.crmFields = crmFields;
        this.conflictRule = conflictRule;
        this.record = record;
        this.ours = ours;
    }

    /** @param edits edits with one field each, oldest first */
    List<Replaced> find(List<CrmRecord> edits, Set<String> outward) {
        List<Replaced> found = new ArrayList<>();
        if (ours.settledAt == null || ours.base == null) {
            return found;
        }
        Map<String, Event> next = new HashMap<>();
        Map<String, Event> nextEdit = new HashMap<>();
        for (int i = edits.size() - 1; i >= 0; i--) {
            CrmRecord edit = edits.get(i);
            String name = edit.fields().keySet().iterator().next();
            if (targetTable.fields().contains(name) && !outward.contains(name)) {
                Event event = event(name, edit);
                if (!next.containsKey(name)) {
                    laterEdit(name, event).ifPresent(later -> nextEdit.put(name, later));
                }
                if (event.origin() == Origin.TAKEN) {
                    nextEdit.put(name, event);
                } else if (event.origin() == Origin.EDIT) {
                    Replaced replaced = replaced(name, event, next.get(name), nextEdit.put(name, event));
                    if (replaced != null) {
                        found.add(replaced);
                    }
                }
                next.put(name, event);
            }
        }
        return found;
    }

    /** Returns the edit that a read shows and whose event has not arrived yet. */
    private Optional<Event> laterEdit(String name, Event newest) {
        if (!record.isRead() || !record.fields().containsKey(name)) {
            return Optional.empty();
        }
        Object crm = Values.storable(record.fields().get(name));
        boolean known = crmFields.isLike(name, crm, newest.value())
                || crmFields.isEcho(record, name, ours, waitingSince(name) != null)
                || origin(name, crm, record.at(name)) != Origin.EDIT;
        return known ? Optional.empty() : Optional.of(new Event(crm, record.at(name), Origin.EDIT));
    }

    private Event event(String name, CrmRecord edit) {
        Object value = value(name, edit);
        return new Event(value, edit.at(name), origin(name, value, edit.at(name)));
    }

    /**
     * @param next     next value of the field in the events; null when there is none
     * @param nextEdit next value of the field in the events that Sluice did not write
     * @return null if no write of Sluice replaced the edit
     */
    private Replaced replaced(String name, Event edit, Event next, Event nextEdit) {
        if (edit.at().isAfter(ours.settledAt.plus(crmFields.skew()))) {
            return null;
        }
        boolean isEchoed = next != null && next.isOurs();
        if (ours.isDeletedByUs && !isEchoed && nextEdit == null && !isEditedSince(name, edit.at())) {
            return new Replaced(name, deleted(name, edit), Decision.DATABASE_WINS);
        }
        if (!isEchoed
                && !(nextEdit == null
                        ? isThereWhatWeWrote(name, edit.value()) || isEditedSince(name, edit.at())
                        : nextEdit.origin() == Origin.TAKEN
                                || isWrittenBefore(name, nextEdit.at())
                                || ours.hasWritten(name, edit.at(), nextEdit.at()))) {
            return null;
        }
        Field field = isEchoed ? echoed(name, edit, next.value()) : replacedByFirstWrite(name, edit);
        if (field == null || field.oursAt() == null) {
            return null;
        }
        Decision decision = Merge.decide(field, conflictRule, crmFields.precision());
        if (!decision.isConflict()) {
            return null;
        }
        boolean restores = decision == Decision.CRM_WINS && nextEdit == null && isThereWhatWeWrote(name, edit.value());
        return new Replaced(name, field, restores ? decision : Decision.DATABASE_WINS);
    }

    /** Returns the field for an edit that was the last one before the delete, or before our last write, which preceded it. */
    private Field deleted(String name, Event edit) {
        Instant written = ours.knownSince(name);
        Field field = written == null || edit.at().isAfter(written) ? null : replacedByFirstWrite(name, edit);
        return field == null || field.oursAt() == null
                ? new Field(new Agreed(ours.base.get(name)), edit.value(), edit.at(), null, ours.deletedAt)
                : field;
    }

    private Object value(String name, CrmRecord edit) {
        return Values.storable(
                Values.ofMillis(targetTable.column(name).type(), edit.fields().get(name)));
    }

    private Origin origin(String name, Object value, Instant at) {
        if (ours.mayHaveWritten(name, value)) {
            return Origin.OURS;
        }
        if (crmFields.isLike(name, ours.base.get(name), value)) {
            return ours.isTaken(name) ? Origin.TAKEN : Origin.OURS;
        }
        List<RecordState.Prior> held = ours.held(name);
        for (int i = 0; i < held.size(); i++) {
            if (held.get(i).isKnown()
                    && RecordState.mayReport(held, i, at, crmFields.skew())
                    && crmFields.isLike(name, held.get(i).value(), value)) {
                return i + 1 < held.size() && held.get(i + 1).taken() ? Origin.TAKEN : Origin.OURS;
            }
        }
        return Origin.EDIT;
    }

    /** Whether the field still has our value, or the CRM's form of it: no user has edited it since. */
    private boolean isThereWhatWeWrote(String name, Object value) {
        if (!record.fields().containsKey(name)) {
            return false;
        }
        Object crm = record.isRead() ? Values.storable(record.fields().get(name)) : value(name, record);
        return !crmFields.isLike(name, crm, value)
                && (ChangedPage.holds(ours.base, name, crm) && !ours.isTaken(name)
                        || ours.mayHaveWritten(name, crm)
                        || record.isRead() && crmFields.isEcho(record, name, ours, waitingSince(name) != null));
    }

    /** Whether the base has a value that a user gave the field at this time or later. */
    private boolean isEditedSince(String name, Instant at) {
        return ours.isTaken(name) && ours.isKnown(name, at);
    }

    /**
     * Whether a user has edited the field again after a write of ours: after the last one ended, within the skew of the
     * clocks, or maybe after one whose time is not known, because its answer was lost.
     */
    private boolean isWrittenBefore(String name, Instant next) {
        boolean unproven = ours.unproven.containsKey(name);
        return unproven && !ours.isKnown(name, next)
                || (unproven || !ours.held(name).isEmpty()) && !next.isBefore(ours.settledAt.minus(crmFields.skew()));
    }

    /** Returns the time of the pending change of the field; null if there is none. */
    private Instant waitingSince(String name) {
        return ours.changedAt(name, targetTable.column(name).name());
    }

    /** Returns the time of our latest change of the field, whether it is written or pending. */
    private Instant latestChange(String name) {
        Instant waiting = waitingSince(name);
        return waiting == null ? ours.knownSince(name) : waiting;
    }

    /**
     * Returns the field for an edit that was replaced by a write whose own value is in the events. A later change of ours
     * stays, so that its time counts.
     */
    private Field echoed(String name, Event edit, Object written) {
        List<RecordState.Prior> held = ours.held(name);
        if (crmFields.isLike(name, ours.base.get(name), written)) {
            return held.isEmpty()
                    ? null
                    : new Field(
                            new Agreed(held.get(0).value()),
                            edit.value(),
                            edit.at(),
                            ours.base.get(name),
                            latestChange(name));
        }
        for (int i = 0; i + 1 < held.size(); i++) {
            if (crmFields.isLike(name, held.get(i).value(), written)) {
                return new Field(
                        new Agreed(held.get(i + 1).value()),
                        edit.value(),
                        edit.at(),
                        held.get(i).value(),
                        latestChange(name));
            }
        }
        return replacedByFirstWrite(name, edit);
    }

    /** Returns the field for an edit that was replaced by our first write after it; null if that write is too old. */
    private Field replacedByFirstWrite(String name, Event edit) {
        Instant known = ours.knownSince(name);
        List<Object> unproven = ours.unproven.getOrDefault(name, List.of());
        if (unproven.isEmpty() || known != null && !edit.at().isAfter(known)) {
            return proven(name, edit);
        }
        Instant waiting = waitingSince(name);
        return new Field(
                new Agreed(ours.base.get(name)),
                edit.value(),
                edit.at(),
                unproven.get(unproven.size() - 1),
                waiting == null ? ours.settledAt : waiting);
    }

    private Field proven(String name, Event edit) {
        List<RecordState.Prior> held = ours.held(name);
        int replaced = 0;
        while (replaced < held.size()
                && held.get(replaced).since() != null
                && !edit.at().isAfter(held.get(replaced).since())) {
            replaced++;
        }
        if (replaced == held.size() || held.get(replaced).taken()) {
            return null; // older than all that is kept, or a user has edited the field again before we wrote it
        }
        // a later change of ours stays, so that its time counts
        return new Field(
                new Agreed(held.get(replaced).value()),
                edit.value(),
                edit.at(),
                replaced > 0 ? held.get(replaced - 1).value() : ours.base.get(name),
                latestChange(name));
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.CrmEvent;
import io.sluice.CrmRecord;
import io.sluice.Sync;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/** All waiting events of one record, in the order in which they happened, which may not be the order of their arrival. */
public record RecordEvents(Record record, List<CrmEvent> events) {

    /** Identifies a record by account, object and CRM id. */
    public record Record(String account, String object, String crmId) {}

    public RecordEvents {
        events = events.stream().sorted(Comparator.comparing(CrmEvent::at)).toList();
    }

    static List<RecordEvents> of(List<Inbox.Row> rows) {
        Map<Record, List<CrmEvent>> byRecord = new LinkedHashMap<>();
        rows.forEach(row -> byRecord.computeIfAbsent(
                        new Record(
                                row.account(), row.event().object(), row.event().crmId()),
                        first -> new ArrayList<>())
                .add(row.event()));
        return byRecord.entrySet().stream()
                .map(entry -> new RecordEvents(entry.getKey(), entry.getValue()))
                .toList();
    }

    List<UUID> identities() {
        return events.stream().map(CrmEvent::identity).toList();
    }

    Instant last() {
        return events.get(events.size() - 1).at();
    }

    /** Whether the record may be deleted, so that it must be looked up in the CRM; earlier values are void. */
    public boolean isDeleted() {
        return lastLifecycleKind() == CrmEvent.Kind.DELETED || lastLifecycleKind() == CrmEvent.Kind.MISSING;
    }

    private CrmEvent.Kind lastLifecycleKind() {
        return events.stream()
                .map(CrmEvent::kind)
                .filter(kind -> kind != CrmEvent.Kind.VALUE)
                .reduce((before, after) -> after)
                .orElse(CrmEvent.Kind.VALUE);
    }

    /** Time at which the CRM deleted the record; null when no event says so. */
    Instant deletedAt() {
        return events.stream()
                .filter(crmEvent -> crmEvent.kind() == CrmEvent.Kind.DELETED)
                .map(CrmEvent::at)
                .reduce((a, b) -> b)
                .orElse(null);
    }

    /** Whether the values of the events are not enough and the record must be read back. */
    boolean needsReadBack() {
        return !isDeleted()
                && (events.stream().anyMatch(crmEvent -> crmEvent.kind() == CrmEvent.Kind.READ_BACK) || isAmbiguous());
    }

    /** Whether a field got two values at the same time, so that their order is unknown. */
    private boolean isAmbiguous() {
        Map<List<Object>, CrmEvent> values = new HashMap<>();
        for (CrmEvent crmEvent : events) {
            CrmEvent other = crmEvent.kind() != CrmEvent.Kind.VALUE
                    ? null
                    : values.putIfAbsent(List.of(crmEvent.field(), crmEvent.at()), crmEvent);
            if (other != null && !Objects.equals(other.value(), crmEvent.value())) {
                return true;
            }
        }
        return false;
    }

    /** Whether the record was created: its events may not contain all of its values. */
    boolean isCreated() {
        return !isDeleted() && events.stream().anyMatch(crmEvent -> crmEvent.kind() == CrmEvent.Kind.CREATED);
    }

    boolean hasValueOf(String field) {
        return events.stream().anyMatch(crmEvent -> field.equals(crmEvent.field()));
    }

    /** Returns the edits of a sync's fields, oldest first. */
    List<CrmRecord> edits(Sync sync) {
        return events.stream()
                .filter(crmEvent -> crmEvent.kind() == CrmEvent.Kind.VALUE
                        && sync.getFields().containsValue(crmEvent.field()))
                .map(crmEvent -> {
                    Map<String, Object> field = new LinkedHashMap<>();
                    field.put(crmEvent.field(), crmEvent.value());
                    return CrmRecord.ofEvents(record.crmId(), field, Map.of(crmEvent.field(), crmEvent.at()));
                })
                .toList();
    }

    /** Returns the last value of each field of a sync; null when the events contain none. */
    CrmRecord of(Sync sync) {
        Map<String, Object> fields = new LinkedHashMap<>();
        Map<String, Instant> fieldTimes = new LinkedHashMap<>();
        for (CrmEvent crmEvent : events) {
            if (crmEvent.kind() == CrmEvent.Kind.VALUE && sync.getFields().containsValue(crmEvent.field())) {
                fields.put(crmEvent.field(), crmEvent.value());
                fieldTimes.put(crmEvent.field(), crmEvent.at());
            }
        }
        return fields.isEmpty() ? null : CrmRecord.ofEvents(record.crmId(), fields, fieldTimes);
    }
}

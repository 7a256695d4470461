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

/** All that was told of one record, in the order in which it happened, not that in which it came. */
public record RecordEvents(Record record, List<CrmEvent> events) {

    /** Which record. */
    public record Record(String account, String object, String crmId) {
    }

    public RecordEvents {
        events = events.stream().sorted(Comparator.comparing(CrmEvent::at)).toList();
    }

    static List<RecordEvents> of(List<Inbox.Row> rows) {
        Map<Record, List<CrmEvent>> byRecord = new LinkedHashMap<>();
        rows.forEach(row -> byRecord.computeIfAbsent(
                new Record(row.account(), row.event().object(), row.event().crmId()), first -> new ArrayList<>())
                .add(row.event()));
        return byRecord.entrySet().stream().map(entry -> new RecordEvents(entry.getKey(), entry.getValue())).toList();
    }

    List<UUID> identities() {
        return events.stream().map(CrmEvent::identity).toList();
    }

    Instant last() {
        return events.get(events.size() - 1).at();
    }

    /** Whether the record seems to be gone, so that the CRM must be asked what became of it; earlier values are void. */
    public boolean isGone() {
        return life() == CrmEvent.Kind.DELETED || life() == CrmEvent.Kind.MISSING;
    }

    private CrmEvent.Kind life() {
        return events.stream().map(CrmEvent::kind).filter(kind -> kind != CrmEvent.Kind.VALUE)
                .reduce((before, after) -> after).orElse(CrmEvent.Kind.VALUE);
    }

    /** When the CRM said that it was deleted, or null where nobody has said so. */
    Instant goneAt() {
        return events.stream().filter(crmEvent -> crmEvent.kind() == CrmEvent.Kind.DELETED).map(CrmEvent::at).reduce((a, b) -> b).orElse(null);
    }

    /** Whether its values alone don't tell what it is now. */
    boolean needsLook() {
        return !isGone() && (events.stream().anyMatch(crmEvent -> crmEvent.kind() == CrmEvent.Kind.READ_BACK) || isAmbiguous());
    }

    /** Whether a field became two things at one moment: nobody can tell which is the later. */
    private boolean isAmbiguous() {
        Map<List<Object>, CrmEvent> told = new HashMap<>();
        for (CrmEvent crmEvent : events) {
            CrmEvent other = crmEvent.kind() != CrmEvent.Kind.VALUE ? null
                    : told.putIfAbsent(List.of(crmEvent.field(), crmEvent.at()), crmEvent);
            if (other != null && !Objects.equals(other.value(), crmEvent.value())) {
                return true;
            }
        }
        return false;
    }

    /** Whether it says that the record was made, so that its values are not all there is. */
    boolean isNew() {
        return !isGone() && events.stream().anyMatch(crmEvent -> crmEvent.kind() == CrmEvent.Kind.CREATED);
    }

    boolean tells(String field) {
        return events.stream().anyMatch(crmEvent -> field.equals(crmEvent.field()));
    }

    /** Each value that a field of a sync came to have, oldest first. */
    List<CrmRecord> edits(Sync sync) {
        return events.stream().filter(crmEvent -> crmEvent.kind() == CrmEvent.Kind.VALUE
                        && sync.getFields().containsValue(crmEvent.field()))
                .map(crmEvent -> {
                    Map<String, Object> field = new LinkedHashMap<>();
                    field.put(crmEvent.field(), crmEvent.value());
                    return CrmRecord.ofEvents(record.crmId(), field, Map.of(crmEvent.field(), crmEvent.at()));
                }).toList();
    }

    /** What a sync is told, the last value of each field; null where it is nothing. */
    CrmRecord of(Sync sync) {
        Map<String, Object> fields = new LinkedHashMap<>();
        Map<String, Instant> told = new LinkedHashMap<>();
        for (CrmEvent crmEvent : events) {
            if (crmEvent.kind() == CrmEvent.Kind.VALUE && sync.getFields().containsValue(crmEvent.field())) {
                fields.put(crmEvent.field(), crmEvent.value());
                told.put(crmEvent.field(), crmEvent.at());
            }
        }
        return fields.isEmpty() ? null : CrmRecord.ofEvents(record.crmId(), fields, told);
    }
}

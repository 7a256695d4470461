package io.sluice.receive;

import io.sluice.Event;
import io.sluice.Received;
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
public record Telling(Record record, List<Event> events) {

    /** Which record. */
    public record Record(String account, String object, String crmId) {
    }

    public Telling {
        events = events.stream().sorted(Comparator.comparing(Event::at)).toList();
    }

    static List<Telling> of(List<Inbox.Row> rows) {
        Map<Record, List<Event>> byRecord = new LinkedHashMap<>();
        rows.forEach(row -> byRecord.computeIfAbsent(
                new Record(row.account(), row.event().object(), row.event().crmId()), first -> new ArrayList<>())
                .add(row.event()));
        return byRecord.entrySet().stream().map(entry -> new Telling(entry.getKey(), entry.getValue())).toList();
    }

    List<UUID> identities() {
        return events.stream().map(Event::identity).toList();
    }

    Instant last() {
        return events.get(events.size() - 1).at();
    }

    /** Whether the record seems to be gone, so that the CRM must be asked what became of it; earlier values are void. */
    public boolean isGone() {
        return life() == Event.Kind.GONE || life() == Event.Kind.MISSING;
    }

    private Event.Kind life() {
        return events.stream().map(Event::kind).filter(kind -> kind != Event.Kind.VALUE)
                .reduce((before, after) -> after).orElse(Event.Kind.VALUE);
    }

    /** When the CRM said that it was deleted, or null where nobody has said so. */
    Instant goneAt() {
        return events.stream().filter(event -> event.kind() == Event.Kind.GONE).map(Event::at).reduce((a, b) -> b).orElse(null);
    }

    /** Whether its values alone don't tell what it is now. */
    boolean needsLook() {
        return !isGone() && (events.stream().anyMatch(event -> event.kind() == Event.Kind.LOOK) || isAmbiguous());
    }

    /** Whether a field became two things at one moment: nobody can tell which is the later. */
    private boolean isAmbiguous() {
        Map<List<Object>, Event> told = new HashMap<>();
        for (Event event : events) {
            Event other = event.kind() != Event.Kind.VALUE ? null
                    : told.putIfAbsent(List.of(event.field(), event.at()), event);
            if (other != null && !Objects.equals(other.value(), event.value())) {
                return true;
            }
        }
        return false;
    }

    /** Whether it says that the record was made, so that its values are not all there is. */
    boolean isNew() {
        return !isGone() && events.stream().anyMatch(event -> event.kind() == Event.Kind.NEW);
    }

    boolean tells(String field) {
        return events.stream().anyMatch(event -> field.equals(event.field()));
    }

    /** Each value that a field of a sync came to have, oldest first. */
    List<Received> edits(Sync sync) {
        return events.stream().filter(event -> event.kind() == Event.Kind.VALUE
                        && sync.getFields().containsValue(event.field()))
                .map(event -> {
                    Map<String, Object> field = new LinkedHashMap<>();
                    field.put(event.field(), event.value());
                    return Received.told(record.crmId(), field, Map.of(event.field(), event.at()));
                }).toList();
    }

    /** What a sync is told, the last value of each field; null where it is nothing. */
    Received of(Sync sync) {
        Map<String, Object> fields = new LinkedHashMap<>();
        Map<String, Instant> told = new LinkedHashMap<>();
        for (Event event : events) {
            if (event.kind() == Event.Kind.VALUE && sync.getFields().containsValue(event.field())) {
                fields.put(event.field(), event.value());
                told.put(event.field(), event.at());
            }
        }
        return fields.isEmpty() ? null : Received.told(record.crmId(), fields, told);
    }
}

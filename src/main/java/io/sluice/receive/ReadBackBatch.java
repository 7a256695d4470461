// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.CrmRecord;
import io.sluice.Operation;
import io.sluice.RecordChange;
import io.sluice.Sync;
import io.sluice.crm.CrmCall;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/** Batch of records of one object that one call reads back, for all syncs of the object. */
public final class ReadBackBatch {

    private final String account;
    private final String object;
    private final String crm;
    private final List<Sync> syncs;
    /** CRM id to events; further events of a record may have arrived meanwhile. */
    private final Map<String, List<RecordEvents>> events = new LinkedHashMap<>();
    /** CRM id to key of the records to look up, which may have been deleted; null when the batch is read by id. */
    private final Map<String, String> lookup;

    private Instant readAt;

    ReadBackBatch(
            String account,
            String object,
            String crm,
            List<Sync> syncs,
            List<RecordEvents> events,
            Map<String, String> lookup) {
        this.account = account;
        this.object = object;
        this.crm = crm;
        this.syncs = syncs;
        this.lookup = lookup;
        events.forEach(recordEvents -> this.events
                .computeIfAbsent(recordEvents.record().crmId(), first -> new ArrayList<>())
                .add(recordEvents));
    }

    public String account() {
        return account;
    }

    String object() {
        return object;
    }

    public List<Sync> syncs() {
        return syncs;
    }

    /** Notes the time of the call that is about to be made. */
    void beforeCall(Instant now) {
        readAt = now;
    }

    Instant readAt() {
        return readAt;
    }

    /** Time of the record's last event. */
    Instant lastEventAt(String crmId) {
        return of(crmId).stream()
                .map(RecordEvents::last)
                .max(Instant::compareTo)
                .orElse(readAt);
    }

    /** Maps CRM ids to the edits of a sync's fields, oldest first. */
    Map<String, List<CrmRecord>> edits(Sync sync) {
        Map<String, List<CrmRecord>> edits = new LinkedHashMap<>();
        events.forEach((crmId, ofRecord) -> edits.put(
                crmId,
                new RecordEvents(
                                ofRecord.get(0).record(),
                                ofRecord.stream()
                                        .flatMap(recordEvents -> recordEvents.events().stream())
                                        .toList())
                        .edits(sync)));
        return edits;
    }

    /** Time at which the CRM deleted a record; null when no event says so. */
    Instant deletedAt(String crmId) {
        return of(crmId).stream()
                .map(RecordEvents::deletedAt)
                .filter(Objects::nonNull)
                .max(Instant::compareTo)
                .orElse(null);
    }

    boolean isLookup() {
        return lookup != null;
    }

    /** Whether the batch needs no call, because none of its records is known any more. */
    boolean isEmpty() {
        return isLookup() && lookup.isEmpty();
    }

    /** CRM ids of the records that the answer must mention; for a lookup only those that are still known. */
    Set<String> requestedIds() {
        return isLookup() ? lookup.keySet() : events.keySet();
    }

    List<String> crmIds() {
        return List.copyOf(events.keySet());
    }

    /** Body of the call: CRM ids, or for a lookup records with their keys. */
    public List<?> getIds() {
        return !isLookup()
                ? crmIds()
                : lookup.entrySet().stream()
                        .map(it -> new RecordChange(it.getValue(), Operation.UPSERT, it.getKey(), Map.of()))
                        .toList();
    }

    private List<RecordEvents> of(String crmId) {
        return events.getOrDefault(crmId, List.of());
    }

    List<UUID> identities(Collection<String> crmIds) {
        return crmIds.stream()
                .flatMap(id -> of(id).stream())
                .flatMap(recordEvents -> recordEvents.identities().stream())
                .toList();
    }

    /** The call that reads the records. */
    public CrmCall.ReadBack getCall() {
        TreeSet<String> fields = new TreeSet<>();
        syncs.forEach(sync -> {
            fields.addAll(sync.getFields().values());
            fields.add(sync.getExternalId());
        });
        return new CrmCall.ReadBack(
                crm,
                account,
                isLookup() ? "lookup" : "read",
                object,
                syncs.stream().findFirst().map(Sync::getExternalId).orElse(null),
                String.join(",", fields));
    }
}

package io.sluice.receive;

import io.sluice.CrmRecord;
import io.sluice.Operation;
import io.sluice.RecordChange;
import io.sluice.Sync;
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

/** Records of one object that are read in one call, for all syncs that they concern. */
public final class ReadBackBatch {

    private final String account;
    private final String object;
    private final String crm;
    private final List<Sync> syncs;
    /** By CRM id; the same record may have been told of again meanwhile. */
    private final Map<String, List<RecordEvents>> tellings = new LinkedHashMap<>();
    /** CRM id to key of records of which the CRM is asked what became of them; null where they are just read. */
    private final Map<String, String> lookup;
    private Instant readAt;

    ReadBackBatch(String account, String object, String crm, List<Sync> syncs, List<RecordEvents> tellings,
            Map<String, String> lookup) {
        this.account = account;
        this.object = object;
        this.crm = crm;
        this.syncs = syncs;
        this.lookup = lookup;
        tellings.forEach(telling ->
                this.tellings.computeIfAbsent(telling.record().crmId(), first -> new ArrayList<>()).add(telling));
    }

    String account() {
        return account;
    }

    String object() {
        return object;
    }

    List<Sync> syncs() {
        return syncs;
    }

    /** A call is about to be made. */
    void asking(Instant now) {
        readAt = now;
    }

    Instant readAt() {
        return readAt;
    }

    /** When the CRM last told of the record. */
    Instant lastTold(String crmId) {
        return of(crmId).stream().map(RecordEvents::last).max(Instant::compareTo).orElse(readAt);
    }

    /** By CRM id each value that a field of a sync came to have, oldest first. */
    Map<String, List<CrmRecord>> edits(Sync sync) {
        Map<String, List<CrmRecord>> edits = new LinkedHashMap<>();
        tellings.forEach((crmId, ofRecord) -> edits.put(crmId, new RecordEvents(ofRecord.get(0).record(),
                ofRecord.stream().flatMap(telling -> telling.events().stream()).toList()).edits(sync)));
        return edits;
    }

    /** When the CRM said of a record that it was deleted, or null where it did not. */
    Instant goneAt(String crmId) {
        return of(crmId).stream().map(RecordEvents::goneAt).filter(Objects::nonNull).max(Instant::compareTo).orElse(null);
    }

    boolean isLookup() {
        return lookup != null;
    }

    /** Whether nothing is to be asked: of records that are known no more. */
    boolean isPointless() {
        return isLookup() && lookup.isEmpty();
    }

    /** The records of which an answer must say something: of a look-up those alone that are known still. */
    Set<String> asked() {
        return isLookup() ? lookup.keySet() : tellings.keySet();
    }

    List<String> crmIds() {
        return List.copyOf(tellings.keySet());
    }

    /** What the reader takes: CRM ids, or records with their keys. */
    public List<?> getIds() {
        return !isLookup() ? crmIds() : lookup.entrySet().stream()
                .map(it -> new RecordChange(it.getValue(), Operation.UPSERT, it.getKey(), Map.of())).toList();
    }

    private List<RecordEvents> of(String crmId) {
        return tellings.getOrDefault(crmId, List.of());
    }

    List<UUID> identities(Collection<String> crmIds) {
        return crmIds.stream().flatMap(id -> of(id).stream()).flatMap(telling -> telling.identities().stream()).toList();
    }

    /** The Kamelet that reads them. */
    public String getReader() {
        TreeSet<String> fields = new TreeSet<>();
        syncs.forEach(sync -> {
            fields.addAll(sync.getFields().values());
            fields.add(sync.getExternalId());
        });
        return "kamelet:" + crm + (isLookup() ? "-lookup-action?externalId=" + syncs.get(0).getExternalId() + "&" : "-read-action?")
                + "account=" + account + "&object=" + object + "&fields=" + String.join(",", fields);
    }
}

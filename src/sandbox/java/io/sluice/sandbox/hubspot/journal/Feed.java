// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot.journal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.hubspot.webhook.Change;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Section;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Keeps an account's journal: a file for each commit with subscribed changes, in order, for three days. Subscriptions
 * survive a restart; the files do not, and their offsets count as expired.
 */
public final class Feed implements Section {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String KEPT = "journal";

    private final Account account;
    private final long portalId;
    private final TreeMap<Long, Entry> entries = new TreeMap<>();
    private final Map<UUID, Long> places = new HashMap<>();
    private long nextPlace = 1;
    private long published;
    private long written;
    private volatile State state;

    /** Holds the persistent state. */
    private record State(Settings settings, List<Subscription> subscriptions, long nextId) {}

    public Feed(Account account, long portalId) {
        this.account = account;
        this.portalId = portalId;
    }

    // --- what is subscribed to

    public Settings settings() {
        return state().settings;
    }

    public List<Subscription> subscriptions() {
        return state().subscriptions;
    }

    /** Changes the named settings, such as {@code {"urlSeconds":5}}. */
    public synchronized void change(JsonNode named) {
        ObjectNode all = JSON.valueToTree(state().settings);
        all.fieldNames().forEachRemaining(name -> {
            if (named.has(name)) {
                all.set(name, named.get(name));
            }
        });
        keep(new State(read(all, Settings.class), state().subscriptions, state().nextId));
    }

    /** @throws IllegalArgumentException saying what is wrong with it */
    public synchronized Subscription subscribe(JsonNode asked, String objectTypeId, List<String> associatedTypeIds) {
        ObjectNode whole = JSON.createObjectNode()
                .put("id", state().nextId)
                .put("type", asked.path("subscriptionType").asText())
                .put("objectTypeId", objectTypeId)
                .put("createdAt", account.store().now());
        for (String list : List.of("actions", "properties", "objectIds")) {
            ArrayNode texts = whole.putArray(list);
            asked.path(list).forEach(one -> texts.add(one.asText()));
        }
        associatedTypeIds.forEach(whole.putArray("associatedTypeIds")::add);
        Subscription fresh = read(whole, Subscription.class);
        List<Subscription> all = new ArrayList<>(state().subscriptions);
        all.add(fresh);
        keep(new State(state().settings, all, state().nextId + 1));
        return fresh;
    }

    public synchronized void unsubscribe(long id) {
        keep(new State(
                state().settings,
                state().subscriptions.stream().filter(one -> one.id() != id).toList(),
                state().nextId));
    }

    public synchronized void unsubscribeAll() {
        keep(new State(state().settings, List.of(), state().nextId));
    }

    private State state() {
        if (state == null) {
            state = account.kept(KEPT)
                    .map(kept -> read(kept, State.class))
                    .orElse(new State(Settings.FIRST, List.of(), 1));
        }
        return state;
    }

    private void keep(State changed) {
        state = changed;
        account.keep(KEPT, JSON.valueToTree(changed));
    }

    private static <T> T read(JsonNode node, Class<T> type) {
        try {
            return JSON.treeToValue(node, type);
        } catch (JsonProcessingException e) {
            Throwable reason = e.getCause() instanceof IllegalArgumentException ? e.getCause() : e;
            throw new IllegalArgumentException(reason.getMessage(), e);
        }
    }

    // --- what stands in it

    /** Whether anything is subscribed. */
    public boolean isRead() {
        return !subscriptions().isEmpty();
    }

    public void publish(List<Change> changes) {
        append(Events.of(changes, subscriptions(), portalId));
    }

    /** Writes a snapshot of a record. */
    public void publishSnapshot(String typeId, String objectId, Map<String, String> properties) {
        append(List.of(Events.event(portalId, account.store().now(), "SNAPSHOT", typeId, objectId, properties)));
    }

    private synchronized void append(List<ObjectNode> events) {
        if (events.isEmpty()) {
            return;
        }
        long now = account.store().now();
        UUID offset = UUID.randomUUID();
        ObjectNode file = JSON.createObjectNode().put("offset", offset.toString());
        events.forEach(file.putArray("journalEvents")::add);
        file.put("publishedAt", Instant.ofEpochMilli(now).toString());
        try {
            entries.put(nextPlace, new Entry(nextPlace, offset, now, JSON.writeValueAsBytes(file)));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
        places.put(offset, nextPlace++);
        published++;
        written += events.size();
        forget();
    }

    /** Drops the files that are older than the history. */
    private void forget() {
        long oldest = account.store().now() - settings().historySeconds() * 1000;
        while (!entries.isEmpty() && entries.firstEntry().getValue().publishedAt() < oldest) {
            places.remove(entries.pollFirstEntry().getValue().offset());
        }
    }

    public synchronized List<Entry> earliest(int most) {
        forget();
        return entries.values().stream().limit(most).toList();
    }

    public synchronized List<Entry> latest(int most) {
        forget();
        List<Entry> newestFirst =
                entries.descendingMap().values().stream().limit(most).toList();
        return newestFirst.stream()
                .sorted(java.util.Comparator.comparingLong(Entry::place))
                .toList();
    }

    /** Answers the files after an offset; empty when the offset is unknown or has expired. */
    public synchronized Optional<List<Entry>> after(String offset, int most) {
        return find(offset).map(entry -> entries.tailMap(entry.place(), false).values().stream()
                .limit(most)
                .toList());
    }

    public synchronized Optional<Entry> find(String offset) {
        forget();
        try {
            return Optional.ofNullable(places.get(UUID.fromString(offset))).map(entries::get);
        } catch (IllegalArgumentException noUuid) {
            return Optional.empty();
        }
    }

    // --- what the referee tells of it

    @Override
    public String name() {
        return "journal";
    }

    @Override
    public synchronized ObjectNode describe() {
        return JSON.createObjectNode()
                .put("files", published)
                .put("events", written)
                .put("subscriptions", subscriptions().size());
    }

    @Override
    public synchronized void reset() {
        published = 0;
        written = 0;
    }
}

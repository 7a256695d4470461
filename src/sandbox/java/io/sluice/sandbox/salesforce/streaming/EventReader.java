// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.util.List;
import java.util.Optional;

/** Reads one account's change and platform events by topic and replay id. The caller keeps its position. */
public final class EventReader {

    private final Store store;
    private final EventStream stream;
    private final EventTypes types;

    /**
     * Represents a published event.
     *
     * @param schema    id of its schema
     * @param isGarbled whether its binary form can't be decoded
     */
    public record Published(long replayId, String schema, JsonNode payload, boolean isGarbled) {

        /** Answers the object whose change it tells; empty for a platform event. */
        public String object() {
            return payload.path("ChangeEventHeader").path("entityName").asText();
        }
    }

    EventReader(Store store, EventStream stream, EventTypes types) {
        this.store = store;
        this.stream = stream;
        this.types = types;
    }

    /** Whether the topic exists, such as {@code /data/ContactChangeEvent}. PushTopics are no topics here. */
    public boolean exists(String topic) {
        return Channel.exists(store, topic);
    }

    /** Answers the event of a topic; empty for a topic of several objects. */
    public Optional<EventType> typeOf(String topic) {
        return store.tables().stream()
                .map(Table::type)
                .filter(type -> topic.equals(
                        Channel.isPlatformEvent(type) ? Channel.ofPlatformEvent(type) : Channel.ofChanges(type)))
                .findFirst()
                .map(types::of);
    }

    /** Finds the event of a schema. */
    public Optional<EventType> typeOfSchema(String schema) {
        return types.find(store, schema);
    }

    /** Answers the first retained events of a topic after a replay id; 0 is before all of them. */
    public List<Published> after(String topic, long replayId, int most) {
        return stream.after(topic, replayId, most).stream()
                .map(due -> new Published(
                        due.replayId(),
                        due.event().data().path("schema").asText(),
                        due.event().data().path("payload"),
                        due.event().isGarbled()))
                .toList();
    }

    /** Whether all events after this replay id are retained. */
    public boolean isRetained(long replayId) {
        return stream.isRetained(replayId);
    }

    /** Answers a replay id after which nothing was published yet. */
    public long latest() {
        return stream.mark();
    }

    /** Whether no deliveries are left on this topic. */
    public boolean isExhausted(String topic) {
        return stream.isExhausted(topic);
    }

    /** Spends one delivery on a topic and counts it; answers false when none is left. */
    public boolean spend(String topic) {
        return stream.spend(topic);
    }

    /** Calls this after each publication; it must return at once. */
    public void onPublish(Runnable listener) {
        stream.onPublish(listener);
    }

    /** Answers the time after which a subscription without events gets an empty response. */
    public long keepAliveMillis() {
        return stream.settings().keepAliveMillis();
    }

    /** Answers the time in which a subscription must request events again. */
    public long fetchMillis() {
        return stream.settings().fetchMillis();
    }
}

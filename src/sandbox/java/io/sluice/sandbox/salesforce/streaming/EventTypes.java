// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.ObjectType;
import io.sluice.sandbox.store.Store;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Knows the schemas of an account's events. An object gets a new one whenever its fields change; old ones stay known. */
final class EventTypes {

    /** Computed fields that events hold: who wrote when, without SystemModstamp. */
    private static final Set<String> AUDIT =
            Set.of("CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById");

    private static final Set<String> CREATION = Set.of("CreatedDate", "CreatedById");

    private final Map<ObjectType, Known> latest = new ConcurrentHashMap<>();
    private final Map<String, EventType> bySchema = new ConcurrentHashMap<>();

    /** Holds the event of an object, and the fields of the object that it was made from. */
    private record Known(List<Field> all, EventType event) {}

    /** Answers the present event of an object. */
    EventType of(ObjectType type) {
        List<Field> all = type.fields();
        Known known = latest.get(type);
        if (known != null && known.all() == all) {
            return known.event();
        }
        boolean isChange = !Channel.isPlatformEvent(type);
        EventType event = new EventType(
                SchemaId.of(type),
                isChange ? Channel.changeEvent(type) : type.name(),
                isChange,
                all.stream().filter(field -> isIn(field, isChange)).toList());
        latest.put(type, new Known(all, event));
        bySchema.put(event.schema(), event);
        return event;
    }

    private static boolean isIn(Field field, boolean isChange) {
        return field.source() == null || (isChange ? AUDIT : CREATION).contains(field.name());
    }

    /** Finds the event of a schema: a present one, or one of an event that was published. */
    Optional<EventType> find(Store store, String schema) {
        if (!bySchema.containsKey(schema)) {
            store.tables().forEach(table -> of(table.type()));
        }
        return Optional.ofNullable(bySchema.get(schema));
    }
}

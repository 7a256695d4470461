// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.hubspot;

import io.sluice.sandbox.hubspot.journal.Feed;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Table;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Writes requested snapshots of records to the journal. A snapshot is due some time after its request and is written
 * when somebody reads the journal: no reader sees the difference.
 */
final class Snapshots {

    /** Status of a snapshot. */
    enum Status {
        PENDING,
        IN_PROGRESS,
        COMPLETED,
        FAILED,
        EXPIRED
    }

    /** @param completedAt null before it has ended; like the other milliseconds since 1970 */
    record State(Status status, long initiatedAt, Long completedAt) {}

    private record Asked(String id, Table table, String objectId, Set<String> properties, long at) {}

    private final Account account;
    private final Feed feed;
    private final Deque<Asked> waiting = new ArrayDeque<>();
    private final Map<String, State> states = new HashMap<>();

    Snapshots(Account account, Feed feed) {
        this.account = account;
        this.feed = feed;
    }

    /** @return the id by which its status is asked for */
    synchronized String ask(Table table, String objectId, Set<String> properties) {
        String id = UUID.randomUUID().toString();
        long now = account.store().now();
        waiting.add(new Asked(id, table, objectId, properties, now));
        states.put(id, new State(Status.PENDING, now, null));
        return id;
    }

    /** Writes the snapshots that are due. */
    synchronized void settle() {
        long due = account.store().now() - feed.settings().snapshotMs();
        while (!waiting.isEmpty() && waiting.peek().at() <= due) {
            Asked asked = waiting.poll();
            Row row = ApiCall.live(asked.table(), asked.objectId());
            states.put(
                    asked.id(),
                    new State(
                            row == null ? Status.FAILED : Status.COMPLETED,
                            asked.at(),
                            asked.at() + feed.settings().snapshotMs()));
            if (row != null) {
                feed.publishSnapshot(asked.table().type().keyPrefix(), row.id(), properties(asked, row));
            }
        }
    }

    private static Map<String, String> properties(Asked asked, Row row) {
        Map<String, String> values = new LinkedHashMap<>();
        for (Field field : asked.table().type().fields()) {
            if (RecordJson.isProperty(field)
                    && (asked.properties().isEmpty() || asked.properties().contains(field.name()))) {
                values.put(field.name(), Changes.wireValue(field, RecordJson.value(field, row)));
            }
        }
        return values;
    }

    /** Finds the status of a snapshot; empty when none has this id. */
    synchronized Optional<State> status(String id) {
        settle();
        return Optional.ofNullable(states.get(id)).map(it -> new State(now(it), it.initiatedAt(), it.completedAt()));
    }

    private Status now(State it) {
        long age = account.store().now() - it.initiatedAt();
        if (age > feed.settings().historySeconds() * 1000) {
            return Status.EXPIRED;
        }
        boolean begun = it.status() == Status.PENDING && age >= feed.settings().snapshotMs() / 2;
        return begun ? Status.IN_PROGRESS : it.status();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import io.sluice.receive.DeltaPoller;
import io.sluice.snapshot.Snapshot;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The state of all syncs and accounts, read together.
 *
 * @param snapshots the last snapshot of each sync that had one
 * @param polls     the polls of each sync that was polled
 */
record StateReading(
        Map<Key, Entry> entries, Map<String, Snapshot> snapshots, Map<String, DeltaPoller.Polls> polls, Instant at) {

    /**
     * @param part   kind of state, such as {@code outbox}
     * @param owner  name of the sync, the table or the account
     * @param detail further distinction, such as {@code 2 waiting}; empty if there is none
     */
    record Key(String part, String owner, String detail) {}

    /** @param age seconds since the oldest entry */
    record Entry(double number, double age) {
        static final Entry NONE = new Entry(0, 0);
    }

    Entry entry(String part, String owner, String detail) {
        return entries.getOrDefault(new Key(part, owner, detail), Entry.NONE);
    }

    double number(String part, String owner, String detail) {
        return entry(part, owner, detail).number();
    }

    double isPresent(String part, String owner, String detail) {
        return entries.containsKey(new Key(part, owner, detail)) ? 1 : 0;
    }

    /** Returns the state of a sync's circuit breaker: closed, open or half_open. */
    String breaker(String sync) {
        return Stream.of("open", "half_open")
                .filter(state -> isPresent("breaker", sync, state) == 1)
                .findFirst()
                .orElse("closed");
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Keeps the events of one account by their replay ids. Subscribers read it from their own position, so that an event is
 * kept once, however many wait for it. It is bounded by the retention of the channels and by a number of events.
 * Not thread-safe.
 */
final class EventLog {

    private final NavigableMap<Long, Kept> events = new TreeMap<>();
    private long last;
    /** Highest replay id of a change or platform event that is retained no more. */
    private long expired;

    /** Holds an event until it expires, microseconds since 1970. */
    private record Kept(Event event, long expires) {}

    /** Represents an event that is due on a channel. */
    record Due(long replayId, Event event) {}

    /** @param first replay id after which the first event comes; after a restart it must be higher than all before */
    EventLog(long first) {
        last = first;
        expired = first - 1;
    }

    /** Answers the replay id of the newest event, kept or not. */
    long last() {
        return last;
    }

    int size() {
        return events.size();
    }

    /** Adds an event, and drops the oldest ones beyond the maximum number. */
    void add(Event event, long now, int most) {
        // ids grow, and nobody promises more: those of a real org have gaps too
        last += 1 + last % 3;
        event.data().withObjectProperty("event").put("replayId", last);
        long hours = Channel.kindOf(event.channels().iterator().next()).retentionHours();
        events.put(last, new Kept(event, now + hours * 3_600_000_000L));
        while (events.size() > most) {
            dropOldest();
        }
    }

    private void dropOldest() {
        Map.Entry<Long, Kept> oldest = events.pollFirstEntry();
        if (!Channel.isTopic(oldest.getValue().event().channels().iterator().next())) {
            expired = Math.max(expired, oldest.getKey());
        }
    }

    /** Whether this is a replay id within the retention: of an event, or one that nothing was published under. */
    boolean isRetained(long replayId, long now) {
        return isComplete(replayId, now) && replayId != expired && replayId <= last;
    }

    /** Whether all change and platform events after this replay id are retained. */
    boolean isComplete(long replayId, long now) {
        while (!events.isEmpty() && events.firstEntry().getValue().expires() <= now) {
            dropOldest();
        }
        return replayId >= expired;
    }

    /** Answers a replay id after which nothing was published, and that is retained. */
    long mark(long now) {
        if (!isRetained(last, now)) {
            last++;
        }
        return last;
    }

    /** Whether this is the replay id of a retained event of the channel. */
    boolean contains(String channel, long replayId, long now) {
        Kept kept = events.get(replayId);
        return kept != null && kept.expires() > now && kept.event().channels().contains(channel);
    }

    /** Answers the first retained events of a channel after a replay id. */
    List<Due> after(String channel, long replayId, int most, long now) {
        List<Due> due = new ArrayList<>();
        for (var entry : events.tailMap(replayId, false).entrySet()) {
            Kept kept = entry.getValue();
            if (due.size() == most) {
                break;
            }
            if (kept.expires() > now && kept.event().channels().contains(channel)) {
                due.add(new Due(entry.getKey(), kept.event()));
            }
        }
        return due;
    }

    /** Drops all events, as if their retention were over. */
    void clear() {
        events.clear();
        expired = last;
    }
}

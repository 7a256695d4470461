// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Logs the newest writes of records, each with its row before and after, so that a checker can find a value that nobody
 * wrote. It is kept in memory alone.
 */
final class WriteLog {

    /** Default capacity, lower in a small heap: each write holds a row, however wide. */
    static final int USUAL_CAPACITY =
            (int) Math.min(50_000, Runtime.getRuntime().maxMemory() / 16_384);

    private static final int WRITES_A_CHUNK = 200;

    private final SandboxClock clock;
    private final Deque<Write> writes = new ArrayDeque<>();
    /** Requests whose answer a fault has changed, cut or withheld. */
    private final Set<String> disturbed = new LinkedHashSet<>();

    private int capacity = USUAL_CAPACITY;
    private long last;

    /** Represents a write of one record; {@code before} is null when the write created it. */
    private record Write(long number, long micros, Store.Signature by, Table table, Row before, Row after) {}

    WriteLog(SandboxClock clock) {
        this.clock = clock;
    }

    /** Logs a commit; called under the store's lock, before the rows are visible. */
    void committed(Store.Commit commit) {
        long now = clock.micros();
        commit.rows().forEach((table, rows) -> rows.forEach(row -> add(now, commit.by(), table, row)));
    }

    private synchronized void add(long now, Store.Signature by, Table table, Row row) {
        writes.add(new Write(++last, now, by, table, table.row(row.number()), row));
        if (writes.size() > capacity) {
            writes.remove();
        }
    }

    /** Marks a request whose client does not get the answer as the work made it. */
    synchronized void disturbed(String request) {
        disturbed.add(request);
        if (disturbed.size() > capacity) {
            disturbed.remove(disturbed.iterator().next());
        }
    }

    /** Sets the maximum number of writes; the oldest are dropped first. */
    synchronized void capacity(int most) {
        capacity = most;
        while (writes.size() > capacity) {
            writes.remove();
        }
    }

    /**
     * Answers a JSON line for each field of each write.
     *
     * @param wanted of which writes: by object and record id
     * @param after  the number of the last write that is not wanted any more
     */
    synchronized Answer.Chunks lines(
            Account account, CrmUser user, Predicate<String> object, Predicate<String> record, long after) {
        List<Write> wanted = new ArrayList<>();
        writes.forEach(write -> {
            if (write.number() > after
                    && object.test(write.table().type().name())
                    && record.test(write.after().id())) {
                wanted.add(write);
            }
        });
        Iterator<Write> left = wanted.iterator();
        Set<String> lost = Set.copyOf(disturbed);
        return () -> {
            if (!left.hasNext()) {
                return null;
            }
            StringBuilder lines = new StringBuilder();
            for (int n = 0; n < WRITES_A_CHUNK && left.hasNext(); n++) {
                describe(account, user, left.next(), lost, lines);
            }
            return lines.toString().getBytes(StandardCharsets.UTF_8);
        };
    }

    /** Answers the remembered versions of a record, oldest first; the last is the row itself. */
    synchronized List<Row> versions(Table table, Row row) {
        List<Row> versions = new ArrayList<>();
        for (Write write : writes) {
            if (write.table() == table
                    && write.after().number() == row.number()
                    && write.after().stamp() <= row.stamp()) {
                if (versions.isEmpty() && write.before() != null) {
                    versions.add(write.before());
                }
                versions.add(write.after());
            }
        }
        if (versions.isEmpty() || versions.get(versions.size() - 1) != row) {
            versions.add(row);
        }
        return versions;
    }

    private static void describe(
            Account account, CrmUser user, Write write, Set<String> disturbed, StringBuilder lines) {
        JsonNode before =
                write.before() == null ? NullNode.instance : shown(account, user, write.table(), write.before());
        JsonNode after = shown(account, user, write.table(), write.after());
        Set<String> changed = new LinkedHashSet<>();
        ObjectNode keys = JsonNodeFactory.instance.objectNode();
        for (Field field : write.table().type().fields()) {
            if (field.source() == null && !before.path(field.name()).equals(after.path(field.name()))) {
                changed.add(field.name());
            }
            if (field.indexed() && after.hasNonNull(field.name())) {
                keys.set(field.name(), after.get(field.name()));
            }
        }
        ObjectNode line = JsonNodeFactory.instance
                .objectNode()
                .put("seq", write.number())
                .put("at", Instant.EPOCH.plusNanos(write.micros() * 1000).toString())
                .put("by", write.by().by())
                .put("request", write.by().request())
                .put("user", write.after().modifiedBy())
                .put("object", write.table().type().name())
                .put("record", write.after().id());
        line.set("keys", keys);
        line.put("change", change(write));
        if (disturbed.contains(String.valueOf(write.by().request()))) {
            line.put("answer", "disturbed");
        }
        if (changed.isEmpty()) {
            lines.append(line).append('\n');
        }
        for (String field : changed) {
            line.put("field", field).set("before", orNull(before.path(field)));
            line.set("value", orNull(after.path(field)));
            lines.append(line).append('\n');
        }
    }

    private static JsonNode orNull(JsonNode value) {
        return value.isMissingNode() ? NullNode.instance : value;
    }

    private static String change(Write write) {
        Row before = write.before();
        Row after = write.after();
        if (before == null) {
            return "created";
        }
        if (after.isPurged()) {
            return "purged";
        }
        return after.isDeleted()
                ? before.isDeleted() ? "updated" : "deleted"
                : before.isDeleted() ? "restored" : "updated";
    }

    /** Shows fields by name with their values on the wire. */
    private static JsonNode shown(Account account, CrmUser user, Table table, Row row) {
        ObjectNode shown = user.show(account, table, row);
        return shown.path("properties").isObject() ? shown.path("properties") : shown;
    }
}

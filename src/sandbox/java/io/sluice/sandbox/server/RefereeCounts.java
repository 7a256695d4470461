// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Counts for the referee, per account: requests by operation and status, written rows, and concurrent writes of a record. */
final class RefereeCounts {

    private final Map<String, Long> byOperation = new TreeMap<>();
    private final Map<String, Long> byStatus = new TreeMap<>();
    private final Map<String, Long> writesByObject = new TreeMap<>();
    private final Map<String, Integer> inFlight = new HashMap<>();
    private final Set<WriteSet> largeInFlight = new HashSet<>();
    private long accepted;
    private long exempt;
    private long refused;
    private long logins;
    private long unauthorized;
    private long cut;
    private int maxWritesInFlight;
    private String mostWritten = "";

    /** @param apart true when the vendor's limits do not count the request */
    synchronized void accepted(String operation, boolean apart) {
        if (apart) {
            exempt++;
        } else {
            accepted++;
        }
        byOperation.merge(operation, 1L, Long::sum);
    }

    /** @param apart true when the vendor's limits do not count the request; it may have a limit of its own */
    synchronized void refused(String operation, boolean apart) {
        if (apart) {
            exempt++;
        } else {
            refused++;
        }
        byOperation.merge(operation, 1L, Long::sum);
    }

    synchronized void login(String operation) {
        logins++;
        byOperation.merge(operation, 1L, Long::sum);
    }

    /** Counts a request with an invalid token, which reached the CRM but spends no limit. */
    synchronized void unauthorized() {
        accepted("unauthorized", false);
        unauthorized++;
    }

    /** Counts an answer by its status; 0 stands for a cut connection. */
    synchronized void answered(int status, Map<String, Integer> written) {
        if (status == 0) {
            cut++;
        } else {
            byStatus.merge(String.valueOf(status), 1L, Long::sum);
        }
        wrote(written);
    }

    /** Counts rows that a request, or work after it, wrote. */
    synchronized void wrote(Map<String, Integer> written) {
        written.forEach((object, rows) -> writesByObject.merge(object, (long) rows, Long::sum));
    }

    /** Begins writes of these records; answers whether one of them has more concurrent writes than any before. */
    synchronized boolean writesBegin(Collection<String> keys) {
        int before = maxWritesInFlight;
        for (String key : keys) {
            int large = (int)
                    largeInFlight.stream().filter(set -> set.contains(key)).count();
            int writes = large + inFlight.merge(key, 1, Integer::sum);
            if (writes > maxWritesInFlight) {
                maxWritesInFlight = writes;
                mostWritten = key;
            }
        }
        return maxWritesInFlight > before;
    }

    /** Begins a write of very many records; answers whether one of them has more concurrent writes than any before. */
    synchronized boolean writesBegin(WriteSet records) {
        int before = maxWritesInFlight;
        maxWritesInFlight = Math.max(maxWritesInFlight, 1);
        inFlight.forEach((key, writes) -> {
            if (records.contains(key)) {
                maxWritesInFlight = Math.max(maxWritesInFlight, writes + 1);
            }
        });
        for (WriteSet other : largeInFlight) {
            other.forEach(hash -> {
                if (records.contains(hash)) {
                    maxWritesInFlight = Math.max(maxWritesInFlight, 2);
                }
            });
        }
        largeInFlight.add(records);
        return maxWritesInFlight > before;
    }

    synchronized void writesEnd(WriteSet records) {
        largeInFlight.remove(records);
    }

    synchronized int maxWritesInFlight() {
        return maxWritesInFlight;
    }

    synchronized void restoreMaxWritesInFlight(int max) {
        maxWritesInFlight = max;
    }

    synchronized void writesEnd(Collection<String> keys) {
        for (String key : keys) {
            inFlight.computeIfPresent(key, (k, n) -> n == 1 ? null : n - 1);
        }
    }

    synchronized void reset() {
        byOperation.clear();
        byStatus.clear();
        writesByObject.clear();
        accepted = 0;
        exempt = 0;
        refused = 0;
        logins = 0;
        unauthorized = 0;
        cut = 0;
        maxWritesInFlight =
                inFlight.values().stream().mapToInt(Integer::intValue).max().orElse(largeInFlight.isEmpty() ? 0 : 1);
    }

    synchronized ObjectNode describe() {
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        all.put("accepted", accepted)
                .put("refused", refused)
                .put("exempt", exempt)
                .put("logins", logins)
                .put("unauthorized", unauthorized)
                .put("cut", cut);
        put(all.putObject("byOperation"), byOperation);
        put(all.putObject("byStatus"), byStatus);
        put(all.putObject("writesByObject"), writesByObject);
        all.put("maxWritesInFlightPerRecord", maxWritesInFlight);
        if (maxWritesInFlight > 1) {
            all.put("recordOfMaxWritesInFlight", mostWritten);
        }
        return all;
    }

    /** Restores the counters that {@link #describe()} answered in an earlier run. */
    synchronized void restore(JsonNode described) {
        accepted = described.path("accepted").asLong();
        exempt = described.path("exempt").asLong();
        refused = described.path("refused").asLong();
        logins = described.path("logins").asLong();
        unauthorized = described.path("unauthorized").asLong();
        cut = described.path("cut").asLong();
        maxWritesInFlight = described.path("maxWritesInFlightPerRecord").asInt();
        take(described.path("byOperation"), byOperation);
        take(described.path("byStatus"), byStatus);
        take(described.path("writesByObject"), writesByObject);
    }

    private static void put(ObjectNode node, Map<String, Long> counts) {
        counts.forEach(node::put);
    }

    private static void take(JsonNode node, Map<String, Long> counts) {
        counts.clear();
        node.properties().forEach(e -> counts.put(e.getKey(), e.getValue().asLong()));
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * When the sandbox had which record: it appends a line to its data file at each commit, before it answers. Only the
 * file's length is looked at while it grows, each millisecond, and its lines are read afterwards: so the sandbox does
 * nothing that it would not do anyway.
 */
final class JournalWatch implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    /** Place of a record's fields in its line. */
    private static final int FIELDS = 7;

    private final Path journal;
    private final ConcurrentSkipListMap<Long, Long> seenAt = new ConcurrentSkipListMap<>();
    private final long from;
    private final Thread thread = new Thread(this::watch, "journal-watch");
    private volatile boolean over;

    JournalWatch(Path journal) throws IOException {
        this.journal = journal;
        this.from = Files.size(journal);
        thread.setDaemon(true);
        thread.start();
    }

    private void watch() {
        long known = from;
        try {
            while (!over) {
                long length = Files.size(journal);
                if (length > known) {
                    seenAt.put(length, System.nanoTime());
                    known = length;
                }
                Thread.sleep(1);
            }
        } catch (IOException gone) {
            throw new IllegalStateException("The sandbox's data file can't be read", gone);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * The values of a field that came since this watch began, each with the nanosecond at which it was seen first.
     *
     * @param prefix with which the values begin
     */
    Map<String, Long> arrivals(String object, String field, String prefix) throws IOException {
        Map<String, Long> arrivals = new HashMap<>();
        TreeMap<Long, Long> lengths = new TreeMap<>(seenAt);
        long end = from;
        try (var bytes = Files.newInputStream(journal)) {
            bytes.skipNBytes(from);
            BufferedReader lines = new BufferedReader(new java.io.InputStreamReader(bytes, StandardCharsets.UTF_8));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                end += line.getBytes(StandardCharsets.UTF_8).length + 1;
                Map.Entry<Long, Long> seen = lengths.ceilingEntry(end);
                if (seen == null) {
                    break;
                }
                if (line.contains(prefix)) {
                    for (JsonNode record : JSON.readTree(line).path("o").path(object)) {
                        String value = record.path(FIELDS).path(field).asText("");
                        if (value.startsWith(prefix)) {
                            arrivals.putIfAbsent(value, seen.getValue());
                        }
                    }
                }
            }
        }
        return arrivals;
    }

    @Override
    public void close() {
        over = true;
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

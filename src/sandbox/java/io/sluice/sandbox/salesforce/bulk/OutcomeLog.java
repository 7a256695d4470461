// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.bulk;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Logs the outcomes of a job's rows in the order of the upload, in a file of some 25 bytes a row. */
public final class OutcomeLog implements Closeable {

    private static final int LONGEST_ERROR = 4000;

    private final DataOutputStream out;

    /**
     * Holds the outcome of one row.
     *
     * @param id    of the record, empty when it is not known
     * @param error null when the row was written
     */
    public record Entry(String id, boolean created, String error) {}

    /** Counts the tried rows and the failed ones among them. */
    public record Count(long rows, long failed) {}

    private OutcomeLog(DataOutputStream out) {
        this.out = out;
    }

    /** Opens the log of a job to append to it. */
    public static OutcomeLog append(Job job) throws IOException {
        return new OutcomeLog(new DataOutputStream(new BufferedOutputStream(
                Files.newOutputStream(job.folder().outcomes(), StandardOpenOption.CREATE, StandardOpenOption.APPEND),
                1 << 16)));
    }

    /** Appends rows and hands them to the operating system. */
    public void add(List<Entry> entries) throws IOException {
        for (Entry entry : entries) {
            out.writeUTF(entry.id());
            out.writeBoolean(entry.created());
            String error = entry.error() == null ? "" : entry.error();
            out.writeUTF(error.length() > LONGEST_ERROR ? error.substring(0, LONGEST_ERROR) : error);
        }
        out.flush();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }

    /** Counts the rows, and cuts off a last one that a crash tore. */
    static Count count(Path file) throws IOException {
        if (!Files.exists(file)) {
            return new Count(0, 0);
        }
        long rows = 0;
        long failed = 0;
        long whole = 0;
        try (Reading reading = new Reading(file)) {
            for (Entry entry = reading.next(); entry != null; entry = reading.next()) {
                rows++;
                failed += entry.error() == null ? 0 : 1;
                whole += 5 + encodedLength(entry.id()) + (entry.error() == null ? 0 : encodedLength(entry.error()));
            }
        }
        if (whole < Files.size(file)) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(whole);
            }
        }
        return new Count(rows, failed);
    }

    /** Answers the length in the encoding of DataOutput, where a character takes one to three bytes. */
    private static long encodedLength(String text) {
        return text.chars()
                .mapToLong(c -> c >= 1 && c < 0x80 ? 1 : c < 0x800 ? 2 : 3)
                .sum();
    }

    /** Reads a log from its beginning. */
    static final class Reading implements Closeable {

        private final DataInputStream in;

        Reading(Path file) throws IOException {
            in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 16));
        }

        /** Answers the next row's outcome, or null at the end. */
        Entry next() throws IOException {
            try {
                String id = in.readUTF();
                boolean created = in.readBoolean();
                String error = in.readUTF();
                return new Entry(id, created, error.isEmpty() ? null : error);
            } catch (EOFException e) {
                return null;
            }
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.bulk;

import de.siegmar.fastcsv.writer.CsvWriter;
import io.sluice.sandbox.server.Answer;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Base64;
import java.util.List;

/**
 * Stores the rows of a query as they were when the job ran: a CSV file, and an index of the positions at which rows
 * begin, so that any page can be read from its start. A locator is the number of the page's first row.
 */
public final class QueryResults {

    private static final int BYTES_A_CHUNK = 1 << 16;

    private final Job job;

    /**
     * Represents a page of the results.
     *
     * @param next the locator of the page that follows, or null after the last
     */
    public record Page(long rows, String next, Answer.Chunks csv) {}

    public QueryResults(Job job) {
        this.job = job;
    }

    /** Writes the results; the caller closes it. */
    public static final class Writing implements Closeable {

        private final OutputStream csv;
        private final DataOutputStream index;
        private final StringWriter text = new StringWriter();
        private final CsvWriter writer;
        private long position;

        /** @param header names of the columns */
        public Writing(Job job, List<String> header) throws IOException {
            JobFolder folder = job.folder();
            csv = new BufferedOutputStream(Files.newOutputStream(folder.results()), BYTES_A_CHUNK);
            index = new DataOutputStream(
                    new BufferedOutputStream(Files.newOutputStream(folder.resultsIndex()), BYTES_A_CHUNK));
            writer = job.spec().format().writer(text);
            row(header);
        }

        public void row(List<String> values) throws IOException {
            writer.writeRecord(values);
            byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
            text.getBuffer().setLength(0);
            csv.write(bytes);
            position += bytes.length;
            index.writeLong(position);
        }

        @Override
        public void close() throws IOException {
            try (index) {
                csv.close();
            }
        }
    }

    /** Answers the page that begins at a locator (null: the first); it has no rows only when the results have none. */
    public Page page(String locator, long most) throws IOException {
        JobFolder folder = job.folder();
        try (RandomAccessFile index = new RandomAccessFile(folder.resultsIndex().toFile(), "r")) {
            long rows = index.length() / Long.BYTES - 1;
            long first = locator == null ? 0 : row(locator);
            if (first < 0 || first > 0 && first >= rows) {
                throw new JobRefusedException("INVALID_QUERY_LOCATOR", "invalid query locator");
            }
            long end = Math.min(rows, first + most);
            Range header = new Range(0, place(index, 0));
            Range body = new Range(place(index, first), place(index, end));
            return new Page(end - first, end < rows ? locator(end) : null, new Chunks(folder, header, body));
        }
    }

    private static long place(RandomAccessFile index, long row) throws IOException {
        index.seek(row * Long.BYTES);
        return index.readLong();
    }

    private static String locator(long row) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(String.valueOf(row).getBytes(StandardCharsets.US_ASCII));
    }

    private static long row(String locator) {
        try {
            String text = new String(Base64.getUrlDecoder().decode(locator), StandardCharsets.US_ASCII);
            return text.matches("\\d{1,12}") ? Long.parseLong(text) : -1;
        } catch (IllegalArgumentException e) {
            return -1;
        }
    }

    /** Range of bytes in the file; the end is exclusive. */
    private record Range(long from, long to) {}

    /** Streams the header line, then the page's rows. */
    private static final class Chunks implements Answer.Chunks {

        private final JobFolder folder;
        private final Range[] ranges;
        private RandomAccessFile file;
        private int at;
        private long position;

        Chunks(JobFolder folder, Range... ranges) {
            this.folder = folder;
            this.ranges = ranges;
        }

        @Override
        public byte[] next() throws IOException {
            while (at < ranges.length && position >= ranges[at].to()) {
                at++;
                position = at < ranges.length ? ranges[at].from() : 0;
            }
            if (at == ranges.length) {
                return null;
            }
            if (file == null) {
                file = new RandomAccessFile(folder.results().toFile(), "r");
            }
            byte[] bytes = new byte[(int) Math.min(BYTES_A_CHUNK, ranges[at].to() - position)];
            file.seek(position);
            file.readFully(bytes);
            position += bytes.length;
            return bytes;
        }

        @Override
        public void close() throws IOException {
            if (file != null) {
                file.close();
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.bulk;

import de.siegmar.fastcsv.reader.CloseableIterator;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.StringArrayHandler;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the rows of an upload as they are needed. Throws {@link JobFailedException} when the file differs from the
 * job's description.
 */
public final class UploadedRows implements Closeable {

    private final CloseableIterator<String[]> rows;
    private final List<String> header;

    private UploadedRows(CloseableIterator<String[]> rows) {
        this.rows = rows;
        String[] first = read();
        this.header = first == null ? List.of() : List.of(first);
    }

    /** Opens the upload of a job and reads its header. */
    public static UploadedRows strict(Job job) throws IOException {
        checkLineEnding(job.folder().upload(), job.spec().format().lineEnding());
        return open(job, false);
    }

    /** Opens the upload to read its rows, good or bad. */
    public static UploadedRows lenient(Job job) throws IOException {
        return open(job, true);
    }

    private static UploadedRows open(Job job, boolean lenient) throws IOException {
        CsvReader<String[]> reader = CsvReader.builder()
                .fieldSeparator(job.spec().format().delimiter().character())
                .detectBomHeader(true)
                .allowMissingFields(lenient)
                .allowExtraFields(lenient)
                .allowExtraCharsAfterClosingQuote(lenient)
                .build(StringArrayHandler.of(), job.folder().upload());
        return new UploadedRows(reader.iterator());
    }

    public List<String> header() {
        return header;
    }

    /** Answers as many rows as wanted, fewer at the end, then none. */
    public List<String[]> next(int wanted) {
        List<String[]> next = new ArrayList<>(wanted);
        while (next.size() < wanted) {
            String[] row = read();
            if (row == null) {
                break;
            }
            next.add(row);
        }
        return next;
    }

    public void skip(long count) {
        for (long i = 0; i < count && read() != null; i++) {
            // the row is passed over
        }
    }

    @Override
    public void close() throws IOException {
        rows.close();
    }

    private String[] read() {
        try {
            return rows.hasNext() ? rows.next() : null;
        } catch (CsvParseException e) {
            throw new JobFailedException(
                    "ClientInputError : " + (e.getCause() == null ? e : e.getCause()).getMessage());
        }
    }

    /** Checks how the header ends, outside quotes, as the vendor does. */
    private static void checkLineEnding(Path file, CsvFormat.LineEnding expected) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            boolean quoted = false;
            int before = -1;
            for (int b = in.read(); b >= 0 && (quoted || b != '\n'); b = in.read()) {
                quoted ^= b == '"';
                before = b;
            }
            CsvFormat.LineEnding found = before == '\r' ? CsvFormat.LineEnding.CRLF : CsvFormat.LineEnding.LF;
            if (found != expected) {
                throw new JobFailedException(
                        "ClientInputError : LineEnding is invalid on user data. Current LineEnding " + "setting is "
                                + expected);
            }
        }
    }
}

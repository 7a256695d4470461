// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.bulk;

import de.siegmar.fastcsv.writer.CsvWriter;
import io.sluice.sandbox.server.Answer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Streams one of the three result files, built from the upload and the outcomes while it is read. As at the vendor,
 * rows are not in the order of the upload: they are shuffled within a thousand.
 */
public final class IngestResults implements Answer.Chunks {

    private static final int ROWS_A_CHUNK = 1000;
    /** Approximate size of a chunk. */
    private static final int BYTES_A_CHUNK = 1 << 17;

    private final Job job;
    private final Part part;
    private final Random shuffle;
    private UploadedRows rows;
    private OutcomeLog.Reading outcomes;
    private boolean headed;

    /** Selects the rows of a file, and the columns beside the uploaded ones. */
    public enum Part {
        SUCCESSFUL("sf__Id", "sf__Created"),
        FAILED("sf__Id", "sf__Error"),
        UNPROCESSED();

        private final List<String> columns;

        Part(String... columns) {
            this.columns = List.of(columns);
        }
    }

    public IngestResults(Job job, Part part) {
        this.job = job;
        this.part = part;
        this.shuffle = new Random(job.spec().created());
    }

    @Override
    public byte[] next() throws IOException {
        if (rows == null && job.isUploaded()) {
            open();
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(BYTES_A_CHUNK);
        try (CsvWriter csv = job.spec().format().writer(bytes)) {
            if (!headed) {
                headed = true;
                csv.writeRecord(
                        Stream.concat(part.columns.stream(), rows == null ? Stream.empty() : rows.header().stream())
                                .toList());
            }
            chunk().forEach(csv::writeRecord);
        }
        return bytes.size() == 0 ? null : bytes.toByteArray();
    }

    /** Answers the next rows of this part, none at the end. */
    private List<List<String>> chunk() throws IOException {
        List<List<String>> chunk = List.of();
        for (boolean more = rows != null; more && chunk.isEmpty(); ) {
            List<String[]> read = rows.next(ROWS_A_CHUNK);
            more = !read.isEmpty();
            chunk = chosen(read);
        }
        return chunk;
    }

    @Override
    public void close() throws IOException {
        if (rows != null) {
            rows.close();
        }
        if (outcomes != null) {
            outcomes.close();
        }
    }

    private void open() throws IOException {
        rows = UploadedRows.lenient(job);
        if (part == Part.UNPROCESSED) {
            rows.skip(job.status().processed());
        } else if (Files.exists(job.folder().outcomes())) {
            outcomes = new OutcomeLog.Reading(job.folder().outcomes());
        }
    }

    private List<List<String>> chosen(List<String[]> read) throws IOException {
        List<List<String>> chosen = new ArrayList<>();
        for (String[] row : read) {
            if (part == Part.UNPROCESSED) {
                chosen.add(Arrays.asList(row));
                continue;
            }
            OutcomeLog.Entry entry = outcomes == null ? null : outcomes.next();
            if (entry != null && (entry.error() == null) == (part == Part.SUCCESSFUL)) {
                List<String> line = new ArrayList<>(row.length + 2);
                line.add(entry.id());
                line.add(part == Part.SUCCESSFUL ? String.valueOf(entry.created()) : entry.error());
                line.addAll(Arrays.asList(row));
                chosen.add(line);
            }
        }
        Collections.shuffle(chosen, shuffle);
        return chosen;
    }
}

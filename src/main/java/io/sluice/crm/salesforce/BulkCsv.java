// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import io.sluice.CrmRecord;
import io.sluice.Outcome;
import io.sluice.RecordChange;
import io.sluice.crm.RecordStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Reads and writes the CSV of Bulk API 2.0 ("Prepare CSV Files", "Get Job Successful Record Results" in the Bulk API
 * 2.0 Developer Guide).
 */
final class BulkCsv {

    /**
     * Cell that clears a field. All rows share one header, so a record without the field has an empty cell, which
     * leaves the field unchanged. Salesforce stores no empty text, so an empty text clears the field too. A text equal
     * to this cell can't be written in bulk.
     */
    static final String CLEARED = "#N/A";

    private static final String ID = "Id";

    /** {@code CODE:message:fields--}; a message may hold colons, a list of fields holds none. */
    private static final String END_OF_ERROR = "--";

    /** Names one of the three result files by its name in the path. */
    enum Part {
        SUCCESSFUL("successfulResults"),
        FAILED("failedResults"),
        UNPROCESSED("unprocessedrecords");

        private final String wireName;

        Part(String wireName) {
            this.wireName = wireName;
        }

        /** Returns the columns that a file of this part must have; key is the column that identifies the record. */
        List<String> columns(String key) {
            return switch (this) {
                case SUCCESSFUL -> List.of("sf__Id", key);
                case FAILED -> List.of("sf__Error", key);
                case UNPROCESSED -> List.of(key);
            };
        }

        /** @throws IllegalArgumentException naming the three valid names */
        static Part of(String name) {
            for (Part part : values()) {
                if (part.wireName.equalsIgnoreCase(name)) {
                    return part;
                }
            }
            throw new IllegalArgumentException(
                    "'" + name + "' is not a result file of a bulk job; use successfulResults,"
                            + " failedResults or unprocessedrecords");
        }
    }

    private BulkCsv() {}

    /** Writes the records to a file, the key first. */
    static void write(RecordStream recordStream, String externalId, Path file) throws Exception {
        List<String> fields = recordStream.fields().stream()
                .filter(field -> !field.equals(externalId))
                .toList();
        String[] row = new String[fields.size() + 1];
        row[0] = externalId;
        for (int i = 0; i < fields.size(); i++) {
            row[i + 1] = fields.get(i);
        }
        try (CsvWriter csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(file)) {
            csv.writeRecord(row);
            recordStream.each(recordChange -> csv.writeRecord(cells(recordChange, fields, row)));
        }
    }

    private static String[] cells(RecordChange recordChange, List<String> fields, String[] row) {
        row[0] = recordChange.key();
        for (int i = 0; i < fields.size(); i++) {
            String field = fields.get(i);
            row[i + 1] = recordChange.fields().containsKey(field)
                    ? cell(recordChange.fields().get(field))
                    : "";
        }
        return row;
    }

    private static String cell(Object value) {
        String text =
                value instanceof BigDecimal number ? number.toPlainString() : value == null ? "" : value.toString();
        return text.isEmpty() ? CLEARED : text;
    }

    /** Writes Salesforce's ids of the records, as a delete needs them; records without an id are left out. */
    static void writeIds(RecordStream recordStream, Path file) throws Exception {
        try (CsvWriter csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(file)) {
            csv.writeRecord(ID);
            recordStream.each(recordChange -> {
                if (recordChange.crmId() != null) {
                    csv.writeRecord(recordChange.crmId());
                }
            });
        }
    }

    /**
     * Tells whether a file has these columns in its first line and is complete. Salesforce quotes each cell, so a
     * truncated file ends within quotes, with too few cells, or with a comma.
     */
    static boolean isWhole(Path file, List<String> columns) throws IOException {
        try (CsvReader<CsvRecord> csv = CsvReader.builder().ofCsvRecord(file)) {
            Iterator<CsvRecord> rows = csv.iterator();
            if (!rows.hasNext() || !rows.next().getFields().containsAll(columns)) {
                return false;
            }
            // the reader throws at a row with too many or too few cells
            rows.forEachRemaining(row -> {});
            return endsWithACell(file);
        } catch (CsvParseException | UncheckedIOException noCsv) {
            return false;
        }
    }

    /**
     * Tells whether the file ends after a cell; the CSV reader accepts open quotes and a trailing comma at the end of
     * the file.
     */
    private static boolean endsWithACell(Path file) throws IOException {
        boolean open = false;
        byte last = 0;
        byte[] buffer = new byte[64 * 1024];
        try (InputStream bytes = Files.newInputStream(file)) {
            for (int read = bytes.read(buffer); read > 0; read = bytes.read(buffer)) {
                for (int i = 0; i < read; i++) {
                    open ^= buffer[i] == '"';
                }
                last = buffer[read - 1];
            }
        }
        return !open && last != ',';
    }

    /** Returns the outcomes of a result file; closing the stream deletes the file. */
    static Stream<Outcome> outcomes(Path file, Part part, String externalId) throws IOException {
        return rows(file).map(row -> {
            String key = row.getField(externalId);
            return switch (part) {
                case SUCCESSFUL -> Outcome.done(key, row.getField("sf__Id"));
                case FAILED -> failed(key, row.getField("sf__Error"));
                case UNPROCESSED -> unprocessed(key);
            };
        });
    }

    /**
     * Returns the outcomes of deletes, each with Salesforce's id and a null key; closing the stream deletes the file.
     */
    static Stream<Outcome> outcomesOfDeletes(Path file, Part part) throws IOException {
        return rows(file).map(row -> {
            Outcome outcome =
                    switch (part) {
                        case SUCCESSFUL -> Outcome.done(null, null);
                        case FAILED -> failed(null, row.getField("sf__Error"));
                        case UNPROCESSED -> unprocessed(null);
                    };
            // another record may have the key by now, which a delete by key finds
            Outcome.Status status = SalesforceErrors.isGone(outcome.code()) ? Outcome.Status.GONE : outcome.status();
            return new Outcome(null, status, row.getField(ID), outcome.code(), outcome.message());
        });
    }

    /** Returns a page of a query's results; closing the stream deletes the file. An empty cell is a null. */
    static Stream<CrmRecord> records(Path file, String externalId, List<String> fields) throws IOException {
        return rows(file).map(row -> {
            Map<String, Object> values = new LinkedHashMap<>();
            fields.forEach(field -> values.put(field, valueOrNull(row, field)));
            return new CrmRecord(
                    row.getField(ID),
                    valueOrNull(row, externalId),
                    SalesforceReads.instantOrNull(row.getField("SystemModstamp")),
                    values);
        });
    }

    private static String valueOrNull(NamedCsvRecord row, String field) {
        String cell = row.getField(field);
        return cell.isEmpty() ? null : cell;
    }

    private static Stream<NamedCsvRecord> rows(Path file) throws IOException {
        CsvReader<NamedCsvRecord> csv = CsvReader.builder().ofNamedCsvRecord(file);
        return csv.stream().onClose(() -> {
            try {
                csv.close();
                Files.deleteIfExists(file);
            } catch (IOException left) {
                throw new UncheckedIOException(left);
            }
        });
    }

    private static Outcome unprocessed(String key) {
        return Outcome.retry(key, "UNPROCESSED", "the bulk job ended before it processed this record");
    }

    private static Outcome failed(String key, String error) {
        int colon = error.indexOf(':');
        if (colon < 0) {
            return SalesforceErrors.outcome(key, error, "");
        }
        String rest = error.substring(colon + 1);
        int fields = rest.endsWith(END_OF_ERROR) ? rest.lastIndexOf(':') : -1;
        String named = fields < 0
                ? ""
                : rest.substring(fields + 1, rest.length() - END_OF_ERROR.length())
                        .strip();
        return SalesforceErrors.outcome(
                key,
                error.substring(0, colon),
                (fields < 0 ? rest : rest.substring(0, fields)) + (named.isEmpty() ? "" : " (fields [" + named + "])"));
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import io.sluice.sandbox.salesforce.bulk.Job;
import io.sluice.sandbox.salesforce.bulk.JobFailedException;
import io.sluice.sandbox.salesforce.bulk.OutcomeLog;
import io.sluice.sandbox.salesforce.bulk.UploadedRows;
import io.sluice.sandbox.server.Account;
import io.sluice.sandbox.server.Background;
import io.sluice.sandbox.server.Fault;
import io.sluice.sandbox.server.WriteSet;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Table;
import io.sluice.sandbox.store.Transaction;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Writes the rows of an ingest job, 200 in a transaction as the vendor does (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/how_requests_are_processed.htm">How
 * Requests Are Processed</a>), so that other calls run in between. After a restart the job continues behind the rows
 * that were tried: at most the last 200 rows are tried again.
 */
final class IngestRun {

    private static final int ROWS_A_TRANSACTION = 200;
    private static final int ROWS_A_BATCH = 10_000;
    private static final int ROWS_A_LOOK = 1000;

    private final Account account;
    private final Store store;
    private final Job job;
    private final Background work;
    private final Surroundings surroundings;
    private final Optional<Fault> failure;
    private final long delayMillis;

    /** Connects a run with the sandbox around it. */
    interface Surroundings {

        /** Waits; answers true when the sandbox stops, and the run must end. */
        boolean pause(long millis);

        /** Spends one of the day's batches; answers false when none is left. */
        boolean spendBatch(Account account);
    }

    IngestRun(Account account, Job job, Background work, Surroundings surroundings) {
        this.account = account;
        this.store = account.store();
        this.job = job;
        this.work = work;
        this.surroundings = surroundings;
        this.failure = work.strike(Fault.Kind.JOB_FAILS);
        this.delayMillis =
                work.strikeNamed(Fault.Kind.SLOW).map(Fault::delayMillis).orElse(0L);
    }

    /** Tries the remaining rows; answers false when the sandbox stopped first. */
    boolean run() throws IOException {
        WriteSet records = new WriteSet();
        try (UploadedRows rows = UploadedRows.strict(job);
                OutcomeLog log = OutcomeLog.append(job)) {
            Table table = store.table(job.spec().object())
                    .orElseThrow(() -> new JobFailedException(
                            "InvalidEntity : " + job.spec().object() + " is not there any more"));
            Field key = job.spec().externalId() == null
                    ? null
                    : table.type().field(job.spec().externalId()).orElseThrow();
            CsvColumns columns = columns(table, key, rows.header());
            collect(records, table, key, columns);
            work.begins(records);
            long done = job.status().processed();
            long paid = (done + ROWS_A_BATCH - 1) / ROWS_A_BATCH * ROWS_A_BATCH;
            rows.skip(done);
            while (true) {
                if (surroundings.pause(delayMillis)) {
                    return false;
                }
                List<String[]> chunk = rows.next(wanted(done));
                if (chunk.isEmpty()) {
                    break;
                }
                if (done >= paid) {
                    pay();
                    paid += ROWS_A_BATCH;
                }
                if (!write(table, key, columns, chunk, log)) {
                    return true;
                }
                done += chunk.size();
            }
            failure.ifPresent(IngestRun::fail);
            return true;
        } finally {
            work.ended(records);
        }
    }

    /** Collects the keys of all rows: all records of a closed job count as being written until the job ends. */
    private void collect(WriteSet all, Table table, Field key, CsvColumns columns) throws IOException {
        try (UploadedRows rows = UploadedRows.lenient(job)) {
            for (List<String[]> some = rows.next(ROWS_A_LOOK); !some.isEmpty(); some = rows.next(ROWS_A_LOOK)) {
                all.addAll(RecordKeys.of(
                        store,
                        table,
                        key,
                        some.stream().map(row -> named(columns, key, row)).toList()));
            }
        }
    }

    /** Answers the number of rows that come next; 0 when a fault ends the job. */
    private int wanted(long done) {
        long left = failure.map(fault -> fault.settings().path("afterRows").asLong() - done)
                .orElse((long) ROWS_A_TRANSACTION);
        return (int) Math.min(ROWS_A_TRANSACTION, Math.max(0, left));
    }

    private static void fail(Fault fault) {
        throw new JobFailedException(fault.settings()
                .path("message")
                .asText("InternalServerError : A fault of the sandbox fails this job."));
    }

    private void pay() {
        if (!surroundings.spendBatch(account)) {
            throw new JobFailedException("ExceededQuota : ApiBatchItems Limit exceeded.");
        }
    }

    private CsvColumns columns(Table table, Field key, List<String> header) {
        CsvColumns columns = CsvColumns.of(store, table, header);
        switch (job.spec().operation()) {
            case "update" -> columns.require("Id");
            case "upsert" -> columns.require(key.name());
            case "delete", "hardDelete" -> {
                columns.require("Id");
                if (columns.size() > 1) {
                    throw new JobFailedException(
                            "InvalidBatch : The '" + job.spec().operation() + "' batch must contain only ids");
                }
            }
            default -> {}
        }
        return columns;
    }

    /** Writes rows in one transaction; answers false when the job has ended meanwhile. */
    private boolean write(Table table, Field key, CsvColumns columns, List<String[]> chunk, OutcomeLog log)
            throws IOException {
        long start = System.nanoTime();
        List<Outcome> outcomes = new ArrayList<>(chunk.size());
        try (Transaction transaction = store.begin()) {
            RecordWriter writer = new RecordWriter(
                    store,
                    transaction,
                    work.attempt(),
                    SaveOptions.bulk(job.spec().version()));
            Set<String> twice = KeyedRows.repeated(chunk, row -> named(columns, key, row));
            for (String[] row : chunk) {
                outcomes.add(write(writer, table, key, columns, row, twice));
            }
            work.commit(transaction);
        }
        List<OutcomeLog.Entry> entries = new ArrayList<>(chunk.size());
        for (int i = 0; i < outcomes.size(); i++) {
            entries.add(entry(outcomes.get(i), KeyedRows.trimmed(columns.id(chunk.get(i)))));
        }
        log.add(entries);
        long failed = entries.stream().filter(entry -> entry.error() != null).count();
        return job.progress(chunk.size(), failed, (System.nanoTime() - start) / 1_000_000);
    }

    /** Answers the name of a row's record: its key without regard to case, or its id; null when the row has neither. */
    private static String named(CsvColumns columns, Field key, String[] row) {
        return key == null || key.type() == FieldType.ID
                ? KeyedRows.trimmed(columns.id(row))
                : KeyedRows.folded(columns.text(row, key));
    }

    private Outcome write(
            RecordWriter writer, Table table, Field key, CsvColumns columns, String[] row, Set<String> twice) {
        SentRecord record;
        try {
            record = columns.record(row);
        } catch (RefusedException e) {
            return Outcome.Rejected.because(e.error());
        }
        return switch (job.spec().operation()) {
            case "insert" -> writer.create(table, record);
            case "update" -> KeyedRows.update(writer, table, record, twice);
            case "upsert" -> KeyedRows.upsert(writer, table, key, record, twice);
            default ->
                KeyedRows.delete(
                        writer, table, record, "hardDelete".equals(job.spec().operation()));
        };
    }

    /** @param id that the row names, or null */
    private static OutcomeLog.Entry entry(Outcome outcome, String id) {
        if (outcome instanceof Outcome.Saved saved) {
            return new OutcomeLog.Entry(saved.id(), saved.created(), null);
        }
        return new OutcomeLog.Entry(
                id == null ? "" : id,
                false,
                ((Outcome.Rejected) outcome).errors().get(0).toBulk());
    }
}

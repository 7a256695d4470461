// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import io.sluice.sandbox.salesforce.bulk.Job;
import io.sluice.sandbox.salesforce.bulk.JobFailedException;
import io.sluice.sandbox.salesforce.bulk.QueryResults;
import io.sluice.sandbox.salesforce.soql.Execution;
import io.sluice.sandbox.salesforce.soql.MalformedQueryException;
import io.sluice.sandbox.salesforce.soql.Parser;
import io.sluice.sandbox.salesforce.soql.Path;
import io.sluice.sandbox.salesforce.soql.Query;
import io.sluice.sandbox.server.Fault;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.Row;
import io.sluice.sandbox.store.Store;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Runs a query job: writes its rows, as they are at one moment, to the job's results. */
final class QueryRun {

    private static final int ROWS_A_STEP = 1000;

    private final Store store;
    private final Job job;

    QueryRun(Store store, Job job) {
        this.store = store;
        this.job = job;
    }

    /**
     * Reads the query of a job.
     *
     * @throws RefusedException in the vendor's words, when it can't be run, or not in bulk
     */
    static Execution execution(Store store, String soql, boolean withDeleted) {
        try {
            Query query = Parser.parse(soql);
            Execution execution = new Execution(
                    store,
                    store.table(query.from()).orElseThrow(() -> MalformedQueryException.noSuchObject(query.from())),
                    query,
                    withDeleted);
            execution.check();
            if (query.isCount() || query.isAggregate() || query.offset() > 0) {
                throw notInBulk(query.offset() > 0 ? "OFFSET" : "Aggregate Relationships");
            }
            if (execution.select().stream().anyMatch(Execution.Children.class::isInstance)) {
                throw notInBulk("Nested Queries");
            }
            if (columns(execution).stream().anyMatch(path -> path.field().type() == FieldType.ADDRESS)) {
                throw notInBulk("Selecting compound data");
            }
            return execution;
        } catch (MalformedQueryException e) {
            throw new RefusedException(e.code(), e.getMessage());
        }
    }

    private static RefusedException notInBulk(String what) {
        return new RefusedException("FUNCTIONALITY_NOT_ENABLED", what + " not supported in Bulk Query");
    }

    void run(Optional<Fault> failure) throws IOException {
        if (failure.isPresent()) {
            throw new JobFailedException(failure.get()
                    .settings()
                    .path("message")
                    .asText("InternalServerError : A fault of the sandbox fails this job."));
        }
        Execution execution;
        try {
            execution = execution(
                    store, job.spec().query(), "queryAll".equals(job.spec().operation()));
        } catch (RefusedException e) {
            throw new JobFailedException("InvalidBatch : Failed to process query: "
                    + e.error().code() + ": " + e.error().message());
        }
        List<Path> columns = columns(execution);
        List<Row> rows = execution.rows();
        long start = System.nanoTime();
        try (QueryResults.Writing results =
                new QueryResults.Writing(job, columns.stream().map(Path::name).toList())) {
            for (int i = 0; i < rows.size(); i += ROWS_A_STEP) {
                List<Row> step = rows.subList(i, Math.min(rows.size(), i + ROWS_A_STEP));
                for (Row row : step) {
                    results.row(values(columns, row));
                }
                if (!job.progress(step.size(), 0, 0)) {
                    return;
                }
            }
        }
        job.progress(0, 0, (System.nanoTime() - start) / 1_000_000);
    }

    private static List<Path> columns(Execution execution) {
        return execution.select().stream().map(Path.class::cast).toList();
    }

    private static List<String> values(List<Path> columns, Row row) {
        List<String> values = new ArrayList<>(columns.size());
        for (Path column : columns) {
            values.add(text(column.field(), column.read(row)));
        }
        return values;
    }

    /** Formats a value as in JSON, except that null is an empty text and a time's zone is Z. */
    private static String text(Field field, Object value) {
        if (value == null) {
            return "";
        }
        String text = String.valueOf(field.type().toWire(value));
        return field.type() == FieldType.DATETIME ? text.replace("+0000", "Z") : text;
    }
}

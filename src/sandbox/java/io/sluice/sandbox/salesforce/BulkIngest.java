// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.salesforce.bulk.IngestResults;
import io.sluice.sandbox.salesforce.bulk.Job;
import io.sluice.sandbox.salesforce.bulk.JobSpec;
import io.sluice.sandbox.salesforce.bulk.JobState;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.Field;
import io.sluice.sandbox.store.FieldType;
import io.sluice.sandbox.store.Table;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Serves {@code /jobs/ingest}: a job is created, gets its CSV in one upload, is closed, and then runs in the
 * background; its results are three files (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0_ingest.htm">Bulk API
 * 2.0 Ingest</a>).
 */
final class BulkIngest {

    /** Maximum size of an upload in bytes ("Bulk API Limits": 150 MB). */
    static final long LARGEST_UPLOAD = 150_000_000;

    private static final List<String> OPERATIONS = List.of("insert", "update", "upsert", "delete", "hardDelete");

    private final Bulk bulk;
    private final BulkJobs jobs;

    BulkIngest(Bulk bulk) {
        this.bulk = bulk;
        this.jobs = new BulkJobs(bulk, JobSpec.Type.INGEST);
    }

    BulkJobs jobs() {
        return jobs;
    }

    Answer create(ApiCall call, Request.Attempt attempt) {
        JsonNode asked = call.body().json();
        String operation = BulkJobs.operation(asked, OPERATIONS);
        String object = asked.path("object").asText();
        Table table = call.store()
                .table(object)
                .orElseThrow(() -> new RefusedException(
                        "INVALIDENTITY", "Entity '" + object + "' is not supported by the Bulk API."));
        String key = "upsert".equals(operation)
                ? key(table, asked.path("externalIdFieldName").asText())
                : null;
        Job job = jobs.create(
                call, JobState.OPEN, new BulkJobs.Work(operation, table.type().name(), key, null));
        return Answers.json(200, BulkJobs.describe(job, false));
    }

    private static String key(Table table, String name) {
        return table.type()
                .field(name)
                .filter(field -> field.externalId() || field.type() == FieldType.ID)
                .map(Field::name)
                .orElseThrow(() -> new RefusedException(
                        "INVALIDJOB",
                        "InvalidJob : Field name provided, " + name
                                + " does not match an External ID, Salesforce Id, or " + "indexed field for "
                                + table.type().name()));
    }

    Answer upload(ApiCall call, Request.Attempt attempt) {
        Job job = jobs.find(call);
        String contentType = call.headers().getOrDefault("content-type", "");
        if (!contentType.startsWith("text/csv")) {
            throw new RefusedException("UNSUPPORTED_MEDIA_TYPE", "Content-Type of an upload is text/csv");
        }
        Path file = call.body().upload();
        if (size(file) > LARGEST_UPLOAD) {
            throw new RefusedException("CLIENTINPUTERROR", "The upload is larger than the limit of 150 MB");
        }
        return BulkJobs.allowed(() -> {
            job.upload(file);
            return Answer.empty(201);
        });
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException("The upload is gone.", e);
        }
    }

    /** Closes or aborts a job ("Close or Abort a Job"). */
    Answer close(ApiCall call, Request.Attempt attempt) {
        Job job = jobs.find(call);
        String wanted = BulkJobs.wantedState(call);
        return BulkJobs.allowed(() -> {
            if (JobState.ABORTED.wireName().equals(wanted)) {
                job.abort();
                return Answers.json(200, BulkJobs.describe(job, false));
            }
            if (!JobState.UPLOAD_COMPLETE.wireName().equals(wanted)) {
                throw BulkJobs.wrongState(wanted);
            }
            job.close();
            // Before a worker has it: the answer tells what was asked for, not how far a quick worker came since.
            Answer answer = Answers.json(200, BulkJobs.describe(job, false));
            bulk.submit(call.account(), job);
            return answer;
        });
    }

    Answer results(ApiCall call, IngestResults.Part part) {
        Job job = jobs.find(call);
        JobState state = job.status().state();
        if (!state.isLast()) {
            throw new RefusedException(
                    "INVALIDJOBSTATE",
                    "The job is in state " + state.wireName()
                            + ": results are there once it is completed, failed or aborted");
        }
        return Answer.streamed(200, "text/csv", new IngestResults(job, part));
    }
}

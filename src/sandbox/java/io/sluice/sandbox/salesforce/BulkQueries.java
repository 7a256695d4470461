// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.salesforce.bulk.Job;
import io.sluice.sandbox.salesforce.bulk.JobSpec;
import io.sluice.sandbox.salesforce.bulk.JobState;
import io.sluice.sandbox.salesforce.bulk.QueryResults;
import io.sluice.sandbox.salesforce.soql.Parser;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * Serves {@code /jobs/query}: queries that run in the background and whose rows are fetched page by page (<a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm">Bulk API 2.0
 * Query</a>).
 */
final class BulkQueries {

    private static final List<String> OPERATIONS = List.of("query", "queryAll");
    /** Rows of a page when the client names no number; the vendor does not document its own. */
    private static final long ROWS_A_PAGE = 50_000;

    private final Bulk bulk;
    private final BulkJobs jobs;

    BulkQueries(Bulk bulk) {
        this.bulk = bulk;
        this.jobs = new BulkJobs(bulk, JobSpec.Type.QUERY);
    }

    BulkJobs jobs() {
        return jobs;
    }

    Answer create(ApiCall call, Request.Attempt attempt) {
        JsonNode asked = call.body().json();
        String operation = BulkJobs.operation(asked, OPERATIONS);
        String soql = asked.path("query").asText();
        BulkJobs.format(asked);
        QueryRun.execution(call.store(), soql, false);
        String object = call.store()
                .table(Parser.parse(soql).from())
                .orElseThrow()
                .type()
                .name();
        if (!bulk.spendQueryJob(call.account())) {
            throw new RefusedException("LIMIT_EXCEEDED", "Max bulk v2 query jobs limit was reached");
        }
        Job job = jobs.create(call, JobState.UPLOAD_COMPLETE, new BulkJobs.Work(operation, object, null, soql));
        Answer answer = Answers.json(200, BulkJobs.describe(job, false));
        bulk.submit(call.account(), job);
        return answer;
    }

    Answer abort(ApiCall call, Request.Attempt attempt) {
        Job job = jobs.find(call);
        String wanted = BulkJobs.wantedState(call);
        if (!JobState.ABORTED.wireName().equals(wanted)) {
            throw BulkJobs.wrongState(wanted);
        }
        return BulkJobs.allowed(() -> {
            job.abort();
            return Answers.json(200, BulkJobs.describe(job, false));
        });
    }

    Answer results(ApiCall call, Request.Attempt attempt) {
        Job job = jobs.find(call);
        JobState state = job.status().state();
        if (state != JobState.JOB_COMPLETE) {
            throw new RefusedException(
                    "INVALIDJOBSTATE",
                    "The job is in state " + state.wireName() + ": results are there once it is completed");
        }
        if (!call.version().equals(job.spec().version())) {
            return Answers.error(
                    409,
                    List.of(SalesforceError.of(
                            "INVALIDVERSION",
                            "The job was created with API version " + job.spec().version()
                                    + ": its results are there with that version alone")));
        }
        String most = call.parameter("maxRecords", String.valueOf(ROWS_A_PAGE));
        if (!most.matches("[1-9]\\d{0,8}")) {
            throw new RefusedException("INVALIDJOB", "maxRecords is a positive number");
        }
        return BulkJobs.allowed(() -> page(job, call.parameter("locator", null), Long.parseLong(most)));
    }

    private static Answer page(Job job, String locator, long most) {
        try {
            QueryResults.Page page = new QueryResults(job).page(locator, most);
            return Answer.streamed(200, "text/csv", page.csv())
                    .with("Sforce-NumberOfRecords", String.valueOf(page.rows()))
                    // the vendor writes the word where there is no more
                    .with("Sforce-Locator", page.next() == null ? "null" : page.next());
        } catch (IOException e) {
            throw new UncheckedIOException("The results of job " + job.spec().id() + " can't be read.", e);
        }
    }
}

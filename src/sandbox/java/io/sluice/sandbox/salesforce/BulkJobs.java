// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sandbox.salesforce.bulk.CsvFormat;
import io.sluice.sandbox.salesforce.bulk.Job;
import io.sluice.sandbox.salesforce.bulk.JobRefusedException;
import io.sluice.sandbox.salesforce.bulk.JobSpec;
import io.sluice.sandbox.salesforce.bulk.JobState;
import io.sluice.sandbox.server.Answer;
import io.sluice.sandbox.server.Request;
import io.sluice.sandbox.store.FieldType;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;

/** Serves the requests that ingest and query jobs share. */
final class BulkJobs {

    private static final int JOBS_A_PAGE = 1000;

    private final Bulk bulk;
    private final JobSpec.Type type;

    BulkJobs(Bulk bulk, JobSpec.Type type) {
        this.bulk = bulk;
        this.type = type;
    }

    Answer status(ApiCall call, Request.Attempt attempt) {
        return Answers.json(200, describe(find(call), true));
    }

    Answer delete(ApiCall call, Request.Attempt attempt) {
        Job job = find(call);
        return allowed(() -> {
            bulk.jobs().delete(call.account().name(), job);
            return Answer.empty(204);
        });
    }

    /**
     * Lists jobs, 1,000 a page ("Get Information About All Ingest Jobs", "... All Query Jobs"). A locator is the id of
     * the previous page's last job.
     */
    Answer list(ApiCall call, Request.Attempt attempt) {
        String jobType = call.parameter("jobType", type.wireName());
        String after = call.parameter("queryLocator", "");
        boolean none = "true".equalsIgnoreCase(call.parameter("isPkChunkingEnabled", "false"))
                || "serial".equalsIgnoreCase(call.parameter("concurrencyMode", "parallel"));
        Iterator<Job> jobs = bulk.jobs().all(call.account().name()).stream()
                .filter(job -> !none && job.spec().type().wireName().equals(jobType))
                .filter(job -> job.spec().id().compareTo(after) > 0)
                .iterator();
        ObjectNode page = Answers.JSON.createObjectNode();
        ArrayNode records = Answers.JSON.createArrayNode();
        String last = null;
        while (jobs.hasNext() && records.size() < JOBS_A_PAGE) {
            Job job = jobs.next();
            last = job.spec().id();
            records.add(describe(job, false));
        }
        page.put("done", !jobs.hasNext()).set("records", records);
        page.put(
                "nextRecordsUrl",
                jobs.hasNext()
                        ? "/services/data/" + call.version() + "/jobs/" + call.part(1) + "?jobType=" + jobType
                                + "&queryLocator=" + last
                        : null);
        return Answers.json(200, page);
    }

    /** Finds the job that the path names. */
    Job find(ApiCall call) {
        return bulk.jobs()
                .find(call.account().name(), type, call.part(2))
                .orElseThrow(() -> new RefusedException(SalesforceError.notFound()));
    }

    /** Reads the state that a PATCH asks for. */
    static String wantedState(ApiCall call) {
        return call.body().json().path("state").asText();
    }

    static RefusedException wrongState(String state) {
        return new RefusedException("INVALIDJOB", "The state of a job can't be set to '" + state + "'");
    }

    interface Step {
        Answer take();
    }

    /** Makes a transition that the job's state may not allow. */
    static Answer allowed(Step step) {
        try {
            return step.take();
        } catch (JobRefusedException e) {
            throw new RefusedException(e.code(), e.getMessage());
        }
    }

    static CsvFormat format(JsonNode asked) {
        if (!"CSV".equals(asked.path("contentType").asText("CSV"))) {
            throw new RefusedException("INVALIDJOB", "The contentType of a job is CSV");
        }
        return new CsvFormat(
                constant(
                        CsvFormat.Delimiter.class, asked.path("columnDelimiter").asText("COMMA"), "columnDelimiter"),
                constant(CsvFormat.LineEnding.class, asked.path("lineEnding").asText("LF"), "lineEnding"));
    }

    private static <E extends Enum<E>> E constant(Class<E> of, String name, String property) {
        return Arrays.stream(of.getEnumConstants())
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new RefusedException(
                        "INVALIDJOB",
                        "The " + property + " of a job is one of "
                                + Arrays.stream(of.getEnumConstants())
                                        .map(Enum::name)
                                        .collect(Collectors.joining(", "))));
    }

    /** Reads the operation of a new job; INVALIDJOB when it is none of these. */
    static String operation(JsonNode asked, List<String> known) {
        String operation = asked.path("operation").asText();
        if (!known.contains(operation)) {
            throw new RefusedException("INVALIDJOB", "The operation of a job is one of " + String.join(", ", known));
        }
        return operation;
    }

    /**
     * Says what a job does.
     *
     * @param externalId name of the field by which rows are upserted, or null
     * @param query      SOQL of a query job, or null
     */
    record Work(String operation, String object, String externalId, String query) {}

    /** Creates a job with the CSV format that the call asks for. */
    Job create(ApiCall call, JobState state, Work work) {
        CsvFormat format = format(call.body().json());
        return bulk.jobs()
                .create(
                        call.account().name(),
                        state,
                        id -> new JobSpec(
                                id,
                                type,
                                work.operation(),
                                work.object(),
                                work.externalId(),
                                work.query(),
                                call.version(),
                                format,
                                bulk.millis(),
                                SalesforceDefaults.API_USER));
    }

    /** @param withProgress whether to show the progress, which only a job read by its id has */
    static ObjectNode describe(Job job, boolean withProgress) {
        JobSpec spec = job.spec();
        Job.Status status = job.status();
        boolean ingest = spec.type() == JobSpec.Type.INGEST;
        ObjectNode json = Answers.JSON.createObjectNode();
        json.put("id", spec.id())
                .put("operation", spec.operation())
                .put("object", spec.object())
                .put("createdById", spec.createdBy())
                .put("createdDate", moment(spec.created()))
                .put("systemModstamp", moment(status.modified()))
                .put("state", status.state().wireName());
        if (spec.externalId() != null) {
            json.put("externalIdFieldName", spec.externalId());
        }
        json.put("concurrencyMode", "Parallel")
                .put("contentType", "CSV")
                .put("apiVersion", Double.parseDouble(spec.version().substring(1)))
                .put("jobType", spec.type().wireName());
        if (ingest) {
            json.put("contentUrl", "services/data/" + spec.version() + "/jobs/ingest/" + spec.id() + "/batches");
        }
        json.put("lineEnding", spec.format().lineEnding().name())
                .put("columnDelimiter", spec.format().delimiter().name());
        if (!withProgress) {
            return json;
        }
        json.put("numberRecordsProcessed", status.processed());
        if (ingest) {
            json.put("numberRecordsFailed", status.failed());
        }
        json.put("retries", 0).put("totalProcessingTime", status.activeMillis());
        if (ingest) {
            json.put("apiActiveProcessingTime", status.activeMillis()).put("apexProcessingTime", 0);
        }
        json.put("isPkChunkingSupported", true);
        if (status.state() == JobState.FAILED) {
            json.put("errorMessage", status.errorMessage());
        }
        return json;
    }

    private static String moment(long millis) {
        return (String) FieldType.DATETIME.toWire(millis / 1000 * 1000);
    }
}

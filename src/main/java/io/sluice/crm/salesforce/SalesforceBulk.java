// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.sluice.RecordChange;
import io.sluice.Suggestion;
import io.sluice.crm.CrmJob;
import io.sluice.crm.Permits;
import io.sluice.crm.RecordStream;
import io.sluice.store.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.component.salesforce.SalesforceComponent;

/**
 * Runs the steps of the bulk Kamelets that YAML can't express. The header {@value #JOB} holds the id of the job. An
 * answer that is an error stays as it is: text, with its status beside it.
 */
public final class SalesforceBulk {

    public static final String JOB = "SluiceJob";
    public static final String NEXT = "SluiceNext";

    private static final String DELETE = "delete";
    private static final Set<String> OPERATIONS = Set.of("upsert", "insert", DELETE);

    /** Time format of Salesforce, which writes a zone without its colon. */
    private static final DateTimeFormatter MOMENT = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSxx");

    /** Builds the request that creates a job of upserts, inserts or deletes. */
    public void createRequest(Exchange exchange, String operation, String object, String externalId) {
        if (!OPERATIONS.contains(operation)) {
            throw new IllegalArgumentException(
                    "A bulk job's operation is not '" + operation + "'" + Suggestion.hint(operation, OPERATIONS));
        }
        Map<String, Object> job = new LinkedHashMap<>();
        job.put("object", object);
        job.put("operation", operation);
        if (operation.equals("upsert")) {
            job.put("externalIdFieldName", externalId);
        }
        job.put("contentType", "CSV");
        job.put("lineEnding", "LF");
        job.put("columnDelimiter", "COMMA");
        exchange.getMessage().setBody(Json.text(job));
    }

    /** Writes records to a CSV file that is deleted with the exchange; any other body is taken for the CSV itself. */
    public void csv(Exchange exchange, String operation, String externalId) throws Exception {
        Object body = exchange.getMessage().getBody();
        RecordStream recordStream = body instanceof RecordStream many
                ? many
                : body instanceof Iterable<?> list && !(body instanceof Path)
                        ? RecordStream.of(RecordChange.listOf(list))
                        : null;
        if (recordStream != null) {
            Path file = SalesforceTransfers.newFile(exchange);
            if (operation.equals(DELETE)) {
                BulkCsv.writeIds(recordStream, file);
            } else {
                BulkCsv.write(recordStream, externalId, file);
            }
            exchange.getMessage().setBody(file);
        }
    }

    /** Sets the answer as the body, a {@link CrmJob}. */
    public void job(Exchange exchange) {
        SalesforceAnswer answer = SalesforceCalls.answer(exchange);
        if (answer.ok() && answer.json().filter(SalesforceBulk::isJob).isPresent()) {
            exchange.getMessage().setBody(job(answer.json().get(), user(exchange)));
        } else {
            SalesforceCalls.notUnderstood(exchange);
        }
    }

    /**
     * Sets the answer as the body, a list of {@link CrmJob}s, and the address of the next page as the header {@value
     * #NEXT}.
     */
    public void jobs(Exchange exchange) {
        exchange.getMessage().removeHeader(NEXT);
        SalesforceAnswer answer = SalesforceCalls.answer(exchange);
        if (answer.ok() && !isList(answer)) {
            SalesforceCalls.notUnderstood(exchange);
        } else if (answer.ok()) {
            String user = user(exchange);
            List<CrmJob> jobs = new ArrayList<>();
            answer.json().get().path("records").forEach(record -> jobs.add(job(record, user)));
            exchange.getMessage().setBody(jobs);
            String next = answer.json().get().path("nextRecordsUrl").asText(null);
            if (next != null && !next.equals("null")) {
                exchange.getMessage().setHeader(NEXT, next);
            }
        }
    }

    private static boolean isJob(JsonNode job) {
        try {
            MOMENT.parse(job.path("createdDate").asText());
            return !job.path("id").asText("").isEmpty()
                    && !job.path("state").asText("").isEmpty();
        } catch (DateTimeParseException none) {
            return false;
        }
    }

    /** Tells whether an answer is a list of jobs; an unfinished list must have the address of its next page. */
    private static boolean isList(SalesforceAnswer answer) {
        JsonNode page = answer.json().orElse(JsonNodeFactory.instance.nullNode());
        boolean jobs = page.path("records").isArray();
        for (JsonNode job : page.path("records")) {
            jobs &= isJob(job);
        }
        return jobs
                && (page.path("done").asBoolean()
                        || !page.path("nextRecordsUrl").asText("null").equals("null"));
    }

    /** Sets a result file as the body, a stream of outcomes. */
    public void outcomes(Exchange exchange, String part, String operation, String externalId) throws IOException {
        BulkCsv.Part which = BulkCsv.Part.of(part);
        if (exchange.getMessage().getBody() instanceof Path file) {
            if (!BulkCsv.isWhole(file, which.columns(operation.equals(DELETE) ? "Id" : externalId))) {
                SalesforceTransfers.notUnderstood(exchange, file);
                return;
            }
            exchange.getMessage()
                    .setBody(
                            operation.equals(DELETE)
                                    ? BulkCsv.outcomesOfDeletes(file, which)
                                    : BulkCsv.outcomes(file, which, externalId));
        }
    }

    /** Returns the id of the login's user: the end of the identity URL that came with its token. */
    private static String user(Exchange exchange) {
        String member = exchange.getMessage().getHeader(Permits.MEMBER, String.class);
        String id = exchange.getContext()
                .getComponent(member, SalesforceComponent.class)
                .getSession()
                .getId();
        return id == null ? "" : id.substring(id.lastIndexOf('/') + 1);
    }

    private static CrmJob job(JsonNode job, String user) {
        return new CrmJob(
                job.path("id").asText(),
                stage(job.path("state").asText()),
                job.path("object").asText(),
                job.path("operation").asText(),
                job.path("externalIdFieldName").asText(null),
                OffsetDateTime.parse(job.path("createdDate").asText(), MOMENT).toInstant(),
                !user.isEmpty() && user.equals(job.path("createdById").asText()),
                job.path("numberRecordsProcessed").asLong(),
                job.path("numberRecordsFailed").asLong(),
                job.path("errorMessage").asText(null));
    }

    private static CrmJob.Stage stage(String state) {
        return switch (state) {
            case "Open" -> CrmJob.Stage.OPEN;
            case "JobComplete" -> CrmJob.Stage.COMPLETE;
            case "Failed" -> CrmJob.Stage.FAILED;
            case "Aborted" -> CrmJob.Stage.ABORTED;
            default -> CrmJob.Stage.WORKING; // UploadComplete, InProgress
        };
    }
}

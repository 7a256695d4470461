package io.sluice.crm.salesforce;

import io.sluice.CrmRecord;
import io.sluice.store.Json;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/**
 * The steps of the Kamelets that read all records of an object, where YAML can't say them ("Query Jobs" in the Bulk API
 * 2.0 Developer Guide). An answer that is an error stays what it is: text, with its status beside it.
 */
public final class SalesforceQueries {

    private static final String LOCATOR = "Sforce-Locator";
    /** Written in place of a locator where no page follows. */
    private static final String NO_MORE = "null";

    /** @param since a moment; null or empty: all are counted */
    public String countQuery(String since, String object) {
        return "SELECT COUNT() FROM " + object + changed(since);
    }

    private static String changed(String since) {
        return since == null || since.isBlank() ? ""
                : " WHERE SystemModstamp >= " + SalesforceReads.second(Instant.parse(since.strip()));
    }

    /** The answer of that query as a number. */
    public void count(Exchange exchange) {
        SalesforceAnswer answer = SalesforceCalls.answer(exchange);
        if (answer.ok()) {
            answer.json().filter(it -> it.path("totalSize").isNumber()).ifPresentOrElse(
                    it -> exchange.getMessage().setBody(it.path("totalSize").asLong()),
                    () -> SalesforceCalls.notUnderstood(exchange));
        }
    }

    /**
     * The body of the request that creates a job, from a moment since which the records have changed, or nothing. Unsorted,
     * so that Salesforce may split the work.
     */
    public void createRequest(Exchange exchange, String object, String externalId, String fields) {
        String since = exchange.getMessage().getBody(String.class);
        Map<String, Object> job = new LinkedHashMap<>();
        job.put("operation", "query");
        job.put("query", SalesforceReads.select(object, externalId, fields) + changed(since));
        job.put("contentType", "CSV");
        job.put("lineEnding", "LF");
        job.put("columnDelimiter", "COMMA");
        exchange.getMessage().setBody(Json.text(job));
    }

    /** The path of a page of a job's results: the one that begins at the locator, the body, or the first. */
    public String pagePath(Exchange exchange, String apiVersion, int pageSize) {
        String locator = exchange.getMessage().getBody(String.class);
        return "/services/data/v" + apiVersion + "/jobs/query/"
                + exchange.getMessage().getHeader(SalesforceBulk.JOB, String.class) + "/results?maxRecords=" + pageSize
                + (locator == null || locator.isBlank() ? ""
                        : "&locator=" + URLEncoder.encode(locator.strip(), StandardCharsets.UTF_8));
    }

    /** The page as a stream of {@link CrmRecord}. */
    public void records(Exchange exchange, String externalId, String fields) throws IOException {
        Message message = exchange.getMessage();
        message.removeHeader(SalesforceBulk.NEXT);
        String locator = (String) message.removeHeader(LOCATOR);
        if (message.getBody() instanceof Path file) {
            List<String> columns = new ArrayList<>(List.of("Id", "SystemModstamp", externalId));
            columns.addAll(SalesforceReads.names(fields));
            if (!BulkCsv.isWhole(file, columns)) {
                SalesforceTransfers.notUnderstood(exchange, file);
                return;
            }
            message.setBody(BulkCsv.records(file, externalId, SalesforceReads.names(fields)));
            if (locator != null && !locator.equals(NO_MORE)) {
                message.setHeader(SalesforceBulk.NEXT, locator);
            }
        }
    }
}

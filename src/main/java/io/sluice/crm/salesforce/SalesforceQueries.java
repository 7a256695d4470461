// SPDX-License-Identifier: Apache-2.0
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
 * Reads all records of an object for the query Kamelets ("Query Jobs" in the Bulk API 2.0 Developer Guide). An answer
 * that is an error stays as it is: text, with its status beside it.
 */
public final class SalesforceQueries {

    private static final String LOCATOR = "Sforce-Locator";
    /** Value in place of a locator after the last page. */
    private static final String NO_MORE = "null";

    /** @param since the time since which records have changed; null or empty counts all */
    public String countQuery(String since, String object) {
        return "SELECT COUNT() FROM " + object + changed(since);
    }

    private static String changed(String since) {
        return since == null || since.isBlank()
                ? ""
                : " WHERE SystemModstamp >= " + SalesforceReads.second(Instant.parse(since.strip()));
    }

    /** Sets the count as the body. */
    public void count(Exchange exchange) {
        SalesforceAnswer answer = SalesforceCalls.answer(exchange);
        if (answer.ok()) {
            answer.json()
                    .filter(it -> it.path("totalSize").isNumber())
                    .ifPresentOrElse(
                            it -> exchange.getMessage()
                                    .setBody(it.path("totalSize").asLong()),
                            () -> SalesforceCalls.notUnderstood(exchange));
        }
    }

    /**
     * Builds the request that creates a job, for records changed since the time in the body, or for all. The query is
     * unsorted, so that Salesforce may split the work.
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

    /** Returns the path of a page of a job's results: the page at the locator in the body, or the first. */
    public String pagePath(Exchange exchange, String apiVersion, int pageSize) {
        String locator = exchange.getMessage().getBody(String.class);
        return "/services/data/v" + apiVersion + "/jobs/query/"
                + exchange.getMessage().getHeader(SalesforceBulk.JOB, String.class) + "/results?maxRecords=" + pageSize
                + (locator == null || locator.isBlank()
                        ? ""
                        : "&locator=" + URLEncoder.encode(locator.strip(), StandardCharsets.UTF_8));
    }

    /** Sets the page as the body, a stream of {@link CrmRecord}. */
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

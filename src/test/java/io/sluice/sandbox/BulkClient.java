// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Does bulk jobs over HTTP as a program of its own would. */
final class BulkClient {

    static final String INGEST = SalesforceClient.API + "/jobs/ingest";
    static final String QUERY = SalesforceClient.API + "/jobs/query";

    private static final Set<String> LAST = Set.of("JobComplete", "Failed", "Aborted");

    private final SalesforceClient crm;

    BulkClient(SalesforceClient crm) {
        this.crm = crm;
    }

    static String upsertOf(String object, String key) {
        return "{\"object\":\"" + object + "\",\"operation\":\"upsert\",\"externalIdFieldName\":\"" + key + "\"}";
    }

    static String job(String object, String operation) {
        return "{\"object\":\"" + object + "\",\"operation\":\"" + operation + "\"}";
    }

    /** Creates an ingest job and answers its id. */
    String create(String spec) {
        return crm.post(INGEST, spec).json().path("id").asText();
    }

    SalesforceClient.Reply upload(String id, String csv) {
        return crm.call("PUT", INGEST + "/" + id + "/batches", csv, "text/csv");
    }

    SalesforceClient.Reply close(String id) {
        return crm.patch(INGEST + "/" + id, "{\"state\":\"UploadComplete\"}");
    }

    SalesforceClient.Reply abort(String id) {
        return crm.patch(INGEST + "/" + id, "{\"state\":\"Aborted\"}");
    }

    JsonNode status(String id) {
        return crm.get(INGEST + "/" + id).json();
    }

    /** Creates, uploads, closes and waits; answers the job at its end. */
    JsonNode run(String spec, String csv) {
        String id = create(spec);
        upload(id, csv);
        close(id);
        return end(INGEST + "/" + id);
    }

    /** Runs a query job to its end. */
    JsonNode query(String operation, String soql) {
        String id = crm.post(QUERY, "{\"operation\":\"" + operation + "\",\"query\":\"" + soql + "\"}")
                .json()
                .path("id")
                .asText();
        return end(QUERY + "/" + id);
    }

    JsonNode end(String path) {
        return await().pollInterval(Duration.ofMillis(50))
                .atMost(Duration.ofSeconds(60))
                .until(
                        () -> crm.get(path).json(),
                        job -> LAST.contains(job.path("state").asText()));
    }

    List<Map<String, String>> rows(String id, String part) {
        return csv(crm.get(INGEST + "/" + id + "/" + part).text());
    }

    static List<Map<String, String>> csv(String text) {
        return CsvReader.builder().ofNamedCsvRecord(text).stream()
                .map(NamedCsvRecord::getFieldsAsMap)
                .toList();
    }

    static Map<String, String> column(List<Map<String, String>> rows, String key, String value) {
        return rows.stream().collect(Collectors.toMap(row -> row.get(key), row -> row.get(value)));
    }
}

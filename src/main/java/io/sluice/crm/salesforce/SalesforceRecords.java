package io.sluice.crm.salesforce;

import io.sluice.Change;
import io.sluice.Outcome;
import io.sluice.store.Json;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.camel.Exchange;

/** The steps of the Kamelets that write or read one record by a resource of its own. */
public final class SalesforceRecords {

    /** A list of one record as the upsert of a row; the key stands in the path, and must not stand in the body. */
    public void upsertRequest(Exchange exchange, String object, String externalId, String apiVersion) {
        List<Change> changes = Change.listOf(exchange.getMessage().getBody());
        if (changes.size() != 1) {
            throw new IllegalArgumentException("A row upsert takes one record, but got " + changes.size()
                    + "; salesforce-upsert-sink takes up to " + SalesforceCrm.COLLECTION_SIZE);
        }
        SalesforceCalls.keep(exchange, changes);
        Map<String, Object> fields = SObjectCollections.fields(changes.get(0));
        fields.remove(externalId);
        exchange.getMessage().setBody(Json.text(fields));
        exchange.getMessage().setHeader(SalesforceCalls.METHOD, "PATCH");
        exchange.getMessage().setHeader(SalesforceCalls.PATH, "/services/data/v" + apiVersion + "/sobjects/" + object + "/"
                + externalId + "/" + segment(changes.get(0).key()));
    }

    /** The answer as a list of one outcome: 201 of a record that was made, 200 or 204 of one that was there. */
    public void outcome(Exchange exchange) {
        Change change = SalesforceCalls.changes(exchange).get(0);
        SalesforceAnswer answer = SalesforceCalls.answer(exchange);
        exchange.getMessage().setBody(List.of(!answer.ok() ? Errors.ofCall(change.key(), answer, 1)
                : answer.status() == 204 ? Outcome.done(change.key(), change.crmId())
                : answer.json().filter(row -> row.path("success").asBoolean()).map(row -> row.path("id").asText(""))
                        .filter(id -> !id.isEmpty()).map(id -> Outcome.done(change.key(), id))
                        .orElseGet(() -> Outcome.noResult(change.key()))));
    }

    /** A value as one segment of a path. */
    static String segment(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20");
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import io.sluice.Outcome;
import io.sluice.RecordChange;
import io.sluice.store.Json;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.camel.Exchange;

/** Writes or reads one record by a resource of its own. */
public final class SalesforceRecords {

    /**
     * Builds the write of one record, the only one in the list: by id if that is known, so that the write can't create
     * one; else by the external id, which must not be in the body.
     */
    public void upsertRequest(Exchange exchange, String object, String externalId, String apiVersion) {
        List<RecordChange> changes = RecordChange.listOf(exchange.getMessage().getBody());
        if (changes.size() != 1) {
            throw new IllegalArgumentException("A row upsert takes one record, but the list has " + changes.size()
                    + "; salesforce-upsert-sink takes up to " + SalesforceCrm.COLLECTION_SIZE);
        }
        SalesforceCalls.keep(exchange, changes);
        Map<String, Object> fields = SObjectCollections.fields(changes.get(0));
        fields.remove(externalId);
        exchange.getMessage().setBody(Json.text(fields));
        exchange.getMessage().setHeader(SalesforceCalls.METHOD, "PATCH");
        exchange.getMessage()
                .setHeader(
                        SalesforceCalls.PATH,
                        "/services/data/v" + apiVersion + "/sobjects/" + object + "/"
                                + (SObjectCollections.isKnown(changes.get(0))
                                        ? changes.get(0).crmId()
                                        : externalId + "/"
                                                + segment(changes.get(0).key())));
    }

    /** Sets a list of one outcome as the body: 201 for a created record, 200 or 204 for an existing one. */
    public void outcome(Exchange exchange) {
        RecordChange recordChange = SalesforceCalls.changes(exchange).get(0);
        SalesforceAnswer answer = SalesforceCalls.answer(exchange);
        exchange.getMessage().setBody(List.of(outcome(recordChange, answer)));
    }

    private static Outcome outcome(RecordChange recordChange, SalesforceAnswer answer) {
        if (answer.ok()) {
            return answer.status() == 204
                    ? Outcome.done(recordChange.key(), recordChange.crmId())
                    : answer.json()
                            .filter(row -> row.path("success").asBoolean()
                                    && !row.path("id").asText("").isEmpty())
                            .map(row -> SObjectCollections.saved(recordChange, row))
                            .orElseGet(() -> Outcome.noResult(recordChange.key()));
        }
        return answer.errors()
                .filter(errors -> SObjectCollections.isKnown(recordChange) && SalesforceErrors.isGone(errors))
                .map(errors -> SalesforceErrors.gone(recordChange.key(), errors))
                .orElseGet(() -> SalesforceErrors.ofCall(recordChange.key(), answer, 1));
    }

    /** Encodes a value as a segment of a path. */
    static String segment(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20");
    }
}

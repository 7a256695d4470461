// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.RecordChange;
import io.sluice.crm.BeforeImages;
import io.sluice.crm.ErrorScope;
import io.sluice.crm.ExternalId;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.camel.Exchange;

/**
 * Deletes records of one object by one sObject Collections call. Where {@link BeforeImages} are requested, a composite call
 * first reads which of the records changed since a given time, and then deletes them.
 */
public final class SalesforceDeletes {

    private static final String QUERIES = "SluiceCompositeQueries";
    private static final String METHOD = "DELETE";
    private static final String REFERENCE = "SluiceCompositePart";

    /** Keeps the records to delete, and sets the query for the unknown ids as the body, or null if all are known. */
    public void missingIds(Exchange exchange, String object, String externalId) {
        List<RecordChange> changes = RecordChange.listOf(exchange.getMessage().getBody());
        SalesforceCalls.keep(exchange, changes);
        List<RecordChange> unknown =
                changes.stream().filter(change -> change.crmId() == null).toList();
        exchange.getMessage()
                .setBody(unknown.isEmpty() ? null : SObjectCollections.idQuery(unknown, object, externalId));
    }

    /** Adds the ids that the query found to their records; a record that Salesforce does not have needs no delete. */
    public void idsFound(Exchange exchange, String externalId) {
        SalesforceAnswer answer = SalesforceCalls.answer(exchange);
        if (!answer.ok()) {
            return;
        }
        Optional<JsonNode> whole = answer.json().filter(SalesforceReads::isWhole);
        if (whole.isEmpty()) {
            SalesforceCalls.notUnderstood(exchange);
            return;
        }
        ExternalId.Answered<String> ids = new ExternalId.Answered<>();
        whole.get()
                .path("records")
                .forEach(record -> ids.put(
                        record.path(externalId).asText(), record.path("Id").asText()));
        SalesforceCalls.replace(
                exchange,
                SalesforceCalls.changes(exchange).stream()
                        .map(change -> change.crmId() != null
                                ? change
                                : new RecordChange(
                                        change.key(), Operation.DELETE, ids.get(change.key()), change.fields()))
                        .toList());
    }

    /**
     * Builds the request; without a path where no record is left to delete.
     *
     * @param fields the fields to read of records that changed, separated by commas
     */
    public void request(Exchange exchange, String object, String fields, String apiVersion) {
        exchange.getMessage().removeHeader(BeforeImages.HEADER);
        exchange.removeProperty(QUERIES);
        List<RecordChange> known = SalesforceCalls.changes(exchange).stream()
                .filter(change -> change.crmId() != null)
                .toList();
        exchange.getMessage().setHeader(SalesforceCalls.RECORDS, known.size());
        exchange.getMessage().setBody(null);
        if (known.isEmpty()) {
            exchange.getMessage().removeHeader(SalesforceCalls.PATH);
            return;
        }
        String path = "/services/data/v" + apiVersion + "/composite/sobjects?" + SObjectCollections.delete(known);
        Instant since = BeforeImages.asked(exchange.getMessage()).get(object);
        String nonce = SalesforceComposite.nonce();
        BeforeQueries queries = new BeforeQueries(nonce);
        if (since != null && !fields.isBlank()) {
            queries.add(object, known, Arrays.asList(fields.replace("%2C", ",").split(",")), since);
        }
        if (queries.isEmpty()) {
            exchange.getMessage().setHeader(SalesforceCalls.METHOD, METHOD);
            exchange.getMessage().setHeader(SalesforceCalls.PATH, path);
            return;
        }
        String reference = "part0" + nonce;
        exchange.setProperty(QUERIES, queries);
        exchange.setProperty(REFERENCE, reference);
        SalesforceComposite.compose(
                exchange,
                queries,
                List.of(Map.of("method", METHOD, "referenceId", reference, "url", path)),
                apiVersion);
    }

    /** Sets the outcomes as the body, in the order of the records, and the records as they were before as a header. */
    public void outcomes(Exchange exchange) {
        List<RecordChange> changes = SalesforceCalls.changes(exchange);
        List<RecordChange> sent =
                changes.stream().filter(change -> change.crmId() != null).toList();
        Map<String, Outcome> byKey = new LinkedHashMap<>();
        if (!sent.isEmpty()) {
            SObjectCollections.outcomes(sent, answer(exchange)).forEach(outcome -> byKey.put(outcome.key(), outcome));
        }
        exchange.getMessage()
                .setBody(changes.stream()
                        .map(change -> byKey.getOrDefault(change.key(), Outcome.done(change.key(), null)))
                        .toList());
    }

    /** Returns the answer to the delete; if a composite call answers without it, nothing is known about any record. */
    private static SalesforceAnswer answer(Exchange exchange) {
        SalesforceAnswer answer = SalesforceCalls.answer(exchange);
        BeforeQueries queries = exchange.getProperty(QUERIES, BeforeQueries.class);
        if (queries == null || !answer.ok()) {
            return answer;
        }
        Map<String, SalesforceAnswer> answers = SalesforceComposite.answers(answer);
        BeforeImages.answer(exchange.getMessage(), queries.images(answers));
        SalesforceAnswer own = answers.get(exchange.getProperty(REFERENCE, String.class));
        if (own == null) {
            return answer;
        }
        ErrorScope errorScope = SalesforceErrors.scope(own);
        if (errorScope != ErrorScope.NONE) {
            exchange.getMessage().setHeader(SalesforceCalls.STATUS, own.status());
            exchange.getMessage().setHeader(ErrorScope.HEADER, errorScope);
        }
        return own;
    }

    /** Sets the outcomes of a delete whose query for ids got no answer. */
    public void retryAll(Exchange exchange) {
        SalesforceAnswer answer = SalesforceCalls.answer(exchange);
        List<RecordChange> changes = SalesforceCalls.changes(exchange);
        exchange.getMessage()
                .setBody(changes.stream()
                        .map(change -> SalesforceErrors.ofCall(change.key(), answer, changes.size())
                                .notWritten())
                        .toList());
    }
}

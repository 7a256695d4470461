// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import io.sluice.Outcome;
import io.sluice.RecordChange;
import io.sluice.crm.ErrorScope;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.camel.Exchange;

/** Runs the steps of the writing Kamelets that YAML can't express: a list of records in, a list of outcomes out. */
public final class HubspotWrites {

    private static final String CHANGES = "SluiceChanges";
    private static final String PARTS = "SluiceUpserts";
    private static final String OUTCOMES = "SluiceUpserted";

    HubspotWrites() {}

    /** Returns the path of a batch operation, such as {@code upsert}. */
    public String batchPath(String apiVersion, String object, String job) {
        return ApiPaths.objects(apiVersion, object) + "/batch/" + job;
    }

    /** Starts to write the records in the body: one call for those with a known id, one for the others. */
    public void upserts(Exchange exchange) {
        List<RecordChange> changes =
                keep(exchange, RecordChange.listOf(exchange.getMessage().getBody()));
        BatchRequests.requireOneCall(changes);
        Deque<List<RecordChange>> parts = new ArrayDeque<>(changes.stream()
                .collect(Collectors.partitioningBy(change -> change.crmId() == null))
                .values());
        parts.removeIf(List::isEmpty);
        exchange.setProperty(PARTS, parts);
        exchange.setProperty(OUTCOMES, new LinkedHashMap<String, Outcome>());
    }

    /** Tells whether another call is needed. */
    public boolean isMore(Exchange exchange) {
        return !parts(exchange).isEmpty();
    }

    /** Returns the operation of the next call: an update by id creates no record. */
    public String nextJob(Exchange exchange) {
        return parts(exchange).getFirst().get(0).crmId() == null ? "upsert" : "update";
    }

    /** Sets the body of the next call. */
    public void nextRequest(Exchange exchange, String externalId) {
        List<RecordChange> changes = parts(exchange).getFirst();
        exchange.getMessage().setHeader(HubspotCalls.RECORDS, changes.size());
        exchange.getMessage()
                .setBody(
                        changes.get(0).crmId() == null
                                ? BatchRequests.upsert(changes, externalId)
                                : BatchRequests.update(changes, externalId));
    }

    /** Takes the answer of the call. If there is none, the remaining records are not sent. */
    public void answered(Exchange exchange, String externalId) {
        HubspotAnswer answer = answer(exchange);
        Map<String, Outcome> outcomes = byKey(exchange);
        BatchRequests.outcomes(parts(exchange).removeFirst(), externalId, answer)
                .forEach(outcome -> outcomes.put(outcome.key(), outcome));
        if (HubspotErrors.isNotFound(answer)) {
            exchange.getMessage().setHeader(ErrorScope.HEADER, ErrorScope.RECORD);
        }
        if (!answer.ok()) {
            parts(exchange)
                    .forEach(left -> left.forEach(change -> outcomes.put(
                            change.key(),
                            Outcome.retry(
                                    change.key(),
                                    answer.code(),
                                    "not sent, because the previous call got: " + answer.message()))));
            parts(exchange).clear();
        }
    }

    /** Sets the outcomes of all calls as the body, in the order of the records. */
    public void written(Exchange exchange) {
        Map<String, Outcome> outcomes = byKey(exchange);
        exchange.getMessage()
                .setBody(changes(exchange).stream()
                        .map(change -> outcomes.get(change.key()))
                        .toList());
        exchange.removeProperty(PARTS);
        exchange.removeProperty(OUTCOMES);
    }

    @SuppressWarnings("unchecked")
    private static Deque<List<RecordChange>> parts(Exchange exchange) {
        return exchange.getProperty(PARTS, Deque.class);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Outcome> byKey(Exchange exchange) {
        return exchange.getProperty(OUTCOMES, Map.class);
    }

    private static HubspotAnswer answer(Exchange exchange) {
        return new HubspotAnswer(
                exchange.getMessage().getHeader(HubspotCalls.STATUS, 0, Integer.class),
                exchange.getMessage().getBody(String.class));
    }

    private static List<RecordChange> keep(Exchange exchange, List<RecordChange> changes) {
        exchange.setProperty(CHANGES, changes);
        exchange.getMessage().setHeader(HubspotCalls.RECORDS, changes.size());
        return changes;
    }

    @SuppressWarnings("unchecked")
    private static List<RecordChange> changes(Exchange exchange) {
        return exchange.getProperty(CHANGES, List.class);
    }
}

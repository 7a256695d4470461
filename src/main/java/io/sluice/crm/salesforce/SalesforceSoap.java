// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.RecordChange;
import io.sluice.crm.CrmId;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/**
 * Merges and undeletes records, which only SOAP can do. Neither call is idempotent: a repeat of a call whose answer was
 * lost is rejected. So a rejected record is looked up before its rejection counts.
 */
public final class SalesforceSoap {

    private static final int MAX_UNDELETED = 200;
    /** "merge()" in the SOAP API Developer Guide. */
    private static final int MAX_MERGED = 3;

    private static final String KEPT = "SluiceOutcomes";
    private static final String LOOKUP = "SluiceSoapLookup";

    // --- merge

    /**
     * Builds a merge, in which one record survives and the others are deleted: a list of two or three changes, one of
     * them an upsert.
     */
    public void mergeRequest(Exchange exchange, String object, String apiVersion) {
        List<RecordChange> changes = RecordChange.listOf(exchange.getMessage().getBody());
        if (changes.size() < 2
                || changes.size() > MAX_MERGED
                || survivors(changes).size() != 1
                || changes.stream().anyMatch(recordChange -> recordChange.crmId() == null)) {
            throw new IllegalArgumentException("A merge takes two or three records with their crmId: one with the"
                    + " operation upsert, which survives, the others with the operation delete; but the list has "
                    + changes.stream()
                            .map(it -> it.operation() + " " + it.crmId())
                            .toList());
        }
        RecordChange survivor = survivors(changes).get(0);
        survivor.fields().keySet().stream()
                .filter(field -> field.contains("."))
                .findFirst()
                .ifPresent(field -> {
                    throw new IllegalArgumentException("A merge sets fields of the record itself, not " + field);
                });
        request(
                exchange,
                changes,
                SoapRequest.merge(object, survivor.crmId(), survivor.fields(), merged(changes)),
                apiVersion);
    }

    private static List<RecordChange> survivors(List<RecordChange> changes) {
        return changes.stream()
                .filter(recordChange -> recordChange.operation() == Operation.UPSERT)
                .toList();
    }

    private static List<String> merged(List<RecordChange> changes) {
        return changes.stream()
                .filter(recordChange -> recordChange.operation() == Operation.DELETE)
                .map(RecordChange::crmId)
                .toList();
    }

    /** Sets the outcomes as the body: a merge is done for all of its records, or for none. */
    public void merged(Exchange exchange) {
        List<RecordChange> changes = SalesforceCalls.changes(exchange);
        List<SoapAnswer.Result> results = results(exchange);
        answer(
                exchange,
                results.size() != 1
                                || results.get(0).success()
                                        && !same(
                                                results.get(0).id(),
                                                survivors(changes).get(0).crmId())
                        ? notDone(changes, SalesforceCalls.answer(exchange))
                        : changes.stream()
                                .map(recordChange -> outcome(recordChange, results.get(0)))
                                .toList());
    }

    /** Returns the query for the state of the merged records. */
    public String mergedQuery(Exchange exchange, String object) {
        return "SELECT Id, MasterRecordId FROM " + object + " WHERE Id IN ("
                + quoted(merged(SalesforceCalls.changes(exchange))) + ")";
    }

    /**
     * Sets the outcomes after the lookup: if the surviving record is the master of all others, an earlier call has
     * merged them.
     */
    public void mergedBefore(Exchange exchange) {
        List<RecordChange> changes = SalesforceCalls.changes(exchange);
        String survivor = survivors(changes).get(0).crmId();
        Map<String, String> masters = found(exchange, "MasterRecordId");
        boolean before =
                merged(changes).stream().allMatch(id -> same(survivor, masters.get(CrmId.withoutChecksum(id))));
        exchange.getMessage()
                .setBody(
                        before
                                ? changes.stream()
                                        .map(recordChange -> Outcome.done(recordChange.key(), recordChange.crmId()))
                                        .toList()
                                : kept(exchange));
    }

    // --- undelete

    /** Builds an undelete of records by their crmId. */
    public void undeleteRequest(Exchange exchange, String apiVersion) {
        List<RecordChange> changes = RecordChange.listOf(exchange.getMessage().getBody());
        if (changes.isEmpty()
                || changes.size() > MAX_UNDELETED
                || changes.stream().anyMatch(recordChange -> recordChange.crmId() == null)) {
            throw new IllegalArgumentException("An undelete takes 1 to " + MAX_UNDELETED
                    + " records, each with the crmId" + " that it had, but the list has " + changes.size());
        }
        request(
                exchange,
                changes,
                SoapRequest.undelete(changes.stream().map(RecordChange::crmId).toList()),
                apiVersion);
    }

    /** Sets the outcomes as the body, in the order of the records. */
    public void undeleted(Exchange exchange) {
        List<RecordChange> changes = SalesforceCalls.changes(exchange);
        List<SoapAnswer.Result> results = results(exchange);
        if (results.size() != changes.size() || isMixedUp(changes, results)) {
            answer(exchange, notDone(changes, SalesforceCalls.answer(exchange)));
            return;
        }
        List<Outcome> outcomes = new ArrayList<>();
        for (int i = 0; i < changes.size(); i++) {
            outcomes.add(outcome(changes.get(i), results.get(i)));
        }
        answer(exchange, outcomes);
    }

    /** Tells whether a result names another record than the one at its index. */
    private static boolean isMixedUp(List<RecordChange> changes, List<SoapAnswer.Result> results) {
        for (int i = 0; i < changes.size(); i++) {
            if (results.get(i).success()
                    && !same(results.get(i).id(), changes.get(i).crmId())) {
                return true;
            }
        }
        return false;
    }

    /** Returns the query for the existing records. */
    public String aliveQuery(Exchange exchange, String object) {
        return "SELECT Id FROM " + object + " WHERE Id IN ("
                + quoted(SalesforceCalls.changes(exchange).stream()
                        .map(RecordChange::crmId)
                        .toList()) + ")";
    }

    /** Sets the outcomes after the lookup: an existing record needs no undelete. */
    public void aliveBefore(Exchange exchange) {
        List<RecordChange> changes = SalesforceCalls.changes(exchange);
        Map<String, String> alive = found(exchange, "Id");
        List<Outcome> outcomes = new ArrayList<>(kept(exchange));
        for (int i = 0; i < changes.size(); i++) {
            if (alive.containsKey(CrmId.withoutChecksum(changes.get(i).crmId()))) {
                outcomes.set(
                        i, Outcome.done(changes.get(i).key(), changes.get(i).crmId()));
            }
        }
        exchange.getMessage().setBody(outcomes);
    }

    // --- both

    /** Returns the path of a query that includes the recycle bin. */
    public String queryAllPath(String soql, String apiVersion) {
        return "/services/data/v" + apiVersion + "/queryAll?q="
                + URLEncoder.encode(soql, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Tells whether a rejected record may have been written by an earlier call. */
    public boolean isToLookUp(Exchange exchange) {
        return Boolean.TRUE.equals(exchange.getProperty(LOOKUP));
    }

    private static void request(Exchange exchange, List<RecordChange> changes, SoapRequest request, String apiVersion) {
        SalesforceCalls.keep(exchange, changes);
        exchange.removeProperty(LOOKUP);
        Message message = exchange.getMessage();
        message.setBody(request);
        message.setHeader(SalesforceCalls.METHOD, "POST");
        message.setHeader(SalesforceCalls.PATH, "/services/Soap/u/" + apiVersion);
        message.setHeader("Content-Type", "text/xml; charset=UTF-8");
        message.setHeader("SOAPAction", "\"\"");
        message.setHeader("rawHttpHeaders", "Content-Type,SOAPAction");
    }

    private static void answer(Exchange exchange, List<Outcome> outcomes) {
        exchange.getMessage().removeHeader("SOAPAction");
        exchange.getMessage().removeHeader("Content-Type");
        exchange.getMessage().setBody(outcomes);
        exchange.setProperty(KEPT, outcomes);
        exchange.setProperty(LOOKUP, outcomes.stream().anyMatch(it -> it.status() == Outcome.Status.REJECTED));
    }

    @SuppressWarnings("unchecked")
    private static List<Outcome> kept(Exchange exchange) {
        return exchange.getProperty(KEPT, List.class);
    }

    private static List<SoapAnswer.Result> results(Exchange exchange) {
        SalesforceAnswer answer = SalesforceCalls.answer(exchange);
        return answer.ok()
                ? SoapAnswer.parse(answer.body()).map(SoapAnswer::results).orElse(List.of())
                : List.of();
    }

    private static List<Outcome> notDone(List<RecordChange> changes, SalesforceAnswer answer) {
        return changes.stream()
                .map(recordChange -> answer.ok()
                        ? Outcome.noResult(recordChange.key())
                        : SalesforceErrors.ofCall(recordChange.key(), answer, changes.size()))
                .toList();
    }

    private static Outcome outcome(RecordChange recordChange, SoapAnswer.Result result) {
        return result.success()
                ? Outcome.done(recordChange.key(), recordChange.crmId())
                : SalesforceErrors.outcome(recordChange.key(), result.errors());
    }

    /** Returns one field of the records that a query found, by id. */
    private static Map<String, String> found(Exchange exchange, String field) {
        Map<String, String> found = new HashMap<>();
        SalesforceAnswer answer = SalesforceCalls.answer(exchange);
        if (answer.ok()) {
            answer.json().filter(JsonNode::isObject).ifPresent(page -> page.path("records")
                    .forEach((JsonNode record) -> found.put(
                            CrmId.withoutChecksum(record.path("Id").asText()),
                            record.path(field).asText())));
        }
        return found;
    }

    private static boolean same(String id, String other) {
        return other != null && CrmId.withoutChecksum(id).equals(CrmId.withoutChecksum(other));
    }

    private static String quoted(List<String> ids) {
        return ids.stream()
                .map(id -> "'" + id.replace("\\", "\\\\").replace("'", "\\'") + "'")
                .collect(Collectors.joining(","));
    }
}

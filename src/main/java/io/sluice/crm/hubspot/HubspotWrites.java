package io.sluice.crm.hubspot;

import io.sluice.Change;
import io.sluice.Operation;
import io.sluice.Outcome;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.camel.Exchange;

/** The steps of the writing Kamelets that YAML can't say: a list of records in, a list of outcomes out. */
public final class HubspotWrites {

    private static final String CHANGES = "SluiceChanges";
    private static final String UNKNOWN = "SluiceUnknownKeys";

    HubspotWrites() {
    }

    /** The path of a batch, such as {@code upsert}. */
    public String batchPath(String apiVersion, String object, String job) {
        return Paths.objects(apiVersion, object) + "/batch/" + job;
    }

    /** Turns the list of records into the body of a batch upsert. */
    public void upsertRequest(Exchange exchange, String externalId) {
        List<Change> changes = keep(exchange, Change.listOf(exchange.getMessage().getBody()));
        exchange.getMessage().setBody(Batches.upsert(changes, externalId));
    }

    /** Keeps the records to delete, and leaves the reading that finds the ids that are not known, or nothing. */
    public void missingIds(Exchange exchange, String externalId) {
        List<Change> changes = keep(exchange, Change.listOf(exchange.getMessage().getBody()));
        List<String> unknown = changes.stream().filter(change -> change.crmId() == null).map(Change::key).toList();
        exchange.getMessage().setBody(unknown.isEmpty() ? null : Batches.read(unknown, externalId, List.of(externalId)));
    }

    /**
     * Puts the ids that were found to their records. A record that HubSpot says not to have needs no delete; one of which
     * the answer says nothing is looked up again.
     */
    public void idsFound(Exchange exchange, String externalId) {
        List<Change> changes = changes(exchange);
        Read found = Read.of(answer(exchange), externalId,
                changes.stream().filter(change -> change.crmId() == null).map(Change::key).toList());
        exchange.setProperty(CHANGES, changes.stream().map(change -> change.crmId() != null ? change
                : new Change(change.key(), Operation.DELETE, found.id(change.key()), change.fields())).toList());
        exchange.setProperty(UNKNOWN, changes.stream().filter(change -> change.crmId() == null)
                .map(Change::key).filter(key -> !found.answers(key)).collect(Collectors.toSet()));
    }

    /** The body of the archive, or nothing when there is nothing left to delete. */
    public void archiveRequest(Exchange exchange) {
        List<Change> known = changes(exchange).stream().filter(change -> change.crmId() != null).toList();
        exchange.getMessage().setHeader(HubspotCalls.RECORDS, known.size());
        exchange.getMessage().setBody(known.isEmpty() ? null : Batches.archive(known));
    }

    /** The answer as a list of outcomes, in the order of the records. */
    public void outcomes(Exchange exchange, String externalId) {
        List<Change> changes = changes(exchange);
        List<Change> sent = changes.stream()
                .filter(change -> change.operation() == Operation.UPSERT || change.crmId() != null).toList();
        Map<String, Outcome> byKey = new LinkedHashMap<>();
        if (!sent.isEmpty()) {
            Batches.outcomes(sent, externalId, answer(exchange)).forEach(outcome -> byKey.put(outcome.key(), outcome));
        }
        Set<?> unknown = exchange.removeProperty(UNKNOWN) instanceof Set<?> keys ? keys : Set.of();
        exchange.getMessage().setBody(changes.stream().map(change -> byKey.containsKey(change.key())
                ? byKey.get(change.key()) : unknown.contains(change.key())
                ? Outcome.retry(change.key(), "NO_RESULT", "the look-up of its id has no result for this record")
                : Outcome.done(change.key(), null)).toList());
    }

    /** The outcomes of a delete whose look-up of ids was not answered, so that nothing was deleted. */
    public void retryAll(Exchange exchange) {
        List<Change> changes = changes(exchange);
        exchange.getMessage().setBody(changes.stream()
                .map(change -> Errors.ofCall(change.key(), answer(exchange), changes.size()).undone()).toList());
    }

    private static HubspotAnswer answer(Exchange exchange) {
        return new HubspotAnswer(exchange.getMessage().getHeader(HubspotCalls.STATUS, 0, Integer.class),
                exchange.getMessage().getBody(String.class));
    }

    private static List<Change> keep(Exchange exchange, List<Change> changes) {
        exchange.setProperty(CHANGES, changes);
        exchange.getMessage().setHeader(HubspotCalls.RECORDS, changes.size());
        return changes;
    }

    @SuppressWarnings("unchecked")
    private static List<Change> changes(Exchange exchange) {
        return exchange.getProperty(CHANGES, List.class);
    }
}

package io.sluice.crm.hubspot;

import io.sluice.RecordChange;
import org.apache.camel.Exchange;

/** The steps of the writing Kamelets that may take several calls: a list in, a list of outcomes in its order out. */
public final class HubspotParts {

    private static final String PARTS = "SluiceParts";

    HubspotParts() {
    }

    /** Begins to create the records of the body. */
    public void create(Exchange exchange, String externalId) {
        begin(exchange, new RecordBatch(RecordChange.listOf(exchange.getMessage().getBody()), true, externalId));
    }

    /** Begins to update the records of the body. */
    public void update(Exchange exchange, String externalId) {
        begin(exchange, new RecordBatch(RecordChange.listOf(exchange.getMessage().getBody()), false, externalId));
    }

    /** Begins to associate the pairs of the body. */
    public void associate(Exchange exchange, int type, String category) {
        begin(exchange, new AssociationPairs(AssociationPairs.pairs(exchange.getMessage().getBody()), type, category));
    }

    private static void begin(Exchange exchange, BatchWrite batchWrite) {
        exchange.setProperty(PARTS, new BatchSplit(batchWrite));
    }

    /** Where a call associates records; that without a label has a place of its own. */
    public String associatePath(String apiVersion, String from, String to, int type) {
        return ApiPaths.associations(apiVersion, from, to) + (type == 0 ? "/batch/associate/default" : "/batch/create");
    }

    /** Whether a call is left to be made. */
    public boolean isMore(Exchange exchange) {
        return parts(exchange).isMore();
    }

    /** The body of the next call. */
    public void request(Exchange exchange) {
        exchange.getMessage().setBody(parts(exchange).next());
        exchange.getMessage().setHeader(HubspotCalls.RECORDS, parts(exchange).sent());
    }

    /** Takes what came of it. */
    public void answered(Exchange exchange) {
        parts(exchange).answered(new HubspotAnswer(exchange.getMessage().getHeader(HubspotCalls.STATUS, 0, Integer.class),
                exchange.getMessage().getBody(String.class)));
    }

    /** Hands the outcomes on. */
    public void outcomes(Exchange exchange) {
        exchange.getMessage().setBody(parts(exchange).outcomes());
        exchange.removeProperty(PARTS);
    }

    private static BatchSplit parts(Exchange exchange) {
        return exchange.getProperty(PARTS, BatchSplit.class);
    }
}

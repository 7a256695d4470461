// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import io.sluice.RecordChange;
import org.apache.camel.Exchange;

/** Runs the writing Kamelets that may take several calls: a list in, a list of outcomes in the same order out. */
public final class HubspotParts {

    private static final String PARTS = "SluiceParts";

    HubspotParts() {}

    /** Starts to create the records in the body. */
    public void create(Exchange exchange, String externalId) {
        begin(
                exchange,
                new RecordBatch(RecordChange.listOf(exchange.getMessage().getBody()), true, externalId));
    }

    /** Starts to update the records in the body. */
    public void update(Exchange exchange, String externalId) {
        begin(
                exchange,
                new RecordBatch(RecordChange.listOf(exchange.getMessage().getBody()), false, externalId));
    }

    /** Starts to associate the pairs in the body. */
    public void associate(Exchange exchange, int type, String category) {
        begin(
                exchange,
                new AssociationPairs(
                        AssociationPairs.pairs(exchange.getMessage().getBody()), type, category));
    }

    private static void begin(Exchange exchange, BatchWrite batchWrite) {
        exchange.setProperty(PARTS, new BatchSplit(batchWrite));
    }

    /** Returns the path for associating records; the association without a label has a path of its own. */
    public String associatePath(String apiVersion, String from, String to, int type) {
        return ApiPaths.associations(apiVersion, from, to) + (type == 0 ? "/batch/associate/default" : "/batch/create");
    }

    /** Tells whether another call is needed. */
    public boolean isMore(Exchange exchange) {
        return parts(exchange).isMore();
    }

    /** Sets the body of the next call. */
    public void request(Exchange exchange) {
        exchange.getMessage().setBody(parts(exchange).next());
        exchange.getMessage().setHeader(HubspotCalls.RECORDS, parts(exchange).sent());
    }

    /** Takes the answer of the call. */
    public void answered(Exchange exchange) {
        parts(exchange)
                .answered(new HubspotAnswer(
                        exchange.getMessage().getHeader(HubspotCalls.STATUS, 0, Integer.class),
                        exchange.getMessage().getBody(String.class)));
    }

    /** Sets the outcomes as the body. */
    public void outcomes(Exchange exchange) {
        exchange.getMessage().setBody(parts(exchange).outcomes());
        exchange.removeProperty(PARTS);
    }

    private static BatchSplit parts(Exchange exchange) {
        return exchange.getProperty(PARTS, BatchSplit.class);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.pubsub;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sandbox.salesforce.streaming.EventReader;
import io.sluice.sandbox.server.Account;
import java.util.function.BooleanSupplier;

/**
 * Represents the client program behind a call.
 *
 * @param isAuthorized whether its token is still valid
 * @param publisher    creates platform events in its name
 */
public record Visitor(Account account, EventReader events, BooleanSupplier isAuthorized, Publisher publisher) {

    /** Creates a platform event. */
    public interface Publisher {

        /**
         * Publishes an event.
         *
         * @param values by field, as the REST API takes them
         * @return the reason why it can't, or null
         */
        String publish(String event, JsonNode values);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.pubsub;

import io.sluice.sandbox.server.Account;
import java.util.Optional;

/** Connects the Pub/Sub API with the org that it serves. */
public interface Gate {

    /** Finds the client of a valid access token. */
    Optional<Visitor> visitor(String token);

    /** Answers the id of the organization, 18 characters. */
    String organization();

    /** Counts a call or a response, which spends no API request. */
    void count(Account account, String operation);
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.streaming;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Holds the settings of an account's streams. The times are those of <a
 * href="https://developer.salesforce.com/docs/atlas.en-us.api_streaming.meta/api_streaming/using_streaming_api_timeouts.htm">Clients
 * and Timeouts</a>, the number of clients that of a Developer Edition.
 *
 * <p>Those of the Pub/Sub API are from <a
 * href="https://developer.salesforce.com/docs/platform/pub-sub-api/references/methods/subscribe-rpc.html">Subscribe RPC
 * Method</a>.
 *
 * @param connectMillis   time after which a long poll without events is answered
 * @param reconnectMillis time in which a client must connect again after an answer
 * @param maxClients      maximum number of concurrent clients
 * @param eventsKept      maximum number of retained events
 * @param keepAliveMillis time after which a Pub/Sub subscription without events gets an empty response
 * @param fetchMillis     time in which a Pub/Sub subscription must request events again
 * @param mostChanges     maximum number of changes of a transaction that have events ("Overflow Events": 100,000)
 */
record StreamSettings(
        long connectMillis,
        long reconnectMillis,
        int maxClients,
        int eventsKept,
        long keepAliveMillis,
        long fetchMillis,
        long mostChanges) {

    static final StreamSettings DEFAULT = new StreamSettings(110_000, 40_000, 20, 10_000, 270_000, 60_000, 100_000);

    /** Answers the settings with those that the JSON names. */
    StreamSettings with(JsonNode json) {
        return new StreamSettings(
                json.path("connectMs").asLong(connectMillis),
                json.path("reconnectMs").asLong(reconnectMillis),
                json.path("maxClients").asInt(maxClients),
                json.path("eventsKept").asInt(eventsKept),
                json.path("keepAliveMs").asLong(keepAliveMillis),
                json.path("fetchMs").asLong(fetchMillis),
                json.path("maxChanges").asLong(mostChanges));
    }
}

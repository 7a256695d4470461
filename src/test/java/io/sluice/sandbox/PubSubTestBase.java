// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.salesforce.eventbus.protobuf.ReplayPreset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Starts a sandbox that serves the Pub/Sub API and captures the changes of contacts. */
abstract class PubSubTestBase extends SandboxTestBase {

    PubSubClient bus;

    @BeforeEach
    void connect() {
        sandbox.servePubSub(0, false);
        settings("\"changeEvents\":[\"Contact\"]");
        bus = new PubSubClient(sandbox.pubSubPort(), crm.token());
    }

    @AfterEach
    void disconnect() {
        bus.close();
    }

    void settings(String members) {
        crm.put("/sandbox/streaming/salesforce", "{" + members + "}");
    }

    void fault(String members) {
        crm.post("/sandbox/faults/salesforce", "{" + members + "}");
    }

    String create(String members) {
        return crm.post(API + "/sobjects/Contact", "{" + members + "}")
                .json()
                .path("id")
                .asText();
    }

    /** Subscribes to the changes of contacts from now on. */
    PubSubClient.Subscription contacts() {
        return latest(PubSubClient.CONTACTS);
    }

    /** Subscribes to what is published from now on. */
    PubSubClient.Subscription latest(String topic) {
        int before = open();
        PubSubClient.Subscription subscription = bus.subscribe(topic, ReplayPreset.LATEST, 100);
        await().until(() -> open() == before + 1);
        return subscription;
    }

    /** Returns the replay id of an event that was delivered and is not retained any more. */
    ByteString expiredReplayId() {
        create("\"LastName\":\"One\"");
        ByteString delivered = bus.subscribe(PubSubClient.CONTACTS, ReplayPreset.EARLIEST, 1)
                .events(1)
                .get(0)
                .getReplayId();
        settings("\"expireEvents\":true");
        return delivered;
    }

    /** Answers the number of subscriptions that have begun. */
    private int open() {
        return crm.referee().at("/byOperation/pubsubSubscribe").asInt();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.PubSubClient.CONTACTS;
import static io.sluice.sandbox.PubSubClient.code;
import static io.sluice.sandbox.PubSubClient.header;
import static io.sluice.sandbox.PubSubClient.names;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.protobuf.ByteString;
import com.salesforce.eventbus.protobuf.ConsumerEvent;
import com.salesforce.eventbus.protobuf.ReplayPreset;
import com.salesforce.eventbus.protobuf.TopicRequest;
import java.util.List;
import org.apache.avro.generic.GenericRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The troubles of Salesforce's Pub/Sub API that faults make. */
class PubSubFaultsTest extends PubSubTestBase {

    @Test
    void aFaultThatNamesNoOperationLeavesTheStreamAlone() {
        fault("\"kind\":\"reset\"");
        fault("\"kind\":\"dropEvents\"");
        PubSubClient.Subscription subscription = contacts();
        crm.post("/sandbox/records/salesforce/Contact", "{\"LastName\":\"One\"}");
        subscription.events(1);
    }

    @ParameterizedTest
    @CsvSource({"before,0", "within,1", "after,2"})
    void theServerCutsTheStream(String when, int delivered) {
        create("\"LastName\":\"One\"");
        create("\"LastName\":\"Two\"");
        fault("\"kind\":\"reset\",\"operation\":\"pubsubDeliver\",\"when\":\"" + when + "\",\"count\":1");
        PubSubClient.Subscription subscription = bus.subscribe(CONTACTS, ReplayPreset.EARLIEST, 100);
        assertThat(subscription.ended()).isEqualTo("UNAVAILABLE");
        assertThat(subscription.isEmpty()).isEqualTo(delivered == 0);
        if (delivered > 0) {
            subscription.events(delivered);
        }
        bus.subscribe(CONTACTS, ReplayPreset.EARLIEST, 100).events(2);
    }

    @ParameterizedTest
    @CsvSource({
        "subscription.fetch.replayid.validation.failed,INVALID_ARGUMENT",
        "subscription.fetch.replayid.corrupted,INVALID_ARGUMENT",
        "subscription.limit.exceeded,RESOURCE_EXHAUSTED",
        "service.auth.error,UNAUTHENTICATED",
        "subscription.internal.error,INTERNAL"
    })
    void aSubscriptionIsAnsweredAnError(String code, String status) {
        fault("\"kind\":\"answer\",\"operation\":\"pubsubSubscribe\",\"errorCode\":\"" + code + "\",\"count\":1");
        assertThat(bus.subscribe(CONTACTS, ReplayPreset.LATEST, 1).ended()).isEqualTo(status + " " + code);
        contacts();
    }

    @Test
    void theServiceIsDown() {
        fault("\"kind\":\"unavailable\",\"operation\":[\"pubsubSubscribe\",\"pubsubTopic\"]");
        assertThat(bus.subscribe(CONTACTS, ReplayPreset.LATEST, 1).ended())
                .isEqualTo("UNAVAILABLE service.unavailable");
        assertThat(code(catchThrowable(() -> bus.calls()
                        .getTopic(
                                TopicRequest.newBuilder().setTopicName(CONTACTS).build()))))
                .isEqualTo("UNAVAILABLE service.unavailable");
    }

    @Test
    void theAllocationIsReportedAsUsedUpWithinTheStream() {
        PubSubClient.Subscription subscription = contacts();
        fault("\"kind\":\"refuse\",\"operation\":\"pubsubDeliver\"");
        create("\"LastName\":\"One\"");
        assertThat(subscription.ended()).isEqualTo("RESOURCE_EXHAUSTED subscription.limit.exceeded");
    }

    @Test
    void aSilentStreamDeliversNothingAndKeepsNothingAlive() {
        settings("\"keepAliveMs\":50");
        fault("\"kind\":\"hang\",\"operation\":\"pubsubSubscribe\",\"count\":1");
        PubSubClient.Subscription silent = contacts();
        PubSubClient.Subscription other = contacts();
        create("\"LastName\":\"One\"");
        other.events(1);
        for (int i = 0; i < 3; i++) {
            other.response();
        }
        assertThat(silent.isEmpty()).isTrue();
        assertThat(silent.isOpen()).isTrue();
    }

    @Test
    void eventsComeLate() {
        PubSubClient.Subscription subscription = contacts();
        fault("\"kind\":\"lateEvents\",\"operation\":\"pubsubDeliver\",\"delayMs\":300,\"count\":1");
        long start = System.nanoTime();
        create("\"LastName\":\"One\"");
        subscription.events(1);
        assertThat(System.nanoTime() - start).isGreaterThan(300_000_000L);
    }

    @Test
    void anEventComesTwiceWithOneReplayId() {
        PubSubClient.Subscription subscription = contacts();
        fault("\"kind\":\"duplicateEvents\",\"operation\":\"pubsubDeliver\",\"count\":1");
        create("\"LastName\":\"One\"");
        List<ConsumerEvent> events = subscription.events(2);
        assertThat(events.get(0)).isEqualTo(events.get(1));
    }

    @Test
    void anEventIsLost() {
        PubSubClient.Subscription subscription = contacts();
        fault("\"kind\":\"dropEvents\",\"operation\":\"changeEvent\",\"object\":\"Contact\",\"count\":1");
        create("\"LastName\":\"One\"");
        create("\"LastName\":\"Two\"");
        assertThat(((GenericRecord) subscription.event().get("Name")).get("LastName"))
                .hasToString("Two");
    }

    @Test
    void aGapEventTellsOfTheRecordAlone() {
        fault("\"kind\":\"gapEvents\",\"operation\":\"changeEvent\",\"count\":1");
        String id = create("\"LastName\":\"One\"");
        GenericRecord event = bus.subscribe(CONTACTS, ReplayPreset.EARLIEST, 1).event();
        assertThat(header(event).get("changeType")).hasToString("GAP_CREATE");
        assertThat((List<?>) header(event).get("recordIds")).hasToString("[" + id + "]");
        assertThat(header(event).get("changeOrigin")).hasToString("");
        assertThat(event.get("Name")).isNull();
    }

    @Test
    void anOverflowTellsOfTheObjectAlone() {
        fault("\"kind\":\"gapEvents\",\"operation\":\"changeEvent\",\"overflow\":true,\"count\":1");
        create("\"LastName\":\"One\"");
        GenericRecord event = bus.subscribe(CONTACTS, ReplayPreset.EARLIEST, 1).event();
        assertThat(header(event).get("changeType")).hasToString("GAP_OVERFLOW");
        assertThat((List<?>) header(event).get("recordIds")).hasToString("[000000000000000AAA]");
    }

    @Test
    void anEventCannotBeDecoded() {
        fault("\"kind\":\"garbleEvents\",\"operation\":\"changeEvent\",\"count\":1");
        create("\"LastName\":\"One\"");
        create("\"LastName\":\"Two\"");
        List<ConsumerEvent> events =
                bus.subscribe(CONTACTS, ReplayPreset.EARLIEST, 100).events(2);
        assertThatThrownBy(() -> bus.decoded(events.get(0)));
        assertThat(bus.decoded(events.get(1)).get("Name")).isNotNull();
    }

    @Test
    void fieldsWithoutRightsAreMissing() {
        String id = create("\"LastName\":\"One\"");
        PubSubClient.Subscription subscription = contacts();
        fault("\"kind\":\"hideFields\",\"operation\":\"changeEvent\",\"fields\":[\"Title\",\"Name.FirstName\"]");
        crm.patch(API + "/sobjects/Contact/" + id, "{\"Title\":\"Dr\",\"FirstName\":\"Ann\",\"Phone\":\"1\"}");
        GenericRecord event = subscription.event();
        assertThat(event.get("Title")).isNull();
        assertThat(names(event, "changedFields")).containsExactlyInAnyOrder("Phone", "LastModifiedDate");
        assertThat(names(event, "nulledFields")).isEmpty();
    }

    @Test
    void aSubscriberFindsItsPlaceAfterAnExpiredReplayId() {
        ByteString old = expiredReplayId();
        assertThat(bus.subscribe(CONTACTS, old, 1).ended()).contains("replayid.corrupted");
        PubSubClient.Subscription earliest = bus.subscribe(CONTACTS, ReplayPreset.EARLIEST, 1);
        create("\"LastName\":\"Two\"");
        earliest.events(1);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.PubSubClient.CONTACTS;
import static io.sluice.sandbox.PubSubClient.code;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.salesforce.eventbus.protobuf.ConsumerEvent;
import com.salesforce.eventbus.protobuf.FetchRequest;
import com.salesforce.eventbus.protobuf.FetchResponse;
import com.salesforce.eventbus.protobuf.ReplayPreset;
import com.salesforce.eventbus.protobuf.SchemaRequest;
import com.salesforce.eventbus.protobuf.TopicInfo;
import com.salesforce.eventbus.protobuf.TopicRequest;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.avro.generic.GenericRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Salesforce's Pub/Sub API: subscriptions, replay, flow control, errors and allocations. */
class PubSubTest extends PubSubTestBase {

    private static final String CORRUPTED = "INVALID_ARGUMENT subscription.fetch.replayid.corrupted";
    private static final String OVER_LIMIT = "RESOURCE_EXHAUSTED subscription.limit.exceeded";

    @Test
    void aTopicNamesItsSchema() {
        TopicInfo topic = topic(CONTACTS);
        assertThat(topic.getCanSubscribe()).isTrue();
        assertThat(topic.getCanPublish()).isFalse();
        assertThat(bus.schema(topic.getSchemaId()).getFullName()).isEqualTo("com.sforce.eventbus.ContactChangeEvent");
        assertThat(topic("/data/ChangeEvents").getSchemaId()).isEmpty();
        assertThat(code(catchThrowable(() -> topic("/data/NothingChangeEvent"))))
                .isEqualTo("NOT_FOUND topic.not.found");
        assertThat(code(catchThrowable(() -> topic("")))).isEqualTo("INVALID_ARGUMENT topic.validation.empty");
        assertThat(code(catchThrowable(() -> bus.calls().getSchema(SchemaRequest.getDefaultInstance()))))
                .isEqualTo("INVALID_ARGUMENT schema.validation.failed");
    }

    @Test
    void callsSpendNoRequestOfTheDay() {
        long before = crm.referee().at("/limits/daily/used").asLong();
        topic(CONTACTS);
        contacts();
        assertThat(crm.referee().at("/limits/daily/used").asLong()).isEqualTo(before);
        assertThat(crm.referee().at("/exempt").asInt()).isPositive();
        assertThat(crm.referee().at("/pubsub/subscriptions").asInt()).isOne();
    }

    @Test
    void aSubscriptionBeginsAtTheNewestTheOldestOrAGivenEvent() {
        create("\"LastName\":\"One\"");
        create("\"LastName\":\"Two\"");
        PubSubClient.Subscription latest = contacts();
        create("\"LastName\":\"Three\"");
        assertThat(lastName(latest.events(1).get(0))).isEqualTo("Three");
        List<ConsumerEvent> all =
                bus.subscribe(CONTACTS, ReplayPreset.EARLIEST, 100).events(3);
        assertThat(all).extracting(this::lastName).containsExactly("One", "Two", "Three");
        assertThat(bus.subscribe(CONTACTS, all.get(0).getReplayId(), 100).events(2))
                .extracting(this::lastName)
                .containsExactly("Two", "Three");
    }

    @Test
    void replayIdsGrowAndHaveGaps() {
        for (int i = 0; i < 4; i++) {
            create("\"LastName\":\"One\"");
        }
        List<Long> ids = bus.subscribe(CONTACTS, ReplayPreset.EARLIEST, 100).events(4).stream()
                .map(event -> event.getReplayId().asReadOnlyByteBuffer().getLong())
                .toList();
        assertThat(ids).isSorted().doesNotHaveDuplicates();
        assertThat(ids.get(3) - ids.get(0)).isGreaterThan(3);
    }

    @Test
    void noMoreEventsComeThanWereRequested() {
        for (int i = 0; i < 5; i++) {
            create("\"LastName\":\"" + i + "\"");
        }
        PubSubClient.Subscription subscription = bus.subscribe(CONTACTS, ReplayPreset.EARLIEST, 2);
        FetchResponse first = subscription.response();
        assertThat(first.getEventsList()).extracting(this::lastName).containsExactly("0", "1");
        assertThat(first.getPendingNumRequested()).isZero();
        assertThat(first.getLatestReplayId()).isEqualTo(first.getEvents(1).getReplayId());
        assertThat(subscription.isEmpty()).isTrue();
        subscription.request(10);
        FetchResponse second = subscription.response();
        assertThat(second.getEventsList()).extracting(this::lastName).containsExactly("2", "3", "4");
        assertThat(second.getPendingNumRequested()).isEqualTo(7);
        assertThat(second.getRpcId()).isEqualTo(first.getRpcId()).isNotEmpty();
    }

    @Test
    void atMostAHundredEventsAreOutstanding() {
        PubSubClient.Subscription subscription = bus.subscribe(CONTACTS, ReplayPreset.LATEST, 90);
        subscription.request(90);
        await().until(() -> crm.referee().at("/byOperation/pubsubFetch").asInt() == 1);
        create("\"LastName\":\"One\"");
        assertThat(subscription.response().getPendingNumRequested()).isEqualTo(99);
    }

    @Test
    void aQuietSubscriptionGetsTheLatestReplayId() {
        settings("\"changeEvents\":[\"Contact\",\"Account\"],\"keepAliveMs\":100");
        PubSubClient.Subscription subscription = contacts();
        crm.post(API + "/sobjects/Account", "{\"Name\":\"Acme\"}");
        FetchResponse keepAlive = subscription.response();
        assertThat(keepAlive.getEventsList()).isEmpty();
        assertThat(keepAlive.getPendingNumRequested()).isEqualTo(100);
        ByteString latest = subscription.response().getLatestReplayId();
        create("\"LastName\":\"One\"");
        assertThat(lastName(bus.subscribe(CONTACTS, latest, 100).events(1).get(0)))
                .isEqualTo("One");
    }

    @Test
    void aClientThatRequestsNoMoreIsDropped() {
        settings("\"fetchMs\":100");
        create("\"LastName\":\"One\"");
        PubSubClient.Subscription subscription = bus.subscribe(CONTACTS, ReplayPreset.EARLIEST, 1);
        subscription.events(1);
        assertThat(subscription.ended()).isEqualTo("completed");
        await().until(() -> crm.referee().at("/pubsub/subscriptions").asInt() == 0);
    }

    @Test
    void aClientEndsItsSubscription() {
        PubSubClient.Subscription subscription = contacts();
        subscription.end();
        assertThat(subscription.ended()).isEqualTo("completed");
    }

    @Test
    void aReplayIdThatIsNotRetainedIsRejected() {
        ByteString old = expiredReplayId();
        assertThat(bus.subscribe(CONTACTS, old, 1).ended()).isEqualTo(CORRUPTED);
        assertThat(bus.subscribe(CONTACTS, ByteString.copyFromUtf8("12907414"), 1)
                        .ended())
                .isEqualTo(CORRUPTED);
        assertThat(bus.subscribe(CONTACTS, ByteString.copyFrom(new byte[10]), 1).ended())
                .isEqualTo(CORRUPTED);
        assertThat(bus.subscribe(CONTACTS, ByteString.EMPTY, 1).ended())
                .isEqualTo("INVALID_ARGUMENT subscription.fetch.replayid.validation.failed");
    }

    @Test
    void aSubscriptionThatFallsBehindTheRetentionEnds() {
        settings("\"eventsKept\":2");
        create("\"LastName\":\"One\"");
        PubSubClient.Subscription subscription = bus.subscribe(CONTACTS, ReplayPreset.EARLIEST, 1);
        subscription.events(1);
        for (int i = 0; i < 4; i++) {
            create("\"LastName\":\"" + i + "\"");
        }
        subscription.request(1);
        assertThat(subscription.ended()).isEqualTo(CORRUPTED);
    }

    @Test
    void aSubscriptionGoesOnWhenWhatItHasExpires() {
        PubSubClient.Subscription subscription = contacts();
        create("\"LastName\":\"One\"");
        subscription.events(1);
        settings("\"expireEvents\":true");
        create("\"LastName\":\"Two\"");
        assertThat(lastName(subscription.events(1).get(0))).isEqualTo("Two");
    }

    @Test
    void anImpossibleRequestEndsTheStream() {
        assertThat(bus.subscribe("", ReplayPreset.LATEST, 1).ended())
                .isEqualTo("INVALID_ARGUMENT topic.validation.empty");
        assertThat(bus.subscribe("/data/Nothing", ReplayPreset.LATEST, 1).ended())
                .isEqualTo("NOT_FOUND topic.not.found");
        assertThat(bus.subscribe(CONTACTS, ReplayPreset.LATEST, 0).ended())
                .isEqualTo("INVALID_ARGUMENT subscription.fetch.requested.events.invalid");
        PubSubClient.Subscription subscription = contacts();
        subscription.request(FetchRequest.newBuilder()
                .setTopicName("/data/ChangeEvents")
                .setNumRequested(1)
                .build());
        assertThat(subscription.ended()).isEqualTo("INVALID_ARGUMENT subscription.fetch.topic.mismatch");
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "none",
            value = {
                "accesstoken,none,headers.invalid",
                "instanceurl,none,headers.invalid",
                "tenantid,none,headers.invalid",
                "accesstoken,00D000000000001!wrong,error",
                "tenantid,00D000000000009EAA,error"
            })
    void aCallNeedsThreeHeaders(String header, String value, String code) {
        bus.with(header, value);
        assertThat(code(catchThrowable(() -> topic(CONTACTS)))).isEqualTo("UNAUTHENTICATED service.auth." + code);
        assertThat(bus.subscribe(CONTACTS, ReplayPreset.LATEST, 1).ended())
                .isEqualTo("UNAUTHENTICATED service.auth." + code);
    }

    @Test
    void aTokenThatExpiresEndsTheStream() {
        PubSubClient.Subscription subscription = contacts();
        fault("\"kind\":\"expireTokens\"");
        assertThat(subscription.ended()).isEqualTo("UNAUTHENTICATED service.auth.error");
    }

    @Test
    void everyDeliveryToEachClientIsCounted() {
        PubSubClient.Subscription one = contacts();
        PubSubClient.Subscription other = contacts();
        create("\"LastName\":\"One\"");
        one.events(1);
        other.events(1);
        assertThat(crm.referee().at("/limits/eventDeliveries/used").asInt()).isEqualTo(2);
        assertThat(crm.referee().at("/pubsub/delivered").asInt()).isEqualTo(2);
        assertThat(crm.get(API + "/limits")
                        .json()
                        .at("/DailyDeliveredPlatformEvents/Remaining")
                        .asInt())
                .isEqualTo(9_998);
    }

    @Test
    void deliveriesBeyondTheAllocationEndTheStreamAndStayReplayable() {
        crm.put("/sandbox/limits/salesforce", "{\"eventDeliveries\":{\"max\":2}}");
        PubSubClient.Subscription subscription = contacts();
        crm.upsertContacts(
                SalesforceClient.contact("C-1", "One"),
                SalesforceClient.contact("C-2", "Two"),
                SalesforceClient.contact("C-3", "Three"));
        ByteString last = subscription.events(2).get(1).getReplayId();
        assertThat(subscription.ended()).isEqualTo(OVER_LIMIT);
        assertThat(bus.subscribe(CONTACTS, last, 100).ended()).isEqualTo(OVER_LIMIT);
        crm.put("/sandbox/limits/salesforce", "{\"eventDeliveries\":{\"max\":3}}");
        assertThat(lastName(bus.subscribe(CONTACTS, last, 100).events(1).get(0)))
                .isEqualTo("Three");
    }

    @Test
    void theControlShowsThePortAndEndsTheStreams() {
        PubSubClient.Subscription subscription = contacts();
        assertThat(crm.get("/sandbox/pubsub/salesforce").json().path("port").asInt())
                .isEqualTo(sandbox.pubSubPort());
        crm.delete("/sandbox/pubsub/salesforce");
        assertThat(subscription.ended()).isEqualTo("UNAVAILABLE");
    }

    @Test
    void itServesTlsWithACertificateOfItsOwn() throws Exception {
        try (Sandbox other = Sandbox.start("127.0.0.1", 0)) {
            other.servePubSub(0, true);
            SalesforceClient client = new SalesforceClient(other.port()).login();
            String pem = client.get("/sandbox/pubsub/salesforce")
                    .json()
                    .path("certificate")
                    .asText();
            assertThat(pem).isEqualTo(other.pubSubCertificate());
            try (PubSubClient secured = new PubSubClient(
                    NettyChannelBuilder.forAddress("localhost", other.pubSubPort())
                            .sslContext(GrpcSslContexts.forClient()
                                    .trustManager(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)))
                                    .build())
                            .build(),
                    client.token())) {
                assertThat(secured.calls()
                                .getTopic(TopicRequest.newBuilder()
                                        .setTopicName(CONTACTS)
                                        .build())
                                .getTopicName())
                        .isEqualTo(CONTACTS);
            }
        }
    }

    private TopicInfo topic(String name) {
        return bus.calls().getTopic(TopicRequest.newBuilder().setTopicName(name).build());
    }

    private String lastName(ConsumerEvent event) {
        return ((GenericRecord) bus.decoded(event).get("Name")).get("LastName").toString();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.avro.generic.GenericRecord;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.salesforce.AuthenticationType;
import org.apache.camel.component.salesforce.PubSubApiConsumer;
import org.apache.camel.component.salesforce.SalesforceComponent;
import org.apache.camel.component.salesforce.SalesforceEndpointConfig;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The Pub/Sub API as the consumer of Apache Camel's own Salesforce component reads it. */
class CamelPubSubTest extends PubSubTestBase {

    private final BlockingQueue<Message> received = new LinkedBlockingQueue<>();
    private CamelContext camel;

    @AfterEach
    void stopCamel() {
        camel.stop();
    }

    @Test
    void camelReadsChangeEvents() throws Exception {
        consume("salesforce:pubSubSubscribe:/data/ContactChangeEvent?pubSubDeserializeType=GENERIC_RECORD");
        String id = create("\"LastName\":\"One\"");
        GenericRecord created = next().getBody(GenericRecord.class);
        assertThat(PubSubClient.header(created).get("recordIds")).hasToString("[" + id + "]");
        crm.patch(API + "/sobjects/Contact/" + id, "{\"Title\":\"Dr\"}");
        GenericRecord updated = next().getBody(GenericRecord.class);
        assertThat(PubSubClient.header(updated).get("changeType")).hasToString("UPDATE");
        assertThat(updated.get("Title")).hasToString("Dr");
        assertThat(PubSubClient.names(updated, "changedFields")).containsExactlyInAnyOrder("Title", "LastModifiedDate");
    }

    @Test
    void camelReadsJson() throws Exception {
        consume("salesforce:pubSubSubscribe:/data/ChangeEvents?pubSubDeserializeType=JSON");
        create("\"LastName\":\"One\"");
        assertThat(SalesforceClient.JSON.readTree(next().getBody(String.class)).toString())
                .contains("\"LastName\"")
                .contains("One");
    }

    @Test
    void camelReplaysRetainedEvents() throws Exception {
        create("\"LastName\":\"One\"");
        create("\"LastName\":\"Two\"");
        consume("salesforce:pubSubSubscribe:/data/ContactChangeEvent?replayPreset=EARLIEST&pubSubBatchSize=1");
        Message first = next();
        next();
        String id = first.getHeader("CamelSalesforcePubSubReplayId", String.class);
        camel.stop();
        received.clear();
        consume("salesforce:pubSubSubscribe:/data/ContactChangeEvent?replayPreset=CUSTOM&pubSubReplayId=RAW(" + id
                + ")");
        assertThat(((GenericRecord) next().getBody(GenericRecord.class).get("Name")).get("LastName"))
                .hasToString("Two");
    }

    @Test
    void camelLogsInAgainWhenItsTokenExpires() throws Exception {
        consume("salesforce:pubSubSubscribe:/data/ContactChangeEvent");
        fault("\"kind\":\"expireTokens\"");
        await().atMost(Duration.ofSeconds(30)).until(() -> subscribed() >= 2);
        crm.login();
        create("\"LastName\":\"One\"");
        next();
    }

    private int subscribed() {
        return crm.referee().at("/byOperation/pubsubSubscribe").asInt();
    }

    private Message next() throws InterruptedException {
        Message message = received.poll(20, TimeUnit.SECONDS);
        assertThat(message).as("an event").isNotNull();
        return message;
    }

    /** Starts a route that receives from this endpoint, and waits until it has subscribed. */
    private void consume(String uri) throws Exception {
        int before = subscribed();
        camel = new DefaultCamelContext();
        SalesforceComponent component = new SalesforceComponent();
        component.setLoginUrl(crm.base());
        component.setClientId("sluice");
        component.setClientSecret("sluice");
        component.setAuthenticationType(AuthenticationType.CLIENT_CREDENTIALS);
        component.setPubSubHost("127.0.0.1");
        component.setPubSubPort(sandbox.pubSubPort());
        SalesforceEndpointConfig config = new SalesforceEndpointConfig();
        config.setApiVersion("62.0");
        component.setConfig(config);
        camel.addComponent("salesforce", component);
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from(uri)
                        .routeId("events")
                        .autoStartup(false)
                        .process((Exchange exchange) ->
                                received.add(exchange.getMessage().copy()));
            }
        });
        camel.start();
        // plain text is no option of the endpoint
        ((PubSubApiConsumer) camel.getRoute("events").getConsumer()).setUsePlainTextConnection(true);
        camel.getRouteController().startRoute("events");
        await().atMost(Duration.ofSeconds(30)).until(() -> subscribed() > before);
    }
}

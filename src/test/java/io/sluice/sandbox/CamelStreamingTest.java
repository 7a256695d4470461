// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.salesforce.AuthenticationType;
import org.apache.camel.component.salesforce.SalesforceComponent;
import org.apache.camel.component.salesforce.SalesforceEndpointConfig;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The Streaming API as the consumer of Apache Camel's own Salesforce component reads it. */
class CamelStreamingTest extends SandboxTestBase {

    private final BlockingQueue<Message> received = new LinkedBlockingQueue<>();
    private CamelContext camel;

    @BeforeEach
    void setUp() {
        crm.put("/sandbox/streaming/salesforce", "{\"changeEvents\":[\"Contact\"]}");
        crm.post(
                API + "/sobjects/PushTopic",
                "{\"Name\":\"Names\",\"ApiVersion\":62.0,\"Query\":\"SELECT Id, LastName FROM Contact\"}");
    }

    @AfterEach
    void stopCamel() {
        camel.stop();
    }

    @Test
    void camelReadsAPushTopic() throws Exception {
        consume("salesforce:subscribe:Names?rawPayload=true");
        String id = create("One");
        Message message = next();
        assertThat(message.getHeader("CamelSalesforceTopicName")).isEqualTo("Names");
        assertThat(message.getHeader("CamelSalesforceEventType")).isEqualTo("created");
        assertThat(message.getHeader("CamelSalesforceReplayId")).isNotNull();
        assertThat(json(message).toString()).isEqualTo("{\"Id\":\"" + id + "\",\"LastName\":\"One\"}");
        crm.delete(API + "/sobjects/Contact/" + id);
        assertThat(next().getHeader("CamelSalesforceEventType")).isEqualTo("deleted");
    }

    @Test
    void camelReadsChangeEvents() throws Exception {
        consume("salesforce:subscribe:data/ContactChangeEvent?rawPayload=true");
        String id = create("One");
        Message created = next();
        assertThat(created.getHeader("CamelSalesforceChangeType")).isEqualTo("CREATE");
        assertThat(created.getHeader("CamelSalesforceEntityName")).isEqualTo("Contact");
        assertThat(created.getHeader("CamelSalesforceRecordIds")).isEqualTo(List.of(id));
        assertThat(json(created).at("/data/payload/Name/LastName").asText()).isEqualTo("One");
        crm.patch(API + "/sobjects/Contact/" + id, "{\"Title\":\"Dr\"}");
        Message updated = next();
        assertThat(updated.getHeader("CamelSalesforceChangeType")).isEqualTo("UPDATE");
        assertThat(json(updated).at("/data/payload/Title").asText()).isEqualTo("Dr");
    }

    @Test
    void camelMakesItsPushTopic() throws Exception {
        consume("salesforce:subscribe:Own?rawPayload=true&notifyForFields=ALL&notifyForOperationCreate=true"
                + "&sObjectQuery=SELECT Id, LastName FROM Contact");
        create("One");
        assertThat(json(next()).path("LastName").asText()).isEqualTo("One");
        assertThat(crm.query("SELECT NotifyForFields, NotifyForOperations FROM PushTopic WHERE Name = 'Own'")
                        .json()
                        .at("/records/0/NotifyForFields")
                        .asText())
                .isEqualTo("All");
    }

    @Test
    void camelReadsPlatformEvents() throws Exception {
        crm.put("/sandbox/objects/salesforce/Alarm__e", "{\"label\":\"Alarm\"}");
        crm.put("/sandbox/fields/salesforce/Alarm__e/Text__c", "{\"type\":\"string\"}");
        consume("salesforce:subscribe:event/Alarm__e?rawPayload=true");
        crm.post(API + "/sobjects/Alarm__e", "{\"Text__c\":\"Fire\"}");
        Message message = next();
        assertThat(message.getHeader("CamelSalesforceCreatedDate")).isInstanceOf(ZonedDateTime.class);
        assertThat(json(message).at("/data/payload/Text__c").asText()).isEqualTo("Fire");
    }

    @Test
    void camelReplaysRetainedEvents() throws Exception {
        create("One");
        create("Two");
        consume("salesforce:subscribe:Names?rawPayload=true&replayId=-2");
        assertThat(json(next()).path("LastName").asText()).isEqualTo("One");
        assertThat(json(next()).path("LastName").asText()).isEqualTo("Two");
    }

    @Test
    void camelSubscribesAgainWhenItsClientIsUnknown() throws Exception {
        consume("salesforce:subscribe:Names?rawPayload=true");
        crm.put("/sandbox/streaming/salesforce", "{\"dropClients\":true}");
        await().atMost(Duration.ofSeconds(30))
                .until(() -> crm.referee().at("/streaming/subscriptions").asInt() == 1);
        create("One");
        assertThat(json(next()).path("LastName").asText()).isEqualTo("One");
    }

    private String create(String lastName) {
        return crm.post(API + "/sobjects/Contact", "{\"LastName\":\"" + lastName + "\"}")
                .json()
                .path("id")
                .asText();
    }

    private Message next() throws InterruptedException {
        Message message = received.poll(20, TimeUnit.SECONDS);
        assertThat(message).as("an event").isNotNull();
        return message;
    }

    private static JsonNode json(Message message) throws Exception {
        return SalesforceClient.JSON.readTree(message.getBody(String.class));
    }

    /** Starts a route that receives from this endpoint, and waits until it has subscribed. */
    private void consume(String uri) throws Exception {
        camel = new DefaultCamelContext();
        SalesforceComponent component = new SalesforceComponent();
        component.setLoginUrl(crm.base());
        component.setClientId("sluice");
        component.setClientSecret("sluice");
        component.setAuthenticationType(AuthenticationType.CLIENT_CREDENTIALS);
        SalesforceEndpointConfig config = new SalesforceEndpointConfig();
        config.setApiVersion("62.0");
        component.setConfig(config);
        camel.addComponent("salesforce", component);
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from(uri)
                        .process((Exchange exchange) ->
                                received.add(exchange.getMessage().copy()));
            }
        });
        camel.start();
        await().atMost(Duration.ofSeconds(30))
                .until(() -> crm.referee().at("/streaming/subscriptions").asInt() == 1);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.StreamingClient.connected;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Salesforce's Streaming API over CometD: its protocol, PushTopics, replay and limits. */
class StreamingTest extends SandboxTestBase {

    private static final String TOPIC = "/topic/Names";

    @Test
    void aHandshakeOffersLongPollingAndReplay() {
        JsonNode answer = new StreamingClient(crm).handshake();
        assertThat(answer.path("successful").asBoolean()).isTrue();
        assertThat(answer.path("clientId").asText()).matches("[a-z0-9]{27}");
        assertThat(answer.at("/supportedConnectionTypes/0").asText()).isEqualTo("long-polling");
        assertThat(answer.at("/ext/replay").asBoolean()).isTrue();
        assertThat(answer.path("minimumVersion").asText()).isEqualTo("1.0");
    }

    @Test
    void theFirstConnectIsAnsweredAtOnceWithAdvice() {
        StreamingClient client = new StreamingClient(crm);
        client.handshake();
        JsonNode first = client.connect().path(0);
        assertThat(first.at("/advice/reconnect").asText()).isEqualTo("retry");
        assertThat(first.at("/advice/timeout").asInt()).isEqualTo(110_000);
        assertThat(first.at("/advice/interval").asInt()).isZero();
    }

    @Test
    void aLongPollIsAnsweredWhenAnEventComes() {
        topic("SELECT Id, LastName FROM Contact", "");
        StreamingClient client = connected(crm);
        client.subscribe(TOPIC);
        CompletableFuture<List<JsonNode>> poll = client.laterEvents();
        assertThat(poll).isNotDone();
        String id = create("One");
        JsonNode event = poll.join().get(0);
        assertThat(event.at("/event/type").asText()).isEqualTo("created");
        assertThat(event.at("/event/createdDate").asText()).matches("\\d{4}-\\d\\d-\\d\\dT.*Z");
        assertThat(event.at("/event/replayId").asLong()).isPositive();
        assertThat(event.path("sobject").toString()).isEqualTo("{\"Id\":\"" + id + "\",\"LastName\":\"One\"}");
    }

    @Test
    void aLongPollWithoutEventsIsAnsweredAtItsTime() {
        crm.put("/sandbox/streaming/salesforce", "{\"connectMs\":30}");
        JsonNode answer = connected(crm).connect();
        assertThat(answer).hasSize(1);
        assertThat(answer.path(0).path("successful").asBoolean()).isTrue();
        assertThat(answer.path(0).has("advice")).isFalse();
    }

    @Test
    void waitingClientsHoldNoThreadAndSpendNoApiCall() {
        topic("SELECT Id, LastName FROM Contact", "");
        crm.put("/sandbox/streaming/salesforce", "{\"maxClients\":40}");
        long calls = used("daily");
        List<CompletableFuture<List<JsonNode>>> polls = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            StreamingClient client = connected(crm);
            client.subscribe(TOPIC);
            polls.add(client.laterEvents());
        }
        assertThat(crm.query("SELECT Id FROM Contact").status()).isEqualTo(200);
        assertThat(used("daily")).isEqualTo(calls + 1);
        create("One");
        polls.forEach(poll -> assertThat(poll.join()).hasSize(1));
        assertThat(crm.referee().at("/streaming/delivered").path(TOPIC).asInt()).isEqualTo(40);
        assertThat(used("topicDeliveries")).isEqualTo(40);
    }

    @Test
    void aConnectAmongOtherMessagesIsAnsweredAtOnce() {
        StreamingClient client = connected(crm);
        JsonNode answers = client.send(client.connectMessage() + "," + client.connectMessage());
        assertThat(answers).hasSize(2);
    }

    @Test
    void aSecondLongPollEndsTheFirst() {
        StreamingClient client = connected(crm);
        CompletableFuture<List<JsonNode>> first = client.laterEvents();
        await().until(() -> {
            client.events();
            return first.isDone();
        });
        assertThat(first.join()).isEmpty();
    }

    @Test
    void eventsOfAClientThatHungUpComeWithItsNextConnect() {
        topic("SELECT Id, LastName FROM Contact", "");
        StreamingClient client = connected(crm);
        client.subscribe(TOPIC);
        HttpClient impatient = HttpClient.newHttpClient();
        CompletableFuture<HttpResponse<String>> poll = impatient.sendAsync(
                client.request("/cometd/62.0", "[" + client.connectMessage() + "]"),
                HttpResponse.BodyHandlers.ofString());
        await().until(() -> waiting() == 1);
        poll.cancel(true);
        await().until(() -> waiting() == 0);
        create("One");
        assertThat(client.events()).hasSize(1);
    }

    @Test
    void aDeletedRecordIsNotifiedByItsIdAlone() {
        topic("SELECT Id, LastName FROM Contact", "");
        StreamingClient client = connected(crm);
        client.subscribe(TOPIC);
        String id = create("One");
        crm.delete(API + "/sobjects/Contact/" + id);
        crm.post("/sandbox/records/salesforce/Contact/" + id, "{\"IsDeleted\":false}");
        List<JsonNode> events = client.events();
        assertThat(events)
                .extracting(event -> event.at("/event/type").asText())
                .containsExactly("created", "deleted", "undeleted");
        assertThat(events.get(1).path("sobject").toString()).isEqualTo("{\"Id\":\"" + id + "\"}");
    }

    @Test
    void notificationsFollowTheFieldsOfTheTopic() {
        assertThat(notifications("Referenced")).containsExactly("Title", "Department");
        assertThat(notifications("Select")).containsExactly("Title");
        assertThat(notifications("Where")).containsExactly("Department");
        assertThat(notifications("All")).containsExactly("Title", "Department", "Phone");
    }

    /** Changes three fields one after the other, and answers those whose change was notified of. */
    private List<String> notifications(String fields) {
        String name = "T" + fields;
        crm.post(
                API + "/sobjects/PushTopic",
                "{\"Name\":\"" + name + "\",\"ApiVersion\":62.0,\"NotifyForFields\":\"" + fields
                        + "\",\"Query\":\"SELECT Id, Title FROM Contact WHERE Department != 'None'\"}");
        String id = create("One");
        StreamingClient client = connected(crm);
        client.subscribe("/topic/" + name);
        List<String> notified = new ArrayList<>();
        for (String field : List.of("Title", "Department", "Phone")) {
            crm.patch(API + "/sobjects/Contact/" + id, "{\"" + field + "\":\"" + fields + "\"}");
            client.events().forEach(event -> notified.add(field));
        }
        crm.patch(API + "/sobjects/Contact/" + id, "{\"Department\":\"None\"}");
        assertThat(client.events()).as("a record that left the condition").isEmpty();
        client.say("disconnect");
        return notified;
    }

    @Test
    void onlyTheOperationsOfTheTopicAreNotified() {
        topic("SELECT Id, LastName FROM Contact", ",\"NotifyForOperationUpdate\":false");
        StreamingClient client = connected(crm);
        client.subscribe(TOPIC);
        String id = create("One");
        crm.patch(API + "/sobjects/Contact/" + id, "{\"LastName\":\"Two\"}");
        assertThat(client.events())
                .extracting(event -> event.at("/event/type").asText())
                .containsExactly("created");
    }

    @Test
    void aDeactivatedTopicIsNoChannel() {
        String id = topic("SELECT Id FROM Contact", "");
        crm.patch(API + "/sobjects/PushTopic/" + id, "{\"IsActive\":false}");
        assertThat(connected(crm).subscribe(TOPIC, "-1").path("error").asText())
                .isEqualTo("400::The channel you requested to subscribe to does not exist {" + TOPIC + "}");
    }

    @Test
    void aTopicTakesNoQueryThatSalesforceRejects() {
        assertThat(rejected("SELECT Id FROM Contact LIMIT 10")).isEqualTo("'LIMIT' is not allowed");
        assertThat(rejected("SELECT Id FROM Contact ORDER BY Id")).isEqualTo("'ORDER BY' clause is not allowed");
        assertThat(rejected("SELECT COUNT() FROM Contact")).isEqualTo("Aggregate queries are not supported");
        assertThat(rejected("SELECT Id, Account.Name FROM Contact")).isEqualTo("relationships are not supported");
        assertThat(rejected("SELECT Id FROM Contact WHERE NOT Title = 'x'")).isEqualTo("'NOT' is not supported");
        assertThat(rejected("SELECT Id FROM Contact WHERE AccountId IN (SELECT Id FROM Account)"))
                .isEqualTo("semi/anti join sub-selects are not supported");
        assertThat(rejected("SELECT Title FROM Contact")).contains("Id");
        assertThat(rejected("SELECT Id, Nothing FROM Contact")).contains("Nothing");
    }

    private String rejected(String query) {
        SalesforceClient.Reply reply = crm.post(
                API + "/sobjects/PushTopic", "{\"Name\":\"Bad\",\"ApiVersion\":62.0,\"Query\":\"" + query + "\"}");
        assertThat(reply.errorCode()).isEqualTo("INVALID_FIELD");
        return reply.json().at("/0/message").asText();
    }

    @Test
    void retainedEventsAreReplayed() {
        topic("SELECT Id, LastName FROM Contact", "");
        create("One");
        create("Two");
        create("Three");
        StreamingClient all = connected(crm);
        all.subscribe(TOPIC, "-2");
        List<JsonNode> events = all.events();
        assertThat(events)
                .extracting(event -> event.at("/sobject/LastName").asText())
                .containsExactly("One", "Two", "Three");
        StreamingClient later = connected(crm);
        later.subscribe(TOPIC, events.get(1).at("/event/replayId").asText());
        assertThat(later.events())
                .extracting(event -> event.at("/sobject/LastName").asText())
                .containsExactly("Three");
        StreamingClient fresh = connected(crm);
        fresh.subscribe(TOPIC, "-1");
        assertThat(fresh.events()).isEmpty();
    }

    @Test
    void aReplayIdThatIsNotRetainedIsInvalid() {
        topic("SELECT Id, LastName FROM Contact", "");
        create("One");
        StreamingClient client = connected(crm);
        client.subscribe(TOPIC, "-2");
        String id = client.events().get(0).at("/event/replayId").asText();
        crm.put("/sandbox/streaming/salesforce", "{\"expireEvents\":true}");
        JsonNode answer = client.subscribe(TOPIC, id);
        assertThat(answer.path("successful").asBoolean()).isFalse();
        assertThat(answer.path("error").asText())
                .isEqualTo("400::The replayId {" + id + "} you provided was invalid.  Please provide a valid ID, "
                        + "-2 to replay all events, or -1 to replay only new events.");
        assertThat(answer.path("subscription").asText()).isEqualTo(TOPIC);
    }

    @Test
    void onlyTheNewestEventsAreKept() {
        crm.put("/sandbox/streaming/salesforce", "{\"eventsKept\":2}");
        topic("SELECT Id, LastName FROM Contact", "");
        List.of("One", "Two", "Three").forEach(this::create);
        StreamingClient client = connected(crm);
        client.subscribe(TOPIC, "-2");
        assertThat(client.events())
                .extracting(event -> event.at("/sobject/LastName").asText())
                .containsExactly("Two", "Three");
    }

    @Test
    void anUnknownClientIsToldToShakeHands() {
        StreamingClient client = connected(crm);
        crm.put("/sandbox/streaming/salesforce", "{\"dropClients\":true}");
        JsonNode answer = client.connect().path(0);
        assertThat(answer.path("error").asText()).isEqualTo("403::Unknown client");
        assertThat(answer.at("/advice/reconnect").asText()).isEqualTo("handshake");
        assertThat(answer.has("clientId")).isFalse();
    }

    @Test
    void aClientThatDoesNotConnectInTimeIsLost() {
        crm.put("/sandbox/streaming/salesforce", "{\"reconnectMs\":20}");
        StreamingClient client = new StreamingClient(crm);
        client.handshake();
        await().until(() -> crm.referee().at("/streaming/clients").asInt() == 0);
        assertThat(client.connect().path(0).path("error").asText()).isEqualTo("403::Unknown client");
    }

    @Test
    void aDisconnectEndsTheClient() {
        StreamingClient client = connected(crm);
        CompletableFuture<List<JsonNode>> poll = client.laterEvents();
        await().until(() -> waiting() == 1);
        assertThat(client.say("disconnect").path("successful").asBoolean()).isTrue();
        assertThat(poll.join()).isEmpty();
        assertThat(client.connect().path(0).path("error").asText()).isEqualTo("403::Unknown client");
    }

    @Test
    void anUnsubscribedChannelDeliversNothing() {
        topic("SELECT Id, LastName FROM Contact", "");
        StreamingClient client = connected(crm);
        client.subscribe(TOPIC);
        assertThat(client.say("unsubscribe", ",\"subscription\":\"" + TOPIC + "\"")
                        .path("successful")
                        .asBoolean())
                .isTrue();
        create("One");
        assertThat(client.events()).isEmpty();
    }

    @Test
    void aHandshakeWithoutAValidTokenIsDenied() {
        crm.useToken(null);
        JsonNode without = new StreamingClient(crm).handshake();
        assertThat(without.path("error").asText()).isEqualTo("403::Handshake denied");
        assertThat(without.at("/ext/sfdc/failureReason").asText()).isEqualTo("401::Request requires authentication");
        assertThat(without.at("/advice/reconnect").asText()).isEqualTo("none");
        crm.useToken("00D000000000001!wrong");
        assertThat(new StreamingClient(crm)
                        .handshake()
                        .at("/ext/sfdc/failureReason")
                        .asText())
                .isEqualTo("401::Authentication invalid");
    }

    @Test
    void aTokenThatEndsEndsTheConnection() {
        StreamingClient client = connected(crm);
        crm.post("/sandbox/faults/salesforce", "{\"kind\":\"expireTokens\"}");
        JsonNode answer = client.connect().path(0);
        assertThat(answer.path("error").asText()).isEqualTo("401::Authentication invalid");
        assertThat(answer.at("/advice/reconnect").asText()).isEqualTo("none");
        assertThat(answer.path("clientId").asText()).isNotEmpty();
    }

    @Test
    void tooManyClientsAreDenied() {
        crm.put("/sandbox/streaming/salesforce", "{\"maxClients\":1}");
        connected(crm);
        assertThat(new StreamingClient(crm)
                        .handshake()
                        .at("/ext/sfdc/failureReason")
                        .asText())
                .isEqualTo("403::Organization concurrent user limit exceeded");
    }

    @Test
    void aClientWithoutItsCookieIsRejected() {
        StreamingClient client = connected(crm);
        client.forgetCookie();
        assertThat(client.connect().path(0).path("error").asText())
                .startsWith("400::Client ")
                .endsWith(" has established a session, but no BAYEUX_BROWSER cookie present");
    }

    @Test
    void theAddressNamesAVersion() {
        StreamingClient client = new StreamingClient(crm);
        assertThat(reason(client, "/cometd")).startsWith("400::API version in the URI is mandatory.");
        assertThat(reason(client, "/cometd/36.0")).startsWith("400::Unsupported API version.");
    }

    private String reason(StreamingClient client, String path) {
        return crm.send(client.request(
                        path, "[{\"channel\":\"/meta/handshake\",\"supportedConnectionTypes\":[\"long-polling\"]}]"))
                .json()
                .at("/0/ext/sfdc/failureReason")
                .asText();
    }

    @Test
    void aSubscriptionNamesAChannelThatExists() {
        StreamingClient client = connected(crm);
        assertThat(client.say("subscribe").path("error").asText()).isEqualTo("400::Channel name not specified");
        assertThat(client.subscribe("topic", "-1").path("error").asText())
                .isEqualTo("400::Channel subscriptions must start with a leading '/'");
        assertThat(client.subscribe("/data/NothingChangeEvent", "-1")
                        .path("error")
                        .asText())
                .contains("does not exist {/data/NothingChangeEvent}");
    }

    @Test
    void deliveriesBeyondTheAllocationEndTheSubscription() {
        topic("SELECT Id, LastName FROM Contact", "");
        crm.put("/sandbox/limits/salesforce", "{\"topicDeliveries\":{\"max\":1}}");
        StreamingClient client = connected(crm);
        client.subscribe(TOPIC);
        create("One");
        create("Two");
        assertThat(client.events()).hasSize(1);
        assertThat(client.connect().path(0).path("error").asText())
                .isEqualTo("403::Organization total events daily limit exceeded");
        assertThat(connected(crm).subscribe(TOPIC, "-2").path("error").asText())
                .isEqualTo("403::Organization total events daily limit exceeded");
        assertThat(crm.get(API + "/limits")
                        .json()
                        .at("/DailyDurableStreamingApiEvents/Remaining")
                        .asInt())
                .isZero();
    }

    @Test
    void aFaultDoublesAndReordersEvents() {
        topic("SELECT Id, LastName FROM Contact", "");
        StreamingClient client = connected(crm);
        client.subscribe(TOPIC);
        create("One");
        create("Two");
        crm.post(
                "/sandbox/faults/salesforce",
                "{\"kind\":\"results\",\"operation\":\"streamingConnect\",\"double\":1,\"order\":\"reversed\"}");
        assertThat(client.events())
                .extracting(event -> event.at("/sobject/LastName").asText())
                .containsExactly("Two", "One", "One");
    }

    @Test
    void aRequestThatIsNoBayeuxIsRejected() {
        assertThat(crm.get("/cometd/62.0").status()).isEqualTo(405);
        assertThat(crm.post("/cometd/62.0", "nonsense").status()).isEqualTo(400);
        assertThat(crm.post("/cometd/62.0", "[" + " ".repeat(32_768) + "]").status())
                .isEqualTo(413);
    }

    private String topic(String query, String more) {
        return crm.post(
                        API + "/sobjects/PushTopic",
                        "{\"Name\":\"Names\",\"ApiVersion\":62.0,\"Query\":\"" + query + "\"" + more + "}")
                .json()
                .path("id")
                .asText();
    }

    private String create(String lastName) {
        return crm.post(API + "/sobjects/Contact", "{\"LastName\":\"" + lastName + "\"}")
                .json()
                .path("id")
                .asText();
    }

    /** Answers the number of long polls that wait. */
    private int waiting() {
        return crm.referee().at("/streaming/waiting").asInt();
    }

    private long used(String limit) {
        return crm.referee().at("/limits/" + limit + "/used").asLong();
    }
}

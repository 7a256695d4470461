// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static io.sluice.crm.salesforce.RunningKamelets.record;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sluice.CrmEvent;
import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.Outcome;
import io.sluice.crm.OwnRoute;
import io.sluice.crm.salesforce.events.ContactEvents;
import io.sluice.crm.salesforce.events.EventEndpoint;
import io.sluice.crm.salesforce.events.FakePubSub;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.camel.Exchange;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the Kamelets of events, with the sandbox for the login and a server of events within the test. */
class SalesforceEventsTest {

    private static final String ANN = "003000000000001AAA";
    private static final String ACTION = "kamelet:salesforce-events-action?reader=";

    @TempDir
    static Path home;

    private static FakePubSub server;
    private static RunningKamelets crm;

    @BeforeAll
    static void start() throws Exception {
        server = new FakePubSub();
        crm = new RunningKamelets(
                home,
                Map.of(
                        "sluice.account.salesforce.events-endpoint",
                        "127.0.0.1:" + server.port(),
                        "sluice.account.salesforce.events-plaintext",
                        "true"));
    }

    @AfterAll
    static void stop() throws Exception {
        crm.close();
        server.close();
    }

    private static void soon(ThrowingRunnable assertion) {
        await().atMost(Duration.ofSeconds(40))
                .pollInterval(Duration.ofMillis(50))
                .untilAsserted(assertion);
    }

    private static Exchange ask(String reader, String offset) {
        return crm.ask(ACTION + reader, offset);
    }

    /** Asks until Salesforce answers; the server says that the stream lives. */
    private static Exchange answered(String reader, String offset) {
        return await().atMost(Duration.ofSeconds(40))
                .pollInterval(Duration.ofMillis(20))
                .until(
                        () -> {
                            Exchange exchange = ask(reader, offset);
                            if (exchange.getMessage().getHeader("SluiceNext") == null) {
                                server.keepAlive();
                            }
                            return exchange;
                        },
                        exchange -> exchange.getMessage().getHeader("SluiceNext") != null);
    }

    private static List<?> list(Exchange exchange) {
        return (List<?>) exchange.getMessage().getBody();
    }

    private static List<String> values(OwnRoute route) {
        return route.received().stream()
                .map(CrmEvent.class::cast)
                .filter(event -> event.kind() == CrmEvent.Kind.VALUE)
                .map(CrmEvent::value)
                .toList();
    }

    @Test
    void theActionReadsTheEventsAfterAnOffset() throws Exception {
        long calls = crm.counted();
        Exchange first = answered("action", null);
        assertThat(list(first)).hasSize(1);
        String offset = first.getMessage().getHeader("SluiceNext", String.class);
        server.publish(ContactEvents.update("Phone", "+49 1", ANN));
        Exchange second = await().until(
                        () -> ask("action", offset),
                        exchange -> exchange.getMessage().getHeader("SluiceStatus", Integer.class) == 200);
        assertThat(list(second)).singleElement().satisfies(event -> assertThat(((CrmEvent) event).value())
                .isEqualTo("+49 1"));
        assertThat(second.getMessage().getHeader("SluiceRejectedEvents")).isEqualTo(List.of());
        assertThat(crm.counted()).as("no API call").isEqualTo(calls);
        Exchange none = ask("action", second.getMessage().getHeader("SluiceNext", String.class));
        assertThat(none.getMessage().getHeader("SluiceStatus")).isEqualTo(204);
        assertThat(list(none)).isEmpty();
    }

    @Test
    void anUnknownAccountIsSaid() {
        Exchange answer = crm.ask(ACTION + "x&account=nobody", null);
        assertThat(answer.getMessage().getHeader("SluiceStatus")).isEqualTo(0);
        assertThat(answer.getMessage().getBody(String.class)).contains("no Salesforce account named nobody");
    }

    @Test
    void eachEventReachesACustomRouteOnceOverFailuresAndRestarts() throws Exception {
        String source = "kamelet:salesforce-events-source?name=own-events&period=";
        try (OwnRoute mine = new OwnRoute(crm.main.getCamelContext(), source + 50, 2)) {
            soon(() -> {
                server.keepAlive();
                assertThat(mine.received()).isNotEmpty();
            });
            assertThat(((CrmEvent) mine.received().get(0)).kind()).isEqualTo(CrmEvent.Kind.GAP);
            server.publish(ContactEvents.update("Phone", "+49 2", ANN));
            soon(() -> assertThat(mine.lists()).as("the route fails").isEqualTo(2));
            crm.run("update sluice.stream_offset set due = now() where stream = 'source:own-events'");
            soon(() -> assertThat(values(mine)).containsExactly("+49 2"));
            server.publish(ContactEvents.update("Phone", "+49 3", ANN));
            soon(() -> assertThat(values(mine)).containsExactly("+49 2", "+49 3"));
        }
        server.publish(ContactEvents.update("Phone", "+49 4", ANN));
        try (OwnRoute later = new OwnRoute(crm.main.getCamelContext(), source + 60)) {
            soon(() -> assertThat(values(later)).containsExactly("+49 4"));
        }
    }

    @Test
    void recordsAreLookedUpByTheirIdsAlone() throws Exception {
        List<Outcome> made = crm.send(
                "kamelet:salesforce-upsert-sink?object=Contact&externalId=Customer_No__c",
                List.of(record("BY-1", "LastName", "One"), record("BY-2", "LastName", "Two")));
        String gone = "003000000000999AAA";
        Exchange answer = crm.ask(
                "kamelet:salesforce-lookup-action?object=Contact&externalId=Customer_No__c&fields=LastName",
                List.of(made.get(0).crmId(), gone));
        assertThat(list(answer)).hasSize(2);
        assertThat(list(answer))
                .filteredOn(CrmRecord.class::isInstance)
                .extracting(found -> ((CrmRecord) found).key())
                .containsExactly("BY-1");
        assertThat(list(answer))
                .filteredOn(DeletedRecord.class::isInstance)
                .extracting(missing -> ((DeletedRecord) missing).crmId())
                .containsExactly(gone);
    }

    @Test
    void wrongSettingsAreNamed() {
        assertThat(EventEndpoint.of("org", Map.of()))
                .isEqualTo(new EventEndpoint("api.pubsub.salesforce.com:7443", false, "/data/ChangeEvents"));
        assertWrong("events-endpoint", "https://example.org");
        assertWrong("events-channel", "ChangeEvents");
        assertWrong("events-plaintext", "yes");
        assertThatThrownBy(() -> EventEndpoint.of(
                        "org", Map.of("events-plaintext", "true", "login-url", "https://login.salesforce.com")))
                .hasMessageContaining("sluice.account.org.events-plaintext is true, but login-url is encrypted");
    }

    private static void assertWrong(String setting, String value) {
        assertThatThrownBy(() -> EventEndpoint.of("org", Map.of(setting, value)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("sluice.account.org." + setting + " must be");
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Sync;
import io.sluice.outbox.Pause.By;
import io.sluice.outbox.Pause.Kind;
import io.sluice.outbox.PauseStore;
import io.sluice.store.Database;
import io.sluice.store.Json;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PauseRequestsTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final CamelContext context = new DefaultCamelContext();
    private final PauseStore pauseStore = new PauseStore(DATABASE.sluice());
    private final PauseRequests pauseRequests = pausing(pauseStore);

    private static PauseRequests pausing(PauseStore pauseStore) {
        Sync sync = new Sync();
        sync.setName("contacts-crm");
        return new PauseRequests(pauseStore, List.of("crm", "other"), List.of(sync));
    }

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
    }

    private Exchange request(String name, Object body) {
        Exchange exchange = new DefaultExchange(context);
        exchange.getMessage().setHeader("name", name);
        exchange.getMessage().setHeader("Authorization", "of the request");
        exchange.getMessage().setBody(body);
        return exchange;
    }

    private static int status(Exchange exchange) {
        return exchange.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE, Integer.class);
    }

    private static Map<String, Object> answer(Exchange exchange) {
        return Json.fields(exchange.getMessage().getBody(String.class));
    }

    private static String error(Exchange exchange) {
        return answer(exchange).get("error").toString();
    }

    private Exchange pause(Object body) {
        Exchange exchange = request("crm", body);
        pauseRequests.pause(exchange, "account");
        return exchange;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> paused(Exchange exchange) {
        assertThat(status(exchange)).isEqualTo(200);
        return (Map<String, Object>) answer(exchange).get("paused");
    }

    @Test
    void theAnswerIsTheNewState() {
        Exchange exchange = pause(null);
        assertThat(answer(exchange)).containsEntry("account", "crm");
        assertThat(paused(exchange))
                .containsEntry("by", "api")
                .containsEntry("reason", null)
                .containsKey("since");
        assertThat(paused(pause(null))).isEqualTo(paused(exchange));
        assertThat(exchange.getMessage().getHeaders()).containsOnlyKeys(Exchange.HTTP_RESPONSE_CODE);

        for (int i = 0; i < 2; i++) {
            Exchange resumed = request("crm", null);
            pauseRequests.resume(resumed, "account");
            assertThat(answer(resumed)).containsEntry("account", "crm").containsEntry("paused", null);
        }
    }

    @Test
    void theReasonIsReadFromTheQueryTheTextOrTheJson() {
        assertThat(paused(pause("new owner"))).containsEntry("reason", "new owner");
        assertThat(paused(pause("{\"reason\": \"new org\"}"))).containsEntry("reason", "new org");
        Exchange query = request("crm", "not this");
        query.getMessage().setHeader("reason", "audit");
        pauseRequests.pause(query, "account");
        assertThat(paused(query)).containsEntry("reason", "audit");
    }

    @Test
    void aReasonCanNotForgeALineOfTheLog() {
        assertThat(paused(pause("a\r\n12:00 INFO b"))).containsEntry("reason", "a 12:00 INFO b");
    }

    @Test
    void aWrongBodyChangesNothingAndTheAnswerSaysWhy() throws SQLException {
        Exchange broken = pause("{\"reason\": ");
        assertThat(status(broken)).isEqualTo(400);
        assertThat(error(broken)).contains("{\"reason\": \"...\"}");
        Exchange misspelt = pause("{\"reson\": \"x\"}");
        assertThat(status(misspelt)).isEqualTo(400);
        assertThat(error(misspelt)).contains("'reson'", "did you mean reason?");
        Exchange large = pause("x".repeat(501));
        assertThat(status(large)).isEqualTo(400);
        assertThat(pauseStore.all()).isEmpty();
    }

    @Test
    void theErrorForAnUnknownNameSuggestsTheClosestOne() throws SQLException {
        Exchange account = request("crn", null);
        pauseRequests.pause(account, "account");
        assertThat(status(account)).isEqualTo(404);
        assertThat(error(account)).startsWith("There is no account 'crn'; did you mean crm");
        Exchange sync = request("contact-crm", null);
        pauseRequests.resume(sync, "sync");
        assertThat(status(sync)).isEqualTo(404);
        assertThat(error(sync)).isEqualTo("There is no sync 'contact-crm'; did you mean contacts-crm?");
        assertThat(pauseStore.all()).isEmpty();
    }

    @Test
    void aPauseByASettingIsNotResumedAndTheSettingIsNamed() throws SQLException {
        pauseStore.replaceSettings(
                List.of(new PauseStore.Setting(Kind.SYNC, "contacts-crm", "paused: true in x.camel.yaml")));
        Exchange exchange = request("contacts-crm", null);
        pauseRequests.resume(exchange, "sync");
        assertThat(status(exchange)).isEqualTo(409);
        assertThat(error(exchange)).contains("Sync 'contacts-crm'", "paused: true in x.camel.yaml");
        assertThat(pauseStore.find(Kind.SYNC, "contacts-crm").orElseThrow().by())
                .isEqualTo(By.SETTING);
    }

    @Test
    void aSyncInAnInitialSnapshotIsNotResumedUnlessAPersonPausedItToo() throws SQLException {
        DATABASE.sluice().transaction(connection -> {
            PauseStore.replaceSnapshotPauses(connection, List.of("contacts-crm"), "its object is read first");
            return null;
        });
        Exchange exchange = request("contacts-crm", null);
        pauseRequests.resume(exchange, "sync");
        assertThat(status(exchange)).isEqualTo(409);
        assertThat(error(exchange))
                .isEqualTo("Sync 'contacts-crm' waits: its object is read first. It resumes by itself"
                        + " then; /api/status shows the progress under 'initial'.");
        pauseStore.pause(Kind.SYNC, "contacts-crm", "audit");
        Exchange byHand = request("contacts-crm", null);
        pauseRequests.resume(byHand, "sync");
        assertThat(paused(byHand)).containsEntry("by", "load");
    }

    @Test
    void anUnreachableDatabaseIsAnsweredWithoutAStackTrace() {
        Database away = Database.of("jdbc:postgresql://127.0.0.1:1/none?connectTimeout=1", "sluice", "", 1);
        try (away) {
            Exchange exchange = request("crm", null);
            pausing(new PauseStore(away)).pause(exchange, "account");
            assertThat(status(exchange)).isEqualTo(503);
            assertThat(error(exchange)).contains("The database failed");
        }
    }
}

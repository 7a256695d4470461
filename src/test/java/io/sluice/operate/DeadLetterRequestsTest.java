// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.merge.Applier;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.Database;
import io.sluice.store.Json;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeadLetterRequestsTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final CamelContext context = new DefaultCamelContext();
    private final DeadLetterRequests requests = requests(DATABASE.sluice());
    private String id;

    private static DeadLetterRequests requests(Database database) {
        Sync sync = new Sync();
        sync.setName("customers");
        sync.setTable("app.customer");
        sync.setAccount("crm");
        sync.setObject("Contact");
        sync.setFields(Map.of("email", "Email", "city", "City"));
        return new DeadLetterRequests(
                database,
                new Applier(database, new Capture(database, 1, WriteDebounce.NONE)),
                List.of("crm"),
                List.of(sync));
    }

    @BeforeEach
    void threeLetters() throws SQLException {
        DATABASE.reset();
        DATABASE.run(
                "insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps, code) values"
                        + " ('crm', 'Contact', '1', 'customers', 'upsert', '{\"Email\": \"x\"}', '{}', 'BAD'),"
                        + " ('crm', 'Contact', '2', 'customers', 'upsert', '{\"Email\": \"y\"}', '{}', 'BAD'),"
                        + " ('crm', 'Contact', '3', 'customers', 'delete', '{}', '{}', 'LOCKED')");
        id = DATABASE.text("select id from sluice.dead_letter where key = '1'");
    }

    private Exchange ask(Consumer<Exchange> what, String id, String query, Object body) {
        Exchange exchange = new DefaultExchange(context);
        exchange.getMessage().setHeader("id", id);
        exchange.getMessage().setHeader("account", "a header of HTTP is no parameter");
        exchange.getMessage().setHeader(Exchange.HTTP_QUERY, query);
        exchange.getMessage().setBody(body);
        what.accept(exchange);
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

    private static List<String> state() throws SQLException {
        return DATABASE.texts("select concat_ws(' ', key, fields, edited_fields) from sluice.dead_letter order by key");
    }

    @Test
    @SuppressWarnings("unchecked")
    void pagesAreListedInOrder() {
        Map<String, Object> first = answer(ask(requests::list, null, "sync=customers&limit=2", null));
        assertThat((List<Map<String, Object>>) first.get("deadLetters"))
                .extracting(it -> it.get("key"))
                .containsExactly("1", "2");
        Map<String, Object> second = answer(ask(requests::list, null, "limit=2&after=" + first.get("next"), null));
        assertThat((List<Map<String, Object>>) second.get("deadLetters"))
                .extracting(it -> it.get("key"))
                .containsExactly("3");
        assertThat(second).containsEntry("next", null);
        assertThat(answer(ask(requests::show, id, null, null)))
                .containsEntry("key", "1")
                .containsEntry("code", "BAD");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "snyc=customers      | 400 | There is no parameter 'snyc'; did you mean sync",
                "sync=customer       | 404 | There is no sync 'customer'; did you mean customers?",
                "account=crn         | 404 | There is no account 'crn'; did you mean crm?",
                "sync=               | 400 | Parameter 'sync' needs one value",
                "code=A&code=B       | 400 | Parameter 'code' needs one value"
            })
    void aWrongFilterSelectsNothing(String query, int status, String why) throws SQLException {
        for (Consumer<Exchange> what : List.<Consumer<Exchange>>of(requests::list, requests::replayAll)) {
            Exchange exchange = ask(what, null, query, null);
            assertThat(error(exchange)).startsWith(why);
            assertThat(status(exchange)).isEqualTo(status);
        }
        assertThat(state()).hasSize(3);
    }

    @Test
    void theErrorForAWrongPageSaysWhatIsAllowed() {
        assertThat(error(ask(requests::list, null, "limit=2000", null)))
                .isEqualTo("Parameter 'limit' must be a whole number from 1 to 1000, not '2000'");
        assertThat(error(ask(requests::list, null, "after=C-1", null))).startsWith("Parameter 'after' must be");
    }

    @Test
    void aReplayOfAllNeedsAFilter() throws SQLException {
        assertThat(error(ask(requests::replayAll, null, null, null))).startsWith("Say which dead letters to replay");
        assertThat(state()).hasSize(3);
        assertThat(answer(ask(requests::replayAll, null, "code=BAD", null)))
                .containsEntry("replayed", 2)
                .containsEntry("refused", List.of());
        assertThat(state()).hasSize(1);
        assertThat(answer(ask(requests::replayAll, null, "code=BAD", null))).containsEntry("replayed", 0);
    }

    @Test
    void lettersThatDiedAfterTheListAreLeftAlone() throws SQLException {
        Map<String, Object> list = answer(ask(requests::list, null, "sync=customers&limit=1", null));
        assertThat(list).containsEntry("total", 3);
        DATABASE.run("insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps, code)"
                + " values ('crm', 'Contact', '4', 'customers', 'upsert', '{}', '{}', 'BAD'),"
                + " ('crm', 'Contact', '5', 'customers', 'upsert', '{\"Email\": \"x\"}', '{}', 'LATE')");
        String listed = "&upTo=" + list.get("upTo");
        assertThat(answer(ask(requests::list, null, "sync=customers" + listed, null)))
                .containsEntry("total", 3);
        assertThat(answer(ask(requests::discardAll, null, "code=BAD" + listed, null)))
                .containsEntry("discarded", 2);
        assertThat(answer(ask(requests::replayAll, null, "code=LATE" + listed, null)))
                .containsEntry("replayed", 0);
        assertThat(state()).hasSize(3);
        assertThat(error(ask(requests::discardAll, null, listed.substring(1), null)))
                .startsWith("Say which dead letters to discard");
        assertThat(error(ask(requests::discardAll, null, "code=BAD&upTo=x", null)))
                .startsWith("Parameter 'upTo' must be a whole number");
        assertThat(answer(ask(requests::list, null, "code=NONE", null)))
                .containsEntry("total", 0)
                .containsEntry("upTo", null);
        assertThat(state()).hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[1]",
                "{}",
                "{\"fields\": {}}",
                "{\"fields\": 7}",
                "{\"Email\": \"x\"}",
                "{\"fields\": {\"Email\": \"x\"}, \"sync\": \"y\"}",
                "{\"fields\": {\"Emial\": \"x\"}}",
                "{\"fields\": {\"Email\": {\"a\": 1}}}",
                "{\"fields\": {\"City\": \"Oslo\", \"Email\": [1]}}"
            })
    void aWrongEditChangesNothing(String body) throws SQLException {
        List<String> before = state();
        Exchange exchange = ask(requests::edit, id, null, body);
        assertThat(status(exchange)).isEqualTo(400);
        assertThat(error(exchange)).isNotBlank();
        assertThat(state()).isEqualTo(before);
    }

    @Test
    void anEditReturnsTheEditedLetter() throws SQLException {
        assertThat(answer(ask(requests::edit, id, null, "{\"fields\": {\"Email\": \"a@b\", \"City\": null}}")))
                .containsEntry("editedFields", List.of("City", "Email"));
        assertThat(state()).contains("1 {\"City\": null, \"Email\": \"a@b\"} {City,Email}");
        String delete = String.valueOf(Long.parseLong(id) + 2);
        assertThat(status(ask(requests::edit, delete, null, "{\"fields\": {\"Email\": \"a@b\"}}")))
                .isEqualTo(409);
    }

    @Test
    void aMissingLetterIsAnsweredWith404() throws SQLException {
        assertThat(answer(ask(requests::discard, id, null, null))).containsKey("discarded");
        for (Consumer<Exchange> what :
                List.<Consumer<Exchange>>of(requests::discard, requests::show, requests::replay)) {
            Exchange again = ask(what, id, null, null);
            assertThat(status(again)).isEqualTo(404);
            assertThat(error(again)).startsWith("There is no dead letter " + id);
        }
        assertThat(error(ask(requests::show, "C-00010", null, null))).startsWith("'C-00010' is no number");
        assertThat(state()).hasSize(2);
    }

    @Test
    void anUnreachableDatabaseIsAnsweredWithoutAStackTrace() {
        try (Database away = Database.of("jdbc:postgresql://127.0.0.1:1/nowhere", "x", null, 1)) {
            Exchange exchange = ask(requests(away)::list, null, null, null);
            assertThat(status(exchange)).isEqualTo(503);
            assertThat(error(exchange)).startsWith("The database failed");
        }
    }
}

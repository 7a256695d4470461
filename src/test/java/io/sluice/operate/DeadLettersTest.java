// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.Backoff;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.merge.Applier;
import io.sluice.operate.ApiResponses.RejectedRequest;
import io.sluice.operate.DeadLetters.Filter;
import io.sluice.operate.DeadLetters.Replayed;
import io.sluice.outbox.Claim;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Settlement;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.Json;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DeadLettersTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Filter ALL = new Filter("crm", null, null, null);

    private final Capture capture = new Capture(DATABASE.sluice(), 10_000, WriteDebounce.NONE);
    private final Outbox outbox = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1));
    private final Settlement settlement = new Settlement(DATABASE.sluice(), Backoff.NONE, WriteDebounce.NONE);
    private final Sync sync = sync();
    private final DeadLetters letters =
            new DeadLetters(DATABASE.sluice(), new Applier(DATABASE.sluice(), capture), List.of(sync));

    private static Sync sync() {
        Sync sync = new Sync();
        sync.setName("customers");
        sync.setTable("app.customer");
        sync.setKey("no");
        sync.setAccount("crm");
        sync.setObject("Contact");
        sync.setExternalId("No__c");
        sync.setFields(Map.of("email", "Email", "city", "City"));
        return sync;
    }

    @BeforeEach
    void twoSettledCustomers() throws SQLException {
        DATABASE.reset();
        DATABASE.run(
                "create table app.customer (no text primary key, email text check (email <> 'refused'), city text)",
                "insert into app.customer values ('1', 'ann@example.org', 'Oslo'), ('2', 'bob@example.org', 'Rome')");
        capture.start(List.of(sync));
        send();
    }

    /** Sends waiting changes to a CRM that accepts any address with an @. @return accepted fields by key */
    private Map<String, Map<String, Object>> send() throws SQLException {
        Map<String, Map<String, Object>> taken = new TreeMap<>();
        while (capture.drain("app.customer") > 0) {
            // a turn moves some
        }
        for (Optional<Claim> claim = claim(); claim.isPresent(); claim = claim()) {
            settlement.settle(
                    claim.get(),
                    claim.get().changes().stream()
                            .map(change -> {
                                Object email = change.fields().getOrDefault("Email", "@");
                                if (!String.valueOf(email).contains("@")) {
                                    return Outcome.rejected(change.key(), "INVALID_EMAIL", "no address")
                                            .withFields(List.of("Email"));
                                }
                                taken.computeIfAbsent(change.key(), key -> new TreeMap<>())
                                        .putAll(change.fields());
                                return Outcome.done(change.key(), "x" + change.key());
                            })
                            .toList());
        }
        return taken;
    }

    private Optional<Claim> claim() throws SQLException {
        return outbox.claim("crm", 200, Priority.LOW);
    }

    /** Makes a dead letter of a customer's change. */
    private DeadLetter dead(String key) throws SQLException {
        DATABASE.run("update app.customer set email = 'nobody', city = 'Bergen' where no = '" + key + "'");
        send();
        return letters.list(new Filter(null, null, key, null), 0, 10).get(0);
    }

    private static String waiting() throws SQLException {
        return String.join(
                "; ", DATABASE.texts("select concat_ws(' ', key, operation, fields) from sluice.outbox order by key"));
    }

    @Test
    void aLetterHasItsValuesTheErrorAndTheRejectedFields() throws SQLException {
        DeadLetter letter = dead("1");
        assertThat(Json.fields(Json.text(letter)))
                .containsEntry("account", "crm")
                .containsEntry("sync", "customers")
                .containsEntry("object", "Contact")
                .containsEntry("key", "1")
                .containsEntry("operation", "upsert")
                .containsEntry("fields", Map.of("Email", "nobody", "City", "Bergen"))
                .containsEntry("code", "INVALID_EMAIL")
                .containsEntry("message", "no address")
                .containsEntry("rejectedFields", List.of("Email"))
                .containsEntry("editedFields", List.of());
        assertThat(letter.stamps()).containsOnlyKeys("Email", "City");
    }

    @Test
    void lettersAreFilteredAndListedInPages() throws SQLException {
        DeadLetter one = dead("1");
        DeadLetter two = dead("2");
        assertThat(letters.list(ALL, 0, 1)).extracting(DeadLetter::key).containsExactly("1");
        assertThat(letters.list(ALL, one.id(), 10)).extracting(DeadLetter::id).containsExactly(two.id());
        assertThat(letters.list(new Filter(null, null, null, "INVALID_EMAIL"), 0, 10))
                .hasSize(2);
        assertThat(letters.list(new Filter(null, "customers", "2", null), 0, 10))
                .hasSize(1);
        assertThat(letters.list(new Filter("another", null, null, null), 0, 10)).isEmpty();
        assertThat(letters.list(new Filter(null, null, null, "ANOTHER"), 0, 10)).isEmpty();
    }

    @Test
    void aReplayKeepsTheTimesAndSendsTheChangeOnce() throws Exception {
        DeadLetter letter = dead("1");
        assertThat(letters.replay(letter)).isTrue();
        assertThat(letters.replay(letter)).as("twice").isFalse();
        assertThat(DATABASE.text("select stamps from sluice.outbox where key = '1'"))
                .isEqualTo(DATABASE.text("select ?::jsonb", io.sluice.store.Json.text(letter.stamps())));
        assertThat(waiting()).isEqualTo("1 upsert {\"City\": \"Bergen\", \"Email\": \"nobody\"}");
        assertThat(letters.find(letter.id())).isEmpty();
        send();
        assertThat(letters.list(ALL, 0, 10))
                .as("dead again, with a new id")
                .singleElement()
                .satisfies(again -> assertThat(again.id()).isGreaterThan(letter.id()));
    }

    @Test
    void anOperatorsEditReachesBothSides() throws Exception {
        DeadLetter edited = letters.edit(dead("1").id(), Map.of("Email", "right@example.org"))
                .orElseThrow();
        assertThat(edited.fields()).isEqualTo(Map.of("Email", "right@example.org", "City", "Bergen"));
        assertThat(edited.edited()).containsExactly("Email");
        assertThat(DATABASE.text("select email from app.customer where no = '1'"))
                .as("not before the replay")
                .isEqualTo("nobody");

        assertThat(letters.replay(edited)).isTrue();
        assertThat(DATABASE.text("select email from app.customer where no = '1'"))
                .isEqualTo("right@example.org");
        assertThat(send()).isEqualTo(Map.of("1", Map.of("Email", "right@example.org", "City", "Bergen")));
        assertThat(send()).isEmpty();
        assertThat(DATABASE.text("select base ->> 'Email' from sluice.sync_state where key = '1'"))
                .isEqualTo("right@example.org");
    }

    @Test
    void nullClearsAFieldOnBothSides() throws Exception {
        letters.edit(dead("1").id(), Collections.singletonMap("City", null));
        letters.edit(letters.list(ALL, 0, 1).get(0).id(), Map.of("Email", "a@b"));
        assertThat(letters.replay(letters.list(ALL, 0, 1).get(0))).isTrue();
        Map<String, Object> cleared = new TreeMap<>(Map.of("Email", "a@b"));
        cleared.put("City", null);
        assertThat(send()).isEqualTo(Map.of("1", cleared));
        assertThat(DATABASE.texts("select concat_ws(' ', email, city) from app.customer where no = '1'"))
                .containsExactly("a@b");
    }

    @Test
    void anEditThatTheTableRejectsChangesNothing() throws SQLException {
        DeadLetter edited =
                letters.edit(dead("1").id(), Map.of("Email", "refused")).orElseThrow();
        assertThatThrownBy(() -> letters.replay(edited))
                .isInstanceOf(RejectedRequest.class)
                .hasMessageContaining("app.customer")
                .hasMessageContaining("check constraint");
        assertThat(letters.find(edited.id())).contains(edited);
        assertThat(waiting()).isEmpty();
    }

    @Test
    void aReplayDoesNotReplaceNewerChanges() throws Exception {
        DeadLetter letter = dead("1");
        enter("upsert", "{\"City\": \"newer\"}", null, null);
        assertThat(letters.replay(letter)).isTrue();
        assertThat(waiting()).isEqualTo("1 upsert {\"City\": \"newer\", \"Email\": \"nobody\"}");

        DATABASE.run("delete from sluice.outbox");
        letter = dead("1", "{\"Email\": \"old\", \"City\": \"old\"}");
        enter(null, "{}", "upsert", "{\"City\": \"in flight\"}");
        assertThat(letters.replay(letter)).isTrue();
        assertThat(waiting()).isEqualTo("1 upsert {\"Email\": \"old\"}");
    }

    @Test
    void aLetterIsNotReplayedAfterANewerDelete() throws Exception {
        DeadLetter letter = dead("1");
        enter("delete", "{}", null, null);
        assertThat(letters.replay(letter)).isTrue();
        assertThat(waiting()).isEqualTo("1 delete {}");

        DATABASE.run("delete from sluice.outbox");
        letter = dead("1", "{\"Email\": \"old\"}");
        enter(null, "{}", "delete", "{}");
        assertThat(letters.replay(letter)).isTrue();
        assertThat(waiting()).isEqualTo("1 {}");
    }

    @Test
    void aDeleteIsReplayedUnlessSomethingWasWrittenSince() throws Exception {
        DATABASE.run("insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps)"
                + " values ('crm', 'Contact', '1', 'customers', 'delete', '{}', '{}')");
        assertThat(letters.edit(letters.list(ALL, 0, 1).get(0).id(), Map.of("City", "x")))
                .as("nothing to edit")
                .isEmpty();
        assertThat(letters.replay(letters.list(ALL, 0, 1).get(0))).isTrue();
        assertThat(waiting()).isEqualTo("1 delete {}");
        assertThat(claim())
                .hasValueSatisfying(claim -> assertThat(claim.changes()).hasSize(1));
    }

    @Test
    void aDiscardedLetterIsDeleted() throws SQLException {
        DeadLetter letter = dead("1");
        assertThat(letters.discard(letter.id())).contains(letter);
        assertThat(letters.discard(letter.id())).isEmpty();
        assertThat(waiting()).isEmpty();
    }

    @Test
    void aLetterWithoutASyncIsNotReplayed() throws Exception {
        DeadLetter letter = dead("1");
        DATABASE.run("update sluice.dead_letter set sync = 'former'");
        DeadLetter former = letters.find(letter.id()).orElseThrow();
        assertThatThrownBy(() -> letters.replay(former))
                .isInstanceOf(RejectedRequest.class)
                .hasMessageContaining("no sync any more");
        Replayed replayed = letters.replay(ALL);
        assertThat(replayed.letters()).isZero();
        assertThat(replayed.rejected()).extracting(DeadLetters.Rejection::key).containsExactly("1");
        assertThat(letters.find(letter.id())).isPresent();
    }

    @Test
    void concurrentReplaysSendEachLetterOnce() throws Exception {
        DATABASE.run("insert into app.customer select 'n' || n, 'nobody', 'Oslo' from generate_series(1, 2500) as n");
        send();
        letters.edit(letters.list(ALL, 0, 1).get(0).id(), Map.of("Email", "right@example.org"));
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Replayed>> all = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                all.add(threads.submit(() -> letters.replay(ALL)));
            }
            int sum = 0;
            for (Future<Replayed> one : all) {
                sum += one.get().letters();
            }
            assertThat(sum).isEqualTo(2500);
        } finally {
            threads.shutdownNow();
        }
        assertThat(DATABASE.text("select count(*) from sluice.outbox")).isEqualTo("2500");
        assertThat(letters.list(ALL, 0, 10)).isEmpty();
        assertThat(send()).hasSize(1);
    }

    private DeadLetter dead(String key, String fields) throws SQLException {
        DATABASE.sluice()
                .update(
                        "insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps)"
                                + " values ('crm', 'Contact', ?, 'customers', 'upsert', ?::jsonb, '{}')",
                        key,
                        fields);
        return letters.list(new Filter(null, null, key, null), 0, 1).get(0);
    }

    /** Enters a change that arrived after the dead letter. */
    private static void enter(String operation, String fields, String inflightOperation, String inflight)
            throws SQLException {
        DATABASE.sluice()
                .update(
                        """
                insert into sluice.outbox (account, object, key, sync, operation, fields, priority, since,
                                           inflight_operation, inflight, inflight_stamps, lease, lease_until)
                select 'crm', 'Contact', '1', 'customers', ?, ?::jsonb, 2, now(), w.operation, w.fields::jsonb, '{}',
                       case when w.operation is not null then gen_random_uuid() end, now() + interval '1 hour'
                from (select ?::text, ?::text) as w(operation, fields)""",
                        operation,
                        fields,
                        inflightOperation,
                        inflight);
    }
}

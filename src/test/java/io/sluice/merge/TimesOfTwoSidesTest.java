package io.sluice.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Gone;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.Received;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.crm.Account;
import io.sluice.crm.Accounts;
import io.sluice.crm.Crm;
import io.sluice.outbox.Backoff;
import io.sluice.outbox.Claim;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Rest;
import io.sluice.outbox.Settlement;
import io.sluice.quota.Pool;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A change here and one in the CRM at nearly the same time: compared as exactly as the CRM keeps its times. */
class TimesOfTwoSidesTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    /** When the row changed. */
    private static final String OURS = "2026-01-02T12:00:05.400700Z";

    private final Capture capture = new Capture(DATABASE.sluice(), 1_000, Rest.NONE);
    private final Outbox outbox = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1));
    private final Settlement settlement = new Settlement(DATABASE.sluice(), Backoff.NONE, Rest.NONE);
    private final Sync sync = new Sync();

    /** A customer whom both sides know, of whom a change that was made at {@link #OURS} waits. */
    private Applier applier(String crm) throws SQLException {
        DATABASE.reset();
        DATABASE.run("create table app.customer (no int primary key, name text, city text)",
                "insert into app.customer values (1, 'Ann', 'Oslo')");
        sync.setName("customers");
        sync.setTable("app.customer");
        sync.setKey("no");
        sync.setAccount("crm");
        sync.setObject("contacts");
        sync.setExternalId("no");
        sync.setFields(Map.of("name", "name", "city", "city"));
        capture.start(List.of(sync));
        sendAll();
        DATABASE.run("update app.customer set city = 'Bergen'");
        capture.drain("app.customer");
        DATABASE.run("update sluice.outbox set stamps = '{\"city\": \"" + OURS + "\"}'");
        Crm vendor = ServiceLoader.load(Crm.class).stream().map(ServiceLoader.Provider::get)
                .filter(it -> it.name().equals(crm)).findFirst().orElseThrow();
        return new Applier(DATABASE.sluice(), capture, new Accounts(List.of(new Account("crm", vendor,
                Pool.of("crm", List.of()), false)), InstantSource.system()), Duration.ofSeconds(5));
    }

    private List<Map<String, Object>> sendAll() throws SQLException {
        List<Map<String, Object>> sent = new ArrayList<>();
        capture.drain("app.customer");
        for (Optional<Claim> claim = claim(); claim.isPresent(); claim = claim()) {
            claim.get().changes().forEach(change -> sent.add(change.fields()));
            settlement.settle(claim.get(), claim.get().changes().stream()
                    .map(it -> Outcome.done(it.key(), "x" + it.key())).toList());
        }
        return sent;
    }

    private Optional<Claim> claim() throws SQLException {
        return outbox.claim("crm", 200, Priority.LOW);
    }

    @ParameterizedTest(name = "{0}: deleted at {1}, {2} wins")
    @CsvSource({"salesforce, 2026-01-02T12:00:04Z, database", "salesforce, 2026-01-02T12:00:05Z, database",
            "salesforce, 2026-01-02T12:00:06Z, crm", "hubspot, 2026-01-02T12:00:05.399Z, database",
            "hubspot, 2026-01-02T12:00:05.400Z, database", "hubspot, 2026-01-02T12:00:05.401Z, crm"})
    void aDeleteWinsOnlyIfItIsCertainlyLater(String crm, String deletedAt, String winner) throws SQLException {
        Applier applier = applier(crm);
        applier.delete(sync, List.of(new Gone("x1", Instant.parse(deletedAt))), applier.now());

        assertThat(DATABASE.texts("select winner from sluice.conflict")).containsExactly(winner);
        if (winner.equals("crm")) {
            assertThat(DATABASE.texts("select name from app.customer")).isEmpty();
            assertThat(sendAll()).isEmpty();
        } else {
            assertThat(DATABASE.texts("select city from app.customer")).containsExactly("Bergen");
            assertThat(sendAll()).as("made again whole").containsExactly(Map.of("name", "Ann", "city", "Bergen"));
        }
    }

    @ParameterizedTest(name = "{0}: edited at {1}, {2} wins")
    @CsvSource({"salesforce, 2026-01-02T12:00:04Z, database", "salesforce, 2026-01-02T12:00:05Z, crm",
            "hubspot, 2026-01-02T12:00:05.399Z, database", "hubspot, 2026-01-02T12:00:05.400Z, crm"})
    void anEditWinsUnlessItIsCertainlyEarlier(String crm, String editedAt, String winner) throws SQLException {
        Applier applier = applier(crm);
        applier.apply(sync, List.of(new Received("x1", "1", Instant.parse(editedAt), Map.of("city", "Rome"))), applier.now());

        assertThat(DATABASE.texts("select winner from sluice.conflict")).containsExactly(winner);
        assertThat(DATABASE.texts("select city from app.customer")).containsExactly(winner.equals("crm") ? "Rome" : "Bergen");
    }
}

package io.sluice.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Change;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.Received;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.outbox.Backoff;
import io.sluice.outbox.Claim;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Rest;
import io.sluice.outbox.Settlement;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a table does itself with the values of a CRM: defaults, computed columns, identities, and values that it refuses. */
class InboundRowTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Instant FAR_AHEAD = Instant.parse("2100-01-01T00:00:00Z");

    private final Capture capture = new Capture(DATABASE.sluice(), 1_000, Rest.NONE);
    private final Outbox outbox = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1));
    private final Settlement settlement = new Settlement(DATABASE.sluice(), Backoff.NONE, Rest.NONE);
    private final Applier applier = new Applier(DATABASE.sluice(), capture);
    private final Sync sync = new Sync();

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
        sync.setName("customers");
        sync.setTable("app.customer");
        sync.setKey("no");
        sync.setAccount("crm");
        sync.setObject("Contact");
        sync.setExternalId("No__c");
    }

    private void start(String table, Map<String, String> fields) throws SQLException {
        DATABASE.run(table);
        sync.setFields(new LinkedHashMap<>(fields));
        capture.start(List.of(sync));
        sendAll();
    }

    private List<Map<String, Object>> sendAll() throws SQLException {
        List<Map<String, Object>> sent = new ArrayList<>();
        capture.drain("app.customer");
        for (Optional<Claim> claim = claim(); claim.isPresent(); claim = claim()) {
            claim.get().changes().stream().map(Change::fields).map(TreeMap::new).forEach(sent::add);
            settlement.settle(claim.get(), claim.get().changes().stream()
                    .map(it -> Outcome.done(it.key(), "x" + it.key())).toList());
        }
        return sent;
    }

    private Optional<Claim> claim() throws SQLException {
        return outbox.claim("crm", 200, Priority.LOW);
    }

    private Applied apply(String key, Object... fields) throws SQLException {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < fields.length; i += 2) {
            map.put((String) fields[i], fields[i + 1]);
        }
        return applier.apply(sync, List.of(new Received("x" + key, key, FAR_AHEAD, map)), applier.now());
    }

    private List<String> rows() throws SQLException {
        return DATABASE.texts("select c::text from app.customer c order by no");
    }

    @Test
    void whatTheCrmDoesNotHaveGetsTheDefaultWhichGoesToTheCrm() throws SQLException {
        start("create table app.customer (no int primary key, name text not null default 'nobody', city text default 'Oslo',"
                + " visits int)", Map.of("name", "Name", "city", "City", "visits", "Visits"));

        assertThat(apply("1", "Name", null, "City", "Rome", "Visits", null).inserted()).isEqualTo(1);
        assertThat(apply("2", "Name", "Bob", "City", "", "Visits", 2).inserted()).isEqualTo(1);

        assertThat(rows()).containsExactly("(1,nobody,Rome,)", "(2,Bob,Oslo,2)");
        assertThat(sendAll()).containsExactlyInAnyOrder(Map.of("Name", "nobody"), Map.of("City", "Oslo"));
        assertThat(apply("1", "Name", "nobody", "City", "Rome", "Visits", null).changes()).isZero();
    }

    @Test
    void aComputedColumnGoesToTheCrmAndIsNeverTakenFromIt() throws SQLException {
        start("create table app.customer (no int primary key, name text, shout text generated always as (upper(name)) stored)",
                Map.of("name", "Name", "shout", "Shout"));

        assertThat(apply("1", "Name", "Ann", "Shout", "what a user wrote").inserted()).isEqualTo(1);
        assertThat(rows()).containsExactly("(1,Ann,ANN)");
        assertThat(sendAll()).containsExactly(Map.of("Shout", "ANN"));

        assertThat(apply("1", "Name", "Eve", "Shout", "ANN").refused()).isEmpty();
        assertThat(rows()).containsExactly("(1,Eve,EVE)");
        assertThat(sendAll()).containsExactly(Map.of("Shout", "EVE"));
    }

    @Test
    void aRecordOfTheCrmBecomesARowWhoseKeyIsAnIdentityOfTheTables() throws SQLException {
        start("create table app.customer (no int generated always as identity primary key, name text)", Map.of("name", "Name"));

        assertThat(apply("7", "Name", "Ann").inserted()).isEqualTo(1);
        assertThat(apply("7", "Name", "Eve").updated()).isEqualTo(1);
        assertThat(rows()).containsExactly("(7,Eve)");
        assertThat(sendAll()).isEmpty();
    }

    @Test
    void aKeyWhoseUniquenessCanBeDeferredReceives() throws SQLException {
        start("create table app.customer (no int not null unique deferrable initially deferred, name text)",
                Map.of("name", "Name"));

        assertThat(apply("7", "Name", "Ann").inserted()).isEqualTo(1);
        assertThat(apply("7", "Name", "Eve").updated()).isEqualTo(1);
        assertThat(rows()).containsExactly("(7,Eve)");
    }

    @Test
    void aValueThatTheTableRefusesTakesNoOtherAlong() throws SQLException {
        start("create table app.customer (no int primary key, name text not null, city text check (city <> 'Atlantis'), visits int,"
                + " score int check (score < 10))", Map.of("name", "Name", "city", "City", "visits", "Visits", "score", "Score"));
        DATABASE.run("insert into app.customer values (1, 'Ann', 'Oslo', 1, 1)");
        sendAll();

        Applied applied = apply("1", "Name", "Anna", "City", "Atlantis", "Visits", "many", "Score", 9);

        assertThat(rows()).containsExactly("(1,Anna,Oslo,1,9)");
        assertThat(applied.refused()).singleElement().satisfies(refused ->
                assertThat(refused.columns()).containsExactlyInAnyOrder("city", "visits"));
        assertThat(sendAll()).isEmpty();
        assertThat(apply("1", "Name", "Anna", "City", "Rome", "Visits", 3, "Score", 9).refused()).isEmpty();
        assertThat(rows()).containsExactly("(1,Anna,Rome,3,9)");
    }

    @Test
    void aNewRecordBecomesARowWithoutTheValueThatIsRefused() throws SQLException {
        start("create table app.customer (no int primary key, name text not null, city text check (city <> 'Atlantis'), visits int)",
                Map.of("name", "Name", "city", "City", "visits", "Visits"));

        Applied applied = apply("1", "Name", "Ann", "City", "Atlantis", "Visits", 4);
        assertThat(rows()).containsExactly("(1,Ann,,4)");
        assertThat(applied.refused()).singleElement().satisfies(refused ->
                assertThat(refused.columns()).containsExactly("city"));

        assertThat(apply("2", "Name", null, "City", "Rome", "Visits", 4).refused()).hasSize(1);
        assertThat(rows()).containsExactly("(1,Ann,,4)");
    }
}

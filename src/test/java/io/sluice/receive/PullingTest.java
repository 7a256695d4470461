package io.sluice.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.Event;
import io.sluice.Sync;
import io.sluice.capture.Capture;
import io.sluice.crm.Account;
import io.sluice.crm.Accounts;
import io.sluice.crm.ExampleCrm;
import io.sluice.crm.Permits;
import io.sluice.merge.Applier;
import io.sluice.outbox.Paused.Kind;
import io.sluice.outbox.Pauses;
import io.sluice.outbox.Rest;
import io.sluice.quota.Limits;
import io.sluice.quota.Pool;
import io.sluice.quota.Quota;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PullingTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final Pauses pauses = new Pauses(DATABASE.sluice());
    private final Accounts accounts = new Accounts(
            List.of(new Account("crm", ExampleCrm.telling(), Pool.of("crm", List.of()), false)), InstantSource.system());

    private Pulling pulling(Duration pause) {
        Sync sync = new Sync();
        sync.setName("customers");
        sync.setTable("app.customer");
        sync.setKey("no");
        sync.setAccount("crm");
        sync.setObject("contacts");
        sync.setExternalId("number");
        sync.setFields(new LinkedHashMap<>(Map.of("name", "lastname")));
        Permits permits = new Permits(new Quota(DATABASE.sluice(), Limits.of(Map.of("crm", List.of())), Duration.ofSeconds(10),
                Duration.ofSeconds(5)), pauses);
        Listening listening = new Listening(accounts, permits, pauses, new Inbox(DATABASE.sluice(), DATABASE.sluice()),
                new Applier(DATABASE.sluice(), new Capture(DATABASE.sluice(), 1_000, Rest.NONE)), List.of(sync),
                Duration.ofSeconds(5), new Heard(new SimpleMeterRegistry(), InstantSource.system()));
        return new Pulling(accounts, List.of("crm"), pauses, DATABASE.sluice(), listening, pause);
    }

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
    }

    private static List<Event> told(int number) {
        return List.of(Event.value(Event.identityOf(number), "contacts", "5", "lastname", "L" + number, Instant.now()),
                Event.value(Event.identityOf(-number), "horses", "5", "lastname", "of no sync", Instant.now()));
    }

    private static Pull only(Pulling pulling) throws SQLException {
        List<Pull> due = pulling.due();
        assertThat(due).hasSize(1);
        return due.get(0);
    }

    private static String kept() throws SQLException {
        return DATABASE.sluice().query("select value from sluice.inbox order by value", row -> row.getString(1)).toString();
    }

    @Test
    void filesAreKeptOneAfterTheOtherAndOthersFindNothingDueMeanwhile() throws SQLException {
        Pulling pulling = pulling(Duration.ZERO);
        Pull pull = only(pulling);
        assertThat(pull.getReader()).isEqualTo("kamelet:crm-journal-action?account=crm");
        assertThat(pull.getOffset()).isNull();
        assertThat(pulling(Duration.ZERO).due()).as("of another process").isEmpty();
        pulling.keep(pull, told(1), 200, "one");
        assertThat(pull.isOpen()).isTrue();
        assertThat(pull.getOffset()).isEqualTo("one");
        pulling.keep(pull, told(2), 200, "two");
        pulling.keep(pull, List.of(), 200, "three");
        pulling.keep(pull, List.of(), 204, null);
        assertThat(pull.isOpen()).isFalse();
        assertThat(pulling(Duration.ZERO).due()).isEmpty();
        pulling.end(pull);
        assertThat(kept()).isEqualTo("[L1, L2]");
        assertThat(only(pulling(Duration.ZERO)).getOffset()).isEqualTo("three");
    }

    @Test
    void aJournalWithNothingNewRests() throws SQLException {
        Pulling pulling = pulling(Duration.ofHours(1));
        Pull pull = only(pulling);
        pulling.keep(pull, List.of(), 204, null);
        pulling.end(pull);
        assertThat(pulling.due()).isEmpty();
    }

    @Test
    void whoWasHeldUpLongerThanItsTurnKeepsNothingAndMovesNothing() throws SQLException {
        Pulling slow = pulling(Duration.ZERO);
        Pull late = only(slow);
        DATABASE.run("update sluice.checkpoint set position = (position::jsonb || '{\"due\": \"2000-01-01T00:00:00Z\"}')::text");
        Pulling fast = pulling(Duration.ZERO);
        Pull pull = only(fast);
        fast.keep(pull, told(1), 200, "one");
        fast.keep(pull, told(2), 200, "two");
        slow.keep(late, told(3), 200, "one");
        assertThat(late.isOpen()).isFalse();
        slow.end(late);
        assertThat(fast.due()).as("the journal is the other's still").isEmpty();
        fast.end(pull);
        assertThat(kept()).isEqualTo("[L1, L2]");
        assertThat(only(fast).getOffset()).isEqualTo("two");
    }

    @Test
    void whatCanNotBeKeptMovesNothing() throws SQLException {
        Pulling pulling = pulling(Duration.ZERO);
        Pull pull = only(pulling);
        List<Event> broken = List.of(Event.value(Event.identityOf(1), "contacts", "5", "lastname", "no\0text", Instant.now()));
        assertThatThrownBy(() -> pulling.keep(pull, broken, 200, "one")).isInstanceOf(SQLException.class);
        pulling.end(pull);
        assertThat(kept()).isEqualTo("[]");
        assertThat(only(pulling).getOffset()).isNull();
    }

    @Test
    void anAnswerThatIsNoneWaitsWhereItIs() throws SQLException {
        Pulling pulling = pulling(Duration.ZERO);
        Pull pull = only(pulling);
        pulling.keep(pull, told(1), 200, "one");
        pulling.keep(pull, "maintenance", 503, null);
        pulling.end(pull);
        assertThat(pull.isOpen()).isFalse();
        assertThat(pulling.due()).isEmpty();
        Pull unanswered = new Pull("crm", "crm", "one");
        pulling.keep(unanswered, "no answer", 0, null);
        assertThat(unanswered.getOffset()).isEqualTo("one");
        pulling.keep(unanswered, "no answer", null, null);
        assertThat(unanswered.isOpen()).isFalse();
    }

    @Test
    void anOffsetThatIsForgottenIsLetGoAndABeginningThatIsNotFoundIsTrouble() throws SQLException {
        Pulling pulling = pulling(Duration.ZERO);
        Pull pull = only(pulling);
        pulling.keep(pull, told(1), 200, "one");
        pulling.keep(pull, "no such offset", 404, null);
        pulling.end(pull);
        Pull again = only(pulling);
        assertThat(again.getOffset()).isNull();
        pulling.keep(again, told(2), 200, "two");
        pulling.keep(again, "an offset of no form", 400, null);
        pulling.end(again);
        again = only(pulling);
        assertThat(again.getOffset()).isNull();
        pulling.keep(again, "nothing is served here", 404, null);
        pulling.end(again);
        assertThat(pulling.due()).isEmpty();
    }

    @Test
    void ofAPausedAccountNothingIsFetched() throws SQLException {
        pauses.pause(Kind.ACCOUNT, "crm", "by a person");
        assertThat(pulling(Duration.ZERO).due()).isEmpty();
    }
}

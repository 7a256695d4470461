// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.CrmEvent;
import io.sluice.crm.Account;
import io.sluice.crm.Accounts;
import io.sluice.crm.CrmCall;
import io.sluice.crm.ExampleCrm;
import io.sluice.outbox.Pause.Kind;
import io.sluice.outbox.PauseStore;
import io.sluice.quota.Pool;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class JournalPollerTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final PauseStore pauseStore = new PauseStore(DATABASE.sluice());
    private final Accounts accounts = new Accounts(
            List.of(new Account("crm", ExampleCrm.withWebhooks(), Pool.of("crm", List.of()), false)),
            InstantSource.system());

    private JournalPoller poller(Duration pollInterval) {
        return ContactsSync.poller(
                DATABASE.sluice(), accounts, pauseStore, ContactsSync.of(Map.of("name", "lastname")), pollInterval);
    }

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
    }

    private static List<CrmEvent> events(int number) {
        return List.of(
                CrmEvent.value(CrmEvent.identityOf(number), "contacts", "5", "lastname", "L" + number, Instant.now()),
                CrmEvent.value(CrmEvent.identityOf(-number), "horses", "5", "lastname", "no sync", Instant.now()));
    }

    private static JournalPoll only(JournalPoller journalPoller) throws SQLException {
        List<JournalPoll> due = journalPoller.due();
        assertThat(due).hasSize(1);
        return due.get(0);
    }

    private static String kept() throws SQLException {
        return DATABASE.sluice()
                .query("select value from sluice.inbox order by value", row -> row.getString(1))
                .toString();
    }

    @Test
    void filesAreStoredOneAfterTheOtherAndOtherProcessesFindNothingDue() throws SQLException {
        JournalPoller journalPoller = poller(Duration.ZERO);
        JournalPoll journalPoll = only(journalPoller);
        assertThat(journalPoll.getCall()).isEqualTo(new CrmCall.Journal("crm", "crm"));
        assertThat(journalPoll.getOffset()).isNull();
        assertThat(poller(Duration.ZERO).due()).as("for another process").isEmpty();
        journalPoller.keep(journalPoll, events(1), 200, "one");
        assertThat(journalPoll.isOpen()).isTrue();
        assertThat(journalPoll.getOffset()).isEqualTo("one");
        journalPoller.keep(journalPoll, events(2), 200, "two");
        journalPoller.keep(journalPoll, List.of(), 200, "three");
        journalPoller.keep(journalPoll, List.of(), 204, null);
        assertThat(journalPoll.isOpen()).isFalse();
        assertThat(poller(Duration.ZERO).due()).isEmpty();
        journalPoller.end(journalPoll);
        assertThat(kept()).isEqualTo("[L1, L2]");
        assertThat(only(poller(Duration.ZERO)).getOffset()).isEqualTo("three");
    }

    @Test
    void aJournalWithoutANewFileIsNotDueForAnInterval() throws SQLException {
        JournalPoller journalPoller = poller(Duration.ofHours(1));
        JournalPoll journalPoll = only(journalPoller);
        journalPoller.keep(journalPoll, List.of(), 204, null);
        journalPoller.end(journalPoll);
        assertThat(journalPoller.due()).isEmpty();
    }

    @Test
    void aProcessThatLostItsLeaseStoresNothingAndCommitsNoOffset() throws SQLException {
        JournalPoller slow = poller(Duration.ZERO);
        JournalPoll late = only(slow);
        DATABASE.run("update sluice.stream_offset set due = '2000-01-01T00:00:00Z'");
        JournalPoller fast = poller(Duration.ZERO);
        JournalPoll journalPoll = only(fast);
        fast.keep(journalPoll, events(1), 200, "one");
        fast.keep(journalPoll, events(2), 200, "two");
        slow.keep(late, events(3), 200, "one");
        assertThat(late.isOpen()).isFalse();
        slow.end(late);
        assertThat(fast.due()).as("another process holds the lease").isEmpty();
        fast.end(journalPoll);
        assertThat(kept()).isEqualTo("[L1, L2]");
        assertThat(only(fast).getOffset()).isEqualTo("two");
    }

    @Test
    void eventsThatCanNotBeStoredDoNotMoveTheOffset() throws SQLException {
        JournalPoller journalPoller = poller(Duration.ZERO);
        JournalPoll journalPoll = only(journalPoller);
        List<CrmEvent> broken =
                List.of(CrmEvent.value(CrmEvent.identityOf(1), "contacts", "5", "lastname", "no\0text", Instant.now()));
        assertThatThrownBy(() -> journalPoller.keep(journalPoll, broken, 200, "one"))
                .isInstanceOf(SQLException.class);
        journalPoller.end(journalPoll);
        assertThat(kept()).isEqualTo("[]");
        assertThat(only(journalPoller).getOffset()).isNull();
    }

    @Test
    void anErrorKeepsTheOffset() throws SQLException {
        JournalPoller journalPoller = poller(Duration.ZERO);
        JournalPoll journalPoll = only(journalPoller);
        journalPoller.keep(journalPoll, events(1), 200, "one");
        journalPoller.keep(journalPoll, "maintenance", 503, null);
        journalPoller.end(journalPoll);
        assertThat(journalPoll.isOpen()).isFalse();
        assertThat(journalPoller.due()).isEmpty();
        DATABASE.run("update sluice.stream_offset set due = now()");
        JournalPoll unanswered = only(journalPoller);
        journalPoller.keep(unanswered, "no answer", 0, null);
        assertThat(unanswered.getOffset()).isEqualTo("one");
        journalPoller.keep(unanswered, "no answer", null, null);
        assertThat(unanswered.isOpen()).isFalse();
    }

    @Test
    void anUnknownOffsetRestartsTheJournalAndAnUnknownBeginningIsAnError() throws SQLException {
        JournalPoller journalPoller = poller(Duration.ZERO);
        JournalPoll journalPoll = only(journalPoller);
        journalPoller.keep(journalPoll, events(1), 200, "one");
        journalPoller.keep(journalPoll, "no such offset", 404, null);
        journalPoller.end(journalPoll);
        JournalPoll again = only(journalPoller);
        assertThat(again.getOffset()).isNull();
        journalPoller.keep(again, events(2), 200, "two");
        journalPoller.keep(again, "an offset of no form", 400, null);
        journalPoller.end(again);
        again = only(journalPoller);
        assertThat(again.getOffset()).isNull();
        journalPoller.keep(again, "nothing is served here", 404, null);
        journalPoller.end(again);
        assertThat(journalPoller.due()).isEmpty();
    }

    @Test
    void theJournalOfAPausedAccountIsNotPolled() throws SQLException {
        pauseStore.pause(Kind.ACCOUNT, "crm", "by a person");
        assertThat(poller(Duration.ZERO).due()).isEmpty();
    }
}

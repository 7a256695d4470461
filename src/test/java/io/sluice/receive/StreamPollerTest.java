// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.CrmEvent;
import io.sluice.Operation;
import io.sluice.Sync;
import io.sluice.crm.Account;
import io.sluice.crm.Accounts;
import io.sluice.crm.Crm;
import io.sluice.crm.CrmCall;
import io.sluice.crm.Permits;
import io.sluice.outbox.PauseStore;
import io.sluice.quota.Pool;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.spi.Registry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Reads streams of events, which stay open between the polls. */
class StreamPollerTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final Accounts accounts = new Accounts(
            List.of(new Account("crm", new StreamingCrm(), Pool.of("crm", List.of()), false)), InstantSource.system());

    private static final class StreamingCrm implements Crm {

        @Override
        public String name() {
            return "crm";
        }

        @Override
        public int collectionSize(Operation operation) {
            return 100;
        }

        @Override
        public boolean hasEventStream() {
            return true;
        }

        @Override
        public String reference(String field) {
            return field.equals("owner.number") ? "owner_id" : null;
        }

        @Override
        public void bind(Registry registry, Permits permits, Accounts accounts) {}

        @Override
        public void connect(CamelContext context, String account, Map<String, String> settings) {}
    }

    private static Sync sync() {
        return ContactsSync.of(Map.of("name", "lastname", "owner", "owner.number"));
    }

    private JournalPoller poller() {
        return ContactsSync.poller(
                DATABASE.sluice(), accounts, new PauseStore(DATABASE.sluice()), sync(), Duration.ofHours(1));
    }

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
        DATABASE.run("insert into sluice.poll_offset (account, object, sync, read_up_to, low_watermark, interval_ms,"
                + " deletes_due, polled_at, due) values ('crm', 'contacts', 'customers', now(), now(), 60000,"
                + " now() + interval '1 hour', now(), now() + interval '1 hour')");
    }

    private static CrmEvent value(int number, String field) {
        return CrmEvent.value(CrmEvent.identityOf(number), "contacts", "5", field, "V" + number, Instant.now());
    }

    private static CrmEvent gap(String object) {
        return new CrmEvent(CrmEvent.identityOf("gap"), object, "", CrmEvent.Kind.GAP, null, null, Instant.now());
    }

    private static JournalPoll only(JournalPoller journalPoller) throws SQLException {
        List<JournalPoll> due = journalPoller.due();
        assertThat(due).hasSize(1);
        return due.get(0);
    }

    private static List<String> texts(String sql) throws SQLException {
        return DATABASE.sluice().query(sql, row -> row.getString(1));
    }

    private static boolean isPollDue() throws SQLException {
        return texts("select sync from sluice.poll_offset where due <= clock_timestamp()"
                        + " and deletes_due <= clock_timestamp()")
                .equals(List.of("customers"));
    }

    private static void notDue() throws SQLException {
        DATABASE.run(
                "update sluice.poll_offset set due = now() + interval '1 hour', deletes_due = now() + interval '1 hour'");
    }

    private static boolean isFlowing() throws SQLException {
        return new StreamOffsets(DATABASE.sluice())
                .flowingSince("crm", JournalPoller.stream("crm"))
                .isPresent();
    }

    @Test
    void aStreamStaysWithItsProcessBetweenThePolls() throws SQLException {
        JournalPoller journalPoller = poller();
        JournalPoll first = only(journalPoller);
        assertThat(first.getCall()).isEqualTo(new CrmCall.Events("crm", "crm"));
        journalPoller.keep(first, List.of(value(1, "lastname")), 200, "one");
        assertThat(first.isOpen()).isTrue();
        journalPoller.keep(first, List.of(), 204, null);
        assertThat(first.isOpen()).isFalse();
        journalPoller.end(first);
        assertThat(poller().due()).as("for another process").isEmpty();
        JournalPoll second = only(journalPoller);
        assertThat(second.isOpen()).isTrue();
        assertThat(second.getOffset()).isEqualTo("one");
        assertThat(texts("select epoch::text from sluice.stream_offset")).containsExactly("1");
        journalPoller.end(second);
        journalPoller.close();
        assertThat(only(poller()).getOffset()).isEqualTo("one");
    }

    @Test
    void aProcessThatLostTheStreamStoresNothing() throws SQLException {
        JournalPoller slow = poller();
        JournalPoll late = only(slow);
        slow.keep(late, List.of(value(1, "lastname")), 200, "one");
        slow.end(late);
        DATABASE.run("update sluice.stream_offset set due = '2000-01-01T00:00:00Z'");
        JournalPoller fast = poller();
        JournalPoll journalPoll = only(fast);
        fast.keep(journalPoll, List.of(value(2, "lastname")), 200, "two");
        JournalPoll stale = slow.due().get(0);
        slow.keep(stale, List.of(value(3, "lastname"), gap("")), 200, "three");
        assertThat(stale.isOpen()).isFalse();
        slow.end(stale);
        assertThat(slow.due()).isEmpty();
        assertThat(texts("select value from sluice.inbox order by value")).containsExactly("V1", "V2");
        assertThat(texts("select page from sluice.stream_offset")).containsExactly("two");
        assertThat(isPollDue()).as("its gap is stored no more than its events").isFalse();
    }

    @Test
    void eventsOfFieldsThatNoSyncMapsAreNotStored() throws SQLException {
        JournalPoller journalPoller = poller();
        journalPoller.keep(
                only(journalPoller),
                List.of(value(1, "lastname"), value(2, "number"), value(3, "hobby"), value(4, "owner_id")),
                200,
                "one");
        assertThat(texts("select coalesce(field, kind) from sluice.inbox order by 1"))
                .as("the reference of a mapped field of a parent makes a read-back")
                .containsExactly("lastname", "number", "read_back");
    }

    @Test
    void aGapMakesThePollsDueWithDeletes() throws SQLException {
        JournalPoller journalPoller = poller();
        JournalPoll journalPoll = only(journalPoller);
        journalPoller.keep(journalPoll, List.of(gap("horses")), 200, "one");
        assertThat(isPollDue()).isFalse();
        journalPoller.keep(journalPoll, List.of(gap("contacts"), value(1, "lastname")), 200, "two");
        assertThat(isPollDue()).isTrue();
        notDue();
        journalPoller.keep(journalPoll, List.of(gap("")), 200, "three");
        assertThat(isPollDue()).isTrue();
        assertThat(texts("select kind from sluice.inbox")).containsExactly("value");
    }

    @Test
    void aPollThatRunsDuringAGapLosesItsLease() throws SQLException {
        OffsetStore offsetStore = new OffsetStore(DATABASE.sluice());
        DATABASE.run("update sluice.poll_offset set due = now()");
        PollOffset running = offsetStore.take(sync()).orElseThrow();
        JournalPoller journalPoller = poller();
        journalPoller.keep(only(journalPoller), List.of(gap("")), 200, "one");
        offsetStore.save(sync(), running, Instant.now().plus(Duration.ofHours(1)));
        assertThat(isPollDue()).isTrue();
    }

    @Test
    void aStreamFlowsFromItsFirstOffsetUntilItCanNotBeRead() throws SQLException {
        JournalPoller journalPoller = poller();
        JournalPoll journalPoll = only(journalPoller);
        journalPoller.keep(journalPoll, List.of(), 204, null);
        assertThat(isFlowing()).isFalse();
        journalPoller.keep(journalPoll, List.of(), 200, "one");
        assertThat(isFlowing()).isTrue();
        assertThat(isPollDue()).isFalse();
        journalPoller.keep(journalPoll, "UNAVAILABLE", 0, null);
        assertThat(isFlowing()).isFalse();
        assertThat(isPollDue()).isTrue();
        assertThat(journalPoller.problem("crm")).isEqualTo("UNAVAILABLE");
        journalPoller.end(journalPoll);
        assertThat(journalPoller.due()).as("for some seconds").isEmpty();
        notDue();
        DATABASE.run("update sluice.stream_offset set due = now()");
        JournalPoll again = only(journalPoller);
        assertThat(again.getOffset()).isEqualTo("one");
        journalPoller.keep(again, "UNAVAILABLE", 0, null);
        assertThat(isPollDue()).as("once, and then by their intervals").isFalse();
        journalPoller.keep(again, List.of(), 200, "two");
        assertThat(isFlowing()).isTrue();
        assertThat(journalPoller.problem("crm")).isNull();
        assertThat(isPollDue())
                .as("the offset was kept, so that nothing is missing")
                .isFalse();
    }

    @Test
    void aForgottenOffsetBeginsTheStreamAnewAndPolls() throws SQLException {
        JournalPoller journalPoller = poller();
        JournalPoll journalPoll = only(journalPoller);
        journalPoller.keep(journalPoll, List.of(), 200, "one");
        journalPoller.keep(journalPoll, "INVALID_ARGUMENT", 410, null);
        journalPoller.end(journalPoll);
        assertThat(isFlowing()).isFalse();
        assertThat(isPollDue()).isTrue();
        JournalPoll again = only(journalPoller);
        assertThat(again.getOffset()).isNull();
    }

    @Test
    void eventsOfAStreamThatNobodyReadsDoNotFlow() throws SQLException {
        JournalPoller journalPoller = poller();
        journalPoller.keep(only(journalPoller), List.of(), 200, "one");
        DATABASE.run("update sluice.stream_offset set due = now()");
        assertThat(isFlowing()).isFalse();
    }
}

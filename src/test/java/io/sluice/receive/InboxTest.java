// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.CrmEvent;
import io.sluice.store.Database;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class InboxTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Duration MINUTE = Duration.ofMinutes(1);
    private final Inbox inbox = new Inbox(DATABASE.sluice(), DATABASE.sluice());

    @BeforeEach
    void emptyInbox() throws SQLException {
        DATABASE.reset();
    }

    private static List<CrmEvent> events(int from, int to) {
        List<CrmEvent> events = new ArrayList<>();
        for (int i = from; i < to; i++) {
            events.add(CrmEvent.value(
                    CrmEvent.identityOf(i),
                    "contacts",
                    Integer.toString(i),
                    "email",
                    "e" + i,
                    Instant.ofEpochMilli(i)));
        }
        return events;
    }

    private List<Inbox.Row> take(int max) throws SQLException {
        return inbox.take(List.of(), max, MINUTE);
    }

    @Test
    void aRepeatedEventIsStoredOnceEvenAfterItWasDone() throws SQLException {
        assertThat(inbox.keep("crm", events(0, 100))).isEqualTo(100);
        assertThat(inbox.keep("crm", events(50, 120))).isEqualTo(20);
        assertThat(inbox.keep("other", events(0, 1))).as("of another account").isEqualTo(1);
        inbox.done("crm", events(0, 120).stream().map(CrmEvent::identity).toList());

        assertThat(inbox.keep("crm", events(0, 120))).isZero();
        assertThat(take(1000)).extracting(Inbox.Row::account).containsExactly("other");
    }

    @Test
    void concurrentRequestsWithTheSameEventsNeitherFailNorStoreThemTwice() throws Exception {
        ExecutorService senders = Executors.newFixedThreadPool(8);
        try {
            List<Callable<Integer>> sendings = new ArrayList<>();
            for (int sender = 0; sender < 40; sender++) {
                List<CrmEvent> shuffled = events(0, 500);
                Collections.shuffle(shuffled, new java.util.Random(sender));
                sendings.add(() -> inbox.keep("crm", shuffled.subList(0, 100)));
            }
            int kept = 0;
            for (Future<Integer> sending : senders.invokeAll(sendings)) {
                kept += sending.get();
            }
            assertThat(DATABASE.text("select count(*) from sluice.inbox")).isEqualTo(Integer.toString(kept));
        } finally {
            senders.shutdownNow();
        }
    }

    @Test
    void takenEventsBelongToOneProcessUntilTheLeaseEnds() throws SQLException {
        inbox.keep("crm", events(0, 10));
        assertThat(inbox.take(List.of(), 4, Duration.ZERO)).hasSize(4);
        List<Inbox.Row> mine = take(6);
        assertThat(mine).hasSize(6);
        assertThat(take(100)).hasSize(4);
        inbox.defer("crm", mine.stream().map(row -> row.event().identity()).toList(), Duration.ZERO);
        assertThat(take(100)).containsExactlyInAnyOrderElementsOf(mine);
    }

    @Test
    void noEventsOfAPausedAccountAreTaken() throws SQLException {
        inbox.keep("crm", events(0, 10));
        assertThat(inbox.take(List.of("crm"), 100, MINUTE)).isEmpty();
        assertThat(inbox.take(List.of("other"), 100, MINUTE)).hasSize(10);
    }

    @Test
    void aTakeReadsOnlyTheRowsItTakesHoweverManyWait() throws SQLException {
        DATABASE.run(
                "analyze sluice.inbox",
                "insert into sluice.inbox (account, identity, object, crm_id, kind, at)"
                        + " select 'crm', gen_random_uuid(), 'contacts', n::text, 'read_back', now() from generate_series(1, 20000) as n");
        String plan = DATABASE.sluice()
                .planned(connection -> String.join(
                        "\n",
                        Database.query(
                                connection,
                                "explain (analyze, timing off) "
                                        + Inbox.TAKE
                                                .replaceFirst("\\?", "'{}'")
                                                .replaceFirst("\\?", "100")
                                                .replaceFirst("\\?", "60000"),
                                row -> row.getString(1))));
        assertThat(plan).contains("actual rows=100 ").doesNotContainPattern("actual rows=\\d{4}");
    }
}

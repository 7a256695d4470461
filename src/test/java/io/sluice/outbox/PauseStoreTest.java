// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.outbox.Pause.By;
import io.sluice.outbox.Pause.Kind;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class PauseStoreTest extends OutboxTestBase {

    private final PauseStore pauseStore = new PauseStore(DATABASE.sluice());

    /** @param second the time of the change: a larger one is later */
    private void enter(String account, String sync, String key, int priority, int second) throws SQLException {
        DATABASE.sluice()
                .update(
                        "insert into sluice.outbox (account, object, key, sync, operation, fields, priority,"
                                + " since) values (?, ?, ?, ?, 'upsert', '{\"a\": 1}', ?, now() + ? * interval '1 second')",
                        account,
                        sync,
                        key,
                        sync,
                        priority,
                        second);
    }

    private List<String> claimed(String account, int most) throws SQLException {
        return keys(outbox.claim(account, most, Priority.LOW));
    }

    private List<String> waiting() throws SQLException {
        return outbox.waiting(List.of("crm", "other", "idle"));
    }

    @Test
    void aPausedAccountIsNotClaimedWhileOthersAre() throws SQLException {
        enter("crm", "contacts", "1", 0, 0);
        enter("other", "leads", "2", 2, 0);
        pauseStore.pause(Kind.ACCOUNT, "crm", null);

        assertThat(waiting()).containsExactly("other");
        assertThat(outbox.urgency("crm")).as("no permit is requested").isEmpty();
        assertThat(claimed("crm", 10)).isEmpty();
        assertThat(claimed("other", 10)).containsExactly("2");
    }

    @Test
    void aPausedSyncIsNotClaimedHoweverUrgentWhileOthersAre() throws SQLException {
        enter("crm", "contacts", "critical", 0, 0);
        enter("crm", "deals", "normal", 2, 9);
        pauseStore.pause(Kind.SYNC, "contacts", null);

        assertThat(waiting()).containsExactly("crm");
        assertThat(outbox.urgency("crm")).contains(Priority.NORMAL);
        assertThat(claimed("crm", 10)).containsExactly("normal");
        assertThat(claimed("crm", 10)).isEmpty();
        assertThat(waiting()).isEmpty();
    }

    @Test
    void resumedWorkHasKeptItsOrder() throws SQLException {
        enter("crm", "contacts", "old", 2, 0);
        enter("crm", "deals", "new", 2, 9);
        enter("crm", "contacts", "newest", 2, 20);
        String before = DATABASE.text("select string_agg(o::text, ' ' order by key) from sluice.outbox o");
        pauseStore.pause(Kind.SYNC, "contacts", null);
        pauseStore.pause(Kind.ACCOUNT, "crm", null);
        assertThat(claimed("crm", 1)).isEmpty();
        pauseStore.resume(Kind.ACCOUNT, "crm");
        pauseStore.resume(Kind.SYNC, "contacts");

        assertThat(DATABASE.text("select string_agg(o::text, ' ' order by key) from sluice.outbox o"))
                .isEqualTo(before);
        assertThat(claimed("crm", 1)).containsExactly("old");
        assertThat(claimed("crm", 1)).containsExactly("new");
        assertThat(claimed("crm", 1)).containsExactly("newest");
    }

    @Test
    void aCallUnderWaySettlesDuringAPause() throws SQLException {
        enter("crm", "contacts", "1", 2, 0);
        Claim claim = outbox.claim("crm", 10, Priority.LOW).orElseThrow();
        pauseStore.pause(Kind.ACCOUNT, "crm", null);
        pauseStore.pause(Kind.SYNC, "contacts", null);

        assertThat(settlement.settle(claim, List.of(Outcome.done("1", "id")))).isEqualTo(1);
        assertThat(DATABASE.texts("select key from sluice.sync_state")).containsExactly("1");
    }

    @Test
    void workThatIsNotDueWakesNobody() throws SQLException {
        enter("crm", "contacts", "1", 2, 0);
        enter("crm", "deals", "2", 2, 0);
        DATABASE.run("update sluice.outbox set due = now() + interval '1 hour'");
        assertThat(waiting()).isEmpty();

        DATABASE.run("update sluice.outbox set due = now() where key = '2'");
        assertThat(waiting()).containsExactly("crm");
    }

    @Test
    void anAccountAndASyncOfTheSameNameAreTwoThings() throws SQLException {
        enter("same", "contacts", "1", 2, 0);
        pauseStore.pause(Kind.SYNC, "same", null);
        assertThat(claimed("same", 10)).containsExactly("1");
    }

    @Test
    void pausingAgainKeepsTheStartAndReplacesTheReason() throws SQLException {
        pauseStore.pause(Kind.SYNC, "contacts", "first");
        Instant since = pauseStore.find(Kind.SYNC, "contacts").orElseThrow().since();
        pauseStore.pause(Kind.SYNC, "contacts", null);
        assertThat(pauseStore.find(Kind.SYNC, "contacts"))
                .contains(new Pause(Kind.SYNC, "contacts", By.API, "first", since));
        pauseStore.pause(Kind.SYNC, "contacts", "second");
        assertThat(pauseStore.find(Kind.SYNC, "contacts"))
                .contains(new Pause(Kind.SYNC, "contacts", By.API, "second", since));

        pauseStore.resume(Kind.SYNC, "contacts");
        pauseStore.resume(Kind.SYNC, "contacts");
        assertThat(pauseStore.all()).isEmpty();
    }

    @Test
    void aSettingPausesUntilAStartWithoutItAndKeepsPausesByHand() throws SQLException {
        enter("crm", "contacts", "1", 2, 0);
        pauseStore.pause(Kind.ACCOUNT, "crm", "by hand");
        pauseStore.replaceSettings(List.of(
                new PauseStore.Setting(Kind.ACCOUNT, "crm", "a setting"),
                new PauseStore.Setting(Kind.SYNC, "contacts", "a file")));
        Pause paused = pauseStore.find(Kind.ACCOUNT, "crm").orElseThrow();
        assertThat(paused.by()).isEqualTo(By.SETTING);
        assertThat(pauseStore.all()).extracting(Pause::by).containsExactly(By.SETTING, By.API, By.SETTING);

        pauseStore.resume(Kind.ACCOUNT, "crm");
        pauseStore.replaceSettings(List.of(new PauseStore.Setting(Kind.ACCOUNT, "crm", "a setting")));
        assertThat(pauseStore.all()).containsExactly(paused);
        assertThat(claimed("crm", 10)).isEmpty();

        pauseStore.pause(Kind.ACCOUNT, "crm", "by hand");
        pauseStore.replaceSettings(List.of());
        assertThat(pauseStore.all()).extracting(Pause::reason).containsExactly("by hand");
        assertThat(claimed("crm", 10)).isEmpty();
        pauseStore.resume(Kind.ACCOUNT, "crm");
        assertThat(claimed("crm", 10)).containsExactly("1");
    }

    @Test
    void theLargeQueueOfAPausedSyncIsNotScannedAtEachWakeUp() throws SQLException {
        DATABASE.run(
                "insert into sluice.outbox (account, object, key, sync, operation, priority, since)"
                        + " select 'crm', 'contacts', n, 'contacts', 'upsert', 2, now() from generate_series(1, 20000) as n",
                "analyze sluice.outbox");
        pauseStore.pause(Kind.SYNC, "contacts", null);

        String plan = String.join(
                "\n",
                DATABASE.texts("explain (analyze, buffers, timing off) "
                        + Outbox.WAITING.replaceFirst("\\?", "'{crm,other}'").replace("?", "null")));
        assertThat(waiting()).isEmpty();
        assertThat(plan).doesNotContain("Seq Scan on outbox").contains("outbox_waiting");
    }
}

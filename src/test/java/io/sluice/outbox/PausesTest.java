package io.sluice.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.outbox.Paused.By;
import io.sluice.outbox.Paused.Kind;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class PausesTest extends OutboxTestBase {

    private final Pauses pauses = new Pauses(DATABASE.sluice());

    /** @param second the more, the later */
    private void enter(String account, String sync, String key, int priority, int second) throws SQLException {
        DATABASE.sluice().update("insert into sluice.outbox (account, object, key, sync, operation, fields, priority,"
                + " since) values (?, ?, ?, ?, 'upsert', '{\"a\": 1}', ?, now() + ? * interval '1 second')",
                account, sync, key, sync, priority, second);
    }

    private List<String> claimed(String account, int most) throws SQLException {
        return keys(outbox.claim(account, most, Priority.LOW));
    }

    private List<String> waiting() throws SQLException {
        return outbox.waiting(List.of("crm", "other", "idle"));
    }

    @Test
    void aPausedAccountIsNotClaimedWhileOthersGoOn() throws SQLException {
        enter("crm", "contacts", "1", 0, 0);
        enter("other", "leads", "2", 2, 0);
        pauses.pause(Kind.ACCOUNT, "crm", null);

        assertThat(waiting()).containsExactly("other");
        assertThat(outbox.urgency("crm")).as("no permit is asked for").isEmpty();
        assertThat(claimed("crm", 10)).isEmpty();
        assertThat(claimed("other", 10)).containsExactly("2");
    }

    @Test
    void aPausedSyncIsNotClaimedHoweverUrgentWhileOthersOfItsAccountGoOn() throws SQLException {
        enter("crm", "contacts", "critical", 0, 0);
        enter("crm", "deals", "normal", 2, 9);
        pauses.pause(Kind.SYNC, "contacts", null);

        assertThat(waiting()).containsExactly("crm");
        assertThat(outbox.urgency("crm")).contains(Priority.NORMAL);
        assertThat(claimed("crm", 10)).containsExactly("normal");
        assertThat(claimed("crm", 10)).isEmpty();
        assertThat(waiting()).isEmpty();
    }

    @Test
    void whatIsResumedHasKeptItsPlace() throws SQLException {
        enter("crm", "contacts", "old", 2, 0);
        enter("crm", "deals", "new", 2, 9);
        enter("crm", "contacts", "newest", 2, 20);
        String before = DATABASE.text("select string_agg(o::text, ' ' order by key) from sluice.outbox o");
        pauses.pause(Kind.SYNC, "contacts", null);
        pauses.pause(Kind.ACCOUNT, "crm", null);
        assertThat(claimed("crm", 1)).isEmpty();
        pauses.resume(Kind.ACCOUNT, "crm");
        pauses.resume(Kind.SYNC, "contacts");

        assertThat(DATABASE.text("select string_agg(o::text, ' ' order by key) from sluice.outbox o"))
                .isEqualTo(before);
        assertThat(claimed("crm", 1)).containsExactly("old");
        assertThat(claimed("crm", 1)).containsExactly("new");
        assertThat(claimed("crm", 1)).containsExactly("newest");
    }

    @Test
    void aCallThatIsOnItsWaySettlesAsEver() throws SQLException {
        enter("crm", "contacts", "1", 2, 0);
        Claim claim = outbox.claim("crm", 10, Priority.LOW).orElseThrow();
        pauses.pause(Kind.ACCOUNT, "crm", null);
        pauses.pause(Kind.SYNC, "contacts", null);

        assertThat(settlement.settle(claim, List.of(Outcome.done("1", "id")))).isEqualTo(1);
        assertThat(DATABASE.texts("select key from sluice.record")).containsExactly("1");
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
        pauses.pause(Kind.SYNC, "same", null);
        assertThat(claimed("same", 10)).containsExactly("1");
    }

    @Test
    void pausingAgainKeepsSinceWhenAndTakesTheNewReason() throws SQLException {
        pauses.pause(Kind.SYNC, "contacts", "first");
        Instant since = pauses.find(Kind.SYNC, "contacts").orElseThrow().since();
        pauses.pause(Kind.SYNC, "contacts", null);
        assertThat(pauses.find(Kind.SYNC, "contacts")).contains(
                new Paused(Kind.SYNC, "contacts", By.API, "first", since));
        pauses.pause(Kind.SYNC, "contacts", "second");
        assertThat(pauses.find(Kind.SYNC, "contacts")).contains(
                new Paused(Kind.SYNC, "contacts", By.API, "second", since));

        pauses.resume(Kind.SYNC, "contacts");
        pauses.resume(Kind.SYNC, "contacts");
        assertThat(pauses.all()).isEmpty();
    }

    @Test
    void aSettingPausesUntilAStartWithoutItAndLeavesWhatWasPausedByHand() throws SQLException {
        enter("crm", "contacts", "1", 2, 0);
        pauses.pause(Kind.ACCOUNT, "crm", "by hand");
        pauses.takeSettings(List.of(new Pauses.Setting(Kind.ACCOUNT, "crm", "a setting"),
                new Pauses.Setting(Kind.SYNC, "contacts", "a file")));
        Paused paused = pauses.find(Kind.ACCOUNT, "crm").orElseThrow();
        assertThat(paused.by()).isEqualTo(By.SETTING);
        assertThat(pauses.all()).extracting(Paused::by).containsExactly(By.SETTING, By.API, By.SETTING);

        pauses.resume(Kind.ACCOUNT, "crm");
        pauses.takeSettings(List.of(new Pauses.Setting(Kind.ACCOUNT, "crm", "a setting")));
        assertThat(pauses.all()).containsExactly(paused);
        assertThat(claimed("crm", 10)).isEmpty();

        pauses.pause(Kind.ACCOUNT, "crm", "by hand");
        pauses.takeSettings(List.of());
        assertThat(pauses.all()).extracting(Paused::reason).containsExactly("by hand");
        assertThat(claimed("crm", 10)).isEmpty();
        pauses.resume(Kind.ACCOUNT, "crm");
        assertThat(claimed("crm", 10)).containsExactly("1");
    }

    @Test
    void aLargeHeapOfAPausedSyncIsNotWalkedThroughAtEachWaking() throws SQLException {
        DATABASE.run("insert into sluice.outbox (account, object, key, sync, operation, priority, since)"
                + " select 'crm', 'contacts', n, 'contacts', 'upsert', 2, now() from generate_series(1, 20000) as n",
                "analyze sluice.outbox");
        pauses.pause(Kind.SYNC, "contacts", null);

        String plan = String.join("\n", DATABASE.texts("explain (analyze, buffers, timing off) "
                + Outbox.WAITING.replaceFirst("\\?", "'{crm,other}'").replace("?", "null")));
        assertThat(waiting()).isEmpty();
        assertThat(plan).doesNotContain("Seq Scan on outbox").contains("outbox_waiting");
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Sync;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two Sluices with syncs of their own on one database take nothing away from each other. */
class InstallationsTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final Capture first = new Capture(DATABASE.sluice(), 1_000, WriteDebounce.NONE);
    private final Capture second = new Capture(DATABASE.sluice(), 1_000, WriteDebounce.NONE);

    private static Sync sync(String table, String account) {
        Sync sync = new Sync();
        sync.setName(table + "s");
        sync.setFile(table + ".yaml");
        sync.setTable("app." + table);
        sync.setKey("no");
        sync.setAccount(account);
        sync.setObject("Contact");
        sync.setExternalId("No__c");
        sync.setFields(Map.of("name", "Name"));
        return sync;
    }

    private static Installations installation(String name) {
        return new Installations(DATABASE.sluice(), name, "host-" + name);
    }

    private static List<String> start(Installations installation, Capture capture, Sync... syncs) throws SQLException {
        List<String> problems = installation.enter(List.of(syncs));
        if (problems.isEmpty()) {
            capture.spare(installation.others());
            capture.start(List.of(syncs));
        }
        return problems;
    }

    @BeforeEach
    void twoTables() throws SQLException {
        DATABASE.reset();
        DATABASE.run(
                "create table app.customer (no int primary key, name text)",
                "create table app.deal (no int primary key, name text)");
    }

    private long captured() throws SQLException {
        DATABASE.run("insert into app.customer select coalesce(max(no), 0) + 1, 'new' from app.customer");
        return first.backlog("app.customer");
    }

    private void drained() throws SQLException {
        first.drain("app.customer");
        assertThat(first.backlog("app.customer")).isZero();
    }

    @Test
    void oneOfAnotherNameKeepsWhatItCapturesWhetherItRunsOrNot() throws SQLException {
        Installations one = installation("one");
        start(one, first, sync("customer", "crm"));
        drained();
        assertThat(captured()).isEqualTo(1);
        assertThat(start(installation("two"), second, sync("deal", "other"))).isEmpty();
        assertThat(captured()).as("captured beside the second").isEqualTo(2);

        one.leave();
        DATABASE.run("update sluice.installation set seen_at = now() - interval '1 year' where name = 'one'");
        assertThat(start(installation("two"), second, sync("deal", "other"))).isEmpty();
        assertThat(captured()).as("captured while it is down").isEqualTo(3);
        assertThat(DATABASE.texts("select sync from sluice.initial_export order by 1"))
                .as("nothing is exported again")
                .containsExactly("customers", "deals");
    }

    @Test
    void aReplicaWithOtherSyncsKeepsThemWhileItRuns() throws SQLException {
        Installations old = installation("sluice");
        start(old, first, sync("customer", "crm"));
        drained();
        Installations fresh = installation("sluice");
        assertThat(start(fresh, second, sync("deal", "crm"))).isEmpty();
        assertThat(captured()).isEqualTo(1);

        old.leave();
        second.spare(fresh.others());
        second.removeStray();
        assertThat(captured()).as("rows in the log of what nobody reads").isZero();
    }

    @Test
    void aReplicaThatCrashedIsForgottenAfterAMinute() throws SQLException {
        start(installation("sluice"), first, sync("customer", "crm"));
        DATABASE.run("update sluice.installation set seen_at = now() - interval '61 seconds'");
        Installations fresh = installation("sluice");
        start(fresh, second, sync("deal", "crm"));
        assertThat(captured()).isZero();
        assertThat(DATABASE.texts("select array_to_string(syncs, ',') from sluice.installation"))
                .containsExactly("deals");
        fresh.beat();
        assertThat(fresh.others().syncs()).isEmpty();
    }

    @Test
    void aConflictOfTwoInstallationsIsReportedAndNothingIsChanged() throws SQLException {
        start(installation("one"), first, sync("customer", "crm"));

        assertThat(start(installation("two"), second, sync("customer", "other"), sync("deal", "crm")))
                .satisfiesExactly(
                        table -> assertThat(table)
                                .contains(
                                        "customer.yaml, sync 'customers'",
                                        "'one'",
                                        "host-one",
                                        "reads table 'app.customer'",
                                        "sluice.installation"),
                        object -> assertThat(object).contains("deal.yaml, sync 'deals'", "feeds crm Contact"));
        assertThat(DATABASE.texts("select name from sluice.installation")).containsExactly("one");
        assertThat(DATABASE.texts("select tgname from pg_trigger where tgrelid = 'app.deal'::regclass"))
                .isEmpty();
    }

    @Test
    void aStartWithTheSameSyncsRemovesNothing() throws SQLException {
        start(installation("sluice"), first, sync("customer", "crm"));
        drained();
        start(installation("sluice"), second, sync("customer", "crm"));
        assertThat(captured()).isEqualTo(1);
    }

    @Test
    void keysThatACrmTakesForOneAreFound() throws SQLException {
        DATABASE.run(
                "create table app.code (no text primary key, name text)", "insert into app.code values ('a'), ('b')");
        Sync codes = sync("code", "crm");
        first.start(List.of(codes, sync("customer", "other")));
        assertThat(first.sharedKeys(codes)).isEmpty();
        assertThat(first.sharedKeys(sync("customer", "other")))
                .as("numbers have no case")
                .isEmpty();
        DATABASE.run("insert into app.code values (' B')");
        assertThat(first.sharedKeys(codes))
                .hasValueSatisfying(keys -> assertThat(keys).contains("b", " B"));
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.Sync;
import io.sluice.outbox.InitialExportJobs;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Replicas of one installation with different mappings of a table: that of the last start holds. */
class RolledMappingTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final String TABLE = "app.customer";
    private static final Map<String, String> NAME = Map.of("name", "Name");
    private static final Map<String, String> NAME_AND_CITY = Map.of("name", "Name", "city", "City");
    private static final Map<String, String> CITY = Map.of("city", "City");

    private final Set<String> leftByOld = new TreeSet<>();
    private final Replica old = new Replica("old");
    private final Replica fresh = new Replica("fresh");

    /** One replica, without a process of its own. */
    private static final class Replica {

        private final Installations installations;
        private final Capture capture =
                new Capture(DATABASE.sluice(), 1_000, WriteDebounce.NONE, InitialExportJobs.NONE, Duration.ZERO, 20);

        Replica(String host) {
            installations = new Installations(DATABASE.sluice(), "sluice", host);
            capture.agree(installations, left -> {});
        }

        void start(Sync... syncs) throws SQLException {
            assertThat(installations.enter(List.of(syncs))).isEmpty();
            capture.spare(installations.others());
            capture.start(List.of(syncs));
        }

        int drained() throws SQLException {
            int all = 0;
            for (int moved = capture.drain(TABLE); moved > 0; moved = capture.drain(TABLE)) {
                all += moved;
            }
            return all;
        }
    }

    private static Sync sync(String name, Map<String, String> fields) {
        Sync sync = new Sync();
        sync.setName(name);
        sync.setFile(name + ".yaml");
        sync.setTable(TABLE);
        sync.setKey("no");
        sync.setAccount(name);
        sync.setObject("Contact");
        sync.setExternalId("No__c");
        sync.setFields(fields);
        return sync;
    }

    @BeforeEach
    void table() throws SQLException {
        DATABASE.reset();
        DATABASE.run(
                "create table app.customer (no int primary key, name text, city text)",
                "insert into app.customer values (1, 'Ann', 'Rome')");
    }

    private static String functions() throws SQLException {
        return DATABASE.sluice()
                .first(
                        "select string_agg(proname || ' ' || xmin::text, ',' order by proname) from pg_proc"
                                + " where proname like 'capture_app.customer%'",
                        row -> row.getString(1))
                .orElseThrow();
    }

    private static long generation() throws SQLException {
        return DATABASE.sluice()
                .first("select generation from sluice.capture_mapping", row -> row.getLong(1))
                .orElseThrow();
    }

    private static List<String> queued(String sync) throws SQLException {
        return DATABASE.sluice()
                .query(
                        "select fields::text from sluice.outbox where sync = ? order by key",
                        row -> row.getString(1),
                        sync);
    }

    /** Settles all that waits, as if it were sent: what is known of a record is what was queued. */
    private static void sent() throws SQLException {
        DATABASE.run(
                "insert into sluice.sync_state (account, object, key, sync, crm_id, base)"
                        + " select account, object, key, sync, key, fields from sluice.outbox"
                        + " on conflict (account, object, key) do update set base = sync_state.base || excluded.base",
                "delete from sluice.outbox");
    }

    private void rolled() throws SQLException {
        old.start(sync("crm", NAME));
        old.drained();
        sent();
        fresh.start(sync("crm", NAME_AND_CITY));
    }

    @Test
    void anOldReplicaNeitherWritesTheTriggersOfANewerMappingNorDrainsItsChanges() throws SQLException {
        rolled();
        fresh.drained();
        sent();
        String written = functions();
        DATABASE.run("update app.customer set city = 'Oslo'");

        for (int i = 0; i < 3; i++) {
            assertThat(old.drained()).as("drained by the old one").isZero();
            old.capture.watch();
            fresh.capture.watch();
        }

        assertThat(functions()).isEqualTo(written);
        assertThat(generation()).isEqualTo(2);
        assertThat(DATABASE.sluice().query("select reason from sluice.capture_gap", row -> row.getString(1)))
                .isEmpty();
        fresh.drained();
        assertThat(queued("crm")).containsExactly("{\"City\": \"Oslo\"}");
    }

    @Test
    void anOldReplicaLeavesItsSyncsAndNoChangeOfTheCrmIsAppliedByItsMapping() throws SQLException {
        old.capture.agree(old.installations, left -> {
            leftByOld.clear();
            leftByOld.addAll(left);
        });
        Sync mapped = sync("crm", NAME);
        old.start(mapped);
        assertThat(old.capture.isCaptured(mapped)).isTrue();
        fresh.start(sync("crm", NAME_AND_CITY));

        assertThatThrownBy(() -> DATABASE.sluice().transaction(connection -> {
                    old.capture.blockDrains(connection, mapped);
                    return null;
                }))
                .as("before the next check")
                .hasMessageContaining("a replica with a newer mapping");
        old.capture.watch();
        assertThat(leftByOld).containsExactly("crm");
        assertThat(old.capture.isLeftToOthers(mapped)).isTrue();
        assertThat(old.capture.isCaptured(mapped)).isFalse();
        assertThat(old.capture.positions()).isEmpty();
        assertThat(old.capture.problems()).isEmpty();
    }

    @Test
    void anOldReplicaTakesTheTableAgainOnceNoneWithTheNewerMappingRuns() throws SQLException {
        old.start(sync("crm", NAME));
        old.drained();
        sent();
        fresh.start(sync("crm", CITY));
        old.capture.watch();
        old.capture.vacancy(Duration.ZERO);
        DATABASE.run("update app.customer set name = 'Ada'");
        assertThat(fresh.drained()).as("the export of the changed sync").isEqualTo(1);
        fresh.installations.leave();

        old.capture.watch();

        assertThat(generation()).isEqualTo(3);
        old.drained();
        assertThat(queued("crm")).as("changed while nobody captured it").containsExactly("{\"Name\": \"Ada\"}");
        DATABASE.run("update app.customer set name = 'Eve'");
        old.drained();
        assertThat(queued("crm")).containsExactly("{\"Name\": \"Eve\"}");
    }

    @Test
    void aReplicaThatIsSilentForLessThanAMinuteKeepsTheTable() throws SQLException {
        rolled();
        DATABASE.run("update sluice.installation set seen_at = now() - interval '50 seconds' where host = 'fresh'");
        old.capture.watch();
        old.capture.watch();
        assertThat(generation()).isEqualTo(2);

        DATABASE.run("update sluice.installation set seen_at = now() - interval '70 seconds' where host = 'fresh'");
        old.capture.watch();
        assertThat(generation()).isEqualTo(3);
    }

    @Test
    void aStartWithTheEarlierMappingTakesTheTableBackAndOldReplicasGoOnWithIt() throws SQLException {
        rolled();
        old.capture.watch();
        DATABASE.run("update app.customer set name = 'Ada'");

        Replica restarted = new Replica("restarted");
        restarted.start(sync("crm", NAME));
        fresh.capture.watch();
        old.capture.watch();

        assertThat(generation()).isEqualTo(3);
        assertThat(fresh.drained()).isZero();
        DATABASE.run("update app.customer set name = 'Eve'");
        old.drained();
        assertThat(queued("crm")).containsExactly("{\"Name\": \"Eve\"}");
    }

    @Test
    void aSyncThatARolledBackUpdateHadRemovedMissesNoChange() throws SQLException {
        old.start(sync("crm", NAME), sync("other", CITY));
        old.drained();
        sent();
        fresh.start(sync("crm", NAME));
        DATABASE.run("update app.customer set city = 'Oslo'");
        fresh.drained();

        Replica restarted = new Replica("restarted");
        restarted.start(sync("crm", NAME), sync("other", CITY));
        restarted.drained();

        assertThat(queued("other")).containsExactly("{\"City\": \"Oslo\"}");
    }

    @Test
    void aReplicaWhoseCrmAnswersLateDoesNotTakeTheTableFromOneThatStartedAfterIt() throws SQLException {
        old.start(sync("crm", NAME));
        fresh.start(sync("crm", NAME_AND_CITY));
        old.capture.start(List.of(sync("crm", NAME), sync("late", CITY)));
        old.capture.watch();
        fresh.capture.watch();

        assertThat(generation()).isEqualTo(2);
        assertThat(old.drained()).isZero();
        fresh.drained();
        assertThat(queued("crm")).containsExactly("{\"City\": \"Rome\", \"Name\": \"Ann\"}");
    }

    @Test
    void aReplicaWhoseCrmAnswersLateGoesOnWithAMappingThatOthersHaveSetMeanwhile() throws SQLException {
        Sync both = sync("crm", NAME);
        Sync late = sync("late", CITY);
        old.start(both);
        fresh.start(both, late);
        old.capture.watch();
        assertThat(old.capture.isLeftToOthers(both)).isTrue();

        old.capture.start(List.of(both, late));
        old.capture.watch();

        assertThat(generation()).isEqualTo(2);
        old.drained();
        assertThat(queued("late")).containsExactly("{\"City\": \"Rome\"}");
    }

    @Test
    void aRegistrationThatOthersRemovedIsRepeatedWithItsMappings() throws SQLException {
        old.start(sync("crm", NAME));
        DATABASE.run("delete from sluice.installation");
        old.installations.beat();

        assertThat(DATABASE.sluice()
                        .query("select mappings ->> 'app.customer' from sluice.installation", row -> row.getString(1)))
                .containsExactly(MappingAgreement.fingerprint(List.of(sync("crm", NAME))));
    }

    @Test
    void theTriggersOfAVersionAreTheSameInEachBuild() throws SQLException {
        old.start(sync("crm", CITY));
        String text = String.join(
                "\n",
                DATABASE.sluice()
                        .query(
                                "select prosrc from pg_proc where proname like 'capture_app.customer%' order by proname",
                                row -> row.getString(1)));

        assertThat(UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8)))
                .as(
                        "The triggers are others than those of Triggers.VERSION %d: raise it, or replicas of two builds replace"
                                + " each other's, and put the new text's checksum here",
                        Triggers.VERSION)
                .hasToString("7e18edf5-3740-3516-b680-1b02c1a0a1ad");
    }
}

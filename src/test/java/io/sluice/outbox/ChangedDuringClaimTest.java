// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.Operation;
import io.sluice.Priority;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Commits changes while a claim is under way: after its snapshot was taken, and before it has locked the rows. A statement in
 * READ COMMITTED locks the newest version of a row, but reads everything else as its snapshot shows it
 * (https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED).
 */
class ChangedDuringClaimTest extends OutboxTestBase {

    /** Makes each claim wait for a lock when it looks for paused syncs, which it does before it locks any row. */
    @BeforeEach
    void waitForLock() throws SQLException {
        DATABASE.run(
                "alter table sluice.pause rename to paused",
                """
                create function app.paused() returns setof sluice.paused language plpgsql volatile as $$
                begin
                    perform pg_advisory_xact_lock_shared(4711);
                    return query select * from sluice.paused;
                end $$""",
                "create view sluice.pause as select * from app.paused()");
    }

    @AfterEach
    void waitForNothing() throws SQLException {
        DATABASE.run(
                "drop view sluice.pause", "drop function app.paused()", "alter table sluice.paused rename to pause");
    }

    enum Claiming {
        FOR_A_CALL {
            @Override
            void claim(Outbox outbox) throws SQLException {
                outbox.claim("crm", 100, Priority.LOW);
            }
        },
        FOR_A_JOB {
            @Override
            void claim(Outbox outbox) throws SQLException {
                DATABASE.sluice().transaction(connection -> new BulkClaim(
                                "crm", "contact", Operation.UPSERT, 1, 100, 1_000_000, null)
                        .claim(connection, UUID.randomUUID()));
            }
        };

        abstract void claim(Outbox outbox) throws SQLException;
    }

    private void during(Claiming claiming, String... changes) throws Exception {
        CompletableFuture<Void> claim;
        try (Connection holder = DATABASE.application()) {
            holder.createStatement().execute("select pg_advisory_lock(4711)");
            claim = CompletableFuture.runAsync(() -> {
                try {
                    claiming.claim(outbox);
                } catch (SQLException failure) {
                    throw new IllegalStateException(failure);
                }
            });
            await().until(() -> DATABASE.text("select exists (select from pg_locks where locktype = 'advisory'"
                            + " and objid = 4711 and not granted)")
                    .equals("t"));
            DATABASE.run(changes);
        }
        claim.get(30, TimeUnit.SECONDS);
    }

    /** The table's change is queued by a drain; the claim must not take the value before it and drop the new one. */
    @ParameterizedTest
    @EnumSource
    void aFieldThatChangesDuringAClaimIsNotLost(Claiming claiming) throws Exception {
        settled("1", "{\"city\": \"Oslo\"}");
        upsert("1", "{\"city\": \"Rome\"}");
        during(claiming, "update sluice.outbox set fields = '{\"city\": \"Bonn\"}' where key = '1'");
        assertThat(DATABASE.text("select coalesce(inflight, '{}') || fields from sluice.outbox where key = '1'"))
                .isEqualTo("{\"city\": \"Bonn\"}");
    }

    /** The CRM's value is taken, and the user sets the one before it again: it is no no-op any more. */
    @ParameterizedTest
    @EnumSource
    void aFieldWhoseBaseChangesDuringAClaimIsNotDropped(Claiming claiming) throws Exception {
        settled("1", "{\"city\": \"Oslo\", \"phone\": \"1\"}");
        upsert("1", "{\"phone\": \"2\"}");
        during(
                claiming,
                "update sluice.sync_state set base = base || '{\"city\": \"Rome\"}' where key = '1'",
                "update sluice.outbox set fields = fields || '{\"city\": \"Oslo\"}' where key = '1'");
        assertThat(DATABASE.text("select coalesce(inflight, '{}') || fields from sluice.outbox where key = '1'"))
                .isEqualTo("{\"city\": \"Oslo\", \"phone\": \"2\"}");
    }

    /** A record that settles for the first time during the claim is known: its delete must be sent. */
    @ParameterizedTest
    @EnumSource(names = "FOR_A_CALL")
    void aDeleteOfARecordThatIsFoundInTheCrmDuringAClaimIsSent(Claiming claiming) throws Exception {
        delete("1");
        during(
                claiming,
                "insert into sluice.sync_state (account, object, key, sync, crm_id, base)"
                        + " values ('crm', 'Contact', '1', 'contact', 'id-1', '{}')");
        assertThat(DATABASE.text("select inflight_operation from sluice.outbox where key = '1'"))
                .isEqualTo("delete");
    }
}

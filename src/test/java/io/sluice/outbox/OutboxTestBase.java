// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import io.sluice.Backoff;
import io.sluice.Priority;
import io.sluice.RecordChange;
import io.sluice.store.Database;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Holds queued records of one account for tests of an outbox and its settlement. */
abstract class OutboxTestBase {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    final Outbox outbox = new Outbox(DATABASE.sluice(), Duration.ofMinutes(1));
    final Settlement settlement = new Settlement(DATABASE.sluice(), Backoff.NONE, WriteDebounce.NONE);

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
    }

    private static final String ENTER =
            """
            insert into sluice.outbox as o (account, object, key, sync, operation, fields, priority, since)
            values ('crm', ?, ?, ?, ?, ?::jsonb, ?, now() + ? * interval '1 second')
            on conflict (account, object, key) do update
            set operation = excluded.operation, fields = case when excluded.operation = 'delete' then '{}'
                else o.fields || excluded.fields end""";

    /** @param age the time of the change, in seconds: a larger one is later */
    void enter(String object, String key, String operation, String fields, int priority, int age) throws SQLException {
        DATABASE.sluice().update(ENTER, object, key, object.toLowerCase(), operation, fields, priority, age);
    }

    void upsert(String key, String fields) throws SQLException {
        enter("Contact", key, "upsert", fields, 2, 0);
    }

    void delete(String key) throws SQLException {
        enter("Contact", key, "delete", "{}", 2, 0);
    }

    void settled(String key, String base) throws SQLException {
        DATABASE.sluice()
                .update(
                        "insert into sluice.sync_state (account, object, key, sync, crm_id, base)"
                                + " values ('crm', 'Contact', ?, 'contact', 'id-' || ?, ?::jsonb)",
                        key,
                        key,
                        base);
    }

    Claim claim() throws SQLException {
        return outbox.claim("crm", 100, Priority.LOW).orElseThrow();
    }

    static List<String> keys(Claim claim) {
        return claim.changes().stream().map(RecordChange::key).toList();
    }

    static List<String> keys(Optional<Claim> claim) {
        return claim.map(OutboxTestBase::keys).orElse(List.of());
    }

    void endLeases() throws SQLException {
        DATABASE.run("update sluice.outbox set lease_until = now() - interval '1 second' where lease is not null");
    }

    private static final String WAITING_ROWS =
            """
            insert into sluice.outbox (account, object, key, sync, operation, priority, since)
            select 'crm', 'Contact', n, 'contact', 'upsert', 2, now() from generate_series(%d, %d) as n""";

    /** Takes statistics while fewer records wait, or now. */
    static void twentyThousandWaitOfWhich(int known) throws SQLException {
        DATABASE.run(
                WAITING_ROWS.formatted(1, 20_000),
                "delete from sluice.outbox where key::int > " + known,
                "analyze sluice.outbox",
                WAITING_ROWS.formatted(known + 1, 20_000));
    }

    /** The plan of a statement as the product has it planned; its parameters as SQL. */
    static String plan(String sql, String... parameters) throws SQLException {
        String filled = sql;
        for (String parameter : parameters) {
            filled = filled.replaceFirst("\\?", parameter);
        }
        String explain = "explain (analyze, timing off) " + filled;
        return DATABASE.sluice()
                .planned(connection -> String.join("\n", Database.query(connection, explain, row -> row.getString(1))));
    }
}

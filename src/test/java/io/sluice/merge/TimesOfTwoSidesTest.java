// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.CrmRecord;
import io.sluice.DeletedRecord;
import io.sluice.Sync;
import io.sluice.crm.Account;
import io.sluice.crm.Accounts;
import io.sluice.crm.Crm;
import io.sluice.outbox.CustomerSync;
import io.sluice.quota.Pool;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests changes on both sides at nearly the same time, compared with the precision of the CRM's times. */
class TimesOfTwoSidesTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    /** Time at which the row changed. */
    private static final String OURS = "2026-01-02T12:00:05.400700Z";

    private final CustomerSync customers = new CustomerSync(DATABASE);
    private final Sync sync = customers.sync;

    /** Makes a customer that both sides know, with a waiting change of {@link #OURS}. */
    private Applier applier(String crm) throws SQLException {
        customers.start("name text, city text", "1, 'Ann', 'Oslo'", Map.of("name", "name", "city", "city"));
        customers.sendAll();
        DATABASE.run("update app.customer set city = 'Bergen'");
        customers.drain();
        DATABASE.run("update sluice.outbox set stamps = '{\"city\": \"" + OURS + "\"}'");
        Crm vendor = ServiceLoader.load(Crm.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(it -> it.name().equals(crm))
                .findFirst()
                .orElseThrow();
        return new Applier(
                DATABASE.sluice(),
                customers.capture,
                new Accounts(
                        List.of(new Account("crm", vendor, Pool.of("crm", List.of()), false)), InstantSource.system()),
                Duration.ofSeconds(5));
    }

    @ParameterizedTest(name = "{0}: deleted at {1}, {2} wins")
    @CsvSource({
        "salesforce, 2026-01-02T12:00:04Z, database",
        "salesforce, 2026-01-02T12:00:05Z, database",
        "salesforce, 2026-01-02T12:00:06Z, crm",
        "hubspot, 2026-01-02T12:00:05.399Z, database",
        "hubspot, 2026-01-02T12:00:05.400Z, database",
        "hubspot, 2026-01-02T12:00:05.401Z, crm"
    })
    void aDeleteWinsOnlyIfItIsCertainlyLater(String crm, String deletedAt, String winner) throws SQLException {
        Applier applier = applier(crm);
        applier.delete(sync, List.of(new DeletedRecord("x1", Instant.parse(deletedAt))), applier.now());

        assertThat(DATABASE.texts("select winner from sluice.conflict")).containsExactly(winner);
        if (winner.equals("crm")) {
            assertThat(DATABASE.texts("select name from app.customer")).isEmpty();
            assertThat(customers.sendAll()).isEmpty();
        } else {
            assertThat(DATABASE.texts("select city from app.customer")).containsExactly("Bergen");
            assertThat(customers.sendAll())
                    .as("created again with all fields")
                    .containsExactly(Map.of("name", "Ann", "city", "Bergen"));
        }
    }

    @ParameterizedTest(name = "{0}: edited at {1}, {2} wins")
    @CsvSource({
        "salesforce, 2026-01-02T12:00:04Z, database",
        "salesforce, 2026-01-02T12:00:05Z, crm",
        "hubspot, 2026-01-02T12:00:05.399Z, database",
        "hubspot, 2026-01-02T12:00:05.400Z, crm"
    })
    void anEditWinsUnlessItIsCertainlyEarlier(String crm, String editedAt, String winner) throws SQLException {
        Applier applier = applier(crm);
        applier.apply(
                sync,
                List.of(new CrmRecord("x1", "1", Instant.parse(editedAt), Map.of("city", "Rome"))),
                applier.now());

        assertThat(DATABASE.texts("select winner from sluice.conflict")).containsExactly(winner);
        assertThat(DATABASE.texts("select city from app.customer"))
                .containsExactly(winner.equals("crm") ? "Rome" : "Bergen");
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.CrmRecord;
import io.sluice.Outcome;
import io.sluice.outbox.Claim;
import io.sluice.outbox.CustomerSync;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests a record that a user of the CRM deleted and created again with the same key. */
class RecreatedRecordTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Instant LONG_AGO = Instant.parse("2026-01-01T00:00:00Z");

    private final CustomerSync customers = new CustomerSync(DATABASE);
    private final Applier applier = new Applier(DATABASE.sluice(), customers.capture);

    private void start() throws SQLException {
        customers.start("name text, city text", "1, 'Ann', 'Oslo'", Map.of("name", "name", "city", "city"));
        customers.settle(customers.claim().orElseThrow());
    }

    /** Sends a whole row, of which one field differs from the base, by a call that fails and is retried. */
    private void aWholeRowWhoseCallIsRetried(String sql) throws SQLException {
        DATABASE.run(sql);
        DATABASE.sluice().transaction(connection -> {
            applier.reread(connection, customers.sync, "1");
            return true;
        });
        Claim claim = customers.claim().orElseThrow();
        customers.settle(
                claim,
                claim.changes().stream()
                        .map(it -> Outcome.retry(it.key(), "BUSY", "later"))
                        .toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"latest", "database", "crm"})
    void bothSidesEndEqualWhateverFieldsTheCallLeftOut(String rule) throws SQLException {
        start();
        customers.sync.setConflicts(rule);
        aWholeRowWhoseCallIsRetried("update app.customer set name = 'Eve'");
        Map<String, Object> crm = new java.util.TreeMap<>(Map.of("name", "new", "city", "Bern"));

        applier.apply(customers.sync, List.of(new CrmRecord("x2", "1", LONG_AGO, crm)), applier.now(), Set.of("x1"));
        customers.sendAll().forEach(crm::putAll);

        assertThat(DATABASE.text("select concat_ws(' ', name, city) from app.customer"))
                .isEqualTo(crm.get("name") + " " + crm.get("city"));
    }

    @Test
    void aFieldLeftOutOfACallDoesNotCountAsAWaitingChange() throws SQLException {
        start();
        aWholeRowWhoseCallIsRetried("update app.customer set name = 'Eve'");

        assertThat(DATABASE.text("select fields::text from sluice.outbox")).isEqualTo("{\"name\": \"Eve\"}");
        assertThat(DATABASE.text("select string_agg(name, ',') from sluice.outbox, jsonb_object_keys(stamps) as name"))
                .isEqualTo("name");
    }
}

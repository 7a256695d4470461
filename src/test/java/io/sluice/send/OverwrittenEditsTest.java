// SPDX-License-Identifier: Apache-2.0
package io.sluice.send;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.sluice.CrmRecord;
import io.sluice.Outcome;
import io.sluice.Sync;
import io.sluice.merge.Applier;
import io.sluice.outbox.Claim;
import io.sluice.outbox.CustomerSync;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Shows that odd answers to the read before a write do not keep the write from being settled. */
class OverwrittenEditsTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Instant MOMENT = Instant.parse("2026-01-01T00:00:00Z");

    private final CustomerSync customers = new CustomerSync(DATABASE);
    private final OverwrittenEdits edits =
            new OverwrittenEdits(null, new Applier(DATABASE.sluice(), customers.capture));
    private final Sync sync = customers.sync;
    private Claim claim;

    @BeforeEach
    void claimOneWrite() throws SQLException {
        customers.start("name text", "1, 'first'", Map.of("name", "name"));
        claim();
        customers.settle(claim);
        DATABASE.run("update app.customer set name = 'ours'");
        claim();
    }

    private void claim() throws SQLException {
        claim = customers.claim().orElseThrow();
    }

    static Stream<CrmRecord> odd() {
        return Stream.of(
                new CrmRecord("x1", "1", Instant.parse("+999999-01-01T00:00:00Z"), Map.of("name", "theirs")),
                new CrmRecord("x1", "1", null, Map.of("name", "theirs")),
                new CrmRecord("x1", "1", MOMENT, Map.of("name", Map.of("city", "Os\0lo"))),
                new CrmRecord("x1", "1", MOMENT, Map.of("name", List.of(List.of("a"), Map.of("b", "\uD800")))));
    }

    @ParameterizedTest
    @MethodSource("odd")
    void aReadThatCantBeParsedKeepsNoWriteFromBeingSettled(CrmRecord image) {
        assertThatCode(() -> edits.find(sync, claim, List.of(Outcome.done("1", "x1")), List.of(image)))
                .doesNotThrowAnyException();
    }

    @Test
    void aReadThatCanBeParsedFindsTheEdit() throws SQLException {
        edits.find(
                sync,
                claim,
                List.of(Outcome.done("1", "x1")),
                List.of(
                        new CrmRecord("x2", null, MOMENT, Map.of("name", "other")),
                        new CrmRecord("x1", null, MOMENT, Map.of("name", "theirs"))));
        assertThat(DATABASE.texts("select crm #>> '{}' from sluice.conflict")).containsExactly("theirs");
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RootCauseTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select 'canary'::int",
                "select 'canary'::date",
                "select 'canary'::uuid",
                "select 'canary'::jsonb",
                "insert into canaries values (1, 'canary-and-more', 1)",
                "insert into canaries values (1, null, 1), (2, null, 1)",
                "insert into canaries values (1, 'canary', -7)",
                "insert into canaries values (1, 'canary', 1), (2, 'canary', 1)",
                "insert into canaries values (1, 'canary', 5)",
                "select '99999999999canary'::int"
            })
    void theMessageRepeatsNoValueOfARow(String statement) throws SQLException {
        DATABASE.sluice().update("drop table if exists canaries");
        DATABASE.sluice()
                .update("create table canaries (id int, name varchar(6) not null unique, n int check (n > 0)"
                        + " check (n <> 5))");
        try {
            DATABASE.sluice().update(statement);
        } catch (SQLException failure) {
            assertThat(RootCause.of(failure))
                    .startsWith("ERROR: ")
                    .doesNotContain("canary", "-7", "Failing row", "Detail")
                    .hasSizeLessThan(450);
            return;
        }
        throw new AssertionError("no error from: " + statement);
    }

    @Test
    void namesOfColumnsAndTablesStay() {
        assertThat(RootCause.withoutValues(
                        "ERROR: null value in column \"name\" of relation \"customer\" violates not-null"
                                + " constraint\n  Detail: Failing row contains (1, canary)."))
                .isEqualTo("ERROR: null value in column \"name\""
                        + " of relation \"customer\" violates not-null constraint");
        assertThat(RootCause.withoutValues("x".repeat(1000))).hasSize(403);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.quota.SavedCalls.Reason;
import io.sluice.quota.SavedCalls.Saved;
import io.sluice.store.Database;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SavedCallsTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final SavedCalls savedCalls = new SavedCalls(DATABASE.sluice());

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
    }

    private static List<Saved> ofToday(SavedCalls savedCalls, String... accounts) throws SQLException {
        Instant now = Instant.now();
        return savedCalls.read(List.of(accounts), now.minus(Duration.ofDays(1)), now.plus(Duration.ofDays(1)));
    }

    @Test
    void theCountsOfAllProcessesAddUpAndSurviveARestart() throws SQLException {
        SavedCalls other = new SavedCalls(DATABASE.sluice());
        savedCalls.add(Reason.EVENTS, "crm", "contacts", 2);
        savedCalls.add(Reason.EVENTS, "crm", "contacts", 3);
        savedCalls.add(Reason.CACHING, "crm", "contacts", 1);
        savedCalls.add(Reason.CACHING, "other", "contacts", 9);
        savedCalls.write();
        other.add(Reason.EVENTS, "crm", "contacts", 10);
        other.write();

        assertThat(ofToday(new SavedCalls(DATABASE.sluice()), "crm"))
                .containsExactlyInAnyOrder(
                        new Saved("crm", "contacts", Reason.EVENTS, 15),
                        new Saved("crm", "contacts", Reason.CACHING, 1));
        assertThat(DATABASE.text(
                        "select count(*) from sluice.saved_calls where hour = date_trunc('hour', hour, 'UTC')"))
                .as("rows by whole hours")
                .isEqualTo("3");
    }

    @Test
    void nothingIsWrittenTwiceAndNoStatementIsMadeWhereNothingWasSaved() throws SQLException {
        Database closed = Database.of("jdbc:postgresql://127.0.0.1:1/none", "none", "", 1);
        closed.close();
        SavedCalls unreachable = new SavedCalls(closed);
        unreachable.write();
        unreachable.add(Reason.EVENTS, "crm", "contacts", 0);
        unreachable.write();
        unreachable.add(Reason.EVENTS, "crm", "contacts", 1);
        assertThatThrownBy(unreachable::write).isInstanceOf(SQLException.class);
        unreachable.write();
        savedCalls.add(Reason.EVENTS, "crm", "contacts", 2);
        savedCalls.write();
        savedCalls.write();

        assertThat(ofToday(savedCalls, "crm")).extracting(Saved::calls).containsExactly(2L);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class OffsetStoreTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Instant NOON = Instant.parse("2026-03-04T12:00:00Z");

    @BeforeEach
    void aPollThatRuns() throws SQLException {
        DATABASE.reset();
        DATABASE.run("insert into sluice.poll_offset (account, object, sync, read_up_to, low_watermark, interval_ms,"
                + " deletes_due, polled_at, due, taken, epoch) values ('crm', 'Contact', 's', now(), now(), 1000,"
                + " now() + interval '1 hour', now(), now() + interval '1 hour', true, 5)");
    }

    private static void missed(Instant at) throws SQLException {
        DATABASE.sluice().transaction(connection -> {
            OffsetStore.missed(connection, "crm", "", at);
            return null;
        });
    }

    @Test
    void missedChangesBeginARunningPollAnewOnceAMinute() throws SQLException {
        missed(NOON);
        assertThat(DATABASE.text("select epoch || ' ' || taken from sluice.poll_offset"))
                .isEqualTo("6 false");
        DATABASE.run("update sluice.poll_offset set taken = true, due = now() + interval '1 hour'");
        missed(NOON.plusSeconds(59));
        assertThat(DATABASE.text("select epoch || ' ' || taken from sluice.poll_offset"))
                .isEqualTo("6 true");
        missed(NOON.plusSeconds(60));
        assertThat(DATABASE.text("select epoch || ' ' || taken from sluice.poll_offset"))
                .isEqualTo("7 false");
    }

    @Test
    void aPollThatDoesNotRunIsDueAMinuteAfterChangesWereMissedAgain() throws SQLException {
        missed(NOON);
        DATABASE.run("update sluice.poll_offset set due = now() + interval '1 hour'");
        missed(NOON.plusSeconds(30));
        assertThat(DATABASE.text("select due <= now() + interval '1 minute' from sluice.poll_offset"))
                .isEqualTo("t");
    }
}

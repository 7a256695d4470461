// SPDX-License-Identifier: Apache-2.0
package io.sluice.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeartbeatsTest {

    private long nanos;
    private final Heartbeats<String> heartbeats = new Heartbeats<>(Duration.ofMinutes(1), () -> nanos);

    private List<String> sent() throws SQLException {
        List<String> sent = new ArrayList<>();
        heartbeats.send(sent::add);
        return sent;
    }

    @Test
    void workThatMakesProgressIsRenewedUntilItEnds() throws SQLException {
        heartbeats.progress("one");
        nanos += Duration.ofSeconds(50).toNanos();
        heartbeats.progress("one");
        nanos += Duration.ofSeconds(50).toNanos();
        assertThat(sent()).containsExactly("one");

        heartbeats.end("one");
        assertThat(sent()).isEmpty();
    }

    @Test
    void silentWorkIsNotRenewed() throws SQLException {
        heartbeats.progress("one");
        nanos += Duration.ofSeconds(61).toNanos();
        assertThat(sent()).isEmpty();
    }

    @Test
    void workThatHasLostItsLeaseIsNotRenewedAgain() throws SQLException {
        heartbeats.progress("one");
        heartbeats.send(work -> false);
        assertThat(sent()).isEmpty();
    }
}

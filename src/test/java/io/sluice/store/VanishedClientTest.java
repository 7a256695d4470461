// SPDX-License-Identifier: Apache-2.0
package io.sluice.store;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Shows what the server is asked for; PodsMain deletes pods with their network, so that the server gets no word of it. */
class VanishedClientTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    @Test
    void theServerNoticesWithinElevenSecondsThatAMachineHasVanished() throws Exception {
        int idle = setting("tcp_keepalives_idle");
        int probing = setting("tcp_keepalives_interval") * setting("tcp_keepalives_count");
        assertThat(idle).isPositive();
        assertThat(idle + probing).isBetween(1, 11);
        assertThat(setting("tcp_user_timeout")).isEqualTo(11_000);
    }

    private static int setting(String name) throws Exception {
        return Integer.parseInt(DATABASE.text("select setting from pg_settings where name = ?", name));
    }
}

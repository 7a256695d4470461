// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.crm.Account;
import io.sluice.crm.Accounts;
import io.sluice.quota.Limit;
import io.sluice.quota.Limits;
import io.sluice.quota.Pool;
import io.sluice.quota.Quota;
import io.sluice.store.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AlertsTest {

    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private static final Pool POOL = Pool.of(
            "crm",
            List.of(new Limit("daily", 1000, Duration.ofDays(1)), new Limit("short", 10, Duration.ofSeconds(10))));

    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final Quota quota =
            new Quota(DATABASE.sluice(), new Limits(List.of(POOL)), Duration.ofSeconds(10), Duration.ofSeconds(5));
    private final Alerts alerts = new Alerts(
            quota, new Accounts(List.of(new Account("crm", null, POOL, false)), InstantSource.system()), metrics);

    @BeforeEach
    void empty() throws SQLException {
        DATABASE.reset();
    }

    @ParameterizedTest(name = "at mark {0} and {1} % used the mark is {2}")
    @CsvSource({
        "0,69,0",
        "0,70,70",
        "0,84,70",
        "0,85,85",
        "0,95,95",
        "0,100,100",
        "0,130,100",
        "70,86,85",
        "70,68,70",
        "70,66,0",
        "85,82,85",
        "85,81,70",
        "100,99,100",
        "100,96,95",
        "95,30,0"
    })
    void aMarkBeginsAtOnceAndEndsWithSomeSlack(int before, int percent, int mark) {
        assertThat(Alerts.mark(before, percent)).isEqualTo(mark);
    }

    @Test
    void theUseOfEachLimitIsAMetric() throws SQLException {
        quota.reported("crm", "crm", "daily", 1000, 860);
        alerts.check();
        assertThat(gauge("used", "daily")).isEqualTo(860);
        assertThat(gauge("max", "daily")).isEqualTo(1000);
        assertThat(gauge("left", "daily")).isEqualTo(140);
        assertThat(gauge("mark", "daily")).isEqualTo(85);
        assertThat(gauge("max", "short")).isEqualTo(10);

        quota.reported("crm", "crm", "daily", 1000, 100);
        alerts.check();
        assertThat(gauge("mark", "daily")).isZero();
    }

    private double gauge(String name, String limit) {
        return metrics.get("sluice.quota." + name)
                .tag("account", "crm")
                .tag("limit", limit)
                .gauge()
                .value();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LimitTest {

    @ParameterizedTest
    @CsvSource({
        "15000 per 24h, 15000, PT24H",
        "190 per 10s, 190, PT10S",
        "100_000 per 1d, 100000, PT24H",
        "5 per 250ms, 5, PT0.25S",
        "40 per 15 m, 40, PT15M",
        "'  7   per  2s ', 7, PT2S"
    })
    void parsesTheSettings(String text, long max, Duration window) {
        assertThat(Limit.parse("daily", text)).isEqualTo(new Limit("daily", max, window));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "15000 per 24h",
                "5 per 250ms",
                "40 per 15m",
                "190 per 90s",
                "25 at once",
                "400 units per 2s",
                "5000 per 24h, share 80%, reserve 500, for search delete, as reported"
            })
    void theTextOfALimitIsThatOfTheSettings(String text) {
        assertThat(Limit.parse("daily", text).text()).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "15000",
                "15000/24h",
                "15000 per day",
                "-1 per 1s",
                "1.5 per 1s",
                "1 per 1w",
                "per 10s",
                "10 per",
                "1 per 1s and more",
                "1per1s"
            })
    void otherTextIsRejectedWithTheForm(String text) {
        assertThatThrownBy(() -> Limit.parse("daily", text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("limit 'daily' is '" + text + "', but reads like '15000 per 24h' or '190 per 10s'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0 per 1s", "1 per 0s"})
    void aLimitOfZeroIsRejectedWithItsName(String text) {
        assertThatThrownBy(() -> Limit.parse("burst", text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("limit 'burst'")
                .hasMessageContaining("above zero");
    }

    @ParameterizedTest
    @ValueSource(strings = {"_ per 1s", "99999999999999999999 per 1s", "1 per 99999999999999999999s"})
    void aWrongNumberIsRejectedWithTheNameOfTheLimit(String text) {
        assertThatThrownBy(() -> Limit.parse("burst", text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("limit 'burst'");
    }

    @Test
    void sharesReservesOperationsUnitsAndCallsAtOnceAreRead() {
        assertThat(Limit.parse("daily", "100_000 per 24h, share 60%, reserve 500"))
                .isEqualTo(
                        new Limit("daily", Limit.Kind.CALLS, 100_000, Duration.ofDays(1), 60, 500, List.of(), false));
        assertThat(Limit.parse("search", "5 per 1s, for search read"))
                .isEqualTo(new Limit(
                        "search",
                        Limit.Kind.CALLS,
                        5,
                        Duration.ofSeconds(1),
                        100,
                        0,
                        List.of("search", "read"),
                        false));
        assertThat(Limit.parse("tokens", "400 units per 2s").kind()).isEqualTo(Limit.Kind.UNITS);
        assertThat(Limit.parse("concurrent", "25 at once"))
                .isEqualTo(new Limit("concurrent", Limit.Kind.AT_ONCE, 25, Duration.ZERO, 100, 0, List.of(), false));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10 per 1s, share 0%",
                "10 per 1s, share 101%",
                "10 per 1s, reserve 10",
                "10 per 1s, half",
                "10 per 1s,",
                "0 at once"
            })
    void aWrongOptionIsRejectedWithTheNameOfTheLimit(String text) {
        assertThatThrownBy(() -> Limit.parse("burst", text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("limit 'burst'");
    }

    @Property
    void everyCountAndWindowIsReadExactly(
            @ForAll @LongRange(min = 1, max = 999_999_999_999_999_999L) long max,
            @ForAll @IntRange(min = 1, max = 999_999_999) int seconds) {
        Limit limit = Limit.parse("any", max + " per " + seconds + "s");

        assertThat(limit.max()).isEqualTo(max);
        assertThat(limit.window()).isEqualTo(Duration.ofSeconds(seconds));
    }

    @Test
    void theRestIsNeverBelowZero() {
        assertThat(new LimitUsage("crm", "daily", 10, Duration.ofDays(1), 4, null, 40, null, Map.of()).left())
                .isEqualTo(6);
        assertThat(new LimitUsage("crm", "daily", 10, Duration.ofDays(1), 12, 12L, 120, null, Map.of()).left())
                .isZero();
    }
}

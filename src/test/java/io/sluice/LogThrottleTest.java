// SPDX-License-Identifier: Apache-2.0
package io.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;

class LogThrottleTest {

    private Instant now = Instant.parse("2026-01-02T03:04:05Z");
    private final LogThrottle throttle = new LogThrottle(() -> now);
    private final List<String> lines = new ArrayList<>();
    private final Logger log = (Logger) Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {Logger.class},
            (proxy, method, arguments) -> lines.add(method.getName() + " " + arguments[1]));

    @Test
    void oneLineAMinuteForEachKindWithTheNumberLeftOut() {
        for (int second = 0; second < 130; second++) {
            throttle.warn(log, "a", "{} fails: {}", "a", second);
            if (second % 100 == 0) {
                throttle.warn(log, "b", "{} fails", "b");
            }
            now = now.plusSeconds(1);
        }
        assertThat(lines)
                .containsExactly(
                        "warn a fails: 0",
                        "warn b fails",
                        "warn a fails: 60 (59 more of this kind since)",
                        "warn b fails",
                        "warn a fails: 120 (59 more of this kind since)");
    }

    @Test
    void aLineIsOneLineOf500CharactersAtMost() {
        throttle.warn(log, "a", "a fails: {}", "x\n  ".repeat(1_000));
        throttle.warn(log, "a", "a fails: {}", "y");
        now = now.plusSeconds(60);
        throttle.warn(log, "a", "a fails: {}", "z".repeat(1_000));
        assertThat(lines).hasSize(2).allSatisfy(line -> assertThat(line)
                .hasSize("warn ".length() + 500)
                .doesNotContain("\n"));
        assertThat(lines.get(1)).endsWith("zzz... (1 more of this kind since)");
    }
}

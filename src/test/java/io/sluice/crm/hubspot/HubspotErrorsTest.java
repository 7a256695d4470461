// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.hubspot;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.quota.ThrottleSignal;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HubspotErrorsTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private static ThrottleSignal throttleSignal(int status, String body, String operation, String retryAfter) {
        return HubspotErrors.throttleSignal(new HubspotAnswer(status, body), operation, retryAfter, NOW);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"message\":\"You have reached your ten_secondly_rolling limit.\",\"policyName\":\"TEN_SECONDLY_ROLLING\"} | upsert | short",
                "{\"message\":\"You have reached your daily limit.\",\"errorType\":\"RATE_LIMIT\",\"policyName\":\"DAILY\"} | search | daily",
                "{\"message\":\"You have reached your secondly limit.\",\"category\":\"RATE_LIMITS\"} | search | search",
                "{\"message\":\"You have reached your secondly limit.\",\"policyName\":\"SECONDLY\"} | query | search",
                "{\"message\":\"You have reached your secondly limit.\",\"policyName\":\"SECONDLY\"} | upsert | short",
                "{\"message\":\"You have reached your secondly limit.\",\"policyName\":\"SECONDLY\"} | delete | short",
                "<html>Too many requests</html> | read | short"
            })
    void theThrottledOperationDecidesWhichLimitIsUsedUp(String body, String operation, String kind) {
        assertThat(throttleSignal(429, body, operation, null)).isEqualTo(new ThrottleSignal(kind, Duration.ZERO));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "3600 | 3600",
                "soon | 0",
                "-5 | 0",
                "0 | 0",
                " 7  | 7",
                "| 0",
                "Thu, 01 Jan 2026 00:02:00 GMT | 120",
                "Wed, 31 Dec 2025 00:00:00 GMT | 0",
                "999999 | 999999",
                "99999999999999999999999 | 31536000",
                "1.5 | 0"
            })
    void retryAfterGivesTheWait(String header, long seconds) {
        assertThat(throttleSignal(477, "", "read", header))
                .isEqualTo(new ThrottleSignal(ThrottleSignal.SHORT, Duration.ofSeconds(seconds)));
    }

    @ParameterizedTest
    @CsvSource({"200", "207", "400", "401", "403", "409", "423", "500", "0"})
    void anyOtherAnswerIsNotThrottled(int status) {
        assertThat(throttleSignal(status, "{}", "read", null)).isNull();
    }
}

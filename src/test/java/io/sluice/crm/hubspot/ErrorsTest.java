package io.sluice.crm.hubspot;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.quota.Refusal;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrorsTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{\"message\":\"You have reached your ten_secondly_rolling limit.\",\"policyName\":\"TEN_SECONDLY_ROLLING\"} | short",
        "{\"message\":\"You have reached your daily limit.\",\"errorType\":\"RATE_LIMIT\",\"policyName\":\"DAILY\"} | daily",
        "{\"message\":\"You have reached your secondly limit.\",\"category\":\"RATE_LIMITS\"} | search",
        "<html>Too many requests</html> | short"})
    void aRefusalSaysWhichLimitIsSpent(String body, String kind) {
        assertThat(Errors.refusal(new HubspotAnswer(429, body), null)).isEqualTo(new Refusal(kind, Duration.ZERO));
    }

    @Test
    void aMigrationSaysForHowLong() {
        assertThat(Errors.refusal(new HubspotAnswer(477, ""), "3600")).isEqualTo(new Refusal(Refusal.SHORT, Duration.ofHours(1)));
        assertThat(Errors.refusal(new HubspotAnswer(477, ""), "soon")).isEqualTo(new Refusal(Refusal.SHORT, Duration.ZERO));
    }

    @ParameterizedTest
    @CsvSource({"200", "207", "400", "401", "403", "409", "423", "500", "0"})
    void anyOtherAnswerIsNoRefusal(int status) {
        assertThat(Errors.refusal(new HubspotAnswer(status, "{}"), null)).isNull();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.alert;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class AlertMessageTest {

    @Test
    void noTextOfACrmCallsEverybodyOfAChat() throws Exception {
        Alert alert = Alert.ofAccount(
                AlertKind.LOGIN_REJECTED,
                Severity.CRITICAL,
                "crm",
                Instant.EPOCH,
                Instant.EPOCH,
                "crm: <!channel> @channel @here x@everyone @All @ann",
                "Ask admin@example.org.");
        AlertMessage message = new AlertMessage("slack", "sluice", 1, 0, List.of(new AlertEvent("begin", 1, alert)));

        assertThat(new ObjectMapper().readTree(message.slack()).path("text").asText())
                .isEqualTo("*begin, critical* crm: &lt;!channel&gt; @\u200bchannel @\u200bhere x@\u200beveryone"
                        + " @\u200bAll @\u200bann Ask admin@example.org.")
                .doesNotContain("@channel", "@here", "@everyone");
    }
}

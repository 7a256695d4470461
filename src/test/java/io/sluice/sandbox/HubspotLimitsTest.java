// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;

class HubspotLimitsTest extends HubspotTestBase {

    private static final String LIMITS = "/sandbox/limits/hubspot";

    @Test
    void everyAnswerShowsWhatIsLeft() {
        HubspotClient.Reply reply = crm.get(CONTACTS);
        assertThat(reply.header("X-HubSpot-RateLimit-Daily")).hasValue("250000");
        assertThat(reply.header("X-HubSpot-RateLimit-Daily-Remaining")).hasValue("249999");
        assertThat(reply.header("X-HubSpot-RateLimit-Interval-Milliseconds")).hasValue("10000");
        assertThat(reply.header("X-HubSpot-RateLimit-Max")).hasValue("100");
        assertThat(reply.header("X-HubSpot-RateLimit-Remaining")).hasValue("99");
        assertThat(reply.header("X-HubSpot-Correlation-Id")).isPresent();
    }

    @Test
    void theTenSecondLimitRefusesByItsName() {
        crm.put(LIMITS, "{\"tenSecondly\":{\"max\":2,\"windowSeconds\":600}}");
        crm.get(CONTACTS);
        crm.get(CONTACTS);
        HubspotClient.Reply refused = crm.get(CONTACTS);
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.json().path("policyName").asText()).isEqualTo("TEN_SECONDLY_ROLLING");
        assertThat(refused.json().path("errorType").asText()).isEqualTo("RATE_LIMIT");
        assertThat(refused.header("X-HubSpot-RateLimit-Remaining")).hasValue("0");
        // a search passes by it and is counted by the day
        assertThat(crm.post(CONTACTS + "/search", "{}").status()).isEqualTo(200);
        JsonNode referee = crm.referee();
        assertThat(referee.path("accepted").asInt()).isEqualTo(3);
        assertThat(referee.path("refused").asInt()).isOne();
        assertThat(referee.at("/limits/daily/used").asInt()).isEqualTo(3);
        assertThat(referee.at("/limits/tenSecondly/peak").asInt()).isEqualTo(2);
        assertThat(referee.at("/limits/search/used").asInt()).isLessThanOrEqualTo(1);
    }

    @Test
    void theDayRefusesByItsName() {
        crm.put(LIMITS, "{\"daily\":{\"max\":1}}");
        crm.get(CONTACTS);
        HubspotClient.Reply refused = crm.get(CONTACTS);
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.json().path("policyName").asText()).isEqualTo("DAILY");
        assertThat(refused.json().path("message").asText()).isEqualTo("You have reached your daily limit.");
    }

    @Test
    void searchesHaveALimitAndHeadersOfTheirOwn() {
        crm.put(LIMITS, "{\"search\":{\"max\":1,\"windowSeconds\":600}}");
        HubspotClient.Reply first = crm.post(CONTACTS + "/search", "{}");
        assertThat(first.header("X-HubSpot-RateLimit-Daily-Remaining")).hasValue("249999");
        assertThat(first.header("X-HubSpot-RateLimit-Max")).isEmpty();
        HubspotClient.Reply refused = crm.post(CONTACTS + "/search", "{}");
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.json().path("message").asText()).isEqualTo("You have reached your secondly limit.");
        assertThat(refused.json().has("policyName")).isFalse();
        assertThat(crm.get(CONTACTS).status()).isEqualTo(200);
    }

    @Test
    void itLocksMovesAndStrikesRowsOnDemand() {
        crm.post("/sandbox/faults/hubspot", "{\"kind\":\"unavailable\",\"status\":477,\"retryAfter\":7,\"count\":1}");
        HubspotClient.Reply moved = crm.get(CONTACTS);
        assertThat(moved.status()).isEqualTo(477);
        assertThat(moved.header("Retry-After")).hasValue("7");
        crm.post("/sandbox/faults/hubspot", "{\"kind\":\"rowLock\",\"count\":1}");
        assertThat(crm.upsertContacts(0, 3).status()).isEqualTo(423);
        crm.post("/sandbox/faults/hubspot", "{\"kind\":\"partial\",\"keys\":[\"C-1\"],\"message\":\"No.\"}");
        HubspotClient.Reply partial = crm.upsertContacts(0, 3);
        assertThat(partial.status()).isEqualTo(400);
        assertThat(partial.json().path("message").asText()).isEqualTo("No.");
        assertThat(crm.referee().path("recordsByObject").path("contacts").asInt())
                .isZero();
    }
}

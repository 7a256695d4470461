// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An operator works through the dead letters over HTTP, as the manual shows it, while the pipeline runs. */
class DeadLettersIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String LETTERS = "/api/dead-letters";

    @TempDir
    Path home;

    private static JsonNode ok(HttpResponse<String> answer) throws Exception {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
        return JSON.readTree(answer.body());
    }

    @Test
    void deadLettersAreListedMendedSentAgainAndLetGo() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            sluice.start().awaitSettled();
            sluice.sql(
                    "update customer set email = 'no address', phone = '42' where customer_no in ('C-00001', 'C-00002')");
            // what the CRM refuses, whatever the value is: a validation rule of its own
            sluice.sandbox(
                    "POST",
                    "/sandbox/faults/salesforce",
                    "{\"kind\":\"partial\",\"operation\":[\"collectionsUpsert\",\"composite\"],"
                            + "\"keys\":[\"C-00003\",\"C-00004\"],\"errorCode\":\"FIELD_CUSTOM_VALIDATION_EXCEPTION\","
                            + "\"message\":\"Closed on Sundays\"}");
            sluice.sql("update customer set phone = '43' where customer_no in ('C-00003', 'C-00004')");
            sluice.awaitSettled();

            JsonNode all = ok(sluice.api("GET", LETTERS + "?sync=customers-salesforce"));
            assertThat(all.path("deadLetters").findValuesAsText("key"))
                    .containsExactlyInAnyOrder("C-00001", "C-00002", "C-00003", "C-00004");
            assertThat(all.path("next").isNull()).isTrue();
            JsonNode invalid = ok(sluice.api("GET", LETTERS + "?code=INVALID_EMAIL_ADDRESS&limit=1"));
            assertThat(invalid.path("next").asLong()).isPositive();
            JsonNode letter = invalid.path("deadLetters").path(0);
            assertThat(letter.path("rejectedFields").path(0).asText()).isEqualTo("Email");
            String path = LETTERS + "/" + letter.path("id").asLong();
            String customer = letter.path("key").asText();

            assertThat(sluice.api("PATCH", path, "{\"fields\": {\"Emial\": \"x\"}}")
                            .body())
                    .contains("did you mean Email");
            assertThat(ok(sluice.api("PATCH", path, "{\"fields\": {\"Email\": \"right@example.org\"}}"))
                            .path("fields")
                            .path("Email")
                            .asText())
                    .isEqualTo("right@example.org");
            assertThat(ok(sluice.api("GET", path)).path("editedFields").path(0).asText())
                    .isEqualTo("Email");
            assertThat(ok(sluice.api("POST", path + "/replay")).path("replayed").asInt())
                    .isEqualTo(1);
            assertThat(sluice.api("POST", path + "/replay").statusCode()).isEqualTo(404);

            ok(sluice.sandbox("DELETE", "/sandbox/faults/salesforce", ""));
            assertThat(sluice.api("POST", LETTERS + "/replay").statusCode())
                    .as("all, but of what?")
                    .isEqualTo(400);
            assertThat(ok(sluice.api("POST", LETTERS + "/replay?code=FIELD_CUSTOM_VALIDATION_EXCEPTION"))
                            .path("replayed")
                            .asInt())
                    .isEqualTo(2);
            sluice.awaitSettled();

            JsonNode contact = sluice.record("salesforce", "Contact", customer);
            assertThat(contact.path("Email").asText()).isEqualTo("right@example.org");
            assertThat(contact.path("Phone").asText()).isEqualTo("42");
            assertThat(sluice.rows("select customer_no, email from customer").get(customer))
                    .containsExactly("right@example.org");
            assertThat(sluice.record("salesforce", "Contact", "C-00003")
                            .path("Phone")
                            .asText())
                    .isEqualTo("43");
            JsonNode left = ok(sluice.api("GET", LETTERS)).path("deadLetters");
            assertThat(left).hasSize(1);
            ok(sluice.api("DELETE", LETTERS + "/" + left.path(0).path("id").asLong()));

            sluice.sql("update customer set email = 'no address' where customer_no in ('C-00005', 'C-00006')");
            sluice.awaitSettled();
            assertThat(sluice.api("DELETE", LETTERS).statusCode())
                    .as("all, but of what?")
                    .isEqualTo(400);
            assertThat(ok(sluice.api("DELETE", LETTERS + "?sync=customers-salesforce&code=INVALID_EMAIL_ADDRESS"))
                            .path("discarded")
                            .asInt())
                    .isEqualTo(2);
            assertThat(sluice.number("select count(*) from sluice.dead_letter")).isZero();
            assertThat(sluice.ledger()).isEqualTo(sluice.counted());
        }
    }
}

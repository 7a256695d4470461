// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One odd record does not hold up the others that share its claim, its call or its page. */
@Execution(ExecutionMode.CONCURRENT)
class OddRecordIT {

    @TempDir
    Path home;

    private static String phone(RunningSluice sluice, String key) {
        return sluice.record("hubspot", "contacts", key).path("phone").asText();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "alter table deal alter amount type numeric; update deal set amount = ('1' || repeat('0', 1200))::numeric"
                        + " where deal_no = 'D-0001'",
                "update customer set first_name = repeat('x', 21000000) where customer_no = 'C-00001'"
            })
    void aValueOfAnyLengthStopsNoOther(String poison) throws Exception {
        try (RunningSluice sluice = new RunningSluice(home).withBothCrms()) {
            sluice.start().awaitSettled();
            sluice.sql(poison);
            // of the same two tables, another row each
            sluice.sql("update customer set phone = 'neighbour' where customer_no = 'C-00003';"
                    + " update deal set title = 'neighbour' where deal_no = 'D-0003'");
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                assertThat(phone(sluice, "C-00003")).isEqualTo("neighbour");
                assertThat(sluice.record("salesforce", "Contact", "C-00003")
                                .path("Phone")
                                .asText())
                        .isEqualTo("neighbour");
                assertThat(sluice.record("salesforce", "Opportunity", "D-0003")
                                .path("Name")
                                .asText())
                        .isEqualTo("neighbour");
                assertThat(sluice.record("hubspot", "deals", "D-0003")
                                .path("dealname")
                                .asText())
                        .isEqualTo("neighbour");
                assertThat(sluice.number("select count(*) from sluice.dead_letter where key in ('D-0001', 'C-00001')"))
                        .isPositive();
            });
        }
    }

    @Test
    void keysThatDifferByABlankAreDeletedTogetherAndHoldUpNoOther() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home).withBothCrms()) {
            sluice.start().awaitSettled();
            sluice.sql(
                    "insert into customer (customer_no, last_name, tier) values ('w', 'w', 'gold'), ('w ', 'w', 'gold'),"
                            + " ('innocent', 'innocent', 'gold')");
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> sluice.number(
                                    "select count(*) from sluice.sync_state where object = 'contacts' and key in ('w', 'w ', 'innocent')")
                            == 3);
            sluice.sql("delete from customer where customer_no in ('w', 'w ', 'innocent')");
            await().atMost(Duration.ofSeconds(60)).until(() -> sluice.record("hubspot", "contacts", "innocent")
                    .isMissingNode());
        }
    }

    @Test
    void anUncommittedInsertOfOneKeyHoldsUpNoOtherRecordOfAPage() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home).with("sluice.poll.max-interval", "5s")) {
            sluice.start().awaitSettled();
            try (Connection application = sluice.connect();
                    Statement statement = application.createStatement()) {
                application.setAutoCommit(false);
                statement.execute("insert into customer (customer_no, last_name, tier) values ('N-1', 'ours', 'gold')");
                sluice.sandbox(
                        "POST",
                        "/sandbox/records/salesforce/Contact",
                        "{\"Customer_No__c\":\"N-1\",\"LastName\":\"theirs\",\"Tier__c\":\"gold\"}");
                String id = sluice.rows("select key, crm_id from sluice.sync_state where key = 'C-00033'")
                        .get("C-00033")
                        .get(0);
                assertThat(sluice.sandbox(
                                        "POST",
                                        "/sandbox/records/salesforce/Contact/" + id,
                                        "{\"Phone\":\"neighbour\"}")
                                .statusCode())
                        .isEqualTo(200);
                await().atMost(Duration.ofSeconds(75))
                        .until(() -> sluice.number(
                                        "select count(*) from customer where customer_no = 'C-00033' and phone = 'neighbour'")
                                == 1);
                application.rollback();
            }
        }
    }
}

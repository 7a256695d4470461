// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Changes both sides while nothing can be sent: the later change stays, and the other one is in the conflict log. */
@Execution(ExecutionMode.CONCURRENT)
class BothSidesChangedIT {

    @TempDir
    static Path home;

    static RunningSluice sluice;

    /** Without a poll for an hour, but for one that is waited for. */
    @BeforeAll
    static void aTableForEachCrm() throws Exception {
        sluice = new RunningSluice(home)
                .withoutSyncs()
                .with("sluice.dispatch.poll-before-write", "1s")
                .with("sluice.poll.check-interval", 100)
                .with("sluice.poll.min-interval", "1h")
                .with("sluice.poll.max-interval", "1h")
                .withSync(
                        "salesforce.camel.yaml",
                        RunningSluice.sync(
                                "to-salesforce",
                                "customer",
                                "customer_no",
                                "salesforce",
                                "Contact",
                                "Customer_No__c",
                                Map.of("last_name", "LastName", "phone", "Phone")))
                .withSync(
                        "hubspot.camel.yaml",
                        RunningSluice.sync(
                                "to-hubspot",
                                "deal",
                                "deal_no",
                                "hubspot",
                                "deals",
                                "deal_no",
                                Map.of("title", "dealname")));
        sluice.start().awaitSettled();
    }

    @AfterAll
    static void stop() throws Exception {
        sluice.close();
    }

    private record Side(String table, String key, String column, String object, String field) {

        static Side of(String account) {
            return account.equals("salesforce")
                    ? new Side("customer", "customer_no", "phone", "Contact", "Phone")
                    : new Side("deal", "deal_no", "title", "deals", "dealname");
        }

        String number(int i) {
            return table.equals("customer") ? "C-%05d".formatted(i) : "D-%04d".formatted(i);
        }

        String value(int i) throws Exception {
            return sluice.rows("select " + key + ", " + column + " from " + table + " where " + key + " = '" + number(i)
                            + "'")
                    .get(number(i))
                    .get(0);
        }

        String inCrm(String account, int i) {
            return sluice.records(account, object, account.equals("salesforce") ? "Customer_No__c" : "deal_no")
                    .get(number(i))
                    .findPath(field)
                    .asText();
        }
    }

    private static void ours(Side side, int i) throws Exception {
        sluice.sql("update " + side.table() + " set " + side.column() + " = 'ours' where " + side.key() + " = '"
                + side.number(i) + "'");
    }

    private static void theirs(Side side, String account, int i) {
        String id = account.equals("salesforce")
                ? side.number(i)
                : sluice.records(account, side.object(), "deal_no")
                        .get(side.number(i))
                        .findPath("hs_object_id")
                        .asText();
        assertThat(sluice.sandbox(
                                "POST",
                                "/sandbox/records/" + account + "/" + side.object() + "/" + id,
                                "{\"" + side.field() + "\": \"theirs\"}")
                        .statusCode())
                .as(id)
                .isEqualTo(200);
    }

    @Execution(ExecutionMode.SAME_THREAD)
    @ParameterizedTest
    @ValueSource(strings = {"salesforce", "hubspot"})
    void theLaterChangeStaysOverAPauseAndEachConflictIsInTheLog(String account) throws Exception {
        Side side = Side.of(account);
        assertThat(sluice.api("POST", "/api/accounts/" + account + "/pause").statusCode())
                .isEqualTo(200);
        List<Integer> first = List.of(1, 2, 3, 4, 5);
        List<Integer> then = List.of(6, 7, 8, 9, 10);
        for (int i : first) {
            ours(side, i);
        }
        for (int i : then) {
            theirs(side, account, i);
        }
        // the one unit in which a CRM tells times apart, and the patience of those that wait
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(200))
                .until(() ->
                        sluice.number("select count(*) from sluice.outbox where operation is not null and account = '"
                                        + account + "' and since < clock_timestamp() - interval '1500 milliseconds'")
                                == first.size());
        for (int i : first) {
            theirs(side, account, i);
        }
        for (int i : then) {
            ours(side, i);
        }
        assertThat(sluice.api("POST", "/api/accounts/" + account + "/resume").statusCode())
                .isEqualTo(200);
        sluice.awaitSettled();

        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(200))
                .untilAsserted(() -> {
                    for (int i : first) {
                        assertThat(side.value(i))
                                .as("the CRM's later %s", side.number(i))
                                .isEqualTo("theirs")
                                .isEqualTo(side.inCrm(account, i));
                    }
                    for (int i : then) {
                        assertThat(side.value(i))
                                .as("our later %s", side.number(i))
                                .isEqualTo("ours")
                                .isEqualTo(side.inCrm(account, i));
                    }
                });
        assertThat(sluice.number(
                        "select count(*) from sluice.conflict where account = '" + account + "' and winner = 'crm'"))
                .isEqualTo(first.size());
        assertThat(sluice.number("select count(*) from sluice.conflict where account = '" + account
                        + "' and winner = 'database'"))
                .isEqualTo(then.size());
    }
}

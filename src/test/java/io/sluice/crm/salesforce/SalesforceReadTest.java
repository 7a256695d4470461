// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static io.sluice.crm.salesforce.RunningKamelets.record;
import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.crm.ErrorScope;
import io.sluice.quota.SavedCalls;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.camel.Exchange;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads one record, with and without the cache; and the limits. */
class SalesforceReadTest {

    private static final String BY_KEY =
            "kamelet:salesforce-read-action?object=Contact&externalId=Customer_No__c" + "&fields=LastName,Email";
    private static final String BY_ID = "kamelet:salesforce-read-action?object=Contact&fields=LastName&timeToLive=1h";
    private static final String WRITE = "kamelet:salesforce-upsert-sink?object=Contact&externalId=Customer_No__c";

    @TempDir
    static Path home;

    private static RunningKamelets crm;

    @BeforeAll
    static void start() throws Exception {
        crm = new RunningKamelets(home, Map.of());
    }

    @AfterAll
    static void stop() throws Exception {
        crm.close();
    }

    @BeforeEach
    void noFaults() throws Exception {
        crm.noFaults();
    }

    private static String written(String key, String lastName) {
        return crm.send(WRITE, List.of(record(key, "LastName", lastName)))
                .get(0)
                .crmId();
    }

    /** Changes a record in the CRM without an event. */
    private static void editedInTheCrm(String id, String lastName) throws Exception {
        crm.control("POST", "/sandbox/records/salesforce/Contact/" + id, "{\"LastName\":\"" + lastName + "\"}");
    }

    private static Object lastName(String uri, String key) {
        return crm.ask(uri, key).getMessage().getBody(Map.class).get("LastName");
    }

    private static double count(String result) {
        MeterRegistry metrics = crm.main.getCamelContext().getRegistry().findSingleByType(MeterRegistry.class);
        return metrics
                .find("sluice.cache.gets")
                .tags("account", "salesforce", "object", "Contact", "operation", "read", "result", result)
                .counters()
                .stream()
                .mapToDouble(it -> it.count())
                .sum();
    }

    @Test
    void aRecordIsReadOnceAndThenKept() throws Exception {
        String id = written("A-1", "One");
        double hits = count("hit");
        double misses = count("miss");
        long calls = crm.counted();
        Exchange read = crm.ask(BY_KEY, "A-1");
        assertThat(read.getMessage().getHeader("SluiceStatus")).isEqualTo(200);
        assertThat(read.getMessage().getHeader("SluiceCached")).isEqualTo(false);
        Map<?, ?> record = read.getMessage().getBody(Map.class);
        assertThat(record).hasSize(3);
        assertThat(record.get("Id")).isEqualTo(id);
        assertThat(record.get("LastName")).isEqualTo("One");
        assertThat(record.get("Email")).isNull();
        Exchange again = crm.ask(BY_KEY, "A-1");
        assertThat((Object) again.getMessage().getBody(Map.class)).isEqualTo(record);
        assertThat(again.getMessage().getHeader("SluiceStatus")).isEqualTo(200);
        assertThat(again.getMessage().getHeader("SluiceCached")).isEqualTo(true);
        assertThat(again.getMessage().getHeaders().keySet()).noneMatch(name -> name.startsWith("CamelCaffeine"));
        assertThat(crm.counted() - calls).isEqualTo(1);
        assertThat(crm.ledger()).isEqualTo(crm.counted());
        assertThat(count("hit") - hits).isEqualTo(1);
        assertThat(count("miss") - misses).isEqualTo(1);
    }

    @Test
    void eachAnswerFromTheCacheIsACallThatWasSaved() throws Exception {
        SavedCalls savedCalls = crm.main.getCamelContext().getRegistry().findSingleByType(SavedCalls.class);
        savedCalls.write();
        crm.run("delete from sluice.saved_calls");
        written("A-9", "Nine");
        long calls = crm.counted();
        for (int i = 0; i < 4; i++) {
            lastName(BY_KEY, "A-9");
        }
        savedCalls.write();
        assertThat(crm.counted() - calls).isEqualTo(1);
        assertThat(crm.number("select sum(calls) from sluice.saved_calls where account = 'salesforce'"
                        + " and object = 'Contact' and reason = 'caching'"))
                .isEqualTo(3);
    }

    @Test
    void aWriteDropsTheCachedRecord() {
        String id = written("B-1", "One");
        assertThat(lastName(BY_KEY, "B-1")).isEqualTo("One");
        assertThat(lastName(BY_ID, id)).isEqualTo("One");
        written("B-1", "Two");
        assertThat(lastName(BY_KEY, "B-1")).isEqualTo("Two");
        assertThat(lastName(BY_ID, id)).isEqualTo("Two");
        crm.send(
                "kamelet:salesforce-record-upsert-sink?object=Contact&externalId=Customer_No__c",
                List.of(record("B-1", "LastName", "Three")));
        assertThat(lastName(BY_KEY, "B-1")).isEqualTo("Three");
    }

    @Test
    void anEventDropsTheCachedRecord() throws Exception {
        String id = written("C-1", "One");
        assertThat(lastName(BY_ID, id)).isEqualTo("One");
        editedInTheCrm(id, "Two");
        assertThat(lastName(BY_ID, id)).as("no event yet").isEqualTo("One");
        crm.ask(
                "kamelet:salesforce-delta-action?object=Contact&externalId=Customer_No__c&fields=LastName",
                Instant.now().minusSeconds(60).toString());
        assertThat(lastName(BY_ID, id)).isEqualTo("Two");
        crm.control("DELETE", "/sandbox/records/salesforce/Contact/" + id, "");
        crm.ask(
                "kamelet:salesforce-deleted-action?object=Contact",
                Instant.now().minusSeconds(60).toString());
        assertThat(crm.ask(BY_ID, id).getMessage().getHeader("SluiceStatus")).isEqualTo(404);
    }

    @Test
    void withoutATimeToLiveEachReadIsACall() throws Exception {
        String id = written("D-1", "One");
        String uncached = BY_ID.replace("1h", "0s");
        assertThat(lastName(uncached, id)).isEqualTo("One");
        editedInTheCrm(id, "Two");
        assertThat(lastName(uncached, id)).isEqualTo("Two");
    }

    @Test
    void anErrorIsReturnedAndNotCached() throws Exception {
        Exchange none = crm.ask(BY_KEY, "E-never");
        assertThat(none.getMessage().getHeader("SluiceStatus")).isEqualTo(404);
        assertThat(none.getMessage().getBody(String.class)).contains("NOT_FOUND");
        written("E-1", "One");
        for (String fault : List.of("unavailable", "reset")) {
            crm.fault("{\"kind\":\"" + fault + "\",\"afterWrite\":true,\"count\":1}");
            Exchange failed = crm.ask(BY_KEY, "E-1");
            assertThat(failed.getMessage().getHeader("SluiceStatus", Integer.class))
                    .as(fault)
                    .isIn(503, 0);
            assertThat(failed.getMessage().getBody()).isNotInstanceOf(Map.class);
        }
        assertThat(lastName(BY_KEY, "E-1")).isEqualTo("One");
        written("E-never", "Now");
        assertThat(lastName(BY_KEY, "E-never")).isEqualTo("Now");
        assertThat(crm.rejection(BY_KEY, "  ")).hasMessageContaining("takes the id of the record");
        assertThat(crm.ledger()).isEqualTo(crm.counted());
    }

    @Test
    void aQueryTooLongForAnAddressIsOneCompositeCall() throws Exception {
        String id = written("F-1", "One");
        String where = IntStream.range(0, 1500)
                .mapToObj(n -> "'F-" + n + "'")
                .collect(Collectors.joining(",", " FROM Contact WHERE Customer_No__c IN (", ")"));
        long calls = crm.counted();
        Exchange found = crm.ask("kamelet:salesforce-query-action", "SELECT Id, LastName" + where);
        assertThat(found.getMessage().getHeader("SluiceStatus")).isEqualTo(200);
        assertThat(RunningKamelets.JSON
                        .readTree(found.getMessage().getBody(String.class))
                        .path("records")
                        .path(0)
                        .path("Id")
                        .asText())
                .isEqualTo(id);
        Exchange wrong = crm.ask("kamelet:salesforce-query-action", "SELECT No_Such__c" + where);
        assertThat(wrong.getMessage().getHeader("SluiceStatus")).isEqualTo(400);
        assertThat(wrong.getMessage().getHeader(ErrorScope.HEADER)).isEqualTo(ErrorScope.OBJECT);
        assertThat(wrong.getMessage().getBody(String.class)).startsWith("[").contains("INVALID_FIELD");
        crm.fault("{\"kind\":\"unavailable\",\"count\":1}");
        assertThat(crm.ask("kamelet:salesforce-query-action", "SELECT Id" + where)
                        .getMessage()
                        .getHeader("SluiceStatus"))
                .isEqualTo(503);
        assertThat(crm.counted() - calls).isEqualTo(3);
        assertThat(crm.number("select count(*) from sluice.api_call where operation = 'composite'"))
                .as("it is a query")
                .isZero();
        assertThat(crm.ledger()).isEqualTo(crm.counted());
    }

    @Test
    void aPageOfVeryManyFieldsHasFewerRecords() {
        SalesforceReads reads = new SalesforceReads(InstantSource.system());
        String many = IntStream.range(0, 400).mapToObj(n -> "F" + n).collect(Collectors.joining(","));
        assertThat(reads.deltaQuery("2026-01-01T00:00:00Z", "Contact", "Key__c", "LastName,Email", 2000))
                .endsWith(" LIMIT 2000");
        assertThat(reads.deltaQuery("2026-01-01T00:00:00Z", "Contact", "Key__c", many, 2000))
                .endsWith(" LIMIT 250");
    }

    @Test
    void aTooLargePageIsReadInSmallerPages() throws Exception {
        String since = Instant.now().minusSeconds(60).toString();
        String text = "\u20ac".repeat(32_000);
        for (int from = 0; from < 200; from += 50) {
            crm.send(
                    WRITE,
                    IntStream.range(from, from + 50)
                            .mapToObj(n -> record("L-" + n, "LastName", "Large", "Description", text))
                            .toList());
        }
        String delta =
                "kamelet:salesforce-delta-action?object=Contact&externalId=Customer_No__c&fields=LastName,Description";

        Exchange first = crm.ask(delta, since);
        assertThat(first.getMessage().getHeader("SluiceStatus"))
                .as("an answer, not a problem of the account")
                .isEqualTo(413);
        assertThat(first.getMessage().getBody(String.class)).contains("larger than 16 MiB");
        java.util.Set<Object> keys = new java.util.HashSet<>();
        String position = since;
        for (int calls = 0; position != null && calls < 20; calls++) {
            Exchange page = crm.ask(delta, position);
            if (page.getMessage().getBody() instanceof List<?> records) {
                records.forEach(each -> keys.add(((io.sluice.CrmRecord) each).key()));
                position = page.getMessage().getHeader("SluiceNext", String.class);
            }
        }
        assertThat(position).isNull();
        assertThat(keys)
                .containsAll(IntStream.range(0, 200).mapToObj(n -> "L-" + n).toList());
        assertThat(crm.ledger()).isEqualTo(crm.counted());
    }

    @Test
    void limitsReturnsTheRemainderOfEach() throws Exception {
        Map<?, ?> limits =
                crm.ask("kamelet:salesforce-limits-action", null).getMessage().getBody(Map.class);
        Map<?, ?> daily = (Map<?, ?>) limits.get("DailyApiRequests");
        assertThat(daily).hasSize(2);
        assertThat(daily.get("max")).isEqualTo(15_000L);
        assertThat((Long) daily.get("remaining")).isLessThan(15_000L);
        crm.fault("{\"kind\":\"unavailable\",\"count\":1}");
        assertThat(crm.ask("kamelet:salesforce-limits-action", null)
                        .getMessage()
                        .getBody())
                .isNotInstanceOf(Map.class);
    }
}

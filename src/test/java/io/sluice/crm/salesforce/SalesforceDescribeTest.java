// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static io.sluice.crm.salesforce.RunningKamelets.record;
import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.crm.ObjectShape;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.camel.Exchange;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads the fields of an object, with and without the cache. */
class SalesforceDescribeTest {

    private static final String CONTACT = "kamelet:salesforce-describe-action?object=Contact";
    private static final String DEAL = "kamelet:salesforce-describe-action?object=Opportunity";
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
        // an error drops what an earlier test cached
        crm.fault(answer("query", "", "INVALID_TYPE", 400));
        crm.ask("kamelet:salesforce-query-action", "SELECT Id FROM Contact");
    }

    private static String answer(String operation, String more, String code, int status) {
        return "{\"kind\":\"answer\",\"operation\":\"" + operation + "\"" + more + ",\"errorCode\":\"" + code
                + "\",\"message\":\"injected\",\"status\":" + status + ",\"count\":1}";
    }

    private static boolean isCached(String uri) {
        Exchange answer = crm.ask(uri, null);
        assertThat(answer.getMessage().getHeader("SluiceStatus")).isEqualTo(200);
        assertThat(answer.getMessage().getBody(ObjectShape.class).fields()).containsKey("Name");
        return answer.getMessage().getHeader("SluiceCached", Boolean.class);
    }

    private static double count(String operation, String result) {
        MeterRegistry metrics = crm.main.getCamelContext().getRegistry().findSingleByType(MeterRegistry.class);
        return metrics
                .find("sluice.cache.gets")
                .tags("account", "salesforce", "object", "Contact", "operation", operation, "result", result)
                .counters()
                .stream()
                .mapToDouble(Counter::count)
                .sum();
    }

    @Test
    void anObjectIsDescribedOnceAndThenKept() throws Exception {
        double hits = count("describe", "hit");
        double misses = count("describe", "miss");
        long calls = crm.counted();
        Exchange read = crm.ask(CONTACT, null);
        assertThat(read.getMessage().getHeader("SluiceCached")).isEqualTo(false);
        ObjectShape shape = read.getMessage().getBody(ObjectShape.class);
        assertThat(shape.fields().get("Customer_No__c").externalId()).isTrue();
        assertThat(shape.fields().get("Account").references()).containsExactly("Account");
        Exchange again = crm.ask(CONTACT, null);
        assertThat(again.getMessage().getBody()).isEqualTo(shape);
        assertThat(again.getMessage().getHeader("SluiceCached")).isEqualTo(true);
        assertThat(again.getMessage().getHeader("SluiceStatus")).isEqualTo(200);
        assertThat(again.getMessage().getHeaders().keySet()).noneMatch(name -> name.startsWith("CamelCaffeine"));
        assertThat(isCached(DEAL)).as("another object").isFalse();
        assertThat(crm.counted() - calls).isEqualTo(2);
        assertThat(crm.ledger()).isEqualTo(crm.counted());
        assertThat(count("describe", "hit") - hits).isEqualTo(1);
        assertThat(count("describe", "miss") - misses).isEqualTo(1);
    }

    @Test
    void withoutATimeToLiveEachDescribeIsACall() {
        assertThat(isCached(CONTACT + "&timeToLive=0s")).isFalse();
        assertThat(isCached(CONTACT + "&timeToLive=0s")).isFalse();
    }

    @Test
    void aWriteRejectedForItsObjectOrFieldsDropsTheShape() throws Exception {
        for (String error : List.of(
                answer("collectionsUpsert", "", "INVALID_FIELD", 400),
                answer("collectionsUpsert", "", "NOT_FOUND", 404),
                answer("collectionsUpsert", "", "INSUFFICIENT_ACCESS", 403))) {
            isCached(CONTACT);
            assertThat(isCached(CONTACT)).isTrue();
            crm.fault(error);
            crm.send(WRITE, List.of(record("D-1", "LastName", "One"), record("D-2", "LastName", "Two")));
            assertThat(isCached(CONTACT)).as(error).isFalse();
        }
    }

    @Test
    void aRecordRejectedForItsFieldsDropsOnlyTheShapeOfItsObject() throws Exception {
        isCached(CONTACT);
        isCached(DEAL);
        crm.fault(
                "{\"kind\":\"partial\",\"keys\":[\"E-1\"],\"errorCode\":\"INVALID_FIELD_FOR_INSERT_UPDATE\",\"count\":1}");
        crm.send(WRITE, List.of(record("E-1", "LastName", "One"), record("E-2", "LastName", "Two")));
        assertThat(isCached(CONTACT)).isFalse();
        assertThat(isCached(DEAL)).isTrue();
    }

    @Test
    void aRejectedPartOfACompositeCallDropsTheShapeToo() throws Exception {
        isCached(DEAL);
        crm.fault(answer("compositePart", ",\"object\":\"Opportunity\"", "NOT_FOUND", 404));
        crm.send(
                "kamelet:salesforce-composite-upsert-sink?externalIds=Contact:Customer_No__c,Opportunity:Deal_No__c",
                List.of(
                        Map.of("object", "Contact", "key", "F-1", "fields", Map.of("LastName", "One")),
                        Map.of("object", "Opportunity", "key", "F-2", "fields", Map.of("Name", "Two"))));
        assertThat(isCached(DEAL)).isFalse();
    }

    @Test
    void aReadOfAnUnknownFieldDropsTheShapeAndAMissingRecordDoesNot() throws Exception {
        isCached(CONTACT);
        crm.ask("kamelet:salesforce-read-action?object=Contact&externalId=Customer_No__c&fields=LastName", "G-never");
        crm.send(WRITE, List.of(record("G-1", "Email", "nowhere")));
        assertThat(isCached(CONTACT))
                .as("a missing record does not concern the object")
                .isTrue();
        crm.ask("kamelet:salesforce-query-action", "SELECT No_Such__c FROM Contact");
        assertThat(isCached(CONTACT)).isFalse();
    }

    @Test
    void anErrorIsReturnedAndNotCached() throws Exception {
        Exchange none = crm.ask("kamelet:salesforce-describe-action?object=Unicorn", null);
        assertThat(none.getMessage().getHeader("SluiceStatus")).isEqualTo(404);
        assertThat(none.getMessage().getBody(String.class)).contains("NOT_FOUND");
        crm.fault("{\"kind\":\"unavailable\",\"html\":true,\"count\":1}");
        assertThat(crm.ask(CONTACT, null).getMessage().getBody()).isNotInstanceOf(ObjectShape.class);
        assertThat(isCached(CONTACT)).isFalse();
        assertThat(crm.ledger()).isEqualTo(crm.counted());
    }
}

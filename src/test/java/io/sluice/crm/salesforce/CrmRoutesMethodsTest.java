// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static io.sluice.crm.salesforce.RunningKamelets.record;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.CrmRecord;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.RecordChange;
import io.sluice.crm.CrmCall;
import io.sluice.crm.CrmJob;
import io.sluice.crm.ObjectShape;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Makes each call that the core can describe through the routes in routes/crm, over HTTP against the sandbox. */
class CrmRoutesMethodsTest {

    private static final String SALESFORCE = "salesforce";
    private static final String HUBSPOT = "hubspot";
    private static final String KEY = "Customer_No__c";
    private static final String PAST = "1970-01-01T00:00:00Z";

    @TempDir
    static Path home;

    private static RunningKamelets crm;

    @BeforeAll
    static void start() throws Exception {
        crm = new RunningKamelets(
                home,
                Map.of(
                        "camel.main.routesIncludePattern",
                        "file:routes/7-call.camel.yaml,file:routes/crm/*.camel.yaml"));
    }

    @AfterAll
    static void stop() throws Exception {
        crm.close();
    }

    private static Message call(CrmCall call, Object body) {
        Exchange exchange = crm.camel.request("direct:call", request -> {
            request.setVariable("call", call);
            request.getMessage().setBody(body);
        });
        assertThat(exchange.getException()).as("%s", call).isNull();
        assertThat(exchange.getMessage().getHeader("SluiceStatus", Integer.class))
                .as("%s: %s", call, exchange.getMessage().getBody())
                .isBetween(200, 299);
        return exchange.getMessage();
    }

    @SuppressWarnings("unchecked")
    private static List<CrmRecord> records(CrmCall call, Object body) {
        return call(call, body).getBody(List.class);
    }

    private static void assertDone(Message answer) {
        assertThat((List<?>) answer.getBody(List.class))
                .isNotEmpty()
                .allMatch(it -> ((Outcome) it).status() == Outcome.Status.DONE);
    }

    private static CrmCall.Write write(String name, String method, String object, String key) {
        return new CrmCall.Write(name, name, method, object, key, object + ":" + key, "", null, Map.of());
    }

    private static CrmCall.Bulk bulk(String method, String job) {
        return new CrmCall.Bulk(SALESFORCE, SALESFORCE, method, Operation.UPSERT, "Contact", KEY, job, null);
    }

    private static CrmCall.SnapshotPart snapshot(String method, String job) {
        return new CrmCall.SnapshotPart(SALESFORCE, SALESFORCE, method, "Contact", KEY, "LastName", 50_000, job);
    }

    private static void awaitEnd(CrmCall poll) {
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(100))
                .until(() -> call(poll, null).getBody(CrmJob.class).stage() == CrmJob.Stage.COMPLETE);
    }

    @Test
    void anObjectIsDescribedAndListed() {
        for (Map.Entry<String, String> object :
                Map.of(SALESFORCE, "Contact", HUBSPOT, "contacts").entrySet()) {
            String name = object.getKey();
            assertThat(call(new CrmCall.Describe(name, name, object.getValue()), null)
                            .getBody())
                    .isInstanceOf(ObjectShape.class);
            assertThat((List<?>) call(new CrmCall.ListObjects(name, name), null).getBody(List.class))
                    .asString()
                    .contains(object.getValue());
        }
    }

    private static void assertWrittenReadAndDeleted(
            String name, String object, String key, String field, String upsert) {
        assertDone(call(write(name, upsert, object, key), List.of(row(object, "one-" + upsert, field))));
        CrmRecord written = records(new CrmCall.Read(name, name, "delta", object, key, field), PAST).stream()
                .filter(it -> ("one-" + upsert).equals(it.key()))
                .findFirst()
                .orElseThrow();
        assertThat(written.fields()).containsEntry(field, "Ann");
        if (name.equals(HUBSPOT)) {
            assertThat(records(
                            new CrmCall.ReadBack(name, name, "read", object, key, field + "," + key),
                            List.of(written.crmId())))
                    .hasSize(1);
        }
        assertThat(records(
                        new CrmCall.ReadBack(name, name, "lookup", object, key, field),
                        List.of(new RecordChange(written.key(), Operation.UPSERT, written.crmId(), Map.of()))))
                .hasSize(1);
        assertDone(call(write(name, "delete", object, key), List.of(record("one-" + upsert))));
        call(
                new CrmCall.Read(name, name, "deleted", object, key, field),
                Instant.now().minusSeconds(60).toString());
    }

    private static Map<String, Object> row(String object, String key, String field) {
        return Map.of("object", object, "key", key, "fields", Map.of(field, "Ann"));
    }

    @Test
    void aRecordIsWrittenReadAndDeleted() {
        assertWrittenReadAndDeleted(SALESFORCE, "Contact", KEY, "LastName", "upsert");
        assertWrittenReadAndDeleted(SALESFORCE, "Contact", KEY, "LastName", "composite");
        assertWrittenReadAndDeleted(HUBSPOT, "contacts", "customer_no", "lastname", "upsert");
    }

    @Test
    void aSnapshotIsReadByAQueryJobOrByPages() {
        assertDone(call(write(SALESFORCE, "upsert", "Contact", KEY), List.of(row("Contact", "snap", "LastName"))));
        assertThat(call(snapshot("count", null), null).getBody(Long.class)).isPositive();
        CrmJob job = call(snapshot("create", null), null).getBody(CrmJob.class);
        awaitEnd(snapshot("poll", job.id()));
        try (Stream<?> page = call(snapshot("results", job.id()), null).getBody(Stream.class)) {
            assertThat(page.map(it -> ((CrmRecord) it).key())).contains("snap");
        }
        assertThat(records(snapshot("pages", null), PAST))
                .extracting(CrmRecord::key)
                .contains("snap");
        call(
                new CrmCall.SnapshotPart(
                        HUBSPOT, HUBSPOT, "pages", "contacts", "customer_no", "lastname", 50_000, null),
                PAST);
    }

    @Test
    void aBulkJobGoesThroughItsStates() {
        CrmJob job = call(bulk("create", null), null).getBody(CrmJob.class);
        assertThat((List<?>) call(bulk("find", null), null).getBody(List.class)).isNotEmpty();
        call(bulk("upload", job.id()), List.of(record("bulk", "LastName", "Ann")));
        call(bulk("close", job.id()), null);
        awaitEnd(bulk("poll", job.id()));
        for (String part : List.of("successes", "failures", "unprocessed")) {
            try (Stream<?> outcomes = call(bulk(part, job.id()), null).getBody(Stream.class)) {
                assertThat(outcomes.count()).as(part).isEqualTo(part.equals("successes") ? 1 : 0);
            }
        }
        CrmJob other = call(bulk("create", null), null).getBody(CrmJob.class);
        call(bulk("abort", other.id()), null);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static io.sluice.crm.salesforce.RunningKamelets.record;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.CrmRecord;
import io.sluice.crm.CrmJob;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.camel.Exchange;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the Kamelets that read all records of an object, alone against the sandbox over HTTP. */
class SalesforceQueryKameletsTest {

    private static final String READ = "externalId=Customer_No__c&fields=LastName,MailingCity,Newsletter__c";
    private static final int CONTACTS = 5;

    @TempDir
    static Path home;

    private static RunningKamelets crm;

    @BeforeAll
    static void start() throws Exception {
        crm = new RunningKamelets(home, Map.of());
        crm.send(
                "kamelet:salesforce-upsert-sink?object=Contact&externalId=Customer_No__c",
                IntStream.range(0, CONTACTS)
                        .mapToObj(n -> record(
                                "Q-" + n, "LastName", "Name, \"" + n + "\"", "MailingCity", n == 0 ? null : "Rome"))
                        .toList());
    }

    @AfterAll
    static void stop() throws Exception {
        crm.close();
    }

    @BeforeEach
    void noFaults() throws Exception {
        crm.noFaults();
    }

    private static Exchange of(String crmJob, String kamelet, Object body) {
        Exchange exchange = crm.camel.request("kamelet:salesforce-" + kamelet, request -> {
            request.getMessage().setHeader("SluiceJob", crmJob);
            request.getMessage().setBody(body);
        });
        assertThat(exchange.getException()).isNull();
        return exchange;
    }

    private static String completed() {
        return completed(of(null, "query-create-action?object=Contact&" + READ, null)
                .getMessage()
                .getBody(CrmJob.class));
    }

    private static String completed(CrmJob crmJob) {
        assertThat(crmJob.stage()).isEqualTo(CrmJob.Stage.WORKING);
        await().pollInterval(Duration.ofMillis(50))
                .until(() -> of(crmJob.id(), "bulk-status-action?account=salesforce&type=query", null)
                                .getMessage()
                                .getBody(CrmJob.class)
                                .stage()
                        == CrmJob.Stage.COMPLETE);
        return crmJob.id();
    }

    private static Exchange page(String crmJob, Object locator) {
        return of(crmJob, "query-page-action?pageSize=2&" + READ, locator);
    }

    @SuppressWarnings("unchecked")
    private static List<CrmRecord> records(Exchange page) {
        try (Stream<CrmRecord> records = page.getMessage().getBody(Stream.class)) {
            return records.toList();
        }
    }

    private static int status(Exchange exchange) {
        return exchange.getMessage().getHeader("SluiceStatus", Integer.class);
    }

    @Test
    void theRecordsOfAnObjectAreCounted() throws Exception {
        assertThat(of(null, "count-action?object=Contact", null).getMessage().getBody())
                .isEqualTo((long) CONTACTS);
        Exchange unknown = of(null, "count-action?object=Nope", null);
        assertThat(status(unknown)).isEqualTo(400);
        assertThat(unknown.getMessage().getBody(String.class)).contains("INVALID_TYPE");
    }

    @Test
    void onlyRecordsChangedSinceATimeAreCountedAndRead() throws Exception {
        assertThat(of(null, "count-action?object=Contact", "1970-01-01T00:00:00Z")
                        .getMessage()
                        .getBody())
                .isEqualTo((long) CONTACTS);
        String future = Instant.now().plusSeconds(3600).toString();
        assertThat(of(null, "count-action?object=Contact", future).getMessage().getBody())
                .isEqualTo(0L);
        Exchange created = of(null, "query-create-action?object=Contact&" + READ, future);
        assertThat(records(page(completed(created.getMessage().getBody(CrmJob.class)), null)))
                .isEmpty();
    }

    @Test
    void allRecordsAreReadPageByPageAndEachCallIsCounted() throws Exception {
        long counted = crm.counted();
        long ledger = crm.ledger();
        String crmJob = completed();
        List<CrmRecord> all = new ArrayList<>();
        Object next = null;
        int pages = 0;
        do {
            Exchange page = page(crmJob, next);
            all.addAll(records(page));
            next = page.getMessage().getHeader("SluiceNext");
            pages++;
        } while (next != null);

        assertThat(pages).isEqualTo(3);
        assertThat(all).extracting(CrmRecord::key).containsExactlyInAnyOrder("Q-0", "Q-1", "Q-2", "Q-3", "Q-4");
        CrmRecord first =
                all.stream().filter(it -> it.key().equals("Q-0")).findFirst().orElseThrow();
        assertThat(first.crmId()).hasSize(18);
        assertThat(first.at()).isNotNull();
        assertThat(first.fields())
                .containsEntry("LastName", "Name, \"0\"")
                .containsEntry("MailingCity", null)
                .containsEntry("Newsletter__c", "false");
        assertThat(crm.ledger() - ledger).isEqualTo(crm.counted() - counted);
        assertThat(crm.number("select count(*) from sluice.api_call where operation = 'query-page'"))
                .isPositive();
    }

    @Test
    void anErrorIsReturnedWithItsStatusAndTheNextReadGetsThePage() throws Exception {
        String crmJob = completed();
        Exchange wrong = page(crmJob, "nonsense");
        assertThat(status(wrong)).isEqualTo(400);
        assertThat(wrong.getMessage().getBody(String.class)).contains("INVALID_QUERY_LOCATOR");
        assertThat(wrong.getMessage().getHeader("SluiceNext")).isNull();
        assertThat(status(page("750000000000999AAA", null))).isEqualTo(404);
        crm.fault("{\"kind\":\"reset\",\"afterWrite\":true,\"count\":1}");
        assertThat(status(page(crmJob, null))).isZero();
        assertThat(records(page(crmJob, null))).hasSize(2);
    }

    @Test
    void anInvalidJobIsRejectedWithSalesforcesMessage() {
        Exchange refused = of(null, "query-create-action?object=Contact&externalId=Nope__c&fields=LastName", null);
        assertThat(status(refused)).isEqualTo(400);
        assertThat(refused.getMessage().getBody(String.class)).contains("INVALID_FIELD");
    }
}

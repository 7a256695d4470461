// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;

import io.sluice.CrmRecord;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shows that a record with an unreadable change time does not hold back the others. */
class UnreadableTimesTest {

    private static final String PAGE =
            """
            {"totalSize": %d, "done": true, "records": [
              {"Id": "003A", "Key__c": "1", "SystemModstamp": "2026-01-02T03:04:05.000+0000", "LastName": "Ann"},
              {"Id": "003B", "Key__c": "2", "SystemModstamp": "%s", "LastName": "Bob"}]}""";

    private static Exchange read(String page, int pageSize) {
        Exchange exchange = new DefaultExchange(new DefaultCamelContext());
        exchange.getMessage().setHeader(SalesforceCalls.STATUS, 200);
        exchange.getMessage().setBody(page);
        new SalesforceReads(InstantSource.system()).delta(exchange, "Key__c", "LastName", pageSize);
        return exchange;
    }

    @Test
    void aPageWithSuchARecordIsRead() {
        Exchange exchange = read(PAGE.formatted(2, "0000-00-00T00:00:00.000+0000"), 2);
        assertThat(exchange.getMessage().getBody())
                .asInstanceOf(LIST)
                .extracting("crmId", "key")
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("003A", "1"),
                        org.assertj.core.groups.Tuple.tuple("003B", "2"));
        assertThat(((CrmRecord) exchange.getMessage().getBody(List.class).get(1)).hasTime())
                .isFalse();
        assertThat(exchange.getMessage().getHeader(SalesforceReads.NEXT)).isEqualTo("2026-01-02T03:04:05Z 003A");
    }

    @Test
    void aRecordWithoutATimeIsNone() {
        assertThat(read(PAGE.formatted(2, ""), 200).getMessage().getBody()).isInstanceOf(String.class);
    }

    @Test
    void theResultsOfAJobWithSuchARecordAreRead(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(
                folder.resolve("results.csv"),
                "Id,Key__c,SystemModstamp,LastName\n" + "003A,1,yesterday,Ann\n003B,2,2026-01-02T03:04:05.000Z,Bob\n");
        try (var records = BulkCsv.records(file, "Key__c", List.of("LastName"))) {
            assertThat(records.map(CrmRecord::hasTime)).containsExactly(false, true);
        }
    }
}

package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.apache.camel.catalog.DefaultCamelCatalog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same files under Camel JBang, which takes the core as a jar from the local repository. */
class CamelJBangIT {

    @TempDir
    Path home;

    @Test
    void aChangedRowArrivesWhenCamelJBangRunsTheBundle() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            sluice.startByJBang(new DefaultCamelCatalog().getCatalogVersion());
            sluice.awaitSettled();
            assertThat(sluice.records("Contact", "Customer_No__c")).hasSize(1000);
            sluice.sql("update customer set phone = '115' where customer_no = 'C-00001'");
            sluice.awaitSettled();
            assertThat(sluice.records("Contact", "Customer_No__c").get("C-00001").path("Phone").asText())
                    .isEqualTo("115");
            assertThat(sluice.ledger()).isEqualTo(sluice.counted());
        }
    }
}

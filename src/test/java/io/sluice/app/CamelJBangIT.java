// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the same files under Camel JBang, which takes the core as a jar from the local repository. */
class CamelJBangIT {

    @TempDir
    Path home;

    /**
     * The {@code camel} command as a machine with Camel JBang has it: its own class path, nothing of ours. Its newest
     * release that resolves is one behind the Camel it runs.
     */
    static String classPath() throws IOException {
        Path file = Path.of("target/jbang.classpath").toAbsolutePath();
        Process maven = new ProcessBuilder(
                        "mvn",
                        "-q",
                        "-B",
                        "-f",
                        "src/test/jbang/pom.xml",
                        "dependency:build-classpath",
                        "-Dmdep.outputFile=" + file)
                .inheritIO()
                .start();
        try {
            assertThat(maven.waitFor(5, TimeUnit.MINUTES) && maven.exitValue() == 0)
                    .isTrue();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        return Files.readString(file).strip();
    }

    @Test
    void aChangedRowArrivesWhenCamelJBangRunsTheBundle() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            sluice.startByJBang(CamelContext.class.getPackage().getImplementationVersion());
            sluice.awaitSettled();
            assertThat(sluice.records("Contact", "Customer_No__c")).hasSize(1000);
            sluice.sql("update customer set phone = '115' where customer_no = 'C-00001'");
            sluice.awaitSettled();
            assertThat(sluice.records("Contact", "Customer_No__c")
                            .get("C-00001")
                            .path("Phone")
                            .asText())
                    .isEqualTo("115");
            assertThat(sluice.ledger()).isEqualTo(sluice.counted());
            assertThat(sluice.api("GET", "/api/openapi.json").body()).contains("\"openapi\": \"3.1.0\"");
            assertThat(sluice.api("POST", "/api/syncs/nobody/pause").statusCode())
                    .isEqualTo(404);
        }
    }
}

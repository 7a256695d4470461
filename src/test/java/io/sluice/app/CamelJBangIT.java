// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the same files under Camel JBang, which takes the core as a jar from the local repository. */
class CamelJBangIT {

    private static final String VERSION = CamelContext.class.getPackage().getImplementationVersion();

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
            sluice.startByJBang(VERSION);
            sluice.awaitSettled();
            assertThat(sluice.records("Contact", "Customer_No__c")).hasSize(1000);
            sluice.sql("update customer set phone = '115' where customer_no = 'C-00001'");
            sluice.awaitSettled();
            assertThat(sluice.record("salesforce", "Contact", "C-00001")
                            .path("Phone")
                            .asText())
                    .isEqualTo("115");
            assertThat(sluice.ledger()).isEqualTo(sluice.counted());
            assertThat(sluice.api("GET", "/api/openapi.json").body()).contains("\"openapi\": \"3.1.0\"");
            assertThat(sluice.api("POST", "/api/syncs/nobody/pause").statusCode())
                    .isEqualTo(404);
        }
    }

    /** Camel's own reload would remove all routes when a file is saved, while health says UP. */
    @Test
    void aSavedFileUnderDevTakesNoRouteAway() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            sluice.startByJBang(VERSION, "--dev").awaitSettled();
            for (String file : List.of(
                    "routes/2-send.camel.yaml",
                    "routes/syncs/customers-salesforce.camel.yaml",
                    "kamelet-catalog/salesforce-upsert-sink.kamelet.yaml")) {
                Files.writeString(home.resolve(file), "not: [yaml");
            }
            sluice.sql("update customer set phone = '116' where customer_no = 'C-00001'");
            sluice.awaitSettled();
            assertThat(sluice.record("salesforce", "Contact", "C-00001")
                            .path("Phone")
                            .asText())
                    .isEqualTo("116");
            assertThat(sluice.get(sluice.managementPort, "/observe/health")
                            .path("status")
                            .asText())
                    .isEqualTo("UP");
        }
    }

    @Test
    void camelsOwnReloadIsRefusedWithTheReason() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home).with("camel.main.routesReloadEnabled", true)) {
            assertThat(sluice.start().awaitExit()).isNotZero();
            assertThat(sluice.output())
                    .contains("camel.main.routesReloadEnabled must be false", "Start again to apply a changed file")
                    .doesNotContain("\tat ");
        }
    }

    /** The command is that of the manual. */
    @Test
    void anExportedProjectOfCamelMainRunsTheSyncs() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            List<String> export = new ArrayList<>(List.of("export", "application.properties"));
            for (String folder : List.of("routes", "routes/crm", "routes/syncs", "kamelet-catalog")) {
                try (Stream<Path> files = Files.list(home.resolve(folder))) {
                    files.filter(it -> it.toString().endsWith(".yaml"))
                            .map(it -> home.relativize(it).toString())
                            .sorted()
                            .forEach(export::add);
                }
            }
            export.addAll(
                    List.of("--runtime=camel-main", "--java-version=17", "--gav=org.example:shop:1", "--dir=shop"));
            assertThat(sluice.jbang(VERSION, export).awaitExit())
                    .as(sluice::output)
                    .isZero();
            Path shop = home.resolve("shop");
            Path classPath = home.resolve("shop.classpath");
            mvn(shop, "compile");
            mvn(
                    shop,
                    "org.apache.maven.plugins:maven-dependency-plugin:3.9.0:build-classpath",
                    "-Dmdep.includeScope=runtime",
                    "-Dmdep.outputFile=" + classPath);
            sluice.startProject(
                            shop.resolve("target/classes")
                                    + File.pathSeparator
                                    + Files.readString(classPath).strip(),
                            "org.example.shop.CamelApplication")
                    .awaitSettled();
            assertThat(sluice.records("Contact", "Customer_No__c")).hasSize(1000);
            assertThat(sluice.ledger()).isEqualTo(sluice.counted());
        }
    }

    private static void mvn(Path project, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("mvn", "-q", "-B", "-ntp"));
        command.addAll(List.of(arguments));
        Process maven = new ProcessBuilder(command)
                .directory(project.toFile())
                .inheritIO()
                .start();
        assertThat(maven.waitFor(5, TimeUnit.MINUTES) && maven.exitValue() == 0)
                .as(String.join(" ", command))
                .isTrue();
    }
}

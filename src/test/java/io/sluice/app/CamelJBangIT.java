// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
    void aSavedFileUnderDevIsAppliedIfItFitsAndOtherwiseChangesNothing() throws Exception {
        List<ProcessHandle> processes = new ArrayList<>();
        try (RunningSluice sluice = new RunningSluice(home)) {
            sluice.startByJBang(VERSION, "--dev").awaitSettled();
            Path routes = home.resolve("routes/2-send.camel.yaml");
            Path sync = home.resolve("routes/syncs/customers-salesforce.camel.yaml");
            Path kamelet = home.resolve("kamelet-catalog/salesforce-upsert-sink.kamelet.yaml");

            String sound = edit(routes, "- route:", "not: [yaml\n- route:");
            awaitRejected(sluice, 1, "routes/2-send.camel.yaml: line ");
            Files.writeString(routes, sound);
            String complete = edit(
                    kamelet,
                    "    required:\n      - object\n      - externalId\n    properties:\n",
                    "    required:\n      - nobody\n      - object\n      - externalId\n    properties:\n"
                            + "      nobody:\n        title: Nobody\n        description: None\n        type: string\n");
            awaitRejected(sluice, 2, "salesforce-upsert-sink", "mandatory parameters must be provided: nobody");
            Files.writeString(kamelet, complete);
            edit(sync, "phone: Phone", "phonne: MobilePhone");
            awaitRejected(
                    sluice,
                    3,
                    "routes/syncs/customers-salesforce.camel.yaml, sync 'customers-salesforce': table 'public.customer' has no"
                            + " column 'phonne'; did you mean phone");
            sluice.sql("update customer set phone = '116' where customer_no = 'C-00001'");
            sluice.awaitSettled();
            assertThat(phone(sluice, "Phone")).as("the first mapping runs").isEqualTo("116");
            assertThat(sluice.get(sluice.managementPort, "/observe/health")
                            .path("status")
                            .asText())
                    .isEqualTo("UP");
            assertThat(sluice.output()).doesNotContain("can be applied");

            edit(sync, "phonne: MobilePhone", "phone: MobilePhone");
            sluice.awaitOutput("customers-salesforce.camel.yaml can be applied; Sluice starts again");
            edit(routes, "- route:", "not: [yaml\n- route:"); // after the check, before the start has read it
            sluice.awaitOutput("It starts again when a file is saved");
            Files.writeString(routes, sound);
            await().atMost(Duration.ofSeconds(180))
                    .pollInterval(Duration.ofMillis(50))
                    .ignoreExceptions()
                    .untilAsserted(() -> assertThat(phone(sluice, "MobilePhone"))
                            .as("the export with the new mapping")
                            .isEqualTo("116"));
            sluice.sql("update customer set phone = '117' where customer_no = 'C-00001'");
            sluice.awaitSettled();
            assertThat(phone(sluice, "MobilePhone")).isEqualTo("117");
            assertThat(phone(sluice, "Phone")).as("no longer mapped").isEqualTo("116");
            assertThat(sluice.ledger()).as("the checks' calls have permits").isEqualTo(sluice.counted());

            processes.addAll(sluice.descendants());
            assertThat(processes).isNotEmpty();
        }
        assertThat(processes).as("after SIGTERM").noneMatch(ProcessHandle::isAlive);
    }

    private static String phone(RunningSluice sluice, String field) {
        return sluice.record("salesforce", "Contact", "C-00001").path(field).asText();
    }

    /** Replaces the first occurrence of a text in a file. @return the text of the file before */
    private static String edit(Path file, String text, String replacement) throws IOException {
        String before = Files.readString(file);
        assertThat(before).contains(text);
        Files.writeString(file, before.replaceFirst(Pattern.quote(text), Matcher.quoteReplacement(replacement)));
        return before;
    }

    private static void awaitRejected(RunningSluice sluice, int times, String... words) {
        await().atMost(Duration.ofSeconds(240))
                .pollInterval(Duration.ofMillis(50))
                .untilAsserted(() -> {
                    String[] rejections = sluice.output().split("the files on disk are not applied", -1);
                    assertThat(rejections).hasSize(times + 1);
                    assertThat(rejections[times]).contains(words).doesNotContain("\tat ");
                });
    }

    /** Its supervisor can't end it then. */
    @Test
    void aKilledSupervisorTakesItsProcessWithIt() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home)) {
            sluice.startByJBang(VERSION, "--dev").awaitSettled();
            List<ProcessHandle> processes = sluice.descendants();
            sluice.kill();
            await().atMost(Duration.ofSeconds(120))
                    .pollInterval(Duration.ofMillis(50))
                    .untilAsserted(() -> assertThat(processes).noneMatch(ProcessHandle::isAlive));
        }
    }

    @Test
    void camelsOwnReloadIsRefusedWithTheReason() throws Exception {
        try (RunningSluice sluice = new RunningSluice(home).with("camel.main.routesReloadEnabled", true)) {
            assertThat(sluice.start().awaitExit()).isNotZero();
            assertThat(sluice.output())
                    .contains(
                            "camel.main.routesReloadEnabled must be false",
                            "'camel run --dev' applies changed files without it")
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

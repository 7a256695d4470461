// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.sandbox.Sandbox;
import io.sluice.store.SharedBinaries;
import io.sluice.testkit.FreePorts;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs a project that is not the bundle: a file of routes, a file of settings, and the product's jar. */
class OwnProjectIT {

    private static final String ROUTE =
            """
            - route:
                id: count-contacts
                from:
                  uri: timer:every-second   # it may fire before the database is up
                  parameters:
                    period: 1000
                  steps:
                    - setBody:
                        expression:
                          constant:
                            expression: select count() from Contact
                    - to:
                        uri: kamelet:salesforce-query-action
                        parameters:
                          account: crm
                    - log:
                        loggingLevel: WARN
                        message: "Salesforce answered ${header.SluiceStatus}: ${body}"
            """;

    @TempDir
    Path home;

    private Process process;

    /** Starts it by Camel's own main class, as a project that knows nothing of the bundle. */
    private void start(String settings) throws Exception {
        Files.writeString(home.resolve("count.camel.yaml"), ROUTE);
        Files.writeString(
                home.resolve("application.properties"),
                "camel.main.routesIncludePattern = file:*.camel.yaml\n" + settings);
        SharedBinaries.in(home.resolve(".sluice/postgres"));
        process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        home + File.pathSeparator + RunningSluice.runtimeClassPath(),
                        "org.apache.camel.main.Main")
                .directory(home.toFile())
                .redirectErrorStream(true)
                .redirectOutput(home.resolve("log").toFile())
                .start();
    }

    @AfterEach
    void stop() throws Exception {
        process.destroy();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }

    private void awaitOutput(String text) {
        await().atMost(Duration.ofSeconds(120)).untilAsserted(() -> assertThat(Files.readString(home.resolve("log")))
                .contains(text));
    }

    private static String account(int port) {
        return String.join(
                "\n",
                List.of(
                        "sluice.account.crm.crm = salesforce",
                        "sluice.account.crm.login-url = http://127.0.0.1:" + port,
                        "sluice.account.crm.authentication-type = client-credentials",
                        "sluice.account.crm.client-id = sluice",
                        "sluice.account.crm.client-secret = sluice",
                        "sluice.account.crm.limit.daily = 15000 per 24h",
                        ""));
    }

    private static String database() {
        return "sluice.database.url = embedded\nsluice.database.port = " + FreePorts.next() + "\n"
                + "sluice.webhooks.port = " + FreePorts.next() + "\n";
    }

    @Test
    void aProjectOfTwoFilesUsesAKamelet() throws Exception {
        try (Sandbox sandbox = Sandbox.start("127.0.0.1", 0)) {
            start(database() + account(sandbox.port()));
            awaitOutput("Salesforce answered 200: {\"totalSize\":");
        }
    }

    @Test
    void withoutADatabaseTheSettingIsNamed() throws Exception {
        start(account(1));
        awaitOutput("set sluice.database.url in application.properties to its JDBC URL");
        assertThat(Files.readString(home.resolve("log"))).doesNotContain("No bean could be found");
    }

    @Test
    void withoutAnAccountTheSettingsAreNamed() throws Exception {
        start(database());
        awaitOutput(
                "There is no account of salesforce: set sluice.account.salesforce.crm = salesforce in application.properties");
        assertThat(Files.readString(home.resolve("log"))).doesNotContain("No bean could be found");
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static io.sluice.sandbox.SalesforceClient.contact;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SandboxDataTest {

    private static final Pattern PORT = Pattern.compile("http://127\\.0\\.0\\.1:(\\d+)/services");

    @TempDir
    Path folder;

    @Test
    void whatWasAnsweredSurvivesAKilledProcess() throws Exception {
        Path data = folder.resolve("below/sandbox.ndjson");
        Process process = run(data);
        SalesforceClient crm = new SalesforceClient(port(process)).login();
        crm.put("/sandbox/limits/salesforce", "{\"daily\":{\"max\":500,\"windowSeconds\":86400}}");
        crm.put("/sandbox/fields/salesforce/Contact/Note__c", "{\"type\":\"datetime\"}");
        crm.upsertContacts(
                contact("C-1", "One") + ",\"Birthdate\":\"1980-02-03\",\"MailingLatitude\":1.5",
                contact("C-2", "Two") + ",\"Note__c\":\"2026-01-02T03:04:05.678+0200\"",
                contact("C-3", "Three"));
        crm.delete(SalesforceClient.API + "/sobjects/Contact/Customer_No__c/C-3");
        String records = crm.get("/sandbox/records/salesforce/Contact").text();
        JsonNode counted = crm.referee();
        process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);

        try (Sandbox again = Sandbox.start("127.0.0.1", 0, Optional.of(data))) {
            SalesforceClient later = new SalesforceClient(again.port());
            assertThat(later.get("/sandbox/records/salesforce/Contact").text()).isEqualTo(records);
            assertThat(later.referee()).isEqualTo(counted);
            later.login();
            assertThat(later.upsertContacts(contact("c-2", "Zwei"))
                            .json()
                            .path(0)
                            .path("created")
                            .asBoolean())
                    .isFalse();
            assertThat(later.upsertContacts(contact("C-4", "Four"))
                            .json()
                            .path(0)
                            .path("created")
                            .asBoolean())
                    .isTrue();
            assertThat(later.get(SalesforceClient.API + "/limits").header("Sforce-Limit-Info"))
                    .isEqualTo("api-usage=5/500");
        }
    }

    @Test
    void aTokenOutlivesARestart() throws Exception {
        Path data = folder.resolve("sandbox.ndjson");
        String token;
        try (Sandbox sandbox = Sandbox.start("127.0.0.1", 0, Optional.of(data))) {
            token = new SalesforceClient(sandbox.port())
                    .form("grant_type=client_credentials&client_id=sluice&client_secret=sluice")
                    .json()
                    .path("access_token")
                    .asText();
        }
        try (Sandbox sandbox = Sandbox.start("127.0.0.1", 0, Optional.of(data))) {
            SalesforceClient crm = new SalesforceClient(sandbox.port());
            crm.useToken(token);
            assertThat(crm.get(SalesforceClient.API + "/limits").status()).isEqualTo(200);
        }
    }

    @Test
    void aTornLastLineIsDropped() throws Exception {
        Path data = folder.resolve("sandbox.ndjson");
        try (Sandbox sandbox = Sandbox.start("127.0.0.1", 0, Optional.of(data))) {
            new SalesforceClient(sandbox.port()).login().upsertContacts(contact("C-1", "One"));
        }
        Files.writeString(data, "{\"k\":\"rows\",\"a\":\"salesforce\",\"o\":{\"Cont", StandardOpenOption.APPEND);
        for (int start = 0; start < 2; start++) {
            try (Sandbox sandbox = Sandbox.start("127.0.0.1", 0, Optional.of(data))) {
                assertThat(new SalesforceClient(sandbox.port())
                                .referee()
                                .path("recordsByObject")
                                .path("Contact")
                                .asInt())
                        .isOne();
            }
        }
    }

    @Test
    void aLongHistoryIsRewrittenAtTheStart() throws Exception {
        Path data = folder.resolve("sandbox.ndjson");
        JsonNode counted;
        try (Sandbox sandbox = Sandbox.start("127.0.0.1", 0, Optional.of(data))) {
            SalesforceClient crm = new SalesforceClient(sandbox.port()).login();
            String[] rows = new String[200];
            for (int round = 0; round < 60; round++) {
                int n = round;
                java.util.Arrays.setAll(rows, i -> contact("C-" + i, "Name" + n));
                crm.upsertContacts(rows);
            }
            counted = crm.referee();
        }
        long before = Files.size(data);
        for (int start = 0; start < 2; start++) {
            try (Sandbox sandbox = Sandbox.start("127.0.0.1", 0, Optional.of(data))) {
                SalesforceClient crm = new SalesforceClient(sandbox.port());
                assertThat(crm.referee()).isEqualTo(counted);
                assertThat(crm.get("/sandbox/records/salesforce/Contact/C-7")
                                .json()
                                .path("LastName")
                                .asText())
                        .isEqualTo("Name59");
            }
        }
        assertThat(Files.size(data)).isLessThan(before / 10);
    }

    @Test
    @SuppressWarnings("try")
    void aFileThatIsInUseAndOneThatIsDamagedStopTheStart() throws Exception {
        Path data = folder.resolve("sandbox.ndjson");
        try (Sandbox sandbox = Sandbox.start("127.0.0.1", 0, Optional.of(data))) {
            assertThatThrownBy(() -> Sandbox.start("127.0.0.1", 0, Optional.of(data)))
                    .hasMessageContaining("another sandbox uses it");
        }
        Files.writeString(data, "nonsense\n");
        assertThatThrownBy(() -> Sandbox.start("127.0.0.1", 0, Optional.of(data)))
                .hasMessageContaining("is damaged");
    }

    @Test
    void aPortInUseIsReportedInOneSentence() {
        try (Sandbox sandbox = Sandbox.start("127.0.0.1", 0)) {
            assertThatThrownBy(() -> Sandbox.start("127.0.0.1", sandbox.port()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("set sluice.sandbox.port to another");
        }
    }

    static Process run(Path data) throws IOException {
        return run("-Dsluice.sandbox.data=" + data);
    }

    static Process run(String option) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-Dsluice.sandbox.port=0",
                        option,
                        Sandbox.class.getName())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    static int port(Process process) throws IOException {
        BufferedReader reader = process.inputReader();
        String[] line = new String[1];
        await().atMost(Duration.ofSeconds(60))
                .until(() -> (line[0] = reader.readLine()) == null
                        || PORT.matcher(line[0]).find());
        Matcher matcher = PORT.matcher(line[0]);
        assertThat(matcher.find()).isTrue();
        return Integer.parseInt(matcher.group(1));
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import io.sluice.testkit.FreePorts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** Tables and syncs of the database that {@link UpgradeDump} leaves with work in it, and that {@link UpgradeIT} continues. */
final class UpgradeScene {

    /** Folder of the dumps and of the sandbox's records that belong to them. */
    static final Path FOLDER = Path.of("src/test/resources/upgrade");

    static final String TABLES =
            """
            create table public.person (no text primary key, last_name text not null,
                city text check (city <> 'Nowhere'), email text);
            create table public.lead (no text primary key, name text);
            """;

    private UpgradeScene() {}

    /** Sluice with a sync of each CRM; that of HubSpot starts with a snapshot and gets webhooks. */
    static RunningSluice sluice(Path home, int databasePort) throws IOException {
        RunningSluice sluice = RunningSluice.replica(home, databasePort, FreePorts.next())
                .with("sluice.demo", false)
                .with("sluice.poll.check-interval", "100ms")
                .with("sluice.poll.min-interval", "500ms")
                .with("sluice.poll.max-interval", "1s")
                .with("sluice.poll.overlap", "1s");
        return sluice.withoutSyncs()
                .withSync(
                        "people.camel.yaml",
                        RunningSluice.sync(
                                "people",
                                "person",
                                "no",
                                "salesforce",
                                "Contact",
                                "Customer_No__c",
                                Map.of("last_name", "LastName", "city", "MailingCity", "email", "Email")))
                .withSync(
                        "leads.camel.yaml",
                        RunningSluice.sync(
                                        "leads",
                                        "lead",
                                        "no",
                                        "hubspot",
                                        "contacts",
                                        "customer_no",
                                        Map.of("name", "lastname"))
                                .replace("        fields:", "        initial: both\n        fields:"));
    }

    /** Starts the sandbox with these records, which sends its webhooks to Sluice. */
    static AutoCloseable sandbox(RunningSluice sluice, Path records) throws IOException {
        AutoCloseable sandbox = SandboxProcess.start(sluice.home, sluice.sandboxPort, records.toString());
        org.awaitility.Awaitility.await()
                .atMost(java.time.Duration.ofSeconds(60))
                .ignoreExceptions()
                .until(() -> sluice.sandbox(
                                        "PUT",
                                        "/sandbox/webhooks/hubspot",
                                        "{\"targetUrl\":\"http://127.0.0.1:" + sluice.webhookPort
                                                + "/webhooks/hubspot\",\"subscribe\":[\"contacts\"]}")
                                .statusCode()
                        < 300);
        return sandbox;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.awaitility.Awaitility.await;

import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import io.sluice.testkit.FreePorts;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionTimeoutException;

/**
 * Edits, deletes, merges and re-creates few records on three sides at once (a table, Salesforce, HubSpot) while calls are
 * cut, slow, rejected and answered wrongly, webhooks are lost and the process is killed. Then everything settles and is checked.
 * Real processes: Sluice, PostgreSQL and the sandbox. The seed decides the actions, but not their timing.
 */
final class ChaosRun {

    static final String DONE = "select (select count(*) from sluice.change_log) + (select count(*) from sluice.outbox)"
            + " + (select count(*) from sluice.inbox where done_at is null)";
    private static final int START_SECONDS = 240;
    private static final int SETTLE_SECONDS = 180;

    private final Path home;
    private final long seed;
    private final double minutes;

    ChaosRun(Path home, long seed, double minutes) {
        this.home = home;
        this.seed = seed;
        this.minutes = minutes;
    }

    @SuppressWarnings("try")
    List<ChaosChecks.Fault> run() throws Exception {
        int sandboxPort = FreePorts.next();
        try (EmbeddedDatabase database =
                        EmbeddedDatabase.start(SharedBinaries.in(home.resolve("postgres")), FreePorts.next());
                AutoCloseable sandbox = SandboxProcess.start(home, sandboxPort, "");
                RunningSluice sluice = RunningSluice.replica(home, database.port(), sandboxPort);
                RunningSluice second = RunningSluice.replica(home.resolve("second"), database.port(), sandboxPort)) {
            prepare(sluice);
            settings(second);
            ChaosEdits edits = new ChaosEdits(sluice, new Random(seed));
            edits.table();
            sluice.start();
            await().atMost(Duration.ofSeconds(START_SECONDS))
                    .pollInterval(Duration.ofMillis(200))
                    .ignoreExceptions()
                    .failFast("Sluice has ended, see the log in " + sluice.home, () -> !sluice.isAlive())
                    .until(() -> sluice.output().contains("Account salesforce is ready")
                            && sluice.output().contains("Account hubspot is ready")
                            && sluice.number(DONE) == 0);
            if (isShared()) {
                second.start();
            }
            int kills = rage(sluice, second, edits);
            edits.calm();
            ChaosChecks checks = new ChaosChecks(sluice, edits);
            boolean settled = settle(sluice, checks);
            List<ChaosChecks.Fault> faults = checks.all(settled);
            report(edits, kills, faults, checks);
            return faults;
        }
    }

    /** Every second seed has two replicas, of which either is killed. */
    private boolean isShared() {
        return seed % 2 == 1;
    }

    /** In half of the seeds a merge mints a new record. */
    private boolean isMinting() {
        return seed / 2 % 2 == 1;
    }

    private void prepare(RunningSluice sluice) throws IOException {
        settings(sluice);
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(100))
                .ignoreExceptions()
                .until(() -> sluice.sandbox(
                                        "PUT",
                                        "/sandbox/limits/hubspot",
                                        "{\"writesKept\":2000000,\"options\":{\"mergeMintsId\":" + isMinting() + "}}")
                                .statusCode()
                        == 200);
        sluice.sandbox("PUT", "/sandbox/limits/salesforce", "{\"writesKept\":2000000}");
        sluice.sandbox(
                "PUT",
                "/sandbox/webhooks/hubspot",
                "{\"targetUrl\":\"http://127.0.0.1:" + sluice.webhookPort
                        + "/webhooks/hubspot\",\"timeScale\":3600,\"subscribe\":[\"contacts\"]}");
        // what no webhook brings is in the journal
        sluice.sandbox("PUT", "/sandbox/journal/hubspot", "{\"subscribe\":[\"contacts\"]}");
    }

    private static void settings(RunningSluice sluice) throws IOException {
        sluice.withoutSyncs()
                .with("sluice.demo", false)
                .with("sluice.account.hubspot.client-id", "sluice")
                .with("sluice.account.hubspot.client-secret", "sluice")
                .with("sluice.account.hubspot.portal-id", 1_000_001)
                .with("sluice.account.hubspot.journal", true)
                .with("sluice.call.timeout", "3s")
                .with("sluice.call.late-delivery", "5s")
                .with("sluice.retry.max-delay", "4s")
                .with("sluice.poll.check-interval", 100)
                .with("sluice.poll.min-interval", "500ms")
                .with("sluice.poll.max-interval", "2s")
                .with("sluice.poll.overlap", "10s")
                .with("sluice.poll.deletes-interval", "8s")
                .withSync(
                        "people-salesforce.camel.yaml",
                        RunningSluice.sync(
                                "people-salesforce",
                                "public.person",
                                "no",
                                "salesforce",
                                "Contact",
                                "Customer_No__c",
                                ChaosEdits.Side.SALESFORCE.fields()))
                .withSync(
                        "people-hubspot.camel.yaml",
                        RunningSluice.sync(
                                "people-hubspot",
                                "public.person",
                                "no",
                                "hubspot",
                                "contacts",
                                "customer_no",
                                ChaosEdits.Side.HUBSPOT.fields()));
    }

    /** @return how often one was killed */
    private int rage(RunningSluice sluice, RunningSluice second, ChaosEdits edits) throws Exception {
        Random random = new Random(seed * 31);
        long end = System.nanoTime() + (long) (minutes * 60e9);
        long kill = System.nanoTime() + TimeUnit.SECONDS.toNanos(8 + random.nextInt(15));
        int kills = 0;
        while (System.nanoTime() < end) {
            edits.next();
            if (System.nanoTime() > kill) {
                RunningSluice killed = isShared() && random.nextBoolean() ? second : sluice;
                killed.kill();
                kills++;
                // somebody edits while it is away
                for (int i = random.nextInt(12); i > 0; i--) {
                    edits.next();
                }
                killed.start();
                kill = System.nanoTime() + TimeUnit.SECONDS.toNanos(15 + random.nextInt(20));
            }
        }
        return kills;
    }

    /** Waits until nothing waits and all sides are equal. */
    private static boolean settle(RunningSluice sluice, ChaosChecks checks) {
        try {
            await().atMost(Duration.ofSeconds(SETTLE_SECONDS))
                    .pollInterval(Duration.ofSeconds(1))
                    .ignoreExceptions()
                    .during(Duration.ofSeconds(4))
                    .until(() -> isJournalRead(sluice)
                            && sluice.number(DONE) == 0
                            && checks.sidesDiffer().isEmpty());
            return true;
        } catch (ConditionTimeoutException never) {
            return false;
        }
    }

    /** Whether the last file of HubSpot's journal was read: the edits whose webhooks were lost are in there alone. */
    private static boolean isJournalRead(RunningSluice sluice) throws SQLException {
        String last = sluice.get(sluice.sandboxPort, "/sandbox/webhooks-journal/hubspot")
                .path("lastOffset")
                .asText();
        return last.isEmpty()
                || sluice.number(
                                "select count(*) from sluice.stream_offset where stream = 'journal:hubspot' and page = '"
                                        + last + "'")
                        == 1;
    }

    private void report(ChaosEdits edits, int kills, List<ChaosChecks.Fault> faults, ChaosChecks checks)
            throws SQLException {
        Map<String, Long> kinds = new java.util.TreeMap<>();
        faults.forEach(fault -> kinds.merge(fault.kind(), 1L, Long::sum));
        System.out.printf(
                "chaos seed %d: %.1f minutes, %d edits, %d faults of the CRMs, %d kills%s%s; %s%n",
                seed,
                minutes,
                edits.count(),
                edits.faults(),
                kills,
                isShared() ? " of two replicas" : "",
                isMinting() ? ", merges mint ids" : "",
                kinds.isEmpty() ? "all sides equal, nothing wrong" : "WRONG: " + kinds);
        for (ChaosChecks.Fault fault : faults.stream().limit(8).toList()) {
            System.out.println("  " + fault.kind() + " " + fault.key() + ": " + fault.text());
        }
        faults.stream()
                .map(fault -> checks.story(fault.key()))
                .filter(story -> !story.isEmpty())
                .min(java.util.Comparator.comparingInt(List::size))
                .ifPresent(story -> {
                    System.out.println("  The smallest story:");
                    story.forEach(line -> System.out.println("    " + line));
                });
    }
}

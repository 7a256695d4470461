package io.sluice.bench;

import io.sluice.store.Database;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.Json;
import java.io.BufferedWriter;
import java.io.Reader;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.postgresql.PGConnection;

/**
 * How long a CRM's records take into an empty table at a sync's first start, in how many calls and how much memory, beside
 * a plain COPY of the same rows: what PostgreSQL itself needs.
 */
public final class LoadBench implements Bench {

    private static final int RECORDS = Integer.getInteger("bench.records", 500_000);
    /** MiB of heap that the bundle gets. */
    private static final int HEAP = 256;

    private static final String TABLE = """
            create table public.%s (
                customer_no text primary key, last_name text not null, first_name text, email text, phone text, city text,
                tier text, birthdate date)""";

    private static final String SYNC = """
            - beans:
                - name: customers
                  type: io.sluice.Sync
                  properties:
                    table: public.customer
                    key: customer_no
                    account: salesforce
                    object: Contact
                    externalId: Customer_No__c
                    initial: both
                    fields:
                      last_name: LastName
                      first_name: FirstName
                      email: Email
                      phone: Phone
                      city: MailingCity
                      tier: Tier__c
                      birthdate: Birthdate
            """;

    private static final String POSITION = """
            select position from sluice.checkpoint where stream = 'initial:customers'
              and position::jsonb ->> 'ended' is not null""";

    private static final String SECONDS = """
            select extract(epoch from (position::jsonb ->> 'ended')::timestamptz - (position::jsonb ->> 'began')::timestamptz)
            from sluice.checkpoint where stream = 'initial:customers'""";

    @Override
    public Map<String, Object> run(Path work) throws Exception {
        Map<String, Object> result = new LinkedHashMap<>();
        String scene = "%,d records of 8 fields, an empty table, the bundle in %d MiB of heap".formatted(RECORDS, HEAP);
        result.put("scene", scene);
        result.put("machine", "%d processors, for all processes; load %.1f before".formatted(
                Runtime.getRuntime().availableProcessors(),
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
        System.out.println(scene + ". " + result.get("machine"));
        Path syncs = Files.createDirectories(work.resolve("syncs"));
        Files.writeString(syncs.resolve("customers.camel.yaml"), SYNC);
        try (EmbeddedDatabase server = EmbeddedDatabase.start(work.resolve("postgres"), 0);
                Connection application = DriverManager.getConnection(server.url());
                FilledSandbox sandbox = new FilledSandbox(work, RECORDS)) {
            execute(application, TABLE.formatted("customer"));
            execute(application, TABLE.formatted("copied"));
            double copy = copy(application, work.resolve("copy.csv"));
            long before = sandbox.referee().path("accepted").asLong();
            try (BackgroundProcess sluice = new BackgroundProcess("io.sluice.app.Main",
                    settings(server, syncs, sandbox.port()), work.resolve("sluice.log"), HEAP)) {
                Map<String, Object> position = awaitEnd(application, sluice);
                double seconds = Database.query(application, SECONDS, row -> row.getDouble(1)).get(0);
                result.put("seconds", seconds);
                result.put("rowsASecond", Math.round(RECORDS / seconds));
                result.put("calls", position.get("calls"));
                result.put("callsCountedByTheCrm", sandbox.referee().path("accepted").asLong() - before);
                result.put("peakMemoryMiB", sluice.peakMemory());
                result.put("copySeconds", copy);
                result.put("timesOfCopy", seconds / copy);
                result.put("rowsThatDiffer", differing(application));
            }
        }
        result.forEach((name, value) -> System.out.printf("%-24s %s%n", name, value));
        return result;
    }

    private static Map<String, String> settings(EmbeddedDatabase server, Path syncs, int sandboxPort) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("sluice.database.url", server.url());
        settings.put("sluice.demo", "false");
        settings.put("sluice.sandbox.enabled", "false");
        settings.put("sluice.account.salesforce.login-url", "http://127.0.0.1:" + sandboxPort);
        // the records are as young as the sandbox: an org's are not, and would not be told again as changes
        settings.put("sluice.receive.overlap", "100ms");
        settings.put("sluice.syncs.folder", syncs.toString());
        settings.put("camel.main.routesIncludePattern", "file:routes/*.camel.yaml,file:" + syncs + "/*.camel.yaml");
        settings.put("camel.server.port", "" + BackgroundProcess.freePort());
        settings.put("camel.management.port", "" + BackgroundProcess.freePort());
        return settings;
    }

    /** Seconds. */
    private static double copy(Connection application, Path file) throws Exception {
        try (BufferedWriter csv = Files.newBufferedWriter(file)) {
            for (int n = 0; n < RECORDS; n++) {
                csv.write(FilledSandbox.row(n) + "\n");
            }
        }
        long begin = System.nanoTime();
        try (Reader rows = Files.newBufferedReader(file)) {
            application.unwrap(PGConnection.class).getCopyAPI().copyIn("copy public.copied from stdin (format csv)", rows);
        }
        return (System.nanoTime() - begin) / 1e9;
    }

    private static Map<String, Object> awaitEnd(Connection application, BackgroundProcess sluice)
            throws InterruptedException {
        for (int i = 0; i < 3_000; i++) {
            sluice.requireAlive();
            try {
                List<String> ended = Database.query(application, POSITION, row -> row.getString(1));
                if (!ended.isEmpty()) {
                    return Json.fields(ended.get(0));
                }
            } catch (SQLException noSchemaYet) {
                // the bundle is starting
            }
            Thread.sleep(200);
        }
        throw new IllegalStateException("The measurement waited in vain for ten minutes");
    }

    private static long differing(Connection application) throws SQLException {
        return Database.query(application, """
                select count(*) from (
                    (table public.copied except table public.customer) union all
                    (table public.customer except table public.copied)) as d""", row -> row.getLong(1)).get(0);
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.awaitility.Awaitility.await;

import io.sluice.Operation;
import io.sluice.bulk.BulkJobs;
import io.sluice.outbox.BulkClaim;
import io.sluice.store.Database;
import io.sluice.store.EmbeddedDatabase;
import io.sluice.store.SharedBinaries;
import io.sluice.testkit.FreePorts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/**
 * Writes the database of {@link UpgradeIT}: runs Sluice, kills it in the midst of work, and dumps what it left. Run it before
 * the commit of a new migration, so that the dump shows the schema before:
 * {@code mvn -q test-compile exec:java -Dexec.mainClass=io.sluice.app.UpgradeDump -Dexec.classpathScope=test
 * -Dexec.args=V1}. The argument names the last migration that the dump contains.
 */
public final class UpgradeDump {

    private static final String CONTACTS = "/sandbox/records/salesforce/Contact/";
    private static final String WRITES = "[\"collectionsUpsert\",\"collectionsUpdate\",\"composite\"]";

    private final RunningSluice sluice;

    private UpgradeDump(RunningSluice sluice) {
        this.sluice = sluice;
    }

    @SuppressWarnings("try")
    public static void main(String[] arguments) throws Exception {
        String version = arguments[0];
        Path home = Files.createTempDirectory("upgrade");
        Path records = home.resolve("sandbox.journal");
        try (EmbeddedDatabase embedded =
                EmbeddedDatabase.start(SharedBinaries.in(home.resolve("database")), FreePorts.next())) {
            RunningSluice sluice = UpgradeScene.sluice(home, embedded.port()).with("sluice.call.timeout", "60s");
            UpgradeDump dump = new UpgradeDump(sluice);
            try (AutoCloseable sandbox = UpgradeScene.sandbox(sluice, records)) {
                dump.leaveWork();
            } finally {
                sluice.kill();
            }
            Files.createDirectories(UpgradeScene.FOLDER);
            Files.writeString(UpgradeScene.FOLDER.resolve(version + ".sql"), dump.sql());
            Files.copy(
                    records,
                    UpgradeScene.FOLDER.resolve(version + ".journal"),
                    java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        }
        System.exit(0);
    }

    private void leaveWork() throws Exception {
        sluice.sql(UpgradeScene.TABLES
                + "insert into person select 'P-' || n, 'Name ' || n, 'Rome', null from generate_series(1, 40) as n;"
                + "insert into lead values ('H-1', 'Ours'), ('T-1', 'Table');");
        new SandboxRecords(sluice.sandboxPort)
                .hubspot("{\"properties\":{\"customer_no\":\"H-1\",\"lastname\":\"Theirs\"}},"
                        + "{\"properties\":{\"customer_no\":\"H-2\",\"lastname\":\"Lead\"}}");
        // the snapshot of the leads does not get beyond its first page, nor the read-back of an event
        fault("hubspot", "{\"kind\":\"unavailable\",\"operation\":[\"search\",\"batchRead\"]}");
        sluice.start();
        awaitSome("sluice.sync_state where account = 'salesforce' and crm_id is not null", 40);
        awaitSome("sluice.snapshot where attempts > 0 and ended_at is null", 1);
        leaveEndedWork();
        sluice.sandbox("POST", "/sandbox/records/hubspot/contacts/H-2", "{\"lastname\":\"Edited\"}");
        awaitSome("sluice.inbox where done_at is null", 1);
        sluice.api("POST", "/api/accounts/hubspot/pause");
        leaveWorkInFlight();
        sluice.kill();
        whileStopped();
    }

    /** A conflict, a tombstone, dead letters and a rejected row. */
    private void leaveEndedWork() throws Exception {
        sluice.api("POST", "/api/syncs/people/pause");
        sluice.sql("update person set city = 'Ours' where no = 'P-1'");
        awaitSome("sluice.outbox where account = 'salesforce'", 1);
        edit("P-1", "Theirs");
        awaitSome("sluice.conflict", 1);
        sluice.api("POST", "/api/syncs/people/resume");
        edit("P-6", "Nowhere");
        awaitSome("sluice.inbound_rejection", 1);
        sluice.sql("delete from person where no = 'P-2';"
                + "update person set email = 'no address' where no in ('P-3', 'P-4', 'P-5')");
        awaitSome("sluice.tombstone", 1);
        awaitSome("sluice.dead_letter", 3);
    }

    /** A call without an answer, a throttled account, waiting changes, and a bulk job. */
    private void leaveWorkInFlight() throws Exception {
        fault("salesforce", "{\"kind\":\"slow\",\"delayMs\":60000,\"operation\":" + WRITES + "}");
        sluice.sql("update person set city = 'In flight' where no in ('P-7', 'P-8', 'P-9')");
        awaitSome("sluice.outbox where lease is not null", 3);
        awaitSome("sluice.api_call where operation = 'upsert' and completed_at is null", 1);
        fault("salesforce", "{\"kind\":\"refuse\",\"limit\":\"concurrent\",\"operation\":\"query\",\"seconds\":600}");
        awaitSome("sluice.throttle where recovered_at is null", 1);
        sluice.sql("update person set city = 'Waiting' where no ~ '^P-[12].$'");
        awaitSome("sluice.outbox where account = 'salesforce' and lease is null and due <= now()", 20);
        sluice.kill();
        try (Database database =
                Database.of("jdbc:postgresql://127.0.0.1:" + sluice.databasePort + "/sluice", "sluice", "", 2)) {
            new BulkJobs(database, Duration.ofSeconds(5), Duration.ofSeconds(5))
                    .begin(
                            new BulkClaim("salesforce", "people", Operation.UPSERT, 1, 10, 1_000_000, null),
                            "salesforce")
                    .orElseThrow();
        }
    }

    /** The application and the users of the CRM go on while Sluice does not run. */
    private void whileStopped() throws SQLException {
        sluice.sql("update person set city = 'While stopped' where no = 'P-31';"
                + "insert into person values ('P-99', 'New', 'Oslo', null);"
                + "delete from person where no = 'P-32'");
        edit("P-33", "By a user");
    }

    private void edit(String person, String city) {
        sluice.sandbox("POST", CONTACTS + person, "{\"MailingCity\":\"" + city + "\"}");
    }

    private void fault(String account, String json) {
        if (sluice.sandbox("POST", "/sandbox/faults/" + account, json).statusCode() >= 300) {
            throw new IllegalStateException("no fault: " + json);
        }
    }

    private void awaitSome(String rows, int count) {
        await(rows)
                .atMost(Duration.ofSeconds(90))
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptions()
                .until(() -> sluice.number("select count(*) from " + rows) >= count);
    }

    /** Returns the application's tables, the capture on them, and the rows of Sluice's tables, as SQL after the migrations. */
    private String sql() throws SQLException {
        StringBuilder sql = new StringBuilder("-- made by UpgradeDump\n").append(UpgradeScene.TABLES);
        for (String table : List.of("public.person", "public.lead")) {
            rows(sql, table);
        }
        lines(
                sql,
                "select pg_get_functiondef(oid) from pg_proc where pronamespace = 'sluice'::regnamespace order by oid");
        lines(
                sql,
                "select pg_get_triggerdef(oid) || case when tgenabled = 'A' then format(E';\\nalter table %s enable always"
                        + " trigger %I', tgrelid::regclass, tgname) else '' end from pg_trigger"
                        + " where tgname like 'sluice%' order by oid");
        for (String table : sluice.rows(
                        "select 'sluice.' || tablename from pg_tables where schemaname = 'sluice'"
                                + " and tablename not in ('flyway_schema_history', 'usage_quarter_hour') order by 1") // a trigger sums the latter
                .keySet()) {
            rows(sql, table);
        }
        lines(
                sql,
                "select format('select setval(pg_get_serial_sequence(%L, %L), (select coalesce(max(%I), 0) + 1 from %s))',"
                        + " 'sluice.' || table_name, column_name, column_name, 'sluice.' || table_name)"
                        + " from information_schema.columns where table_schema = 'sluice' and is_identity = 'YES' order by 1");
        return sql.toString();
    }

    private void rows(StringBuilder sql, String table) throws SQLException {
        List<String> rows = List.copyOf(
                sluice.rows("select row_to_json(t)::text from " + table + " t").keySet());
        if (rows.isEmpty()) {
            System.out.println("no row in " + table);
            return;
        }
        sql.append("insert into ")
                .append(table)
                .append(" overriding system value select * from json_populate_recordset(null::")
                .append(table)
                .append(", $json$[")
                .append(String.join(",\n", rows))
                .append("]$json$);\n");
    }

    private void lines(StringBuilder sql, String query) throws SQLException {
        sluice.rows(query).keySet().forEach(line -> sql.append(line).append(";\n"));
    }
}

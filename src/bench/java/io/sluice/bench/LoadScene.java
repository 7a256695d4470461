// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.store.Database;
import io.sluice.store.EmbeddedDatabase;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.stream.Stream;
import org.postgresql.PGConnection;

/**
 * A database with a table {@code customer}, which a bundle syncs with the contacts of a sandbox, and its twin {@code
 * copied}, which a plain COPY fills: what PostgreSQL itself needs for the same rows.
 */
final class LoadScene implements AutoCloseable {

    /** MiB of heap that the bundle gets. */
    static final int HEAP = 256;

    private static final String TABLE =
            """
            create table public.%s (
                customer_no text primary key, last_name text not null, first_name text, email text, phone text, city text,
                tier text, birthdate date)""";

    /**
     * How a CRM holds the customers.
     *
     * @param fields in the order of the table's columns: the external id comes first
     */
    record Contacts(String account, String object, List<String> fields) {

        private String sync(String initial) {
            return SYNC.formatted(Stream.concat(
                            Stream.of(account, object, fields.get(0), initial),
                            fields.stream().skip(1))
                    .toArray());
        }
    }

    private static final Contacts SALESFORCE =
            new Contacts("salesforce", "Contact", List.of(FilledSandbox.COLUMNS.split(",")));

    private static final String SYNC =
            """
            - beans:
                - name: customers
                  type: io.sluice.Sync
                  properties:
                    table: public.customer
                    key: customer_no
                    account: %s
                    object: %s
                    externalId: %s
                    initial: %s
                    fields:
                      last_name: %s
                      first_name: %s
                      email: %s
                      phone: %s
                      city: %s
                      tier: %s
                      birthdate: %s
            """;

    private static final String BEGAN =
            """
            select extract(epoch from queued_at) from sluice.initial_export where sync = 'customers'""";

    /** Not before the first load has been entered; a row is only done when nothing of it waits anywhere. */
    private static final String SENT =
            """
            select extract(epoch from clock_timestamp())
            where exists (select from sluice.initial_export where sync = 'customers')
              and not exists (select from sluice.change_log) and not exists (select from sluice.outbox)""";

    private static final String READ =
            """
            select calls, extract(epoch from ended_at - began_at) as seconds
            from sluice.snapshot where sync = 'customers' and ended_at is not null""";

    private static final String DIFFERING =
            """
            select count(*) from (
                (table public.%1$s except table public.%2$s) union all
                (table public.%2$s except table public.%1$s)) as d""";

    private final Path work;
    private final Path csv;
    private final Path syncs;
    private final EmbeddedDatabase server;
    private final Connection connection;

    /** @param records of the file that COPY reads */
    LoadScene(Path work, int records) throws IOException, SQLException {
        this.work = Files.createDirectories(work);
        this.csv = work.resolve("rows.csv");
        this.syncs = work.resolve("syncs");
        this.server = EmbeddedDatabase.start(work.resolve("postgres"), 0);
        this.connection = DriverManager.getConnection(server.url());
        execute(TABLE.formatted("customer"));
        execute(TABLE.formatted("copied"));
        try (BufferedWriter rows = Files.newBufferedWriter(csv)) {
            for (int n = 0; n < records; n++) {
                rows.write(FilledSandbox.row(n) + "\n");
            }
        }
    }

    /** Writes the file of a sync. */
    void declare(String name, String sync) throws IOException {
        Files.writeString(Files.createDirectories(syncs).resolve(name + ".camel.yaml"), sync);
    }

    /** A bundle that begins with what is in the table, or with what is on both sides. */
    BackgroundProcess bundle(String initial, int sandboxPort) throws IOException {
        return bundle(
                SALESFORCE, initial, Map.of("sluice.account.salesforce.login-url", "http://127.0.0.1:" + sandboxPort));
    }

    /** @param account its settings */
    BackgroundProcess bundle(Contacts contacts, String initial, Map<String, String> account) throws IOException {
        declare("customers", contacts.sync(initial));
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("sluice.database.url", server.url());
        settings.put("sluice.demo", "false");
        settings.put("sluice.sandbox.enabled", "false");
        settings.putAll(account);
        // the records are as young as the sandbox: an org's are not, and would not be read again as changes
        settings.put("sluice.poll.overlap", "100ms");
        settings.put("sluice.syncs.folder", syncs.toString());
        settings.put(
                "camel.main.routesIncludePattern",
                "file:routes/*.camel.yaml,file:routes/crm/*.camel.yaml,file:" + syncs + "/*.camel.yaml");
        settings.put("camel.server.port", "" + BackgroundProcess.freePort());
        settings.put("sluice.webhooks.port", "" + BackgroundProcess.freePort());
        settings.put("camel.management.port", "" + BackgroundProcess.freePort());
        return new BackgroundProcess("io.sluice.app.Main", settings, work.resolve("sluice.log"), HEAP);
    }

    /** @return seconds that a COPY of the rows takes, from a file into a table */
    double copyIn(String table) throws IOException, SQLException {
        return copyIn(table, csv);
    }

    double copyIn(String table, Path from) throws IOException, SQLException {
        long begin = System.nanoTime();
        try (Reader rows = Files.newBufferedReader(from)) {
            connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn("copy public." + table + " from stdin (format csv)", rows);
        }
        return (System.nanoTime() - begin) / 1e9;
    }

    /** @return seconds that a COPY of a table takes, to a file */
    double copyOut(String table) throws IOException, SQLException {
        long begin = System.nanoTime();
        try (OutputStream file = Files.newOutputStream(work.resolve("copied.csv"))) {
            connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyOut("copy public." + table + " to stdout (format csv)", file);
        }
        return (System.nanoTime() - begin) / 1e9;
    }

    void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Rows that only one of two tables has. */
    long differing(String one, String other) throws SQLException {
        return Database.query(connection, DIFFERING.formatted(one, other), row -> row.getLong(1))
                .get(0);
    }

    /** Copies the records that arrived at Salesforce into a table {@code arrived} beside the table that was sent. */
    void bringBack(FilledSandbox sandbox) throws Exception {
        bringBack(sandbox, SALESFORCE);
    }

    /** The same, of another CRM. */
    void bringBack(FilledSandbox sandbox, Contacts contacts) throws Exception {
        Path arrived = work.resolve("arrived.csv");
        try (BufferedWriter rows = Files.newBufferedWriter(arrived);
                Stream<JsonNode> records = sandbox.records(contacts.account(), contacts.object())) {
            for (Iterator<JsonNode> each = records.iterator(); each.hasNext(); ) {
                rows.write(csv(each.next(), contacts.fields()));
            }
        }
        execute(TABLE.formatted("arrived"));
        copyIn("arrived", arrived);
    }

    /** The fields of a record, none of which holds a comma. */
    static String csv(JsonNode record, List<String> fields) {
        StringJoiner row = new StringJoiner(",", "", "\n");
        for (String field : fields) {
            JsonNode value = record.findValue(field);
            row.add(value == null || value.isNull() ? "" : value.asText());
        }
        return row.toString();
    }

    /** @return seconds from the start of a first load until nothing of it waits */
    double sent(BackgroundProcess sluice) throws InterruptedException {
        double began = await(sluice, BEGAN, row -> row.getDouble(1));
        return await(sluice, SENT, row -> row.getDouble(1)) - began;
    }

    /** Measures a read of all the CRM's records. */
    record Reading(int calls, double seconds) {}

    Reading read(BackgroundProcess sluice) throws InterruptedException {
        return await(sluice, READ, row -> new Reading(row.getInt("calls"), row.getDouble("seconds")));
    }

    /** Asks until there is an answer: the bundle may not have made its schema yet. */
    <T> T await(BackgroundProcess sluice, String question, Database.Row<T> answer) throws InterruptedException {
        // an hour, for the largest
        for (int i = 0; i < 18_000; i++) {
            sluice.requireAlive();
            try {
                List<T> answers = Database.query(connection, question, answer);
                if (!answers.isEmpty()) {
                    return answers.get(0);
                }
            } catch (SQLException noSchemaYet) {
                // the bundle is starting
            }
            Thread.sleep(200);
        }
        throw new IllegalStateException("The measurement waited in vain for an hour");
    }

    Path work() {
        return work;
    }

    String url() {
        return server.url();
    }

    @Override
    public void close() throws SQLException {
        connection.close();
        server.close();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.store;

import io.sluice.testkit.FreePorts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Gives a test class a migrated database of its own, on the PostgreSQL that all tests of this JVM share: an embedded one, or with
 * {@code -Dsluice.test.server=jdbc:postgresql://HOST:PORT/sluice?user=sluice&password=...} another one, whose user owns the
 * database {@code sluice}. The user must be allowed to create databases; the tests about roles and replication need a superuser.
 *
 * <pre>
 * &#64;RegisterExtension
 * static final TestDatabase DATABASE = new TestDatabase();
 * </pre>
 */
public final class TestDatabase implements BeforeAllCallback, AfterAllCallback, AutoCloseable {

    /** The number of migrations that were made: a process that has just started makes one after the other. */
    public static final String MIGRATED =
            "select count(*) from sluice.flyway_schema_history where success and type = 'SQL'";

    private static final AtomicInteger NUMBER = new AtomicInteger();

    private String url;
    private Database database;

    /** Server that is started on first use and stopped with the JVM. */
    private static final class Server {

        static final String URL = migrated(System.getProperty("sluice.test.server"));

        /** Migrates the template of all test databases. */
        private static String migrated(String another) {
            String url = another == null ? start() : another;
            try (Database template = Database.of(url, "sluice", null, 2)) {
                template.migrate();
            }
            return url;
        }

        private static String start() {
            try {
                Path folder = Files.createTempDirectory(Files.createDirectories(Path.of("target")), "postgres-");
                EmbeddedDatabase server = EmbeddedDatabase.start(SharedBinaries.in(folder), FreePorts.next(), false);
                Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                    server.close();
                    delete(folder);
                }));
                return server.url();
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }

        private static void delete(Path folder) {
            try (Stream<Path> files = Files.walk(folder)) {
                files.sorted(Comparator.reverseOrder())
                        .forEach(file -> file.toFile().delete());
            } catch (IOException | UncheckedIOException left) {
                // a folder below target that the next clean takes
            }
        }
    }

    /** Returns the number of migrations of this version. */
    public static long migrations() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("src/main/resources/db/migration"))) {
            return files.count();
        }
    }

    /** Opens a database for test engines without JUnit extensions. */
    public static TestDatabase open() throws SQLException {
        TestDatabase database = new TestDatabase();
        database.create();
        return database;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws SQLException {
        create();
    }

    private void create() throws SQLException {
        String name = "test_" + NUMBER.incrementAndGet();
        String server = Server.URL;
        try (Connection connection = DriverManager.getConnection(server.replace("/sluice?", "/postgres?"));
                Statement statement = connection.createStatement()) {
            statement.execute("drop database if exists " + name);
            statement.execute("create database " + name + " template sluice");
        }
        url = server.replace("/sluice?", "/" + name + "?");
        database = Database.of(url, "sluice", null, 16);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        close();
    }

    @Override
    public void close() {
        database.close();
    }

    /** Returns Sluice's own pool. */
    public Database sluice() {
        return database;
    }

    /** Makes a pool of another role, which needs no password on the embedded server. */
    public Database as(String role) {
        return Database.of(url.replaceAll("user=\\w+", "user=" + role), role, null, 2);
    }

    /** Makes a pool of another database of the server. */
    public Database beside(String name) {
        return Database.of(url.replaceFirst("/test_\\d+\\?", "/" + name + "?"), "sluice", null, 2);
    }

    /** Opens a connection of the application, outside Sluice's pool. */
    public Connection application() throws SQLException {
        return DriverManager.getConnection(url);
    }

    /** Runs statements as the application, each in a transaction of its own. */
    public void run(String... statements) throws SQLException {
        try (Connection connection = application();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    /** Returns the first column of a query as text. */
    public List<String> texts(String sql, Object... parameters) throws SQLException {
        return database.query(sql, row -> row.getString(1), parameters);
    }

    public String text(String sql, Object... parameters) throws SQLException {
        return texts(sql, parameters).get(0);
    }

    /** Creates an empty schema {@code app} for the application and deletes the state of Sluice. */
    public void reset() throws SQLException {
        run(
                "set client_min_messages = warning; drop schema if exists app cascade; create schema app",
                "truncate sluice.change_log, sluice.outbox, sluice.sync_state, sluice.dead_letter, sluice.api_call,"
                        + " sluice.usage_minute, sluice.usage_quarter_hour, sluice.usage_hour, sluice.saved_calls, sluice.reported_limit, sluice.reported_limit_history, sluice.throttle,"
                        + " sluice.initial_export, sluice.poll_offset, sluice.stream_offset, sluice.snapshot, sluice.inbox, sluice.idempotent_key, sluice.pause, sluice.tombstone, sluice.conflict,"
                        + " sluice.bulk_job, sluice.bulk_cooldown, sluice.parent, sluice.capture, sluice.capture_gap, sluice.capture_mapping,"
                        + " sluice.installation, sluice.event_rejection, sluice.inbound_rejection, sluice.alert, sluice.alert_finding,"
                        + " sluice.alert_evaluation, sluice.alert_notification, sluice.alert_channel,"
                        + " sluice.web_session");
    }
}

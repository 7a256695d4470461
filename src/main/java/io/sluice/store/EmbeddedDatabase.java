package io.sluice.store;

import io.sluice.RootCause;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real PostgreSQL started as a child process, its data kept between runs, for the demo and for tests.
 * A lock file makes one process the owner of a data folder.
 */
public final class EmbeddedDatabase implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedDatabase.class);
    private static final String NAME = "sluice";

    private final EmbeddedPostgres server;
    private final FileChannel lockFile;
    private final CountDownLatch stopped = new CountDownLatch(1);

    private EmbeddedDatabase(EmbeddedPostgres server, FileChannel lockFile) {
        this.server = server;
        this.lockFile = lockFile;
    }

    /**
     * Starts it, or says why not.
     *
     * @param folder where the data is kept; made if it is not there
     * @param port   on loopback; 0 for a free one
     * @throws IllegalStateException when another process owns the folder or the server can't start, in words for
     *                               the person who started this one
     */
    public static EmbeddedDatabase start(Path folder, int port) {
        return start(folder, port, true);
    }

    /** @param durable whether a commit waits for the disk, as it must outside of throw-away tests */
    static EmbeddedDatabase start(Path folder, int port, boolean durable) {
        String onlyIfDurable = durable ? "on" : "off";
        try {
            Path home = Files.createDirectories(folder.toAbsolutePath().normalize());
            FileChannel lockFile = lock(home);
            Path data = home.resolve("data");
            stopOrphan(data);
            EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                    .setDataDirectory(data)
                    .setCleanDataDirectory(false)
                    .setOverrideWorkingDirectory(binaries(home).toFile())
                    // Camel stops us after the routes; a hook of its own would stop the server under them
                    .setRegisterShutdownHook(false)
                    .setPGStartupWait(Duration.ofSeconds(60))
                    .setServerConfig("listen_addresses", "127.0.0.1")
                    .setServerConfig("max_connections", "100")
                    // a queue's dead rows gather within seconds
                    .setServerConfig("autovacuum_naptime", "10s")
                    // zonky's defaults are for tests: they lose what was committed when the machine goes down
                    .setServerConfig("fsync", onlyIfDurable)
                    .setServerConfig("full_page_writes", onlyIfDurable)
                    .setServerConfig("synchronous_commit", onlyIfDurable)
                    .setLocaleConfig("encoding", "UTF8")
                    .setLocaleConfig("locale", "C.UTF-8");
            if (port > 0) {
                builder.setPort(port);
            }
            EmbeddedDatabase database = new EmbeddedDatabase(builder.start(), lockFile);
            database.createOwner();
            Runtime.getRuntime().addShutdownHook(new Thread(database::stopWithTheProcess, "sluice-postgres-stop"));
            return database;
        } catch (IOException | SQLException | RuntimeException failure) {
            if (failure instanceof IllegalStateException told && told.getMessage().startsWith("Sluice")) {
                throw told;
            }
            throw new IllegalStateException("Sluice could not start its embedded PostgreSQL on 127.0.0.1:" + port
                    + " with the data in " + folder + ": " + RootCause.of(failure)
                    + ". Is the port taken? Set sluice.database.port, or sluice.database.url to a server of yours.",
                    failure);
        }
    }

    /** Where PostgreSQL's programs are unpacked to; may be a link to a folder that several share. */
    private static Path binaries(Path home) throws IOException {
        Path folder = home.resolve("binaries");
        return Files.isDirectory(folder) ? folder.toRealPath() : Files.createDirectory(folder);
    }

    private static FileChannel lock(Path home) throws IOException {
        FileChannel channel = FileChannel.open(home.resolve("owner.lock"),
                StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException sameProcess) {
            lock = null;
        }
        if (lock == null) {
            channel.close();
            throw new IllegalStateException("Sluice is already running on the embedded PostgreSQL in " + home
                    + ". Stop that process first, or give this one a folder and port of its own"
                    + " (sluice.database.folder, sluice.database.port).");
        }
        return channel;
    }

    /** A process killed hard leaves its PostgreSQL running; the lock says that nobody owns it any more. */
    private static void stopOrphan(Path data) throws IOException {
        Path pidFile = data.resolve("postmaster.pid");
        if (!Files.exists(pidFile)) {
            return;
        }
        long pid = Files.readAllLines(pidFile).stream().findFirst().map(line -> Long.parseLong(line.trim())).orElse(0L);
        Optional<ProcessHandle> orphan = ProcessHandle.of(pid)
                .filter(process -> process.info().command().map(it -> it.endsWith("postgres")).orElse(false));
        if (orphan.isPresent()) {
            LOG.info("The last run was killed and left its PostgreSQL behind (process {}); it is stopped first.", pid);
            // SIGINT is PostgreSQL's fast shutdown: it ends the sessions and writes everything
            new ProcessBuilder("kill", "-INT", Long.toString(pid)).start();
            try {
                orphan.get().onExit().get(30, TimeUnit.SECONDS);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException late) {
                throw new IOException("the PostgreSQL left behind by the last run (process " + pid + ") does not stop");
            }
        }
        Files.deleteIfExists(pidFile);
    }

    private void createOwner() throws SQLException {
        try (Connection connection = server.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            if (!exists(statement, "select 1 from pg_roles where rolname = '" + NAME + "'")) {
                statement.execute("create role " + NAME + " superuser login");
            }
            if (!exists(statement, "select 1 from pg_database where datname = '" + NAME + "'")) {
                statement.execute("create database " + NAME + " owner " + NAME);
            }
            // or a table that the user sluice makes without naming a schema would land in Sluice's own
            statement.execute("alter role " + NAME + " set search_path = public");
        }
    }

    private static boolean exists(Statement statement, String sql) throws SQLException {
        try (var rows = statement.executeQuery(sql)) {
            return rows.next();
        }
    }

    public String url() {
        return server.getJdbcUrl(NAME, NAME);
    }

    public int port() {
        return server.getPort();
    }

    /** Whoever uses the database ends first; where nobody is left to close it, it is stopped here. */
    private void stopWithTheProcess() {
        try {
            if (stopped.await(15, TimeUnit.SECONDS)) {
                return;
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        close();
    }

    @Override
    public synchronized void close() {
        if (stopped.getCount() == 0) {
            return;
        }
        try {
            server.close();
            lockFile.close();
        } catch (IOException failure) {
            LOG.warn("The embedded PostgreSQL did not stop cleanly: {}", failure.getMessage());
        } finally {
            stopped.countDown();
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.store;

import io.sluice.RootCause;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts a real PostgreSQL as a child process for the demo and for tests; its data is kept between runs. A lock file makes one
 * process the owner of a data folder.
 */
public final class EmbeddedDatabase implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedDatabase.class);
    private static final String NAME = "sluice";
    /** The line of postmaster.pid with the port, from 0. */
    private static final int PORT_LINE = 3;

    private final EmbeddedPostgres server;
    private final FileChannel lockFile;
    private final CountDownLatch stopped = new CountDownLatch(1);

    private EmbeddedDatabase(EmbeddedPostgres server, FileChannel lockFile) {
        this.server = server;
        this.lockFile = lockFile;
    }

    /**
     * Starts a server.
     *
     * @param folder folder of the data; created if it does not exist
     * @param port   port on loopback; 0 for a free one
     * @throws IllegalStateException if another process owns the folder or the server can't start; its message says what to do
     */
    public static EmbeddedDatabase start(Path folder, int port) {
        return start(folder, port, true);
    }

    /** @param durable whether a commit waits for the disk; false only in tests */
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
                    // Camel closes this object after the routes; the library's own hook would stop the server before
                    // them
                    .setRegisterShutdownHook(false)
                    .setPGStartupWait(Duration.ofSeconds(60))
                    .setServerConfig("listen_addresses", "127.0.0.1")
                    .setServerConfig("max_connections", "100")
                    // a queue collects dead rows within seconds
                    .setServerConfig("autovacuum_naptime", "10s")
                    // the library's defaults are for tests: a crash of the machine would lose committed data
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
            if (failure instanceof IllegalStateException explained
                    && explained.getMessage().startsWith("Sluice")) {
                throw explained;
            }
            throw new IllegalStateException(
                    "Sluice could not start its embedded PostgreSQL on 127.0.0.1:" + port
                            + " with the data in " + folder + ": " + RootCause.of(failure)
                            + ". Is the port taken? Set sluice.database.port, or sluice.database.url to a server of yours.",
                    failure);
        }
    }

    /** Returns the folder of PostgreSQL's programs; it may be a link to a shared folder. */
    private static Path binaries(Path home) throws IOException {
        Path folder = home.resolve("binaries");
        return Files.isDirectory(folder) ? folder.toRealPath() : Files.createDirectory(folder);
    }

    private static FileChannel lock(Path home) throws IOException {
        FileChannel channel =
                FileChannel.open(home.resolve("owner.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException sameProcess) {
            lock = null;
        }
        if (lock == null) {
            channel.close();
            throw new IllegalStateException("Sluice is already running on the embedded PostgreSQL in " + home
                    + ". Stop that process first, or set another folder and port for this one"
                    + " (sluice.database.folder, sluice.database.port).");
        }
        return channel;
    }

    /** Stops the PostgreSQL that a killed process left behind; the lock proves that no process owns it any more. */
    private static void stopOrphan(Path data) throws IOException {
        Path pidFile = data.resolve("postmaster.pid");
        if (!Files.exists(pidFile)) {
            return;
        }
        long pid = Files.readAllLines(pidFile).stream()
                .findFirst()
                .map(line -> Long.parseLong(line.trim()))
                .orElse(0L);
        Optional<ProcessHandle> orphan = ProcessHandle.of(pid).filter(process -> process.info()
                .command()
                .map(it -> it.endsWith("postgres"))
                .orElse(false));
        if (orphan.isPresent()) {
            LOG.info(
                    "The last run was killed and left its PostgreSQL running (process {}); this PostgreSQL is stopped before a"
                            + " new one starts.",
                    pid);
            // SIGINT is PostgreSQL's fast shutdown: it ends the sessions and writes all data
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

    /**
     * Returns the URL of the server that another process runs, or is starting, on the data in a folder.
     *
     * @throws IllegalStateException if none has been started after that time
     */
    public static String awaitUrl(Path folder, Duration atMost) {
        long ends = System.nanoTime() + atMost.toNanos();
        do {
            try {
                List<String> lines = Files.readAllLines(folder.resolve("data/postmaster.pid"));
                if (lines.size() > PORT_LINE) {
                    return "jdbc:postgresql://127.0.0.1:" + lines.get(PORT_LINE).strip() + "/" + NAME;
                }
            } catch (NoSuchFileException notYet) {
                LOG.debug("No server runs on {} yet", folder);
            } catch (IOException unreadable) {
                break;
            }
            LockSupport.parkNanos(100_000_000);
        } while (System.nanoTime() - ends < 0);
        throw new IllegalStateException("The embedded PostgreSQL in " + folder
                + " does not run, so nothing can be checked in it. Stop Sluice and start it again.");
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
            // otherwise a table that the user sluice creates without a schema would be created in the schema sluice
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

    /** Stops the server at the end of the process, if its users have not closed it within 15 s. */
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

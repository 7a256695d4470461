// SPDX-License-Identifier: Apache-2.0
package io.sluice.store;

import io.sluice.testkit.FreePorts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * Unpacks PostgreSQL's programs and makes an empty cluster once for all tests and their processes: both take longer than the start
 * of a server, and the databases of one JVM share the programs of the first one, which must outlive them all.
 */
public final class SharedBinaries {

    private static final Path SHARED = Path.of("target", "postgres-binaries").toAbsolutePath();
    private static final Path CLUSTER = Path.of("target", "postgres-cluster").toAbsolutePath();

    /** Avoids links in a temporary folder: JUnit warns about each link that it deletes. */
    private static final Logger DELETED_LINKS =
            Logger.getLogger("org.junit.jupiter.engine.extension.TempDirectory$CloseablePath");

    static {
        DELETED_LINKS.setLevel(Level.SEVERE);
    }

    private SharedBinaries() {}

    /** Prepares the folder of a database to use the shared programs, and copies the empty cluster into a new one. */
    public static Path in(Path database) {
        try {
            link(database);
            if (!Files.exists(database.resolve("data"))) {
                makeCluster();
                copy(CLUSTER, database.resolve("data"));
            }
            return database;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static void link(Path database) throws IOException {
        Files.createDirectories(SHARED);
        Files.createDirectories(database);
        if (!Files.exists(database.resolve("binaries"))) {
            Files.createSymbolicLink(database.resolve("binaries"), SHARED);
        }
    }

    /** Makes the cluster unless another test has; the lock keeps out other JVMs, the monitor other threads. */
    private static synchronized void makeCluster() throws IOException {
        if (Files.exists(CLUSTER)) {
            return;
        }
        try (FileChannel channel = FileChannel.open(
                        CLUSTER.resolveSibling("postgres-cluster.lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            if (lock.isValid() && !Files.exists(CLUSTER)) {
                Path folder = Files.createTempDirectory(CLUSTER.getParent(), "postgres-cluster-");
                link(folder);
                EmbeddedDatabase.start(folder, FreePorts.next(), false).close();
                Files.move(folder.resolve("data"), CLUSTER, StandardCopyOption.ATOMIC_MOVE);
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                // with its permissions: the server starts in a folder of its owner alone
                Files.copy(file, to.resolve(from.relativize(file).toString()), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
    }
}

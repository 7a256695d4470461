// SPDX-License-Identifier: Apache-2.0
package io.sluice.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Unpacks PostgreSQL's programs once for all tests and their processes: unpacking takes longer than the start of a server, and
 * the databases of one JVM share the folder of the first one, which must outlive them all.
 */
public final class SharedBinaries {

    private static final Path SHARED = Path.of("target", "postgres-binaries").toAbsolutePath();

    /** Avoids links in a temporary folder: JUnit warns about each link that it deletes. */
    private static final Logger DELETED_LINKS =
            Logger.getLogger("org.junit.jupiter.engine.extension.TempDirectory$CloseablePath");

    static {
        DELETED_LINKS.setLevel(Level.SEVERE);
    }

    private SharedBinaries() {}

    /** Prepares the folder of a database to use the shared programs. */
    public static Path in(Path database) {
        try {
            Files.createDirectories(SHARED);
            Files.createDirectories(database);
            if (!Files.exists(database.resolve("binaries"))) {
                Files.createSymbolicLink(database.resolve("binaries"), SHARED);
            }
            return database;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}

package io.sluice.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * PostgreSQL's programs, unpacked once for all tests and their processes: unpacking takes longer than starting it, and in
 * one JVM the databases share what the first has unpacked, whose folder must outlive them all.
 */
public final class SharedBinaries {

    private static final Path SHARED = Path.of("target", "postgres-binaries").toAbsolutePath();

    /** JUnit warns of each link that it deletes with a temporary folder. */
    private static final Logger DELETED_LINKS = Logger.getLogger(
            "org.junit.jupiter.engine.extension.TempDirectory$CloseablePath");

    static {
        DELETED_LINKS.setLevel(Level.SEVERE);
    }

    private SharedBinaries() {
    }

    /** The folder of a database, which is to use them. */
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

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Holds the files of a sandbox that are too large for its memory: beside its data file, or in a temporary folder that
 * is deleted at the end.
 */
record SandboxFolder(Path path, boolean temporary) implements AutoCloseable {

    /** Opens the folder of a data file, which bears the file's name. Deletes uploads that a crash left there. */
    static SandboxFolder open(Optional<Path> data) throws IOException {
        SandboxFolder folder = data.isPresent()
                ? new SandboxFolder(data.get().resolveSibling(data.get().getFileName() + ".bulk"), false)
                : new SandboxFolder(Files.createTempDirectory("sluice-sandbox"), true);
        delete(folder.uploads());
        Files.createDirectories(folder.uploads());
        return folder;
    }

    Path uploads() {
        return path.resolve("uploads");
    }

    Path jobs() {
        return path.resolve("jobs");
    }

    @Override
    public void close() throws IOException {
        if (temporary) {
            delete(path);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        List<Path> deepestFirst;
        try (Stream<Path> files = Files.walk(folder)) {
            deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : deepestFirst) {
            Files.deleteIfExists(file);
        }
    }
}

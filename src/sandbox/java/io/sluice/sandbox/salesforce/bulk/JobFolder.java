// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.bulk;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Holds a job's files: its description, its uploaded rows, their outcomes, and a query's results. */
record JobFolder(Path path) {

    private static final ObjectMapper JSON = new ObjectMapper();

    Path upload() {
        return path.resolve("upload.csv");
    }

    Path outcomes() {
        return path.resolve("outcomes");
    }

    Path results() {
        return path.resolve("results.csv");
    }

    /** Answers the index of {@link #results()}: the position at which each row begins. */
    Path resultsIndex() {
        return path.resolve("results.index");
    }

    JsonNode description() throws IOException {
        return JSON.readTree(path.resolve("job.json").toFile());
    }

    /** Replaces the whole description, so that a crash leaves the old or the new one. */
    void describe(ObjectNode job) {
        try {
            Files.createDirectories(path);
            Path next = path.resolve("job.json.new");
            Files.write(next, JSON.writeValueAsBytes(job));
            Files.move(
                    next,
                    path.resolve("job.json"),
                    StandardCopyOption.REPLACE_EXISTING,
                    StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException("The sandbox can't keep a job in " + path + ".", e);
        }
    }

    void delete() {
        if (!Files.exists(path)) {
            return;
        }
        try (Stream<Path> files = Files.walk(path)) {
            List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
            for (Path file : deepestFirst) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("The sandbox can't delete the job in " + path + ".", e);
        }
    }
}

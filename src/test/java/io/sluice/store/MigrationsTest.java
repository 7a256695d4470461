// SPDX-License-Identifier: Apache-2.0
package io.sluice.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Databases hold the checksum of each migration: an edited one would stop their upgrade. */
class MigrationsTest {

    private static final Path MIGRATIONS = Path.of("src/main/resources/db/migration");

    /** SHA-256 of each migration; a new migration adds a line. */
    private static final Map<String, String> CHECKSUMS =
            Map.of("V1__sluice.sql", "3a31f4f53b9634bd9563fc4a5b87bd6afbea96ee75fe2f06ac018e07322f3408");

    @Test
    void noMigrationIsEdited() throws Exception {
        Map<String, String> actual = new TreeMap<>();
        try (Stream<Path> files = Files.list(MIGRATIONS)) {
            for (Path file : files.toList()) {
                actual.put(file.getFileName().toString(), sha256(Files.readAllBytes(file)));
            }
        }

        assertThat(actual)
                .as(
                        "A migration stays as it is once it is committed. Undo the edit, add V2__what_it_changes.sql (or the next"
                                + " number) in its place, and a line with its checksum here")
                .isEqualTo(new TreeMap<>(CHECKSUMS));
    }

    private static String sha256(byte[] file) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(file));
    }
}

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
    private static final Map<String, String> CHECKSUMS = Map.ofEntries(
            Map.entry("V1__sluice.sql", "3a31f4f53b9634bd9563fc4a5b87bd6afbea96ee75fe2f06ac018e07322f3408"),
            Map.entry("V2__tombstone_base.sql", "edd47fc01efcaaba94a7990c3fa85ef5d31ae4dd604ce913d2910bb5195ad885"),
            Map.entry("V3__clock_set_back.sql", "e4ad9dc3afb5bb0085be92fd4f71abeb2b92fd90840d2f9d4f2c481703a0ff27"),
            Map.entry("V4__alerts.sql", "65688a557c2b114498aa2f0a6392fa303af060ab09170ff4a6c762665dac8718"),
            Map.entry("V5__usage.sql", "11bd67517a2103f957d7e20028e5f605a4eb660af9a479472a738e572d036d8f"),
            Map.entry(
                    "V6__conflict_decided_at.sql", "08b00ac1ed9481814c38f5335d19c5be2a086d8e5df2cc5bac0d646242e45fd8"),
            Map.entry("V7__web_access.sql", "3faca2f39cd2d942d6e504b54f3b812a57aeeef515f7be653e822b3058e6962e"),
            Map.entry("V8__saved_calls.sql", "26519c67637c1a14b7a4c22bb9b95b03f89c7cda2e8d7af3f136b6b8c0933b3f"),
            Map.entry("V9__traces.sql", "a5c6dbcc6fa04ddfc57bd47844c877c1f6c1359b61462240aa8f66e349a7eb2b"),
            Map.entry("V10__await_work.sql", "494cfe6bd017296252f3c40353418ee759f771f82aaa8559a657ec5cb2706441"),
            Map.entry("V11__sync_state_now.sql", "b1f615d3243a9dcf5d83ac01809aaec76d5aafb1d845d2416897fb3cab98716a"),
            Map.entry("V12__capture_mapping.sql", "c1fe30b77c277f77906dc5d8adb5932e7d8e3495d1e3d06df6c55cfb97f93cc4"),
            Map.entry("V13__compatibility.sql", "ffa11d0df21a9855f787ff38fb96b12ec35dd4b0cda452ef27e6c2a76b6eb8fc"),
            Map.entry("V14__await_parts.sql", "36dcf91cfe6dbde30e5a3b2e06c5e7a2524e482952827ee1840afb82f2983f41"),
            Map.entry("V15__earlier_values.sql", "3b027b417169b7eea90d2d8036b0aa2f2acf9d4823dc29af0842b6a8b800ac45"),
            Map.entry("V16__alert_clock.sql", "12b2dc95d0930f486b83e7a547de7d650e99c20d88425d2f6467fdcc16cb4706"),
            Map.entry("V17__whole_history.sql", "78381fd03c1cdf7b8e3d2f215912584a7b86a4e92c73a74f7406749dfb256b6b"),
            Map.entry("V18__event_streams.sql", "11048e117ded5e1d3b2c8f72fca5cbe4a7eda5599d0c8eacc9b7b5939fe0d199"),
            Map.entry(
                    "V19__usage_quarter_hour.sql", "381c3185b135a7b080807cc86e1a2e43dad4bfada065b211ef655122bf0ed6d5"));

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

// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm.salesforce;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TransferFilesTest {

    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

    @TempDir
    Path folder;

    private Path file(String name, Duration age) throws IOException {
        return Files.setLastModifiedTime(Files.createFile(folder.resolve(name)), FileTime.from(NOW.minus(age)));
    }

    @Test
    void onlyFilesLeftByKilledProcessesAreDeleted() throws Exception {
        Path left = file("sluice-1.csv", Duration.ofMinutes(61));
        Path underWay = file("sluice-2.csv", Duration.ofMinutes(59));
        Path another = file("other.csv", Duration.ofDays(1));

        assertThat(TransferFiles.sweep(folder, NOW)).isEqualTo(1);
        assertThat(left).doesNotExist();
        assertThat(underWay).exists();
        assertThat(another).exists();
    }

    @Test
    void anUnlistableFolderStopsNoTransfer() {
        assertThat(TransferFiles.sweep(folder.resolve("not-there"), NOW)).isZero();
    }
}

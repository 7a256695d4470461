// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretFilesTest {

    private static final String PREFIX = "sluice.account.org.";

    @TempDir
    Path folder;

    @Test
    void aFileStandsForWhatItHolds() throws Exception {
        Path file = Files.writeString(folder.resolve("secret"), "s3cret\n");
        assertThat(SecretFiles.read(PREFIX, Map.of("client-id", "me", "client-secret-file", file.toString())))
                .isEqualTo(Map.of("client-id", "me", "client-secret", "s3cret"));
    }

    @Test
    void aFileThatIsNotThereIsNamedWithItsSetting() {
        String file = folder.resolve("none").toString();
        assertThatThrownBy(() -> SecretFiles.read(PREFIX, Map.of("client-secret-file", file)))
                .hasMessage("application.properties: sluice.account.org.client-secret-file names " + file
                        + ", which can't be read: there is no such file");
    }

    @Test
    void aSettingGivenTwiceIsRejected() {
        assertThatThrownBy(() -> SecretFiles.read(PREFIX, Map.of("password", "a", "password-file", "b")))
                .hasMessageContaining(
                        "sluice.account.org.password and sluice.account.org.password-file say the same thing");
    }
}

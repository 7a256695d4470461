// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatchedFilesTest {

    @TempDir
    Path home;

    private WatchedFiles files;
    private Map<Path, String> before;

    @BeforeEach
    void aBundle() throws IOException {
        write("routes/1-capture.camel.yaml", "a: 1");
        write("routes/syncs/customers.camel.yaml", "b: 1");
        write("application.properties", "sluice.senders = 2\nsluice.account.a.limit.daily = 10 per 24h\n");
        files = new WatchedFiles(
                List.of(home.resolve("routes"), home.resolve("kamelet-catalog")),
                home.resolve("application.properties"));
        before = files.contents();
    }

    @Test
    void anEditedAnAddedAndADeletedFileAreChanged() throws IOException {
        Map<Path, String> stamps = files.stamps();
        write("routes/syncs/customers.camel.yaml", "b: 22");
        write("kamelet-catalog/own-sink.kamelet.yaml", "c: 1");
        Files.delete(home.resolve("routes/1-capture.camel.yaml"));

        assertThat(files.stamps()).isNotEqualTo(stamps);
        assertThat(changed())
                .containsExactly(
                        "kamelet-catalog/own-sink.kamelet.yaml",
                        "routes/1-capture.camel.yaml",
                        "routes/syncs/customers.camel.yaml");
    }

    @Test
    void aFileThatIsSavedAsItWasIsNotChanged() throws IOException {
        write("routes/syncs/customers.camel.yaml", "b: 1");

        assertThat(changed()).isEmpty();
    }

    @Test
    void filesOfAnEditorAreNotWatched() throws IOException {
        write("routes/syncs/.#customers.camel.yaml", "b: 1");
        write("routes/syncs/customers.camel.yaml~", "b: 1");
        write("routes/.swap/customers.camel.yaml", "b: 1");

        assertThat(changed()).isEmpty();
    }

    /** They apply in the running process. */
    @Test
    void aLimitOrACostIsNoChangeOfTheSettings() throws IOException {
        write(
                "application.properties",
                "# a comment\nsluice.account.a.limit.daily = 20 per 24h\nsluice.account.a.cost.query=3\nsluice.senders=2");
        assertThat(changed()).isEmpty();

        write("application.properties", "sluice.senders = 3\nsluice.account.a.limit.daily = 10 per 24h\n");
        assertThat(changed()).containsExactly("application.properties");
    }

    @Test
    void settingsThatNobodyCanReadAreAChange() throws IOException {
        write("application.properties", "sluice.senders = \\u00");

        assertThat(changed()).containsExactly("application.properties");
    }

    private List<String> changed() {
        return WatchedFiles.changed(before, files.contents()).stream()
                .map(file -> home.relativize(file).toString())
                .toList();
    }

    private void write(String file, String text) throws IOException {
        Files.createDirectories(home.resolve(file).getParent());
        Files.writeString(home.resolve(file), text);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.crm.Crm;
import io.sluice.crm.salesforce.SalesforceCrm;
import io.sluice.quota.Limit;
import io.sluice.quota.Limits;
import io.sluice.quota.Pool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsFileTest {

    private static final Map<String, Crm> CRMS = Map.of("salesforce", new SalesforceCrm());

    @TempDir
    Path folder;

    private Path file;
    private final Limits limits = Limits.of(Map.of("org", List.of(Limit.parse("daily", "100 per 24h"))));
    private SettingsFile settings;

    @BeforeEach
    void start() throws IOException {
        file = folder.resolve("application.properties");
        write("sluice.account.org.limit.daily = 100 per 24h");
        settings = new SettingsFile(
                file,
                Map.of("org.crm", "salesforce", "org.limit.daily", "100 per 24h", "org.limit.given", "5 per 1s"),
                CRMS,
                limits,
                value -> value.replace("{{TEN}}", "10"),
                name -> name.equals("sluice.account.org.limit.given"));
    }

    private void write(String... lines) throws IOException {
        Files.write(file, List.of(lines));
    }

    private List<String> limits() {
        return limits.all().stream()
                .map(Pool::shared)
                .flatMap(List::stream)
                .map(limit -> limit.name() + " " + limit.max())
                .toList();
    }

    @Test
    void aFileThatDidNotChangeChangesNothing() {
        settings.reload();
        assertThat(limits()).as("as the test gave them").containsExactly("daily 100");
    }

    @Test
    void editedLimitsAreAdoptedAndRemovedOnesEnd() throws IOException {
        write("sluice.account.org.limit.short = {{TEN}} per 10s");
        settings.reload();
        assertThat(limits()).containsExactlyInAnyOrder("short 10", "given 5");
    }

    @Test
    void valuesOfTheCommandLineAndTheEnvironmentStay() throws IOException {
        write("sluice.account.org.limit.daily = 200 per 24h", "sluice.account.org.limit.given = 99 per 1s");
        settings.reload();
        assertThat(limits()).containsExactlyInAnyOrder("daily 200", "given 5");
    }

    @Test
    void aWrongLimitChangesNothingAndARightOneAfterItDoes() throws IOException {
        write("sluice.account.org.limit.daily = lots of them");
        settings.reload();
        assertThat(limits()).containsExactly("daily 100");
        write("sluice.account.org.limit.daily = 1000 per 24h");
        settings.reload();
        assertThat(limits()).contains("daily 1000");
    }

    @Test
    void aFileThatGoesAwayChangesNothing() throws IOException {
        Files.delete(file);
        settings.reload();
        assertThat(limits()).containsExactly("daily 100");
    }
}

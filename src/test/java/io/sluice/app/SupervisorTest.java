// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class SupervisorTest {

    @Test
    void onlyTheDevOptionOfCamelRunMakesAProcessASupervisor() {
        assertThat(Supervisor.isDev(List.of("java", "main.CamelJBang", "run", "application.properties", "--dev")))
                .isTrue();
        assertThat(Supervisor.isDev(List.of("java", "main.CamelJBang", "run", "--dev=true", "application.properties")))
                .isTrue();
        assertThat(Supervisor.isDev(List.of("java", "main.CamelJBang", "run", "application.properties")))
                .isFalse();
        assertThat(Supervisor.isDev(List.of("java", "io.sluice.app.Main", "--dev")))
                .isFalse();
        assertThat(Supervisor.isDev(List.of())).as("not known").isFalse();
    }

    @Test
    void theFoldersOfThePatternsAreWatchedOnceEach() {
        assertThat(Supervisor.folders("file:routes/**/*.camel.yaml", "file:kamelet-catalog", "file:routes/syncs"))
                .containsExactly(Path.of("routes"), Path.of("kamelet-catalog"));
        assertThat(Supervisor.folders(
                        "file:routes/*.camel.yaml, file:routes/crm/*.camel.yaml",
                        "classpath:kamelets,file:///opt/kamelets/",
                        "file:syncs"))
                .containsExactly(Path.of("routes"), Path.of("/opt/kamelets"), Path.of("syncs"));
        assertThat(Supervisor.folders("", "classpath:kamelets")).isEmpty();
    }
}

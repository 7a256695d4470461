// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Runs the unit tests of the alert rules by Prometheus' own tool; .ci/run installs it. */
class PrometheusRulesTest {

    private static final String SKIPPED =
            "SKIPPED: promtool is missing (Debian's package prometheus has it), so the alert rules"
                    + " for Prometheus are not tested.";

    @Test
    void theRulesFireAndResolveAsTheirTestsSay() throws Exception {
        assumeTrue(isInstalled(), SKIPPED);

        Process tests = new ProcessBuilder(
                        List.of("promtool", "test", "rules", "src/test/monitoring/prometheus-rules-test.yaml"))
                .redirectErrorStream(true)
                .start();
        String output = new String(tests.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(tests.waitFor()).as(output).isZero();
        assertThat(output).contains("SUCCESS");
    }

    private static boolean isInstalled() throws InterruptedException {
        try {
            return new ProcessBuilder("promtool", "--version")
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException missing) {
            System.out.println(SKIPPED);
            return false;
        }
    }
}

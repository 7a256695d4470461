// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.testkit.FreePorts;
import org.apache.camel.main.Main;
import org.junit.jupiter.api.Test;

class SandboxLifecycleTest {

    @Test
    void camelStartsAndStopsTheSandboxWhenItIsEnabled() throws Exception {
        int port = FreePorts.next();
        Main main = main(true, port);
        main.start();
        assertThat(new SalesforceClient(port).get("/sandbox/referee").status()).isEqualTo(200);
        main.stop();
        assertThatThrownBy(() -> new SalesforceClient(port).get("/sandbox/referee"));
    }

    @Test
    void camelLeavesItAloneWhenItIsNot() throws Exception {
        int port = FreePorts.next();
        Main main = main(false, port);
        main.start();
        assertThatThrownBy(() -> new SalesforceClient(port).get("/sandbox/referee"));
        main.stop();
    }

    @Test
    void aTakenPortStopsTheStartAndSaysWhatToDo() {
        try (Sandbox taken = Sandbox.start("127.0.0.1", 0)) {
            Main main = main(true, taken.port());
            assertThatThrownBy(main::start).hasStackTraceContaining("set sluice.sandbox.port to another");
            main.stop();
        }
    }

    private static Main main(boolean enabled, int port) {
        Main main = new Main();
        main.addOverrideProperty("sluice.sandbox.enabled", String.valueOf(enabled));
        main.addOverrideProperty("sluice.sandbox.port", String.valueOf(port));
        main.addOverrideProperty("camel.main.shutdownTimeout", "2");
        // the sandbox alone, without the bundle whose settings lie on the class path
        main.addOverrideProperty("sluice.database.url", "");
        main.addOverrideProperty("camel.main.routesIncludePattern", "file:src/test/resources/no-routes/*.camel.yaml");
        main.addOverrideProperty("sluice.sandbox.data", "");
        main.addOverrideProperty("camel.server.enabled", "false");
        main.addOverrideProperty("camel.management.enabled", "false");
        return main;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Starts a new sandbox for each test, with a client that is logged in. */
abstract class SandboxTestBase {

    static final String API = SalesforceClient.API;

    Sandbox sandbox;
    SalesforceClient crm;

    @BeforeEach
    void start() {
        sandbox = Sandbox.start("127.0.0.1", 0);
        crm = new SalesforceClient(sandbox.port()).login();
    }

    @AfterEach
    void stop() {
        sandbox.close();
    }
}

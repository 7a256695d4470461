// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A fresh sandbox for each test, and a client of its HubSpot. */
abstract class HubspotTestBase {

    static final String CONTACTS = HubspotClient.CONTACTS;

    Sandbox sandbox;
    HubspotClient crm;

    @BeforeEach
    void start() {
        sandbox = Sandbox.start("127.0.0.1", 0);
        crm = new HubspotClient(sandbox.port());
    }

    @AfterEach
    void stop() {
        sandbox.close();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.demo;

import io.sluice.app.Practice;
import io.sluice.sandbox.Sandbox;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.util.function.BinaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the sandbox and fills the demo's tables. Settings of the sandbox: {@code sluice.sandbox.host} (127.0.0.1),
 * {@code .port} (8090), {@code .data} (a file in which records and counts survive a restart, with a folder for bulk
 * jobs beside it; none), {@code .webhooks} (an address to which its HubSpot account sends webhooks; none), {@code
 * .pubsub.port} (8091; none when the port is not 8090) and {@code .pubsub.tls} (false).
 */
public final class SandboxPractice implements Practice {

    private static final Logger LOG = LoggerFactory.getLogger(SandboxPractice.class);

    @Override
    public AutoCloseable startSandbox(BinaryOperator<String> settings) {
        String host = settings.apply("sluice.sandbox.host", Sandbox.DEFAULT_HOST);
        int port = Integer.parseInt(settings.apply("sluice.sandbox.port", String.valueOf(Sandbox.DEFAULT_PORT)));
        Sandbox sandbox = Sandbox.start(host, port, Sandbox.dataFile(settings.apply("sluice.sandbox.data", "")));
        String webhooks = settings.apply("sluice.sandbox.webhooks", "");
        if (!webhooks.isBlank()) {
            sandbox.sendWebhooks(webhooks);
        }
        sandbox.servePubSub(
                settings.apply("sluice.sandbox.pubsub.port", ""),
                Boolean.parseBoolean(settings.apply("sluice.sandbox.pubsub.tls", "false")));
        LOG.info(
                "The sandbox CRM serves at http://{}:{}; what it counts is at /sandbox/referee.", host, sandbox.port());
        return sandbox::close;
    }

    @Override
    public void makeDemoTables(Database database) throws SQLException {
        Demo.fill(database);
    }
}

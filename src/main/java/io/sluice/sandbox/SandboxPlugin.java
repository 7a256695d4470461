package io.sluice.sandbox;

import org.apache.camel.CamelContext;
import org.apache.camel.spi.ContextServicePlugin;
import org.apache.camel.support.LifecycleStrategySupport;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts the sandbox beside a Camel context when {@code sluice.sandbox.enabled} is true, and stops it with the context.
 * Camel finds it by itself. Other settings: {@code sluice.sandbox.host} (127.0.0.1), {@code sluice.sandbox.port}
 * (8090), {@code sluice.sandbox.data} (a file in which records and counts survive, with a folder beside it for bulk
 * jobs; none), {@code sluice.sandbox.webhooks} (an address to which its HubSpot tells what changes; none).
 */
public final class SandboxPlugin implements ContextServicePlugin {

    private static final Logger LOG = LoggerFactory.getLogger(SandboxPlugin.class);

    @Override
    public void load(CamelContext context) {
        // not here: Camel only warns when a plugin fails to load, and a taken port must stop the start
        context.addLifecycleStrategy(new Lifecycle());
    }

    /** Starts before any route or component does, so that a login at start-up finds the sandbox there. */
    private static final class Lifecycle extends LifecycleStrategySupport {

        private Sandbox sandbox;

        @Override
        public void onContextInitializing(CamelContext context) {
            if (sandbox != null || !Boolean.parseBoolean(setting(context, "enabled", "false"))) {
                return;
            }
            String host = setting(context, "host", Sandbox.DEFAULT_HOST);
            int port = Integer.parseInt(setting(context, "port", String.valueOf(Sandbox.DEFAULT_PORT)));
            sandbox = Sandbox.start(host, port, Sandbox.dataFile(setting(context, "data", "")));
            String webhooks = setting(context, "webhooks", "");
            if (!webhooks.isBlank()) {
                sandbox.sendWebhooks(webhooks);
            }
            LOG.info("The sandbox CRM serves at http://{}:{}; what it counts is at /sandbox/referee.", host,
                    sandbox.port());
        }

        @Override
        public void onContextStopped(CamelContext context) {
            if (sandbox != null) {
                sandbox.close();
                sandbox = null;
            }
        }

        private static String setting(CamelContext context, String name, String otherwise) {
            String key = "sluice.sandbox." + name;
            return context.resolvePropertyPlaceholders("{{" + key + ":" + otherwise + "}}").trim();
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import org.apache.camel.CamelContext;
import org.apache.camel.VetoCamelContextStartException;
import org.apache.camel.support.LifecycleStrategySupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts the sandbox beside a Camel context if {@code sluice.sandbox.enabled} is true, before any route or component starts,
 * so that a login at start-up finds it. Stops it with the context.
 */
final class SandboxLifecycle extends LifecycleStrategySupport {

    private static final Logger LOG = LoggerFactory.getLogger(SandboxLifecycle.class);
    private static final String ENABLED = "sluice.sandbox.enabled";

    private AutoCloseable sandbox;

    @Override
    public void onContextInitializing(CamelContext context) throws VetoCamelContextStartException {
        Settings settings = new Settings(context);
        if (sandbox != null || FileCheck.isOn() || !settings.flag(ENABLED, false)) {
            return;
        }
        try {
            sandbox = Practice.on(ENABLED).startSandbox(settings::text);
        } catch (IllegalArgumentException | IllegalStateException wrong) {
            LOG.error("{}", wrong.getMessage());
            throw new VetoCamelContextStartException(wrong.getMessage(), context, true);
        }
    }

    @Override
    public void onContextStopped(CamelContext context) {
        if (sandbox != null) {
            try {
                sandbox.close();
            } catch (Exception failed) {
                LOG.warn("The sandbox did not stop: {}", failed.toString());
            }
            sandbox = null;
        }
    }
}

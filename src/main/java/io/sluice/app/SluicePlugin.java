// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import org.apache.camel.CamelContext;
import org.apache.camel.spi.ContextServicePlugin;

/**
 * Adds Sluice to a Camel context. Camel finds this class on the class path, under Main, JBang and Kubernetes alike. Sluice
 * starts only where {@code sluice.database.url} is set, the sandbox where {@code sluice.sandbox.enabled} is true.
 */
public final class SluicePlugin implements ContextServicePlugin {

    @Override
    public void load(CamelContext context) {
        // before the others: a supervisor starts nothing else
        context.addLifecycleStrategy(new Supervisor());
        // lifecycles, because Camel only warns when a plugin fails to load: a taken port must stop the start
        context.addLifecycleStrategy(new SandboxLifecycle());
        MissingParts.nameIn(context);
        context.addLifecycleStrategy(new Wiring(RouteFileLoader.in(context)));
    }
}

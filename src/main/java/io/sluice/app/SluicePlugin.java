package io.sluice.app;

import org.apache.camel.CamelContext;
import org.apache.camel.spi.ContextServicePlugin;

/**
 * How Sluice comes into a Camel context: Camel finds it on the class path, under Main, JBang and Kubernetes alike. It
 * wakes up only where {@code sluice.database.url} is set, the sandbox where {@code sluice.sandbox.enabled} is true.
 */
public final class SluicePlugin implements ContextServicePlugin {

    @Override
    public void load(CamelContext context) {
        // lifecycles, since Camel only warns when a plugin fails to load: a taken port must stop the start
        context.addLifecycleStrategy(new SandboxLifecycle());
        context.addLifecycleStrategy(new Wiring());
    }
}

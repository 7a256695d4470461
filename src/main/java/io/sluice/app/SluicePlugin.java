package io.sluice.app;

import org.apache.camel.CamelContext;
import org.apache.camel.spi.ContextServicePlugin;

/**
 * How Sluice comes into a Camel context: Camel finds it on the class path, under Main, JBang and Kubernetes alike. It
 * wakes up only where {@code sluice.database.url} is set.
 */
public final class SluicePlugin implements ContextServicePlugin {

    @Override
    public void load(CamelContext context) {
        context.addLifecycleStrategy(new Bundle());
    }
}

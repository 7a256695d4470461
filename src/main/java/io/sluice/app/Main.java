package io.sluice.app;

import org.apache.camel.CamelContext;

/** Runs the bundle under plain Java and {@code mvn camel:run}; Camel JBang and Camel K bring their own main. */
public final class Main extends org.apache.camel.main.Main {

    public static void main(String... args) throws Exception {
        System.exit(new Main().run(args));
    }

    /** Under Maven this class comes from a class loader that Camel's discovery would not ask by itself. */
    @Override
    protected CamelContext createCamelContext() {
        CamelContext context = super.createCamelContext();
        context.setApplicationContextClassLoader(Main.class.getClassLoader());
        return context;
    }
}

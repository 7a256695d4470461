package io.sluice.app;

import org.apache.camel.CamelContext;
import org.apache.camel.VetoCamelContextStartException;
import org.apache.camel.util.ObjectHelper;

/** Runs the bundle under plain Java and {@code mvn camel:run}; Camel JBang and Camel K bring their own main. */
public final class Main extends org.apache.camel.main.Main {

    public static void main(String... args) throws Exception {
        System.exit(run(new Main(), args));
    }

    private static int run(Main main, String... args) throws Exception {
        try {
            return main.run(args);
        } catch (Exception failure) {
            if (ObjectHelper.getException(VetoCamelContextStartException.class, failure) != null) {
                return 1;   // it was told in words already
            }
            throw failure;
        }
    }

    /** Under Maven this class comes from a class loader that Camel's discovery would not ask by itself. */
    @Override
    protected CamelContext createCamelContext() {
        CamelContext context = super.createCamelContext();
        context.setApplicationContextClassLoader(Main.class.getClassLoader());
        return context;
    }
}

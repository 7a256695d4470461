// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import java.util.Arrays;
import org.apache.camel.CamelContext;
import org.apache.camel.VetoCamelContextStartException;
import org.apache.camel.util.ObjectHelper;
import org.slf4j.LoggerFactory;

/** Runs Sluice under plain Java and {@code mvn camel:run}; Camel JBang and Camel K have their own main class. */
public final class Main extends org.apache.camel.main.Main {

    public static void main(String... args) throws Exception {
        System.exit(run(new Main(), args));
    }

    private static int run(Main main, String... args) throws Exception {
        try {
            return main.run(args);
        } catch (Exception failure) {
            VetoCamelContextStartException veto =
                    ObjectHelper.getException(VetoCamelContextStartException.class, failure);
            if (veto != null) {
                if (veto.getCause() != null) { // not Sluice's own, which the log has already
                    LoggerFactory.getLogger(Main.class).error("Nothing was started. {}", CamelWords.of(veto));
                }
                return 1;
            }
            InvalidRouteFile wrong = ObjectHelper.getException(InvalidRouteFile.class, failure);
            if (wrong != null || isCamels(failure)) {
                LoggerFactory.getLogger(Main.class)
                        .error("Nothing was started. {}", wrong != null ? wrong.getMessage() : CamelWords.of(failure));
                LoggerFactory.getLogger(Main.class).debug("The start failed", failure);
                return 1;
            }
            throw failure;
        }
    }

    /** Whether a failure is Camel's judgement of a file or an endpoint: its messages say what is wrong, and its stack trace nothing. */
    private static boolean isCamels(Exception failure) {
        return failure.getClass().getName().startsWith("org.apache.camel.")
                || Arrays.stream(failure.getStackTrace())
                        .anyMatch(frame -> frame.getClassName().startsWith("org.apache.camel.dsl.yaml."));
    }

    /** Registers the plugin, because under Maven this class comes from a class loader that Camel's discovery does not search. */
    @Override
    protected CamelContext createCamelContext() {
        CamelContext context = super.createCamelContext();
        context.setApplicationContextClassLoader(Main.class.getClassLoader());
        return context;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
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
                    LoggerFactory.getLogger(Main.class).error("Nothing was started. {}", words(veto));
                }
                return 1;
            }
            if (String.valueOf(failure.getMessage()).contains("parsing resource")) {
                LoggerFactory.getLogger(Main.class)
                        .error("A file can't be read, so that nothing was started. {}", words(failure));
                return 1;
            }
            throw failure;
        }
    }

    /** Camel's message about a file that is no YAML, or not its own: the file, the error, line and column. */
    private static String words(Throwable failure) {
        List<String> words = new ArrayList<>();
        for (Throwable each = failure; each != null; each = each.getCause()) {
            String said = String.valueOf(each.getMessage())
                    .lines()
                    .limit(2)
                    .map(String::strip)
                    .collect(Collectors.joining(" "));
            if (words.stream().noneMatch(before -> before.contains(said))) {
                words.add(said);
            }
        }
        return String.join(": ", words);
    }

    /** Registers the plugin, because under Maven this class comes from a class loader that Camel's discovery does not search. */
    @Override
    protected CamelContext createCamelContext() {
        CamelContext context = super.createCamelContext();
        context.setApplicationContextClassLoader(Main.class.getClassLoader());
        return context;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.CamelContext;
import org.apache.camel.Route;
import org.apache.camel.api.management.ManagedCamelContext;
import org.apache.camel.api.management.mbean.ManagedRouteMBean;

/** Collects the routes and Kamelets that the tests have entered, from the metrics of every process that they started. */
public final class RouteCoverage {

    static final Path FOLDER = Path.of("target", "route-coverage");
    private static final Pattern ENTERED =
            Pattern.compile("camel_exchanges_total\\{[^}]*routeId=\"([^\"]+)\"[^}]*} (\\S+)");

    private RouteCoverage() {}

    static void gather(String metrics) {
        Set<String> entered = new TreeSet<>();
        Matcher matcher = ENTERED.matcher(metrics);
        while (matcher.find()) {
            if (Double.parseDouble(matcher.group(2)) > 0) {
                entered.add(matcher.group(1));
            }
        }
        write(entered);
    }

    /** Collects the coverage of a context in this process. */
    public static void gather(CamelContext context) {
        Set<String> entered = new TreeSet<>();
        ManagedCamelContext managed = context.getCamelContextExtension().getContextPlugin(ManagedCamelContext.class);
        context.getRoutes().stream()
                .map(Route::getId)
                .filter(id -> managed.getManagedRoute(id) != null && exchanges(managed.getManagedRoute(id)) > 0)
                .forEach(entered::add);
        write(entered);
    }

    private static long exchanges(ManagedRouteMBean route) {
        try {
            return route.getExchangesTotal();
        } catch (Exception unknown) {
            throw new IllegalStateException(unknown);
        }
    }

    private static void write(Set<String> entered) {
        try {
            Files.createDirectories(FOLDER);
            Files.write(Files.createTempFile(FOLDER, "process-", ".txt"), entered);
        } catch (IOException unwritable) {
            throw new UncheckedIOException(unwritable);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.Route;
import org.apache.camel.builder.RouteBuilder;

/** Runs a custom route behind a source Kamelet, until it is closed. */
public final class OwnRoute implements AutoCloseable {

    private final CamelContext context;
    private final Set<String> before;
    private final List<Object> received = new CopyOnWriteArrayList<>();
    private final AtomicInteger lists = new AtomicInteger();
    private final List<Integer> failing;

    /** @param failing the lists at which the route fails, the first being 1 */
    public OwnRoute(CamelContext context, String source, Integer... failing) throws Exception {
        this.context = context;
        this.before = routes();
        this.failing = List.of(failing);
        context.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from(source).process(exchange -> works(exchange.getMessage().getBody(List.class)));
            }
        });
    }

    private void works(List<?> list) {
        if (failing.contains(lists.incrementAndGet())) {
            throw new IllegalStateException("not this time");
        }
        received.addAll(list);
    }

    private Set<String> routes() {
        return context.getRoutes().stream().map(Route::getId).collect(Collectors.toSet());
    }

    /** Returns the items that the route has processed. */
    public List<Object> received() {
        return received;
    }

    /** Returns the number of lists, including those at which the route failed. */
    public int lists() {
        return lists.get();
    }

    /** Stops only the source; the Kamelets behind it belong to other routes too. */
    @Override
    public void close() {
        for (String id : routes()) {
            if (!before.contains(id) && id.contains("-source")) {
                try {
                    context.getRouteController().stopRoute(id);
                } catch (Exception failure) {
                    throw new IllegalStateException("The route " + id + " does not stop", failure);
                }
            }
        }
    }
}

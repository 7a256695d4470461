// SPDX-License-Identifier: Apache-2.0
package io.sluice.bench;

import io.sluice.quota.Limit;
import java.util.concurrent.Callable;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.StartupSummaryLevel;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;

/** Camel's Throttle EIP in its default mode, in a route of its own. */
final class CamelThrottle implements Limiter, AutoCloseable {

    private final DefaultCamelContext context = new DefaultCamelContext();
    private final ProducerTemplate template;

    CamelThrottle(Limit limit) throws Exception {
        context.setStartupSummaryLevel(StartupSummaryLevel.Off);
        context.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("direct:call")
                        .throttle(limit.max())
                        .timePeriodMillis(limit.window().toMillis())
                        .process(exchange ->
                                exchange.getMessage().getBody(Callable.class).call());
            }
        });
        context.start();
        template = context.createProducerTemplate();
    }

    @Override
    public void make(Callable<Integer> call) throws Exception {
        Exchange exchange = template.send("direct:call", it -> it.getMessage().setBody(call));
        if (exchange.getException() != null) {
            throw exchange.getException();
        }
    }

    @Override
    public void close() {
        context.stop();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.Operation;
import io.sluice.Priority;
import io.sluice.bulk.BulkJob;
import io.sluice.bulk.BulkJobState;
import io.sluice.crm.CrmCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

class LogContextTest {

    @Test
    void theAccountOfACallIsInTheContextDuringTheStepAndNotAfterwards() throws Exception {
        List<String> seen = new ArrayList<>();
        try (DefaultCamelContext context = new DefaultCamelContext()) {
            context.getCamelContextExtension().addInterceptStrategy(new LogContext());
            context.addRoutes(new RouteBuilder() {
                @Override
                public void configure() {
                    from("direct:call")
                            .process(exchange -> seen.add(MDC.get("account")))
                            .setVariable("call", constant(new CrmCall.Describe("crm", "crm-account", "Contact")))
                            .process(exchange -> seen.add(MDC.get("account")));
                }
            });
            context.start();
            context.createProducerTemplate().sendBody("direct:call", null);
        }
        assertThat(seen).containsExactly(null, "crm-account");
        assertThat(MDC.get("account")).isNull();
    }

    @Test
    void aCallWithoutABatchHasNoSyncAndNoKey() throws Exception {
        try (DefaultCamelContext context = new DefaultCamelContext()) {
            DefaultExchange exchange = new DefaultExchange(context);
            assertThat(LogContext.of(exchange)).isEmpty();
            exchange.setVariable("account", "crm-account");
            assertThat(LogContext.of(exchange)).isEqualTo(Map.of("account", "crm-account"));
        }
    }

    @Test
    void aBulkJobNamesItsAccountAndItsSync() throws Exception {
        try (DefaultCamelContext context = new DefaultCamelContext()) {
            DefaultExchange exchange = new DefaultExchange(context);
            exchange.setVariable(
                    "job",
                    new BulkJob(
                            UUID.randomUUID(),
                            "crm-account",
                            "Contact",
                            "people",
                            Operation.UPSERT,
                            BulkJobState.CREATE,
                            null,
                            Priority.NORMAL,
                            1,
                            1,
                            0,
                            null));
            assertThat(LogContext.of(exchange)).isEqualTo(Map.of("account", "crm-account", "sync", "people"));
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.CrmEvent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.camel.Body;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.junit.jupiter.api.Test;

/** Tests the timeout, and the route that uses it. */
class ReadBackAggregationStrategyTest {

    private static final Instant NOW = Instant.parse("2026-11-27T08:00:00Z");

    private static long timeout(String started) {
        return new ReadBackAggregationStrategy(Duration.ofMillis(200), Duration.ofMillis(500), InstantSource.fixed(NOW))
                .completionTimeout(Instant.parse(started));
    }

    @Test
    void theBatchWaitsForAnotherRecordButNoLongerThanItsFirstMayWait() {
        assertThat(timeout("2026-11-27T08:00:00Z")).isEqualTo(200);
        assertThat(timeout("2026-11-27T07:59:59.700Z")).isEqualTo(200);
        assertThat(timeout("2026-11-27T07:59:59.601Z")).isEqualTo(101);
        assertThat(timeout("2026-11-27T07:59:59.500Z"))
                .as("0 would be for ever")
                .isEqualTo(1);
        assertThat(timeout("2026-11-27T07:00:00Z")).isEqualTo(1);
        assertThat(timeout("2026-11-27T09:00:00Z"))
                .as("by a clock that was set back")
                .isEqualTo(200);
    }

    /** Stub of the inbox processor that counts batches and grants no permit. */
    public static final class Reader {
        private final ConcurrentLinkedQueue<Integer> batches = new ConcurrentLinkedQueue<>();

        public String group(@Body RecordEvents recordEvents) {
            return recordEvents.record().account() + " " + recordEvents.record().object();
        }

        public String batch(@Body List<RecordEvents> all) {
            batches.add(all.size());
            return "a batch";
        }

        public Object permit(String batch) {
            return null;
        }

        public void apply(String batch, Object answer, Integer status) {
            throw new AssertionError("called without a permit");
        }
    }

    private interface Use {
        void of(Reader reader, ProducerTemplate template) throws Exception;
    }

    private static void withTheRoute(Duration idleTimeout, Duration maxWait, Use use) throws Exception {
        Reader reader = new Reader();
        try (DefaultCamelContext context = new DefaultCamelContext()) {
            context.getRegistry().bind("inboxProcessor", reader);
            context.getRegistry()
                    .bind(
                            "readBackAggregationStrategy",
                            new ReadBackAggregationStrategy(idleTimeout, maxWait, InstantSource.system()));
            PluginHelper.getRoutesLoader(context)
                    .loadRoutes(ResourceHelper.fromString(
                            "5-inbox.camel.yaml", Files.readString(Path.of("routes/5-inbox.camel.yaml"))));
            context.removeRouteDefinitions(context.getRouteDefinitions().stream()
                    .filter(route -> !"read-back".equals(route.getRouteId()))
                    .toList());
            context.start();
            try (ProducerTemplate template = context.createProducerTemplate()) {
                use.of(reader, template);
            }
        }
    }

    private static void send(ProducerTemplate template, int record) {
        template.sendBody(
                "direct:read-back",
                new RecordEvents(
                        new RecordEvents.Record("crm", "contacts", "" + record),
                        List.of(CrmEvent.created(CrmEvent.identityOf(record), "contacts", "" + record, NOW))));
    }

    @Test
    void aBurstIsReadInBatchesOfAHundredAndTheRestSoonAfter() throws Exception {
        withTheRoute(Duration.ofMillis(400), Duration.ofMinutes(10), (reader, template) -> {
            for (int i = 0; i < 250; i++) {
                send(template, i);
            }
            await().atMost(Duration.ofSeconds(20)).until(() -> reader.batches.size() == 3);
            assertThat(reader.batches).containsExactly(100, 100, 50);
        });
    }

    @Test
    void theFirstRecordsOfASteadyTrickleDoNotWaitForAHundred() throws Exception {
        withTheRoute(Duration.ofMinutes(10), Duration.ofMillis(500), (reader, template) -> {
            AtomicInteger sent = new AtomicInteger();
            ScheduledExecutorService trickle = Executors.newSingleThreadScheduledExecutor();
            try {
                trickle.scheduleAtFixedRate(() -> send(template, sent.incrementAndGet()), 0, 50, TimeUnit.MILLISECONDS);
                await().atMost(Duration.ofSeconds(20)).until(() -> reader.batches.size() >= 3);
            } finally {
                trickle.shutdown();
                trickle.awaitTermination(10, TimeUnit.SECONDS);
            }
            // about ten records in 500 ms
            assertThat(reader.batches).allMatch(size -> size < 50).anyMatch(size -> size > 1);
        });
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.health.HealthCheck;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests consumers whose thread an Error has ended: Camel creates no new one. */
class LoopHealthTest {

    private final AtomicLong ahead = new AtomicLong();
    private final LoopHealth health = new LoopHealth(Duration.ofMinutes(30), () -> System.nanoTime() + ahead.get());
    private final DefaultCamelContext camel = new DefaultCamelContext();
    private final AtomicInteger turns = new AtomicInteger();
    private Thread.UncaughtExceptionHandler before;

    @BeforeEach
    void listen() {
        before = Thread.getDefaultUncaughtExceptionHandler();
        health.listen(() -> {});
        camel.addRoutePolicyFactory(health);
    }

    @AfterEach
    void stop() {
        camel.stop();
        Thread.setDefaultUncaughtExceptionHandler(before);
    }

    private void route(String from, Error error) throws Exception {
        // a thread that has ended never completes its exchange
        camel.getShutdownStrategy().setTimeout(1);
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from(from)
                        .routeId("loop")
                        .process(turn -> turns.incrementAndGet())
                        .filter(turn -> {
                            if (error != null) {
                                throw error;
                            }
                            return true;
                        })
                        .setBody(constant("x"));
            }
        });
        camel.start();
    }

    private HealthCheck.Result health() {
        return health.call(Map.of());
    }

    @ParameterizedTest
    @CsvSource({"seda:send", "timer:due?delay=1&period=50"})
    void aConsumerEndedByAnErrorIsReportedAtOnceWithoutTheMessageOfTheError(String from) throws Exception {
        route(from, new NoClassDefFoundError("secret"));
        if (from.startsWith("seda")) {
            camel.createProducerTemplate().asyncSendBody(from + "?waitForTaskToComplete=Never", "x");
        }
        await().dontCatchUncaughtExceptions()
                .atMost(Duration.ofSeconds(20))
                .until(() -> health().getState() == HealthCheck.State.DOWN);

        assertThat(health().getMessage().orElse(""))
                .contains(from.replace(":", "://").replaceAll("\\?.*", "") + " ended by NoClassDefFoundError")
                .doesNotContain("secret");
    }

    @Test
    void aSchedulerEndedByAnErrorIsReportedOnceItHasBeenSilentForLong() throws Exception {
        route("scheduler:drain?initialDelay=1&delay=20", new OutOfMemoryError());
        await().atMost(Duration.ofSeconds(20)).until(() -> turns.get() == 1);
        assertThat(health().getState()).isEqualTo(HealthCheck.State.UP);
        ahead.addAndGet(Duration.ofMinutes(31).toNanos());

        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(health().getMessage().orElse(""))
                        .startsWith("route loop has not run for 31 minutes"));
    }

    @ParameterizedTest
    @CsvSource({"timer:a?delay=1&period=20", "scheduler:b?initialDelay=1&delay=20"})
    void aLoopThatRunsIsUpHoweverLongItTakes(String from) throws Exception {
        route(from, null);
        ahead.addAndGet(Duration.ofMinutes(31).toNanos());
        int until = turns.get() + 3;
        await().atMost(Duration.ofSeconds(20)).until(() -> turns.get() > until);
        assertThat(health().getState()).isEqualTo(HealthCheck.State.UP);
    }

    @Test
    void aRouteThatIsStoppedOrRunsOnceIsNoLoop() throws Exception {
        route("timer:c?delay=1&period=20", null);
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("timer:once?repeatCount=1&delay=1").routeId("once").setBody(constant("x"));
            }
        });
        camel.getRouteController().stopRoute("loop");
        ahead.addAndGet(Duration.ofHours(9).toNanos());
        assertThat(health().getState()).isEqualTo(HealthCheck.State.UP);
    }

    @Test
    void aStuckLoopIsForTheLivenessProbe() {
        assertThat(health.isLiveness()).isTrue();
        assertThat(health.isReadiness()).isFalse();
    }
}

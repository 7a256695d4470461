// SPDX-License-Identifier: Apache-2.0
package io.sluice.trace;

import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.sluice.LogThrottle;
import java.net.URI;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Exports spans to an OTLP receiver over HTTP, by a thread of its own behind a queue of 2,048 spans. A receiver that is away or
 * hangs costs the spans that no longer fit into the queue, and nothing else. The variables of OpenTelemetry apply, such as
 * {@code OTEL_EXPORTER_OTLP_HEADERS}, {@code OTEL_RESOURCE_ATTRIBUTES} and {@code OTEL_BSP_MAX_QUEUE_SIZE}
 * (<a href="https://opentelemetry.io/docs/languages/java/configuration/">list</a>), except those that choose the exporter, its
 * protocol and the sampler.
 */
public final class TraceExport implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(TraceExport.class);
    /** Held, because java.util.logging forgets the level of a logger that nobody holds. */
    private static final java.util.logging.Logger LIBRARY = java.util.logging.Logger.getLogger("io.opentelemetry");

    private static final Map<String, String> DEFAULTS =
            Map.of("otel.service.name", "sluice", "otel.bsp.schedule.delay", "1000");
    /** How long the end of the process waits for the last spans. */
    private static final long LAST_SPANS_SECONDS = 2;

    private final OpenTelemetrySdk sdk;
    private final GivenIds ids = new GivenIds();

    /**
     * @param endpoint address of the receiver, without {@code /v1/traces}
     * @throws IllegalArgumentException if it is not an address
     */
    public TraceExport(String endpoint) {
        URI address = address(endpoint);
        // it would write to the standard error output, past the log; failures are logged here
        LIBRARY.setLevel(Level.OFF);
        LogThrottle throttle = new LogThrottle();
        sdk = AutoConfiguredOpenTelemetrySdk.builder()
                .disableShutdownHook()
                .addPropertiesSupplier(() -> DEFAULTS)
                .addPropertiesCustomizer(config -> Map.of(
                        "otel.exporter.otlp.endpoint", endpoint,
                        "otel.exporter.otlp.protocol", "http/protobuf",
                        "otel.exporter.otlp.traces.protocol", "http/protobuf",
                        "otel.traces.exporter", "otlp",
                        "otel.metrics.exporter", "none",
                        "otel.logs.exporter", "none",
                        "otel.traces.sampler", "always_on"))
                .addTracerProviderCustomizer((provider, config) -> provider.setIdGenerator(ids))
                .addSpanExporterCustomizer((exporter, config) ->
                        new LoggedExporter(exporter, address.getHost() + ":" + address.getPort(), throttle))
                .build()
                .getOpenTelemetrySdk();
    }

    private static URI address(String endpoint) {
        try {
            URI address = URI.create(endpoint);
            if (address.getHost() != null && String.valueOf(address.getScheme()).matches("https?")) {
                return address;
            }
        } catch (IllegalArgumentException wrong) {
            LOG.debug("No address", wrong);
        }
        throw new IllegalArgumentException(
                "application.properties: sluice.tracing.endpoint must be the address of an OTLP"
                        + " receiver over HTTP, such as http://localhost:4318");
    }

    Tracer tracer() {
        return sdk.getTracer("io.sluice");
    }

    GivenIds ids() {
        return ids;
    }

    @Override
    public void close() {
        sdk.shutdown().join(LAST_SPANS_SECONDS, TimeUnit.SECONDS);
    }

    /** Logs what could not be exported, once a minute. */
    private record LoggedExporter(SpanExporter exporter, String receiver, LogThrottle throttle)
            implements SpanExporter {

        @Override
        public CompletableResultCode export(Collection<SpanData> spans) {
            CompletableResultCode result = exporter.export(spans);
            result.whenComplete(() -> {
                if (!result.isSuccess()) {
                    throttle.warn(
                            LOG,
                            receiver,
                            "{} spans could not be exported to {} and are lost; the syncs go on without them.",
                            spans.size(),
                            receiver);
                }
            });
            return result;
        }

        @Override
        public CompletableResultCode flush() {
            return exporter.flush();
        }

        @Override
        public CompletableResultCode shutdown() {
            return exporter.shutdown();
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.trace;

import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.sdk.trace.IdGenerator;

/**
 * Makes random ids, except for the first span of a change's trace: the outbox holds the id of the trace, and the spans of
 * earlier attempts, perhaps of other processes, have named the id of the span.
 */
final class GivenIds implements IdGenerator {

    private static final IdGenerator RANDOM = IdGenerator.random();

    private final ThreadLocal<SpanContext> given = new ThreadLocal<>();

    /** Starts a span without a parent that has these ids. */
    io.opentelemetry.api.trace.Span start(SpanBuilder span, SpanContext ids) {
        given.set(ids);
        try {
            return span.setNoParent().startSpan();
        } finally {
            given.remove();
        }
    }

    @Override
    public String generateTraceId() {
        return given.get() == null ? RANDOM.generateTraceId() : given.get().getTraceId();
    }

    @Override
    public String generateSpanId() {
        return given.get() == null ? RANDOM.generateSpanId() : given.get().getSpanId();
    }
}

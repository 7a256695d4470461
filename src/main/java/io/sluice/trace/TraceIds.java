// SPDX-License-Identifier: Apache-2.0
package io.sluice.trace;

import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import java.util.UUID;

/** Derives the ids of OpenTelemetry from the trace of a change, the same in each process that meets the change. */
public final class TraceIds {

    private TraceIds() {}

    /** Returns the id of the trace, as 32 hexadecimal digits. */
    public static String traceId(UUID trace) {
        return trace.toString().replace("-", "");
    }

    /** Returns the id of its first span: the last 16 digits, which are never all zero, for a UUID has its variant there. */
    public static String rootSpanId(UUID trace) {
        return traceId(trace).substring(16);
    }

    static SpanContext root(UUID trace) {
        return SpanContext.createFromRemoteParent(
                traceId(trace), rootSpanId(trace), TraceFlags.getSampled(), TraceState.getDefault());
    }
}

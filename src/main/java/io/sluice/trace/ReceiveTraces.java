// SPDX-License-Identifier: Apache-2.0
package io.sluice.trace;

import io.opentelemetry.api.trace.Tracer;
import io.sluice.Sync;
import io.sluice.merge.Applied;
import io.sluice.merge.ApplyRecorder;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.ThreadLocalRandom;

/** Exports a span for each record that was received: from its modification, by the CRM's clock, to the commit in PostgreSQL. */
public final class ReceiveTraces implements ApplyRecorder {

    private final Tracer tracer;
    private final InstantSource clock;
    private final double ratio;

    /** @param ratio the part of the records that is traced, from 0 to 1 */
    public ReceiveTraces(TraceExport export, InstantSource clock, double ratio) {
        this(export.tracer(), clock, ratio);
    }

    ReceiveTraces(Tracer tracer, InstantSource clock, double ratio) {
        this.tracer = tracer;
        this.clock = clock;
        this.ratio = ratio;
    }

    @Override
    public void applied(Sync sync, int records, Applied applied) {
        Instant now = clock.instant();
        for (Instant at : applied.modifiedAt()) {
            if (ThreadLocalRandom.current().nextDouble() < ratio) {
                tracer.spanBuilder("receive")
                        .setNoParent()
                        .setStartTimestamp(at.isAfter(now) ? now : at)
                        .setAttribute("sluice.account", sync.getAccount())
                        .setAttribute("sluice.object", sync.getObject())
                        .setAttribute("sluice.sync", sync.getName())
                        .startSpan()
                        .end(now);
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/** Reports DOWN while changes of a synced table can't be captured or sent, with the reason. */
public final class CaptureHealth extends AbstractHealthCheck {

    private final Supplier<List<String>> problems;

    /** @param problems problems with the capture of any table; empty when there are none */
    public CaptureHealth(Supplier<List<String>> problems) {
        super("sluice", "capture");
        this.problems = problems;
    }

    /** What one table lacks takes no pod out of the service. */
    @Override
    public boolean isReadiness() {
        return false;
    }

    @Override
    protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
        List<String> found = problems.get();
        if (found.isEmpty()) {
            builder.up();
        } else {
            builder.message(String.join("; ", found)).down();
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import io.sluice.Sync;
import java.util.Map;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/** Reports DOWN while a sync does not run because of a mistake in its file, with the mistake. */
public final class SyncHealth extends AbstractHealthCheck {

    private final Sync sync;

    public SyncHealth(Sync sync) {
        super("sluice", "sync-" + sync.getName());
        this.sync = sync;
    }

    /** A mistake in one sync takes no pod out of the service: the other syncs run. */
    @Override
    public boolean isReadiness() {
        return false;
    }

    @Override
    protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
        String problem = sync.problem();
        if (problem == null) {
            builder.up();
        } else {
            builder.message(problem).down();
        }
    }
}

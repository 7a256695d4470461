// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import io.sluice.RootCause;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/** Reports DOWN while the database can't be reached or is read-only, or the syncs could not start because of it. */
public final class DatabaseHealth extends AbstractHealthCheck {

    private final Database database;
    private final Supplier<String> problem;

    /** @param problem problem that keeps the syncs from starting, or null */
    public DatabaseHealth(Database database, Supplier<String> problem) {
        super("sluice", "database");
        this.database = database;
        this.problem = problem;
    }

    @Override
    protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
        try {
            database.checkWritable();
            String why = problem.get();
            if (why == null) {
                builder.up();
            } else {
                builder.message(why).down();
            }
        } catch (SQLException unreachable) {
            builder.message("The database can't be reached: " + RootCause.of(unreachable))
                    .down();
        }
    }
}

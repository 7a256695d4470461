package io.sluice.status;

import io.sluice.RootCause;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/** DOWN when the database can't be asked or takes no writes, or the syncs are not up because of it. */
public final class DatabaseHealth extends AbstractHealthCheck {

    private final Database database;
    private final Supplier<String> problem;

    /** @param problem what keeps the syncs from being up, or null */
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
            builder.message("The database can't be reached: " + RootCause.of(unreachable)).down();
        }
    }
}

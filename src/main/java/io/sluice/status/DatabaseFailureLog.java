// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import io.sluice.LogThrottle;
import io.sluice.RootCause;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs routes that could not use the database: once a minute for each route and cause, because a route that the database
 * refuses at once runs up to 25 times a second.
 */
public final class DatabaseFailureLog {

    private static final Logger LOG = LoggerFactory.getLogger(DatabaseFailureLog.class);

    private final LogThrottle throttle = new LogThrottle();

    /** @param route the id of the route that failed */
    public void warn(String route, Exception failure) {
        String cause = RootCause.of(failure);
        throttle.warn(
                LOG,
                route + ' ' + cause,
                "Route {} could not use the database: {}; its next run repeats the work",
                route,
                cause);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.http;

import io.sluice.RootCause;
import io.sluice.store.Database;
import java.sql.SQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Records each action of a person or program over HTTP, in the table {@code audit} and in the log. No body is recorded. */
public final class Audit {

    private static final Logger LOG = LoggerFactory.getLogger(Audit.class);

    private static final int MAX_LENGTH = 300;

    private static final String INSERT = "insert into sluice.audit (name, address, action, status) values (?, ?, ?, ?)";

    private final Database database;

    public Audit(Database database) {
        this.database = database;
    }

    /**
     * Records an action.
     *
     * @param action method and path, with the query
     * @param status HTTP status of the answer
     */
    void record(String name, String address, String action, int status) {
        String plain = action.replaceAll("\\p{Cntrl}", "?");
        String shortened = plain.length() > MAX_LENGTH ? plain.substring(0, MAX_LENGTH) + "..." : plain;
        LOG.info("{} from {}: {}, status {}.", name, address, shortened, status);
        try {
            database.update(INSERT, name, address, shortened, status);
        } catch (SQLException failure) {
            LOG.warn(
                    "The action above is in the log only; the table audit could not be written: {}",
                    RootCause.of(failure));
        }
    }
}

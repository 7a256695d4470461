package io.sluice.quota;

import java.util.List;

/**
 * A limit and whose calls it counts.
 *
 * @param owner    the account or pool that declares it, under whose name the CRM's reports are kept
 * @param accounts the logins whose calls count
 */
record ScopedLimit(Limit limit, String owner, List<String> accounts) {

    boolean appliesTo(String operation) {
        return limit.appliesTo(operation);
    }
}

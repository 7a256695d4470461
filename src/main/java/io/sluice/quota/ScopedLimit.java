// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import java.util.List;

/**
 * A limit with the scope of its count.
 *
 * @param owner    account or pool that declares the limit; the CRM's reports are stored under its name
 * @param accounts logins whose calls count
 */
record ScopedLimit(Limit limit, String owner, List<String> accounts) {

    boolean appliesTo(String operation) {
        return limit.appliesTo(operation);
    }
}

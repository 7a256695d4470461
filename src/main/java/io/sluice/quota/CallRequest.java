// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import io.sluice.Priority;

/**
 * A request for a permit to make one call.
 *
 * @param account   name of the account in syncs: an account, or the pool from whose logins one is taken
 * @param operation name of the operation in limits, costs and the ledger
 * @param reads     whether the call changes nothing in the CRM
 * @param member    the login that must make the call, because it continues that login's work, or null
 */
public record CallRequest(String account, String operation, Priority priority, boolean reads, String member) {

    /** Makes a request for a call that any member may make. */
    public CallRequest(String account, String operation, Priority priority, boolean reads) {
        this(account, operation, priority, reads, null);
    }
}

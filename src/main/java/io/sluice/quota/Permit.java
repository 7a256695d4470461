// SPDX-License-Identifier: Apache-2.0
package io.sluice.quota;

import io.sluice.Priority;

/**
 * A permit to make one call.
 *
 * @param id      id of the call's row in the ledger
 * @param account account of the request
 * @param member  login that makes the call; the account itself where it is no pool
 * @param probe   kind of throttling whose end this call probes, or null
 */
public record Permit(long id, String account, String member, String operation, Priority priority, String probe) {}

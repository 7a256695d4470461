package io.sluice.quota;

import io.sluice.Priority;

/**
 * Leave to make one call.
 *
 * @param id      of its row in the ledger
 * @param account as it was asked for
 * @param member  the login that makes the call; the account itself where it is no pool
 * @param probe   the kind of the refusals that this call finds out to be over, or null
 */
public record Permit(long id, String account, String member, String operation, Priority priority, String probe) {
}

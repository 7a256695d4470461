package io.sluice.quota;

import io.sluice.Priority;

/**
 * Leave to make one call.
 *
 * @param id of its row in the ledger
 */
public record Permit(long id, String account, String operation, Priority priority) {
}

package io.sluice.quota;

import io.sluice.Priority;

/**
 * A call that somebody wants to make.
 *
 * @param account   as syncs name it: the account itself, or the pool that it is taken from
 * @param operation as limits, costs and the ledger name it
 * @param reads     whether it changes nothing in the CRM
 */
public record Call(String account, String operation, Priority priority, boolean reads) {
}

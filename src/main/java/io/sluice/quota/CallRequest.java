package io.sluice.quota;

import io.sluice.Priority;

/**
 * A call that somebody wants to make.
 *
 * @param account   as syncs name it: the account itself, or the pool that it is taken from
 * @param operation as limits, costs and the ledger name it
 * @param reads     whether it changes nothing in the CRM
 * @param member    the login that must make it, because it goes on with what that one began; or null
 */
public record CallRequest(String account, String operation, Priority priority, boolean reads, String member) {

    /** A call that any member may make. */
    public CallRequest(String account, String operation, Priority priority, boolean reads) {
        this(account, operation, priority, reads, null);
    }
}

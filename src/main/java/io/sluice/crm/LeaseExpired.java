// SPDX-License-Identifier: Apache-2.0
package io.sluice.crm;

/** Reports that a call was not made, because another sender may hold the lease of its records. */
public final class LeaseExpired extends Exception {

    public LeaseExpired() {
        super("the lease of the records expired before the call; they are sent again");
    }
}

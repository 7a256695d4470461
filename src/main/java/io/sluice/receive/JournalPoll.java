// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.crm.CrmCall;

/** One poll of the journal of an account's CRM: one process fetches file after file until there is no new one. */
public final class JournalPoll {

    private final StreamLease lease;
    private final CrmCall.Journal call;

    JournalPoll(StreamLease lease, String crm) {
        this.lease = lease;
        this.call = new CrmCall.Journal(crm, lease.account());
    }

    public String getAccount() {
        return lease.account();
    }

    /** The call that fetches the next file. */
    public CrmCall.Journal getCall() {
        return call;
    }

    /** Offset of the last stored file; null before the first. */
    public String getOffset() {
        return lease.offset().page();
    }

    /** Whether there may be another file. */
    public boolean isOpen() {
        return lease.isOpen();
    }

    StreamLease lease() {
        return lease;
    }
}

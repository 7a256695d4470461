// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import io.sluice.crm.Crm;
import io.sluice.crm.CrmCall;

/**
 * One poll of the journal of an account's CRM, or of its stream of events: one process fetches file after file, or batch after
 * batch of events, until there is no new one.
 */
public final class JournalPoll {

    private final StreamLease lease;
    private final CrmCall call;
    private final boolean staysOpen;

    JournalPoll(StreamLease lease, Crm crm) {
        this.lease = lease;
        this.staysOpen = crm.hasEventStream();
        this.call = staysOpen
                ? new CrmCall.Events(crm.name(), lease.account())
                : new CrmCall.Journal(crm.name(), lease.account());
    }

    public String getAccount() {
        return lease.account();
    }

    /** The call that fetches the next file, or the next events. */
    public CrmCall getCall() {
        return call;
    }

    /** Offset of the last stored file or event; null before the first. */
    public String getOffset() {
        return lease.offset().page();
    }

    /** Whether this is a stream of events, which stays open between the polls. */
    boolean staysOpen() {
        return staysOpen;
    }

    /** Whether there may be another file. */
    public boolean isOpen() {
        return lease.isOpen();
    }

    StreamLease lease() {
        return lease;
    }
}

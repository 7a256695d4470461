// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

/** One poll of the journal of an account's CRM: one process fetches file after file until there is no new one. */
public final class JournalPoll {

    private final StreamLease lease;
    private final String reader;

    JournalPoll(StreamLease lease, String crm) {
        this.lease = lease;
        this.reader = "kamelet:" + crm + "-journal-action?account=" + lease.account();
    }

    public String getAccount() {
        return lease.account();
    }

    /** URI of the Kamelet that fetches the next file. */
    public String getReader() {
        return reader;
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

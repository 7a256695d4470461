// SPDX-License-Identifier: Apache-2.0
package io.sluice.receive;

import java.time.Duration;

/** One poll of the journal of an account's CRM: one process fetches file after file until there is no new one. */
public final class JournalPoll {

    private final String account;
    private final String reader;
    private String offset;
    private boolean open = true;
    private Duration delay = Duration.ZERO;

    JournalPoll(String account, String crm, String offset) {
        this.account = account;
        this.reader = "kamelet:" + crm + "-journal-action?account=" + account;
        this.offset = offset;
    }

    public String getAccount() {
        return account;
    }

    /** URI of the Kamelet that fetches the next file. */
    public String getReader() {
        return reader;
    }

    /** Offset of the last stored file; null before the first. */
    public String getOffset() {
        return offset;
    }

    /** Whether there may be another file. */
    public boolean isOpen() {
        return open;
    }

    void moveTo(String newOffset) {
        offset = newOffset;
    }

    /** @param nextDelay time until the next poll */
    void close(Duration nextDelay) {
        open = false;
        delay = nextDelay;
    }

    Duration delay() {
        return delay;
    }
}

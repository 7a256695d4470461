package io.sluice.receive;

import java.time.Duration;

/** What one process fetches from the journal of an account's CRM, file after file, until nothing is new. */
public final class JournalPoll {

    private final String account;
    private final String reader;
    private String offset;
    private boolean open = true;
    private Duration pause = Duration.ZERO;

    JournalPoll(String account, String crm, String offset) {
        this.account = account;
        this.reader = "kamelet:" + crm + "-journal-action?account=" + account;
        this.offset = offset;
    }

    public String getAccount() {
        return account;
    }

    /** The Kamelet that fetches the next file. */
    public String getReader() {
        return reader;
    }

    /** Of the last file that is kept; null before the first. */
    public String getOffset() {
        return offset;
    }

    /** Whether more may be there. */
    public boolean isOpen() {
        return open;
    }

    void at(String next) {
        offset = next;
    }

    /** @param after when it is asked again */
    void close(Duration after) {
        open = false;
        pause = after;
    }

    Duration pause() {
        return pause;
    }
}

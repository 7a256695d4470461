// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Transaction;
import java.util.Map;
import java.util.Optional;

/**
 * Work that goes on after its request was answered, such as a bulk job: faults meet it under an operation's name, the
 * referee counts what it writes, and no limit on requests is spent on it.
 */
public final class Background {

    private final Account account;
    private final Journal journal;
    private final String operation;
    private final String object;
    private final Store.Signature by;
    private final Request.Attempt attempt;

    Background(Account account, Journal journal, String operation, String object, Store.Signature by) {
        this.by = by;
        this.account = account;
        this.journal = journal;
        this.operation = operation;
        this.object = object;
        this.attempt = new Request.Attempt(account.faults().forRows(operation), false, by);
    }

    /** The row faults that meet all of the work, each used up once however many rows it strikes. */
    public Request.Attempt attempt() {
        return attempt;
    }

    /** The fault of this kind that strikes the work, if one does. */
    public Optional<Fault> strike(Fault.Kind kind) {
        return account.faults().strikeWork(kind, operation, object, false);
    }

    /** The same of a kind that requests meet too: it strikes only when it names the operation. */
    public Optional<Fault> strikeNamed(Fault.Kind kind) {
        return account.faults().strikeWork(kind, operation, object, true);
    }

    /** The work begins to write these records, all of which count as under way until the caller says that it has. */
    public void begins(WriteSet records) {
        if (account.tally().writesBegin(records)) {
            journal.met(account.name(), account.tally().maxWritesInFlight());
        }
    }

    public void ended(WriteSet records) {
        account.tally().writesEnd(records);
    }

    /** Commits, and counts what was written. */
    public void commit(Transaction transaction) {
        Map<String, Integer> written = transaction.writes();
        transaction.sign(by);
        Request.Attempt.commitAfterTriggers(transaction);
        account.tally().wrote(written);
        journal.wrote(account.name(), written);
    }
}

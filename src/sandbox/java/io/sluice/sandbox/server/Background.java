// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Transaction;
import java.util.Map;
import java.util.Optional;

/**
 * Represents work that runs after its request was answered, such as a bulk job: faults name it by an operation, the
 * referee counts its writes, and it spends no limit on requests.
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

    /** Answers an attempt with the row faults of the whole work; each is used up once however many rows it strikes. */
    public Request.Attempt attempt() {
        return attempt;
    }

    /** Finds the fault of this kind that strikes the work. */
    public Optional<Fault> strike(Fault.Kind kind) {
        return account.faults().strikeWork(kind, operation, object, false);
    }

    /** Finds the fault of a kind that requests have too: it strikes only when it names the operation. */
    public Optional<Fault> strikeNamed(Fault.Kind kind) {
        return account.faults().strikeWork(kind, operation, object, true);
    }

    /** Marks these records as being written until the caller ends the write. */
    public void begins(WriteSet records) {
        if (account.counts().writesBegin(records)) {
            journal.met(account.name(), account.counts().maxWritesInFlight());
        }
    }

    public void ended(WriteSet records) {
        account.counts().writesEnd(records);
    }

    /** Commits, and counts the written rows. */
    public void commit(Transaction transaction) {
        Map<String, Integer> written = transaction.writes();
        transaction.sign(by);
        Request.Attempt.commitAfterTriggers(transaction);
        account.counts().wrote(written);
        journal.wrote(account.name(), written);
    }
}

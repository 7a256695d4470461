// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.server;

import io.sluice.sandbox.store.Store;
import io.sluice.sandbox.store.Transaction;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Represents a call that its protocol understood: its account, its operation for the referee, and the work that answers
 * it.
 *
 * @param account   null when the call belongs to none
 * @param objects   names of the objects that its path tells
 * @param keys      the records it writes, worked out from its body on a worker thread
 * @param subject   what else its body tells that faults name, worked out on a worker thread
 */
public record Request(
        Account account,
        Kind kind,
        String operation,
        Set<String> objects,
        Supplier<Set<String>> keys,
        Supplier<Subject> subject,
        Work work) {

    /**
     * Names the objects and records of a request that only its body shows.
     *
     * @param objects names of objects
     * @param keys    the records that it reads or creates: ids, and values of keys behind a slash
     */
    public record Subject(Set<String> objects, Set<String> keys) {
        public static final Subject NONE = new Subject(Set.of(), Set.of());
    }

    public Request(
            Account account, Kind kind, String operation, Set<String> objects, Supplier<Set<String>> keys, Work work) {
        this(account, kind, operation, objects, keys, () -> Subject.NONE, work);
    }

    /** Kinds of requests, by how they count. */
    public enum Kind {
        /** Counts against the limits, as accepted or refused. */
        DATA,
        /** Counts apart, against its own limits alone. */
        EXEMPT,
        /** Counts as a login, against no limit. */
        LOGIN,
        /** Counts as unauthorized alone: the vendor can't tell the account. */
        UNAUTHORIZED
    }

    /** Answers the request; runs on a worker thread. */
    public interface Work {
        Answer run(Attempt attempt);

        /** Begins the work, and answers its result, which is there at once unless the work is a {@link Wait}. */
        default CompletableFuture<Answer> begin(Attempt attempt) {
            return CompletableFuture.completedFuture(run(attempt));
        }
    }

    /**
     * Answers a request that may have to wait for an event, such as a long poll. No thread waits with it. When the
     * client goes before the answer, the answer's future is cancelled.
     */
    public interface Wait extends Work {

        @Override
        CompletableFuture<Answer> begin(Attempt attempt);

        @Override
        default Answer run(Attempt attempt) {
            return begin(attempt).join();
        }
    }

    public static Request data(Account account, String operation, Set<String> objects, Work work) {
        return new Request(account, Kind.DATA, operation, objects, Set::of, work);
    }

    public static Request exempt(Account account, String operation, Work work) {
        return new Request(account, Kind.EXEMPT, operation, Set.of(), Set::of, work);
    }

    /** Opens a request that may wait for its answer and counts apart. */
    public static Request waiting(Account account, String operation, Wait wait) {
        return exempt(account, operation, wait);
    }

    public Request writing(Supplier<Set<String>> recordKeys) {
        return new Request(account, kind, operation, objects, recordKeys, subject, work);
    }

    public Request about(Supplier<Subject> bodySubject) {
        return new Request(account, kind, operation, objects, keys, bodySubject, work);
    }

    /** Represents one execution of a request's work: its faults and its writes. */
    public static final class Attempt {

        private final Faults.RowFaults rowFaults;
        private final boolean heldBack;
        private final Store.Signature by;
        private final Map<String, Integer> written = new HashMap<>();
        private Transaction held;

        Attempt(Faults.RowFaults rowFaults, boolean heldBack, Store.Signature by) {
            this.by = by;
            this.rowFaults = rowFaults;
            this.heldBack = heldBack;
        }

        public Faults.RowFaults rowFaults() {
            return rowFaults;
        }

        /** Commits, or holds the writes back when a late commit is on. */
        public void commit(Transaction transaction) {
            transaction.sign(by);
            transaction.writes().forEach((object, rows) -> written.merge(object, rows, Integer::sum));
            if (heldBack && held == null) {
                held = transaction;
                transaction.hold();
            } else {
                commitAfterTriggers(transaction);
            }
        }

        /** Commits when the triggers have run; until then the rows are locked and invisible. */
        static void commitAfterTriggers(Transaction transaction) {
            long millis = transaction.triggerMillis();
            if (millis == 0) {
                transaction.commit();
                return;
            }
            transaction.hold();
            try {
                Thread.sleep(millis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            transaction.release();
        }

        Map<String, Integer> written() {
            return written;
        }

        Optional<Transaction> held() {
            return Optional.ofNullable(held);
        }
    }
}

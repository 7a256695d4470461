// SPDX-License-Identifier: Apache-2.0
package io.sluice.send;

import io.sluice.CrmRecord;
import io.sluice.LogThrottle;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.RecordChange;
import io.sluice.RootCause;
import io.sluice.Sync;
import io.sluice.bulk.BulkDispatcher;
import io.sluice.crm.Accounts;
import io.sluice.crm.Crm;
import io.sluice.crm.CrmCall;
import io.sluice.crm.ErrorScope;
import io.sluice.crm.PartAnswer;
import io.sluice.crm.Permits;
import io.sluice.outbox.BulkClaim;
import io.sluice.outbox.CircuitBreakers;
import io.sluice.outbox.Claim;
import io.sluice.outbox.CommonCauses;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Settlement;
import io.sluice.outbox.SplitRule;
import io.sluice.plan.Planner;
import io.sluice.plan.SendMethod;
import io.sluice.quota.CallRequest;
import io.sluice.quota.Permit;
import io.sluice.receive.ReadBeforeWrite;
import io.sluice.trace.SendTraces;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the decisions of the sending route, between the steps that its YAML shows. */
public final class OutboxDispatcher {

    private static final Logger LOG = LoggerFactory.getLogger(OutboxDispatcher.class);
    private static final String COMPOSITE = "composite";
    private static final String REQUEST_FAILED = "REQUEST_FAILED";
    private static final LogThrottle THROTTLE = new LogThrottle();

    /** The maximum time for which a sender waits for a permit before it leaves the work to the next wake-up. */
    private static final Duration MAX_WAIT = Duration.ofMillis(250);

    private final Accounts accounts;
    private final Permits permits;
    private final Outbox outbox;
    private final Settlement settlement;
    private final BulkDispatcher bulk;
    private final Planner planner;
    private final CircuitBreakers circuitBreakers;
    private final CommonCauses causes;
    private final ReadBeforeWrite readFirst;
    private final OverwrittenEdits edits;
    private final SendTraces traces;
    private final Map<String, Sync> syncs = new LinkedHashMap<>();
    /** By account, the syncs that its calls leave alone, updated before each request for a permit. */
    private final Map<String, Set<String>> excluded = new ConcurrentHashMap<>();

    public OutboxDispatcher(
            Accounts accounts,
            Permits permits,
            Outbox outbox,
            Settlement settlement,
            BulkDispatcher bulk,
            Planner planner,
            CircuitBreakers circuitBreakers,
            CommonCauses causes,
            List<Sync> syncs) {
        this(
                accounts,
                permits,
                outbox,
                settlement,
                bulk,
                planner,
                circuitBreakers,
                causes,
                syncs,
                null,
                null,
                SendTraces.OFF);
    }

    /**
     * @param readFirst knows the syncs whose CRM must be read before anything is sent, or null
     * @param edits     finds edits that a write replaces, or null
     * @param traces    builds the traces of the changes that are sent
     */
    public OutboxDispatcher(
            Accounts accounts,
            Permits permits,
            Outbox outbox,
            Settlement settlement,
            BulkDispatcher bulk,
            Planner planner,
            CircuitBreakers circuitBreakers,
            CommonCauses causes,
            List<Sync> syncs,
            ReadBeforeWrite readFirst,
            OverwrittenEdits edits,
            SendTraces traces) {
        this.traces = traces;
        this.readFirst = readFirst;
        this.edits = edits;
        this.accounts = accounts;
        this.permits = permits;
        this.outbox = outbox;
        this.settlement = settlement;
        this.bulk = bulk;
        this.planner = planner;
        this.circuitBreakers = circuitBreakers;
        this.causes = causes;
        syncs.forEach(sync -> this.syncs.put(sync.getName(), sync));
    }

    /** The accounts that have due work and that may be called now. */
    public List<String> waiting() throws SQLException {
        List<String> ready = accounts.ready();
        if (ready.isEmpty()) {
            return List.of();
        }
        Set<String> waiting = new LinkedHashSet<>(outbox.waiting(ready));
        waiting.addAll(bulk.waiting());
        waiting.retainAll(ready);
        return List.copyOf(waiting);
    }

    /**
     * A permit for the most urgent work of the account, or null when there is no work or no quota for it. Waits a moment for a
     * permit that becomes free; work that becomes due meanwhile takes part at once.
     */
    public Permit permit(String account) throws SQLException, InterruptedException {
        Instant from = traces.now();
        Optional<Permit> permit = permits.await(() -> wanted(account), MAX_WAIT);
        permit.ifPresent(granted -> traces.permitted(granted, from));
        return permit.orElse(null);
    }

    /** A permit for the most urgent call of a bulk job that carries a file, or null when there is none or no quota for it. */
    public Permit transfer(String account) throws SQLException, InterruptedException {
        return permits.await(() -> accounts.isReady(account) ? bulk.due(account, true) : Optional.empty(), MAX_WAIT)
                .orElse(null);
    }

    /**
     * The call to request. The next call of a job goes before new work that is no more urgent, because the job holds records.
     * An account that was throttled or paused meanwhile requests nothing.
     */
    private Optional<CallRequest> wanted(String account) throws SQLException {
        if (!accounts.isReady(account)) {
            return Optional.empty();
        }
        Optional<CallRequest> step = bulk.due(account, false);
        BulkDispatcher.NextWork work = nextWork(account);
        excluded.put(account, work.lingering());
        if (work.head() == null
                || step.isPresent()
                        && step.get().priority().compareTo(work.head().priority()) <= 0) {
            return step;
        }
        return Optional.of(new CallRequest(
                account,
                work.job().isPresent() ? BulkDispatcher.STEP : "write",
                work.head().priority(),
                false));
    }

    private boolean awaitsPoll(BulkClaim job) throws SQLException {
        Sync sync = syncs.get(job.sync());
        return sync != null
                && job.operation() == Operation.UPSERT
                && sync.getDirection() == Sync.Direction.BOTH
                && readFirst.shown(sync) == ReadBeforeWrite.Shown.BY_NEXT_POLL;
    }

    /** The next work; a bulk job of records that the CRM already has begins after a poll. */
    private BulkDispatcher.NextWork nextWork(String account) throws SQLException {
        if (readFirst == null) {
            return bulk.nextWork(account, Set.of());
        }
        Set<String> unread = new HashSet<>(readFirst.unread(account));
        BulkDispatcher.NextWork work = bulk.nextWork(account, unread);
        while (work.job().isPresent()
                && awaitsPoll(work.job().get())
                && unread.add(work.job().get().sync())) {
            work = bulk.nextWork(account, unread);
        }
        return work;
    }

    /**
     * Claims the most urgent work of an account, none less urgent than the permit, and fills the call with other work; null
     * when there is none. An urgent call is filled only with work that is no less urgent, because a large call is answered
     * late.
     */
    public OutboundBatch claim(Permit permit) throws SQLException {
        Instant from = traces.now();
        try {
            OutboundBatch batch = claimed(permit);
            if (batch != null) {
                traces.claimed(permit, from, batch.call(), batch.claims());
            }
            return batch;
        } catch (SQLException | RuntimeException failure) {
            giveBack(permit, failure);
            throw failure;
        }
    }

    /** Gives back an unused permit, which would otherwise count as a call until it expires. */
    private void giveBack(Permit permit, Exception failure) {
        try {
            permits.giveBack(permit);
        } catch (SQLException away) {
            failure.addSuppressed(away);
        }
    }

    private OutboundBatch claimed(Permit permit) throws SQLException {
        Crm crm = accounts.get(permit.account()).crm();
        Set<String> alone = excluded.getOrDefault(permit.account(), Set.of());
        int collection = planner.maxRecords(crm, Operation.UPSERT, Priority.CRITICAL);
        int room = planner.maxRecords(crm, Operation.UPSERT, permit.priority());
        List<Claim> claims = new ArrayList<>();
        long since = System.nanoTime();
        CallCapacity callCapacity = new CallCapacity(
                planner.collections(crm),
                Math.max(planner.collections(crm), crm.collectionsACall()),
                collection,
                crm.readBeforeWrite());
        boolean trying = causes.isProbing()
                && outbox.head(permit.account(), alone)
                        .filter(it -> causes.isProbing(it.sync()))
                        .isPresent();
        Set<String> unread = Set.of();
        Outbox.Capacity most =
                trying ? new Outbox.Capacity(1, 1) : new Outbox.Capacity(room, crm.collectionSize(Operation.DELETE));
        while (claims.isEmpty()) {
            since = System.nanoTime();
            Optional<Claim> head = outbox.claim(permit.account(), most, permit.priority(), alone);
            if (head.isEmpty()) {
                return null;
            }
            Claim claim = settlement.settleDeletesOfOthers(head.get());
            if (claim.size() > 0 && isLarge(crm, claim)) {
                ReadBeforeWrite.Shown shown = readFirst.shown(syncs.get(claim.sync()));
                if (shown == ReadBeforeWrite.Shown.BY_NEXT_POLL) {
                    settlement.release(claim);
                    return null;
                }
                unread = shown == ReadBeforeWrite.Shown.BY_POLL ? Set.of(claim.sync()) : Set.of();
            } else if (isRead(crm, claim) && claim.size() > crm.readBeforeWrite()) {
                readFirst.noteLargeWrite(syncs.get(claim.sync()));
            }
            if (claim.size() > 0) {
                claims.add(fitting(crm, claim, callCapacity, unread));
            }
        }
        if (trying) {
            SendMethod sendMethod = planner.call(
                    crm, claims.get(0).operation(), List.of(claims.get(0).size()));
            return batch(crm, sendMethod, claims, since, unread);
        }
        Priority minPriority = Planner.mayWait(permit.priority()) ? Priority.LOW : permit.priority();
        while (callCapacity.left() > 0 && claims.get(0).mayShareCall()) {
            Optional<Claim> beside = outbox.claimForSameCall(
                    claims, Math.min(room, callCapacity.left() * collection), minPriority, alone);
            Claim fitting = beside.isEmpty() ? null : fitting(crm, beside.get(), callCapacity, unread);
            if (fitting == null || fitting.size() == 0) {
                break;
            }
            claims.add(fitting);
        }
        SendMethod sendMethod = planner.call(
                crm,
                claims.get(0).operation(),
                claims.stream()
                        .flatMap(claim -> kinds(claim).stream())
                        .map(List::size)
                        .toList());
        return batch(crm, sendMethod, claims, since, unread);
    }

    /**
     * @param since  the time of the claims, by {@link System#nanoTime()}
     * @param unread the syncs whose known records are not read
     */
    private OutboundBatch batch(Crm crm, SendMethod sendMethod, List<Claim> claims, long since, Set<String> unread)
            throws SQLException {
        Sync first = syncs.get(claims.get(0).sync());
        boolean composite = sendMethod.way() == SendMethod.Way.COMPOSITE;
        return new OutboundBatch(
                sendMethod.way(),
                new CrmCall.Write(
                        crm.name(),
                        claims.get(0).account(),
                        composite ? COMPOSITE : sendMethod.operation().toString(),
                        composite ? null : first.getObject(),
                        composite ? null : first.getExternalId(),
                        composite ? externalIds(claims) : null,
                        sendMethod.operation() == Operation.DELETE ? first.fieldList() : "",
                        outbox.lease(claims, since),
                        readBefore(crm, claims, unread)),
                claims.stream().map(this::withTexts).toList());
    }

    private String externalIds(List<Claim> claims) {
        return claims.stream()
                .map(claim -> syncs.get(claim.sync()))
                .map(it -> it.getObject() + ":" + it.getExternalId())
                .collect(Collectors.joining(","));
    }

    private Claim withTexts(Claim claim) {
        Sync sync = syncs.get(claim.sync());
        return sync == null || sync.textFields().isEmpty()
                ? claim
                : claim.withChanges(claim.changes().stream()
                        .map(change -> change.withTexts(sync.textFields()))
                        .toList());
    }

    private boolean isRead(Crm crm, Claim claim) {
        Sync sync = syncs.get(claim.sync());
        return edits != null && sync != null && OverwrittenEdits.areRead(crm, claim, sync);
    }

    /** Whether the claim has more known records than one query reads, so that reads would take the capacity of several collections. */
    private boolean isLarge(Crm crm, Claim claim) {
        return isRead(crm, claim)
                && claim.changes().stream()
                                .filter(change -> change.crmId() != null)
                                .count()
                        > crm.readBeforeWrite();
    }

    /** @param unread the syncs whose known records are not read */
    private Map<String, Instant> readBefore(Crm crm, List<Claim> claims, Set<String> unread) throws SQLException {
        Map<String, Instant> since = new LinkedHashMap<>();
        for (Claim claim : claims) {
            if (isRead(crm, claim) && !unread.contains(claim.sync())) {
                since.put(claim.object(), edits.unreadSince(syncs.get(claim.sync())));
            }
        }
        return since;
    }

    /**
     * Divides the records of a claim into the two kinds that one collection can't mix: those written by the CRM's id, which
     * the write can't create, and those written by the external id. The kind of the most urgent record comes first.
     */
    private static List<List<RecordChange>> kinds(Claim claim) {
        if (claim.operation() != Operation.UPSERT) {
            return List.of(claim.changes());
        }
        boolean known = claim.changes().get(0).crmId() != null;
        Map<Boolean, List<RecordChange>> kinds =
                claim.changes().stream().collect(Collectors.partitioningBy(change -> change.crmId() != null));
        return Stream.of(kinds.get(known), kinds.get(!known))
                .filter(kind -> !kind.isEmpty())
                .toList();
    }

    /**
     * Keeps the part of a claim that fits into the call; the rest is released and costs no attempt.
     *
     * @param unread the syncs whose known records are not read
     */
    private Claim fitting(Crm crm, Claim claim, CallCapacity callCapacity, Set<String> unread) throws SQLException {
        Set<RecordChange> going = new HashSet<>();
        for (List<RecordChange> kind : kinds(claim)) {
            boolean read = kind.get(0).crmId() != null && isRead(crm, claim) && !unread.contains(claim.sync());
            going.addAll(kind.subList(0, callCapacity.take(kind.size(), read)));
        }
        if (claim.operation() != Operation.UPSERT || going.size() == claim.size()) {
            return claim;
        }
        settlement.release(
                claim,
                claim.changes().stream()
                        .filter(change -> !going.contains(change))
                        .map(RecordChange::key)
                        .toList());
        return claim.part(claim.changes().stream().filter(going::contains).toList());
    }

    /**
     * Settles the answer of the writer.
     *
     * @param status  HTTP status of the call
     * @param throttled true if the call was rejected before it did anything, by a limit or because the account is signed out, or
     *                was not made at all; then nothing was written and the records are released; or null
     * @param reportedScope the scope of the error where the Kamelet knows more than the status, or null
     * @param parts   by object, the answer to its part of a call with several parts, or null
     * @param images  by object, its records as they were before the call, those that had changed, or null
     * @return sentences about what was written, for the log; what failed is logged here, once a minute
     */
    public List<String> settle(
            OutboundBatch outboundBatch,
            List<Outcome> outcomes,
            int status,
            Boolean throttled,
            ErrorScope reportedScope,
            Map<String, PartAnswer> parts,
            Map<String, List<CrmRecord>> images)
            throws SQLException {
        traces.answered(outboundBatch.claims(), status);
        try {
            return settleAnswered(outboundBatch, outcomes, status, throttled, reportedScope, parts, images);
        } finally {
            traces.ended(outboundBatch.claims());
        }
    }

    private List<String> settleAnswered(
            OutboundBatch outboundBatch,
            List<Outcome> outcomes,
            int status,
            Boolean throttled,
            ErrorScope reportedScope,
            Map<String, PartAnswer> parts,
            Map<String, List<CrmRecord>> images)
            throws SQLException {
        boolean endsThrottled = Boolean.TRUE.equals(throttled);
        if (endsThrottled && outcomes == null) {
            for (Claim claim : outboundBatch.claims()) {
                settlement.release(claim);
            }
            return List.of();
        }
        List<String> written = new ArrayList<>();
        PartAnswer answer = new PartAnswer(status, reportedScope == null ? ErrorScope.of(status) : reportedScope);
        List<List<Outcome>> ofClaims = outboundBatch.outcomes(outcomes);
        for (int i = 0; i < outboundBatch.claims().size(); i++) {
            Claim whole = outboundBatch.claims().get(i);
            List<Outcome> answered = endsThrottled ? releaseUnwritten(whole, ofClaims.get(i)) : ofClaims.get(i);
            if (answered.isEmpty()) {
                continue;
            }
            Claim claim = answered.size() == whole.size() ? whole : part(whole, answered);
            // an error of one object's part does not concern the others
            PartAnswer own = parts == null ? answer : parts.getOrDefault(claim.object(), answer);
            int together = parts == null ? outboundBatch.size() : claim.size();
            SplitRule splitRule = together == 1 ? SplitRule.NEVER : split(own.scope(), own.status());
            if (outboundBatch.call().readBefore().containsKey(claim.object())) {
                edits.find(
                        syncs.get(claim.sync()), claim, answered, images == null ? null : images.get(claim.object()));
            }
            settle(claim, answered, own.scope(), splitRule).ifPresent(written::add);
        }
        return written;
    }

    /**
     * Releases the records of a throttled call, which certainly did nothing. A writer that makes several calls ends at such a one;
     * what the calls before it said, and did not prove, counts.
     *
     * @return the outcomes of the calls before it
     */
    private List<Outcome> releaseUnwritten(Claim claim, List<Outcome> outcomes) throws SQLException {
        Map<Boolean, List<Outcome>> unwritten = outcomes.stream()
                .collect(Collectors.partitioningBy(outcome -> outcome.status() == Outcome.Status.RETRY
                        && outcome.uncertainty() != Outcome.Uncertainty.UNPROVEN));
        if (!unwritten.get(true).isEmpty()) {
            settlement.release(
                    claim, unwritten.get(true).stream().map(Outcome::key).toList());
        }
        return unwritten.get(false);
    }

    private static Claim part(Claim claim, List<Outcome> outcomes) {
        Set<String> keys = outcomes.stream().map(Outcome::key).collect(Collectors.toSet());
        return claim.part(claim.changes().stream()
                .filter(change -> keys.contains(change.key()))
                .toList());
    }

    /**
     * Settles a batch whose writer threw, which no answer of a CRM makes it do: its request could not be built, or its answer
     * could not be read. Nobody knows what was written. The records are sent in smaller calls until the one that spoils its call
     * is alone; if its request can't be built, it goes to the dead letters.
     */
    public void failed(OutboundBatch outboundBatch, Exception failure) throws SQLException {
        traces.answered(outboundBatch.claims(), 0);
        boolean hopeless = outboundBatch.size() == 1 && failure instanceof IllegalArgumentException;
        LOG.warn(
                "{} {} of {} could not be sent: {}; {}",
                outboundBatch.size(),
                outboundBatch.claims().get(0).object(),
                outboundBatch.claims().get(0).account(),
                failure.getClass().getSimpleName(),
                hopeless ? "the record is in the" + " dead letters" : "they are sent again in smaller calls");
        LOG.debug("The writer failed", failure);
        for (Claim claim : outboundBatch.claims()) {
            List<Outcome> outcomes = claim.changes().stream()
                    .map(change -> hopeless
                            ? Outcome.rejected(change.key(), REQUEST_FAILED, RootCause.of(failure))
                            : Outcome.uncertain(
                                    change.key(), Outcome.Uncertainty.UNPROVEN, REQUEST_FAILED, RootCause.of(failure)))
                    .toList();
            settlement.settle(claim, outcomes, outboundBatch.size() == 1 ? SplitRule.NEVER : SplitRule.AT_ONCE, null);
        }
        traces.ended(outboundBatch.claims());
    }

    /**
     * Settles one claim. Where some records were written, the error does not concern the whole object.
     *
     * @return a sentence about what was written, if all of it was
     */
    private Optional<String> settle(Claim claim, List<Outcome> outcomes, ErrorScope errorScope, SplitRule splitRule)
            throws SQLException {
        if (errorScope == ErrorScope.OBJECT && count(outcomes, Outcome.Status.DONE) == 0) {
            circuitBreakers.rejected(
                    claim.sync(),
                    outcomes.get(0).code() + ": " + outcomes.get(0).message());
            settlement.release(claim);
            return Optional.empty();
        }
        Optional<String> written = Optional.empty();
        List<Outcome> left = causes.removeCommon(claim, outcomes);
        if (!left.isEmpty()) {
            settlement.settle(claim, left, splitRule, syncs.get(claim.sync()).getParent());
            written = written(claim, left);
        }
        if (errorScope != ErrorScope.TRANSIENT && !causes.isProbing(claim.sync())) {
            circuitBreakers.accepted(claim.sync());
        }
        logGone(claim, outcomes);
        return written;
    }

    private static void logGone(Claim claim, List<Outcome> outcomes) {
        List<Outcome> gone = outcomes.stream()
                .filter(it -> it.status() == Outcome.Status.GONE)
                .toList();
        if (!gone.isEmpty() && claim.operation() == Operation.UPSERT) {
            THROTTLE.warn(
                    LOG,
                    claim.sync() + " gone",
                    "{}: {} of {} {} not in the CRM under the known id, for example {}: {}; the CRM is asked for"
                            + " their fate, then the sync's rules for deletes and conflicts apply",
                    claim.sync(),
                    records(gone.size()),
                    claim.object(),
                    gone.size() == 1 ? "is" : "are",
                    gone.get(0).key(),
                    gone.get(0).code());
        }
    }

    /** Returns a sentence about what was written; logs what was not. */
    private static Optional<String> written(Claim claim, List<Outcome> outcomes) {
        long done = count(outcomes, Outcome.Status.DONE);
        long retry = count(outcomes, Outcome.Status.RETRY) + count(outcomes, Outcome.Status.TAKEN);
        long rejected = count(outcomes, Outcome.Status.REJECTED);
        long gone = count(outcomes, Outcome.Status.GONE);
        String verb = claim.operation() == Operation.UPSERT ? "written to" : "deleted in";
        if (retry + rejected == 0) {
            return done > 0 || gone == 0
                    ? Optional.of("%s: %s %s %s.".formatted(claim.sync(), records(done), verb, claim.object()))
                    : Optional.empty();
        }
        Outcome example = outcomes.stream()
                .filter(it -> it.status() != Outcome.Status.DONE && it.status() != Outcome.Status.GONE)
                .findFirst()
                .orElseThrow();
        // the CRM's message may repeat a value, so it stays in the dead letter
        THROTTLE.warn(
                LOG,
                claim.sync() + " " + verb + " " + example.code(),
                "{}: {} {} {}, {} to retry, {} in the dead letters; for example {}: {}{}",
                claim.sync(),
                records(done),
                verb,
                claim.object(),
                retry,
                rejected,
                example.key(),
                example.code(),
                example.fields().isEmpty() ? "" : " (" + String.join(", ", example.fields()) + ")");
        return Optional.empty();
    }

    /**
     * Decides how to split a failed call. A CRM may fail (500) at one record each time, and so at all records that share its
     * call. Records that the CRM does not write although it accepts the call, or that it rejects (400) for the moment alone,
     * are locked: others write them, or their parent.
     */
    static SplitRule split(ErrorScope errorScope, int status) {
        return switch (errorScope) {
            case RECORD -> SplitRule.AT_ONCE;
            case NONE -> SplitRule.BY_PARENT;
            case TRANSIENT, OBJECT ->
                status == 500
                        ? SplitRule.AFTER_FAILURES
                        : errorScope == ErrorScope.TRANSIENT && status == 400 ? SplitRule.BY_PARENT : SplitRule.NEVER;
        };
    }

    private static String records(long count) {
        return count == 1 ? "1 record" : count + " records";
    }

    private static long count(List<Outcome> outcomes, Outcome.Status status) {
        return outcomes.stream().filter(outcome -> outcome.status() == status).count();
    }
}

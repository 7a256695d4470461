// SPDX-License-Identifier: Apache-2.0
package io.sluice.bulk;

import io.sluice.LogThrottle;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.RootCause;
import io.sluice.Sync;
import io.sluice.crm.Accounts;
import io.sluice.crm.CrmCall;
import io.sluice.crm.CrmJob;
import io.sluice.outbox.BulkClaim;
import io.sluice.outbox.CircuitBreakers;
import io.sluice.outbox.Outbox;
import io.sluice.quota.CallRequest;
import io.sluice.quota.Permit;
import java.sql.SQLException;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the decisions of the bulk routes, between the steps that their YAML shows. */
public final class BulkDispatcher {

    /** The operation of a permit for a call of a job that carries no file. */
    public static final String STEP = "bulk";

    /** The operation of a permit for a call that carries a file. Files have senders of their own: nothing urgent waits behind one. */
    public static final String TRANSFER = "bulk-transfer";

    private static final Logger LOG = LoggerFactory.getLogger(BulkDispatcher.class);
    private static final LogThrottle THROTTLE = new LogThrottle();

    private final Accounts accounts;
    private final Outbox outbox;
    private final BulkJobs jobs;
    private final JobRecords records;
    private final BulkPlans plans;
    private final CircuitBreakers circuitBreakers;
    /** The syncs of each account of which nothing may be sent yet, as of the last check. */
    private final Map<String, Set<String>> blocked = new ConcurrentHashMap<>();

    public BulkDispatcher(
            Accounts accounts,
            Outbox outbox,
            BulkJobs jobs,
            JobRecords records,
            BulkPlans plans,
            CircuitBreakers circuitBreakers) {
        this.accounts = accounts;
        this.outbox = outbox;
        this.jobs = jobs;
        this.records = records;
        this.plans = plans;
        this.circuitBreakers = circuitBreakers;
    }

    /** The accounts that have a job whose next call is due. */
    public Set<String> waiting() throws SQLException {
        return jobs.waiting();
    }

    /** The most urgent call that is due, with a file or without one. */
    public Optional<CallRequest> due(String account, boolean transfer) throws SQLException {
        return jobs.due(account, transfer)
                .map(due -> new CallRequest(account, transfer ? TRANSFER : STEP, due.priority(), false, due.member()));
    }

    /**
     * The work of an account that is sent next.
     *
     * @param head      the most urgent work that does not linger, or null
     * @param job       the job to begin with that work, where so much waits that a job is the cheaper way
     * @param lingering the syncs whose work is left to become a larger job, while more of it arrives
     */
    public record NextWork(Outbox.Head head, Optional<BulkClaim> job, Set<String> lingering) {}

    public NextWork nextWork(String account) throws SQLException {
        return nextWork(account, Set.of());
    }

    /**
     * The work of an account that is sent next, without that of some syncs, which count as lingering.
     *
     * @param blocked the syncs of which nothing may be sent yet
     */
    public NextWork nextWork(String account, Set<String> blocked) throws SQLException {
        this.blocked.put(account, blocked);
        Set<String> lingering = new HashSet<>(blocked);
        while (true) {
            Optional<Outbox.Head> head = outbox.head(account, lingering);
            if (head.isEmpty() || !plans.isLingering(head.get())) {
                Optional<BulkClaim> job = head.isEmpty() ? Optional.empty() : plans.claim(account, head.get());
                if (job.isEmpty() || !plans.lingers(head.get(), job.get())) {
                    return new NextWork(head.orElse(null), job, lingering);
                }
            }
            lingering.add(head.get().sync());
        }
    }

    /** The job whose call this permit is for, or one that begins with it; null: the records are sent by single calls. */
    public BulkJob job(Permit permit) throws SQLException {
        boolean transfer = permit.operation().equals(TRANSFER);
        if (!transfer && !permit.operation().equals(STEP)) {
            return null;
        }
        Optional<BulkJob> due = jobs.take(permit.account(), transfer, permit.member());
        return due.isPresent() || transfer ? due.orElse(null) : begin(permit).orElse(null);
    }

    private Optional<BulkJob> begin(Permit permit) throws SQLException {
        NextWork work = nextWork(permit.account(), blocked.getOrDefault(permit.account(), Set.of()));
        if (work.head() == null || work.head().priority().compareTo(permit.priority()) > 0) {
            return Optional.empty();
        }
        Optional<BulkJob> job =
                work.job().isEmpty() ? Optional.empty() : jobs.begin(work.job().get(), permit.member());
        job.ifPresent(it ->
                LOG.info("{}: bulk job to {} begun ({} {}s)", it.sync(), it.object(), it.records(), it.operation()));
        return job;
    }

    /** Renews the leases of this process's transfers. */
    public void heartbeat() throws SQLException {
        jobs.heartbeat();
    }

    /**
     * The next call of a job.
     *
     * @param next the address of the next page of the CRM's list of jobs, or null
     */
    public CrmCall.Bulk call(BulkJob job, String next) {
        Sync sync = plans.sync(job.sync());
        return new CrmCall.Bulk(
                accounts.get(job.account()).crm().name(),
                job.account(),
                job.state().toString(),
                job.operation(),
                sync.getObject(),
                sync.getExternalId(),
                job.crmJob(),
                next);
    }

    /** The body of the job's next call. */
    public Object body(BulkJob job) {
        return job.state() == BulkJobState.UPLOAD ? records.of(job, plans.sync(job.sync())) : null;
    }

    /**
     * Records what the answer means for the job, and moves the job to its next state.
     *
     * @param throttled true if a limit of the CRM rejected the call, or null
     * @param next    the address of the next page of the CRM's list of jobs, or null
     * @return whether the same call is made for the next page
     */
    public boolean handleAnswer(BulkJob job, Object answer, int status, Boolean throttled, String next)
            throws SQLException {
        if (job.state() == BulkJobState.FIND && answer instanceof List<?> page) {
            Optional<CrmJob> orphaned =
                    OrphanedJob.in(page, job, plans.sync(job.sync()).getExternalId(), jobs.known(job.account()));
            if (orphaned.isEmpty() && next != null) {
                return true;
            }
            orphaned.ifPresent(it -> LOG.info(
                    "{}: orphaned bulk job {} found, whose creation was not answered; the job continues",
                    job.sync(),
                    it.id()));
            apply(
                    job,
                    BulkJobTransitions.afterFind(job, orphaned.isPresent()),
                    orphaned.map(CrmJob::id).orElse(null));
        } else if (answer instanceof Stream<?> outcomes) {
            apply(job, BulkJobTransitions.afterResults(job.state(), settle(job, outcomes)), job.crmJob());
        } else {
            CrmJob crmJob = answer instanceof CrmJob it ? it : null;
            if (crmJob == null && status >= 300) {
                THROTTLE.warn(
                        LOG,
                        job.sync() + " " + job.state() + " " + status,
                        "{}: call {} of a bulk job was answered {}: {}",
                        job.sync(),
                        job.state(),
                        status,
                        RootCause.shortened(answer));
            }
            if (job.state() == BulkJobState.CREATE && status == 403 && !Boolean.TRUE.equals(throttled)) {
                circuitBreakers.rejected(job.sync(), "HTTP 403: " + answer);
            }
            if (crmJob != null && crmJob.stage() == CrmJob.Stage.FAILED) {
                plans.startCooldown(job, "a bulk job has failed: " + crmJob.message());
                LOG.warn(
                        "{}: bulk job {} failed: {}; records that it wrote are settled, the rest are sent by single calls",
                        job.sync(),
                        crmJob.id(),
                        crmJob.message());
            }
            apply(
                    job,
                    BulkJobTransitions.after(job, status, Boolean.TRUE.equals(throttled), crmJob),
                    job.state() == BulkJobState.CREATE && crmJob != null ? crmJob.id() : job.crmJob());
        }
        return false;
    }

    private long settle(BulkJob job, Stream<?> outcomes) throws SQLException {
        Map<Outcome.Status, Integer> counts = new EnumMap<>(Outcome.Status.class);
        long left;
        try (outcomes) {
            left = records.settle(
                    job,
                    outcomes.map(Outcome.class::cast).peek(outcome -> counts.merge(outcome.status(), 1, Integer::sum)));
        }
        int gone = counts.getOrDefault(Outcome.Status.GONE, 0);
        if (gone > 0 && job.operation() == Operation.UPSERT) {
            LOG.warn(
                    "{}: the bulk job to {} re-created {} records that were deleted in the CRM. Each one is looked up in the"
                            + " CRM and sent whole.",
                    job.sync(),
                    job.object(),
                    gone);
        }
        LOG.info(
                "{}: results of the bulk job to {} settled: {} done, {} to retry, {} in the dead letters, {} without"
                        + " a result so far",
                job.sync(),
                job.object(),
                counts.getOrDefault(Outcome.Status.DONE, 0),
                counts.getOrDefault(Outcome.Status.RETRY, 0) + counts.getOrDefault(Outcome.Status.TAKEN, 0),
                counts.getOrDefault(Outcome.Status.REJECTED, 0),
                left);
        return left;
    }

    private void apply(BulkJob job, BulkJobTransition bulkJobTransition, String crmJob) throws SQLException {
        if (bulkJobTransition instanceof BulkJobTransition.Next next) {
            jobs.transition(job, next, next.state() == BulkJobState.FIND ? null : crmJob);
        } else if (bulkJobTransition instanceof BulkJobTransition.Release release) {
            LOG.warn("{}: {}; its {} records are queued again", job.sync(), release.why(), job.records());
            if (release.cooldown()) {
                plans.startCooldown(job, release.why());
            }
            jobs.release(job, release.why());
        } else if (bulkJobTransition instanceof BulkJobTransition.Finish finish) {
            int left = jobs.finish(job, finish.why());
            if (left > 0) {
                LOG.warn("{}: {}; {} records are queued again", job.sync(), finish.why(), left);
            }
        }
    }
}

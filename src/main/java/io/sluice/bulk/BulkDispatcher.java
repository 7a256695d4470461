package io.sluice.bulk;

import io.sluice.LogThrottle;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.RootCause;
import io.sluice.Sync;
import io.sluice.crm.Accounts;
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

/** The decisions of the bulk routes, between the steps that their YAML shows. */
public final class BulkDispatcher {

    /** Calls under this name are granted to the steps of jobs that carry no file. */
    public static final String STEP = "bulk";

    /** And these to those that carry one, which have senders of their own: nothing urgent waits behind a file. */
    public static final String TRANSFER = "bulk-transfer";

    private static final Logger LOG = LoggerFactory.getLogger(BulkDispatcher.class);
    private static final LogThrottle THROTTLE = new LogThrottle();

    private final Accounts accounts;
    private final Outbox outbox;
    private final BulkJobs jobs;
    private final JobRecords records;
    private final BulkPlans plans;
    private final CircuitBreakers circuitBreakers;
    /** Account to syncs of which nothing may be sent yet, as of the last look. */
    private final Map<String, Set<String>> unread = new ConcurrentHashMap<>();

    public BulkDispatcher(Accounts accounts, Outbox outbox, BulkJobs jobs, JobRecords records, BulkPlans plans,
            CircuitBreakers circuitBreakers) {
        this.accounts = accounts;
        this.outbox = outbox;
        this.jobs = jobs;
        this.records = records;
        this.plans = plans;
        this.circuitBreakers = circuitBreakers;
    }

    /** The accounts that have a job whose next step is due. */
    public Set<String> waiting() throws SQLException {
        return jobs.waiting();
    }

    /** The call of the most urgent step that is due, of those with a file or those without. */
    public Optional<CallRequest> due(String account, boolean transfer) throws SQLException {
        return jobs.due(account, transfer).map(due ->
                new CallRequest(account, transfer ? TRANSFER : STEP, due.priority(), false, due.member()));
    }

    /**
     * Whose turn it is in an account.
     *
     * @param head      the most urgent work that does not gather, or null
     * @param job       that is to begin with it, where so much waits behind it that this is the cheaper way
     * @param gathering syncs whose work is left to become a larger job, while more of it comes
     */
    public record Turn(Outbox.Head head, Optional<BulkClaim> job, Set<String> gathering) {
    }

    public Turn turn(String account) throws SQLException {
        return turn(account, Set.of());
    }

    /**
     * The same, but nothing of some syncs, which count as gathering.
     *
     * @param unread syncs of which nothing may be sent yet
     */
    public Turn turn(String account, Set<String> unread) throws SQLException {
        this.unread.put(account, unread);
        Set<String> gathering = new HashSet<>(unread);
        while (true) {
            Optional<Outbox.Head> head = outbox.head(account, gathering);
            if (head.isEmpty() || !plans.gathers(head.get())) {
                Optional<BulkClaim> job = head.isEmpty() ? Optional.empty() : plans.claim(account, head.get());
                if (job.isEmpty() || !plans.isGathering(head.get(), job.get())) {
                    return new Turn(head.orElse(null), job, gathering);
                }
            }
            gathering.add(head.get().sync());
        }
    }

    /** The job whose step this permit is for, one that begins with it, or null: then the records go by other calls. */
    public BulkJob job(Permit permit) throws SQLException {
        boolean transfer = permit.operation().equals(TRANSFER);
        if (!transfer && !permit.operation().equals(STEP)) {
            return null;
        }
        Optional<BulkJob> due = jobs.take(permit.account(), transfer, permit.member());
        return due.isPresent() || transfer ? due.orElse(null) : begun(permit).orElse(null);
    }

    private Optional<BulkJob> begun(Permit permit) throws SQLException {
        Turn turn = turn(permit.account(), unread.getOrDefault(permit.account(), Set.of()));
        if (turn.head() == null || turn.head().priority().compareTo(permit.priority()) > 0) {
            return Optional.empty();
        }
        Optional<BulkJob> job = turn.job().isEmpty() ? Optional.empty() : jobs.begin(turn.job().get(), permit.member());
        job.ifPresent(it -> LOG.info("{}: {} {}s of {} go by a bulk job.", it.sync(), it.records(), it.operation(),
                it.object()));
        return job;
    }

    /** Says that the transfers of this process are alive. */
    public void beat() throws SQLException {
        jobs.beat();
    }

    /** The Kamelet that makes the call of the job's step, with what it must know. */
    public String kamelet(BulkJob job) {
        Sync sync = plans.sync(job.sync());
        String uri = "kamelet:" + accounts.get(job.account()).crm().name() + "-bulk-" + job.step().call()
                + "-action?account=" + job.account();
        String work = "&operation=" + job.operation() + "&externalId=" + sync.getExternalId();
        return switch (job.step()) {
            case CREATE -> uri + work + "&object=" + sync.getObject();
            case UPLOAD -> uri + work;
            case SUCCESSES -> uri + work + "&part=successfulResults";
            case FAILURES -> uri + work + "&part=failedResults";
            case REST -> uri + work + "&part=unprocessedrecords";
            case FIND, CLOSE, POLL, ABORT -> uri;
        };
    }

    /** What goes into that call. */
    public Object body(BulkJob job) {
        return job.step() == BulkJobState.UPLOAD ? records.of(job, plans.sync(job.sync())) : null;
    }

    /**
     * Takes the answer and moves the job.
     *
     * @param refused whether a limit of the CRM's refused the call, or null
     * @param next    where the CRM's list of jobs goes on, or null
     * @return whether the same call is to be made for the next page
     */
    public boolean took(BulkJob job, Object answer, int status, Boolean refused, String next) throws SQLException {
        if (job.step() == BulkJobState.FIND && answer instanceof List<?> page) {
            Optional<CrmJob> lost = OrphanedJob.in(page, job, plans.sync(job.sync()).getExternalId(), jobs.known(job.account()));
            if (lost.isEmpty() && next != null) {
                return true;
            }
            lost.ifPresent(it -> LOG.info("{}: bulk job {} was created, although its answer was lost; it goes on.",
                    job.sync(), it.id()));
            apply(job, BulkJobTransitions.looked(job, lost.isPresent()), lost.map(CrmJob::id).orElse(null));
        } else if (answer instanceof Stream<?> outcomes) {
            apply(job, BulkJobTransitions.settled(job.step(), settle(job, outcomes)), job.crmJob());
        } else {
            CrmJob told = answer instanceof CrmJob it ? it : null;
            if (told == null && status >= 300) {
                THROTTLE.warn(LOG, job.sync() + " " + job.step() + " " + status, "{}: step {} of a bulk job was answered {}: {}", job.sync(), job.step(), status,
                        RootCause.shortened(answer));
            }
            if (job.step() == BulkJobState.CREATE && status == 403 && !Boolean.TRUE.equals(refused)) {
                circuitBreakers.refused(job.sync(), "HTTP 403: " + answer);
            }
            if (told != null && told.stage() == CrmJob.Stage.FAILED) {
                plans.detour(job, "a bulk job has failed: " + told.message());
                LOG.warn("{}: bulk job {} has failed: {}. What it wrote counts; the rest goes by other calls.", job.sync(),
                        told.id(), told.message());
            }
            apply(job, BulkJobTransitions.after(job, status, Boolean.TRUE.equals(refused), told),
                    job.step() == BulkJobState.CREATE && told != null ? told.id() : job.crmJob());
        }
        return false;
    }

    private long settle(BulkJob job, Stream<?> outcomes) throws SQLException {
        Map<Outcome.Status, Integer> counts = new EnumMap<>(Outcome.Status.class);
        long left;
        try (outcomes) {
            left = records.settle(job, outcomes.map(Outcome.class::cast)
                    .peek(outcome -> counts.merge(outcome.status(), 1, Integer::sum)));
        }
        int gone = counts.getOrDefault(Outcome.Status.GONE, 0);
        if (gone > 0 && job.operation() == Operation.UPSERT) {
            LOG.warn("{}: the bulk job to {} made {} records anew that were gone in the CRM. The CRM is asked what became of"
                    + " them, and they are sent whole.", job.sync(), job.object(), gone);
        }
        LOG.info("{}: of the bulk job to {}, {} records are done, {} to be tried again, {} in the dead letters, {} not"
                + " named yet.", job.sync(), job.object(), counts.getOrDefault(Outcome.Status.DONE, 0),
                counts.getOrDefault(Outcome.Status.RETRY, 0) + counts.getOrDefault(Outcome.Status.TAKEN, 0),
                counts.getOrDefault(Outcome.Status.REJECTED, 0), left);
        return left;
    }

    private void apply(BulkJob job, BulkJobTransition bulkJobTransition, String crmJob) throws SQLException {
        if (bulkJobTransition instanceof BulkJobTransition.Next next) {
            jobs.move(job, next, next.step() == BulkJobState.FIND ? null : crmJob);
        } else if (bulkJobTransition instanceof BulkJobTransition.Release release) {
            LOG.warn("{}: {}; its {} records wait again.", job.sync(), release.why(), job.records());
            if (release.detour()) {
                plans.detour(job, release.why());
            }
            jobs.release(job, release.why());
        } else if (bulkJobTransition instanceof BulkJobTransition.Finish finish) {
            int left = jobs.finish(job, finish.why());
            if (left > 0) {
                LOG.warn("{}: {}; {} records wait again.", job.sync(), finish.why(), left);
            }
        }
    }
}

package io.sluice.bulk;

import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.crm.Accounts;
import io.sluice.crm.Job;
import io.sluice.outbox.BulkClaim;
import io.sluice.outbox.Outbox;
import io.sluice.plan.Method;
import io.sluice.plan.Planner;
import io.sluice.quota.Permit;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The decisions of the bulk route, between the steps that its YAML shows. */
public final class BulkDispatch {

    /** Calls under this name are granted to jobs. */
    public static final String OPERATION = "bulk";

    private static final Logger LOG = LoggerFactory.getLogger(BulkDispatch.class);

    /** The CRM's clock and ours may differ by this much, and it may leave out parts of a second. */
    private static final Duration SKEW = Duration.ofMinutes(2);

    /** A refused job must not be tried again and again; when the pause is over, the next one finds out. */
    private static final String REFUSED = """
            select from sluice.refusal
            where account = ? and kind = 'bulk' and recovered_at is null and until > clock_timestamp()""";

    /** More of the same change is on its way from the log, which is worth a moment: one job instead of several. */
    private static final String ARRIVING = """
            select from sluice.change_log
            where source = ? and ?::timestamptz > clock_timestamp() - interval '5 seconds' limit 1""";

    private final Database database;
    private final Accounts accounts;
    private final Outbox outbox;
    private final BulkJobs jobs;
    private final Limits limits;
    private final Map<String, Sync> syncs = new LinkedHashMap<>();

    /**
     * What the user allows.
     *
     * @param records of one job at most; 0: none goes in bulk
     * @param bytes   of one job at most
     */
    public record Limits(int records, long bytes) {
    }

    public BulkDispatch(Database database, Accounts accounts, Outbox outbox, BulkJobs jobs, Limits limits,
            List<Sync> syncs) {
        this.database = database;
        this.accounts = accounts;
        this.outbox = outbox;
        this.jobs = jobs;
        this.limits = limits;
        syncs.forEach(sync -> this.syncs.put(sync.getName(), sync));
    }

    /** The accounts that have a job whose next step is due. */
    public Set<String> waiting() throws SQLException {
        return jobs.waiting();
    }

    /** How urgent the most urgent job is whose next step is due. */
    public Optional<Priority> urgency(String account) throws SQLException {
        return jobs.urgency(account);
    }

    /** Whether so much waits behind the most urgent work that a job is the cheaper way. */
    public boolean isPlanned(String account, Outbox.Head head) throws SQLException {
        return planned(account, head).isPresent();
    }

    /** Whether a job that is planned should wait for what is about to join it. */
    public boolean isGathering(Outbox.Head head) throws SQLException {
        Sync sync = syncs.get(head.sync());
        return sync != null && !database.query(ARRIVING, row -> true, sync.getTable(), head.since()).isEmpty();
    }

    private Optional<BulkClaim> planned(String account, Outbox.Head head) throws SQLException {
        var bulk = accounts.get(account).crm().bulk();
        if (bulk.isEmpty() || !Planner.mayGoInBulk(head.operation(), head.priority()) || limits.records() == 0) {
            return Optional.empty();
        }
        int least = Planner.leastInBulk(accounts.get(account).crm());
        Method method = Planner.plan(accounts.get(account).crm(), head.operation(), head.priority(),
                BulkClaim.waiting(database, account, head.sync(), least), jobs.open(account));
        if (method.way() != Method.Way.BULK || !database.query(REFUSED, row -> true, account).isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new BulkClaim(account, head.sync(), least, Math.min(limits.records(), method.most()),
                Math.min(limits.bytes(), bulk.get().bytes()), bulk.get().reserved()));
    }

    /** The job whose step this permit is for, one that begins with it, or null: then the records go by other calls. */
    public BulkJob job(Permit permit) throws SQLException {
        if (!permit.operation().equals(OPERATION)) {
            return null;
        }
        Optional<BulkJob> due = jobs.take(permit.account(), permit.priority());
        return due.isPresent() ? due.get() : begun(permit).orElse(null);
    }

    private Optional<BulkJob> begun(Permit permit) throws SQLException {
        Optional<Outbox.Head> head = outbox.head(permit.account());
        if (head.isEmpty() || head.get().priority().compareTo(permit.priority()) > 0) {
            return Optional.empty();
        }
        Optional<BulkClaim> claim = planned(permit.account(), head.get());
        Optional<BulkJob> job = claim.isEmpty() ? Optional.empty() : jobs.begin(claim.get());
        job.ifPresent(it -> LOG.info("{}: {} records go to {} in bulk.", it.sync(), it.records(), it.object()));
        return job;
    }

    /** The Kamelet that makes the call of the job's step, with what it must know. */
    public String kamelet(BulkJob job) {
        Sync sync = syncs.get(job.sync());
        String uri = "kamelet:" + accounts.get(job.account()).crm().name() + "-bulk-" + job.step().call()
                + "-action?account=" + job.account();
        return switch (job.step()) {
            case CREATE -> uri + "&object=" + sync.getObject() + "&externalId=" + sync.getExternalId();
            case UPLOAD -> uri + "&externalId=" + sync.getExternalId();
            case SUCCESSES -> uri + "&externalId=" + sync.getExternalId() + "&part=successfulResults";
            case FAILURES -> uri + "&externalId=" + sync.getExternalId() + "&part=failedResults";
            case REST -> uri + "&externalId=" + sync.getExternalId() + "&part=unprocessedrecords";
            default -> uri;
        };
    }

    /** What goes into that call. */
    public Object body(BulkJob job) {
        return job.step() == Step.UPLOAD ? jobs.records(job) : null;
    }

    /**
     * Takes the answer and moves the job.
     *
     * @param refused whether a limit of the CRM's refused the call, or null
     * @param next    where the CRM's list of jobs goes on, or null
     * @return whether the same call is to be made for the next page
     */
    public boolean took(BulkJob job, Object answer, int status, Boolean refused, String next) throws SQLException {
        if (job.step() == Step.FIND && answer instanceof List<?> page) {
            Optional<String> lost = lost(job, page);
            if (lost.isEmpty() && next != null) {
                return true;
            }
            lost.ifPresent(id -> LOG.info("{}: bulk job {} was created, but its answer was lost; it is ended.",
                    job.sync(), id));
            jobs.move(job, new Move.Next(lost.isPresent() ? Step.SWEEP : Step.CREATE, Duration.ZERO, true),
                    lost.orElse(null));
        } else if (answer instanceof Stream<?> outcomes) {
            apply(job, Course.settled(job.step(), settle(job, outcomes)), job.crmJob());
        } else {
            Job told = answer instanceof Job it ? it : null;
            if (told == null && status >= 300) {
                LOG.warn("{}: step {} of a bulk job was answered {}: {}", job.sync(), job.step(), status, answer);
            }
            apply(job, Course.after(job, status, Boolean.TRUE.equals(refused), told),
                    job.step() == Step.CREATE && told != null ? told.id() : job.crmJob());
        }
        return false;
    }

    /** An open job that this login created for the same records since we asked, and that no row knows. */
    private Optional<String> lost(BulkJob job, List<?> page) throws SQLException {
        Sync sync = syncs.get(job.sync());
        Set<String> known = jobs.known(job.account());
        return page.stream().filter(Job.class::isInstance).map(Job.class::cast)
                .filter(it -> it.stage() == Job.Stage.OPEN && it.ours() && it.object().equals(job.object())
                        && sync.getExternalId().equals(it.key()) && !known.contains(it.id())
                        && !it.created().isBefore(job.askedAt().minus(SKEW)))
                .map(Job::id).findFirst();
    }

    private long settle(BulkJob job, Stream<?> outcomes) throws SQLException {
        Map<Outcome.Status, Integer> counts = new EnumMap<>(Outcome.Status.class);
        long left;
        try (outcomes) {
            left = jobs.settle(job, outcomes.map(Outcome.class::cast)
                    .peek(outcome -> counts.merge(outcome.status(), 1, Integer::sum)));
        }
        LOG.info("{}: in bulk {} records were written to {}, {} are to be tried again, {} in the dead letters.",
                job.sync(), counts.getOrDefault(Outcome.Status.DONE, 0), job.object(),
                counts.getOrDefault(Outcome.Status.RETRY, 0), counts.getOrDefault(Outcome.Status.REJECTED, 0));
        return left;
    }

    private void apply(BulkJob job, Move move, String crmJob) throws SQLException {
        if (move instanceof Move.Next next) {
            jobs.move(job, next, next.step() == Step.FIND ? null : crmJob);
        } else if (move instanceof Move.Release release) {
            LOG.warn("{}: {}; its {} records wait again.", job.sync(), release.why(), job.records());
            jobs.release(job);
        } else if (move instanceof Move.Finish finish) {
            int left = jobs.finish(job, finish.why());
            if (left > 0) {
                LOG.warn("{}: {}; {} records wait again.", job.sync(), finish.why(), left);
            }
        }
    }
}

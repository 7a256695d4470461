package io.sluice.bulk;

import io.sluice.Operation;
import io.sluice.Priority;
import io.sluice.Sync;
import io.sluice.crm.Accounts;
import io.sluice.crm.BulkCapability;
import io.sluice.crm.Crm;
import io.sluice.outbox.BulkClaim;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.PauseStore;
import io.sluice.plan.Plan;
import io.sluice.plan.PlanInput;
import io.sluice.plan.Planner;
import io.sluice.plan.SendMethod;
import io.sluice.quota.Budget;
import io.sluice.quota.Quota;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Asks the planner with what the database knows. */
public final class BulkPlans {

    /**
     * More is on its way from the log, which is worth some time: one job instead of several. Of what changes at any moment
     * that is little; of a first load much, which is never news.
     */
    private static final String ARRIVING = """
            select op = 'S' as loaded from sluice.change_log where source = ? order by seq limit 1""";

    /** A first load gathers until a job is full: the drain fills one in less than a minute. */
    private static final Duration GATHERS = Duration.ofSeconds(5);

    /** What waits is counted so often while it grows. */
    private static final Duration COUNTS_AGAIN = Duration.ofMillis(250);

    /** No further than is wanted. A record may stand there more than once. */
    private static final String ARRIVED = """
            select coalesce(sum(records), 0) from (
                select records from sluice.change_log where source = ? limit ?) as counted""";

    /** Rows of a first load in the log, no more than are wanted, where nothing is paused. */
    private static final String LOADING = """
            select coalesce(sum(records), 0) as records, min(changed_at) as since,
                   (extract(epoch from clock_timestamp() - min(changed_at)) * 1000)::bigint as age
            from (select records, changed_at from sluice.change_log where source = ? and op = 'S' order by seq limit ?)
                as counted
            where ? not in (%s) and ? not in (%s)""".formatted(PauseStore.ACCOUNTS, PauseStore.SYNCS);

    private final Database database;
    private final Accounts accounts;
    private final Quota quota;
    private final BulkJobs jobs;
    private final Planner planner;
    private final long bytes;
    private final BulkCooldowns bulkCooldowns;
    private final Map<String, Sync> syncs = new LinkedHashMap<>();
    /** Sync to the moment, of this process, at which it is looked at again. */
    private final Map<String, Long> gathering = new ConcurrentHashMap<>();

    /**
     * @param bytes  of one job at most, which the user allows
     * @param detour how long an object's records go by other calls after its job failed as a whole
     */
    public BulkPlans(Database database, Accounts accounts, Quota quota, BulkJobs jobs, Planner planner, long bytes,
            Duration detour, List<Sync> syncs) {
        this.database = database;
        this.accounts = accounts;
        this.quota = quota;
        this.jobs = jobs;
        this.planner = planner;
        this.bytes = bytes;
        this.bulkCooldowns = new BulkCooldowns(database, detour);
        syncs.forEach(sync -> this.syncs.put(sync.getName(), sync));
    }

    /** What a job would take, where so much waits behind the most urgent work that a job is the way. */
    public Optional<BulkClaim> claim(String account, Outbox.Head head) throws SQLException {
        Crm crm = accounts.get(account).crm();
        // asked before each call, so the cheap questions come first
        if (crm.bulk().isEmpty() || !Planner.mayWait(head.own()) || !syncs.containsKey(head.sync())) {
            return Optional.empty();
        }
        int enough = planner.least(crm, head.operation(), false);
        long waiting = BulkClaim.waiting(database, account, head.sync(), head.operation(), enough);
        if (waiting < enough) {
            // the drain is on its way with the rest: sending its first part by calls would only spend them
            waiting += database.first(ARRIVED, row -> row.getLong(1), syncs.get(head.sync()).getTable(), enough).orElse(0L);
        }
        if (waiting < planner.least(crm, head.operation(), true)) {
            return Optional.empty();
        }
        return claim(account, head, waiting, 0);
    }

    /** @param own jobs that are open for this very work */
    private Optional<BulkClaim> claim(String account, Outbox.Head head, long waiting, int own) throws SQLException {
        Crm crm = accounts.get(account).crm();
        BulkCapability bulk = crm.bulk().orElseThrow();
        PlanInput planInput = situation(account, head, waiting, own);
        SendMethod sendMethod = planner.plan(crm, planInput).method();
        return sendMethod.way() != SendMethod.Way.BULK ? Optional.empty()
                : Optional.of(new BulkClaim(account, head.sync(), head.operation(),
                        planner.least(crm, head.operation(), planInput.scarce()), sendMethod.most(),
                        Math.min(bytes, bulk.bytes()), bulk.reserved()));
    }

    /**
     * What a job would take of a first load.
     *
     * @param records that the load comes to with those that are in the job; of a very large one a part is counted, which
     *                is more than fits into a job
     */
    record Load(BulkClaim claim, long records) {
    }

    /**
     * What a job would take of a sync's first load that is still in the log, where a job is the way for it.
     *
     * @param begun records of it that are in such a job already
     */
    Optional<Load> load(Sync sync, int begun) throws SQLException {
        Crm crm = accounts.get(sync.getAccount()).crm();
        if (crm.bulk().isEmpty()) {
            return Optional.empty();
        }
        record Waiting(long records, Outbox.Head head) {
        }
        Priority priority = sync.getPriority().compareTo(Priority.NORMAL) > 0 ? sync.getPriority() : Priority.NORMAL;
        Waiting waiting = database.query(LOADING, row -> new Waiting(begun + row.getLong("records"),
                new Outbox.Head(sync.getName(), Operation.UPSERT, priority, priority,
                        row.getObject("since", OffsetDateTime.class), Duration.ofMillis(row.getLong("age")))), sync.getTable(), planner.least(crm, Operation.UPSERT, false),
                sync.getAccount(), sync.getName()).get(0);
        return waiting.records() < planner.least(crm, Operation.UPSERT, true) ? Optional.empty()
                : claim(sync.getAccount(), waiting.head(), waiting.records(), begun > 0 ? 1 : 0)
                        .map(claim -> new Load(claim, waiting.records()));
    }

    /** Whether a job that is planned should wait for what is about to join it. */
    public boolean isGathering(Outbox.Head head, BulkClaim job) throws SQLException {
        Optional<Boolean> loaded = database.first(ARRIVING, row -> row.getBoolean(1), syncs.get(head.sync()).getTable());
        boolean gathers = loaded.isPresent() && (loaded.get() || head.age().compareTo(GATHERS) < 0)
                && BulkClaim.waiting(database, job.account(), job.sync(), job.operation(), job.most()) < job.most();
        if (gathers) {
            gathering.put(head.sync(), System.nanoTime() + COUNTS_AGAIN.toNanos());
        }
        return gathers;
    }

    /** Whether that was so a moment ago, and still is. */
    boolean gathers(Outbox.Head head) {
        Long until = gathering.get(head.sync());
        return until != null && System.nanoTime() - until < 0 && Planner.mayWait(head.own());
    }

    /** The plan for so many records that wait behind the most urgent of them. */
    public Plan plan(String account, PlanInput planInput) {
        return planner.plan(accounts.get(account).crm(), planInput);
    }

    /** What a plan for so many records depends on. */
    PlanInput situation(String account, Outbox.Head head, long waiting) throws SQLException {
        return situation(account, head, waiting, 0);
    }

    private PlanInput situation(String account, Outbox.Head head, long waiting, int own) throws SQLException {
        Budget budget = quota.budget(account, head.priority());
        BulkCapability bulk = accounts.get(account).crm().bulk().orElse(null);
        return new PlanInput(head.operation(), head.own(), waiting, head.age(), budget.calls(), budget.scarce(),
                bulk == null ? 0 : Math.max(0, bulk.jobs() - jobs.open(account) + own),
                bulk == null ? null : barred(account, bulk, syncs.get(head.sync()).getObject()));
    }

    private String barred(String account, BulkCapability bulk, String object) throws SQLException {
        return jobs.batches(account, bulk.batch()) >= bulk.batches() ? "the day's batches of bulk jobs are spent"
                : bulkCooldowns.barred(account, object);
    }

    /** The object's records go by other calls for a while. */
    void detour(BulkJob job, String why) throws SQLException {
        bulkCooldowns.take(job, why);
    }

    Sync sync(String name) {
        return syncs.get(name);
    }
}

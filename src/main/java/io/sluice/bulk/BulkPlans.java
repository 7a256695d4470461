// SPDX-License-Identifier: Apache-2.0
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

/** Prepares the input of the planner from the database. */
public final class BulkPlans {

    /**
     * Finds rows that are still in the log. More work is on its way, which is worth a short wait: one job instead of
     * several. Current changes are few; an initial export is large, and never urgent.
     */
    private static final String NEXT_IN_LOG =
            """
            select op = 'S' as loaded from sluice.change_log where source = ? order by seq limit 1""";

    /**
     * The maximum time for which current changes linger. An initial export lingers until a job is full, which the drain
     * fills in less than a minute.
     */
    private static final Duration MAX_LINGER = Duration.ofSeconds(5);

    /** The interval at which lingering work is counted. */
    private static final Duration RECOUNT_INTERVAL = Duration.ofMillis(250);

    /** Counts rows in the log, no further than needed. A record may be there more than once. */
    private static final String COUNT_LOG =
            """
            select coalesce(sum(records), 0) from (
                select records from sluice.change_log where source = ? limit ?) as counted""";

    /** Counts rows of an initial export in the log, no further than needed, where nothing is paused. */
    private static final String SNAPSHOT_ROWS =
            """
            select coalesce(sum(records), 0) as records, min(changed_at) as since,
                   (extract(epoch from clock_timestamp() - min(changed_at)) * 1000)::bigint as age
            from (select records, changed_at from sluice.change_log where source = ? and op = 'S' order by seq limit ?)
                as counted
            where ? not in (%s) and ? not in (%s)"""
                    .formatted(PauseStore.ACCOUNTS, PauseStore.SYNCS);

    private final Database database;
    private final Accounts accounts;
    private final Quota quota;
    private final BulkJobs jobs;
    private final Planner planner;
    private final long bytes;
    private final BulkCooldowns bulkCooldowns;
    private final Map<String, Sync> syncs = new LinkedHashMap<>();
    /** The moment, on this process's clock, at which a sync's lingering work is counted again. */
    private final Map<String, Long> lingering = new ConcurrentHashMap<>();

    /**
     * @param bytes  the maximum size of one job, set by the user
     * @param cooldown the time for which an object's records are sent by single calls after its job failed as a whole
     */
    public BulkPlans(
            Database database,
            Accounts accounts,
            Quota quota,
            BulkJobs jobs,
            Planner planner,
            long bytes,
            Duration cooldown,
            List<Sync> syncs) {
        this.database = database;
        this.accounts = accounts;
        this.quota = quota;
        this.jobs = jobs;
        this.planner = planner;
        this.bytes = bytes;
        this.bulkCooldowns = new BulkCooldowns(database, cooldown);
        syncs.forEach(sync -> this.syncs.put(sync.getName(), sync));
    }

    /** The job to begin, where so much waits behind the most urgent work that a job is the cheaper way. */
    public Optional<BulkClaim> claim(String account, Outbox.Head head) throws SQLException {
        Crm crm = accounts.get(account).crm();
        // called before each call, so the cheap questions come first
        if (crm.bulk().isEmpty() || !Planner.mayWait(head.ownPriority()) || !syncs.containsKey(head.sync())) {
            return Optional.empty();
        }
        int enough = planner.minRecords(crm, head.operation(), false);
        // The log first: the drain is about to add the rest, and sending the first part by single calls would waste
        // them.
        // What it moves between the two counts is counted twice; the other way round it would not be counted at all.
        long inLog = database.first(
                        COUNT_LOG, row -> row.getLong(1), syncs.get(head.sync()).getTable(), enough)
                .orElse(0L);
        long waiting = inLog + BulkClaim.waiting(database, account, head.sync(), head.operation(), enough);
        if (waiting < planner.minRecords(crm, head.operation(), true)) {
            return Optional.empty();
        }
        return claim(account, head, waiting, 0);
    }

    /** @param own the number of open jobs that belong to this very work */
    private Optional<BulkClaim> claim(String account, Outbox.Head head, long waiting, int own) throws SQLException {
        Crm crm = accounts.get(account).crm();
        BulkCapability bulk = crm.bulk().orElseThrow();
        PlanInput planInput = input(account, head, waiting, own);
        SendMethod sendMethod = planner.plan(crm, planInput).method();
        return sendMethod.way() != SendMethod.Way.BULK
                ? Optional.empty()
                : Optional.of(new BulkClaim(
                        account,
                        head.sync(),
                        head.operation(),
                        planner.minRecords(crm, head.operation(), planInput.scarce()),
                        sendMethod.maxRecords(),
                        Math.min(bytes, bulk.bytes()),
                        bulk.reserved()));
    }

    /**
     * A job of an initial export.
     *
     * @param records the records of the export that are left, with those already in the job; of a very large export only a
     *                part is counted, which is more than fits into a job
     */
    record InitialExport(BulkClaim claim, long records) {}

    /**
     * The job for a sync's initial export that is still in the log, where a job is the way to send it.
     *
     * @param begun the number of its records that are in such a job already
     */
    Optional<InitialExport> initialExport(Sync sync, int begun) throws SQLException {
        Crm crm = accounts.get(sync.getAccount()).crm();
        if (crm.bulk().isEmpty()) {
            return Optional.empty();
        }
        record Waiting(long records, Outbox.Head head) {}
        Priority priority = sync.getPriority().compareTo(Priority.NORMAL) > 0 ? sync.getPriority() : Priority.NORMAL;
        Waiting waiting = database.query(
                        SNAPSHOT_ROWS,
                        row -> new Waiting(
                                begun + row.getLong("records"),
                                new Outbox.Head(
                                        sync.getName(),
                                        Operation.UPSERT,
                                        priority,
                                        priority,
                                        row.getObject("since", OffsetDateTime.class),
                                        Duration.ofMillis(row.getLong("age")))),
                        sync.getTable(),
                        planner.minRecords(crm, Operation.UPSERT, false),
                        sync.getAccount(),
                        sync.getName())
                .get(0);
        return waiting.records() < planner.minRecords(crm, Operation.UPSERT, true)
                ? Optional.empty()
                : claim(sync.getAccount(), waiting.head(), waiting.records(), begun > 0 ? 1 : 0)
                        .map(claim -> new InitialExport(claim, waiting.records()));
    }

    /** Whether a planned job should wait for records that are about to join it. */
    public boolean lingers(Outbox.Head head, BulkClaim job) throws SQLException {
        Optional<Boolean> loaded = database.first(
                NEXT_IN_LOG, row -> row.getBoolean(1), syncs.get(head.sync()).getTable());
        boolean lingers = loaded.isPresent()
                && (loaded.get() || head.age().compareTo(MAX_LINGER) < 0)
                && BulkClaim.waiting(database, job.account(), job.sync(), job.operation(), job.maxRecords())
                        < job.maxRecords();
        if (lingers) {
            lingering.put(head.sync(), System.nanoTime() + RECOUNT_INTERVAL.toNanos());
        }
        return lingers;
    }

    /** Whether that was so a moment ago, and still is. */
    boolean isLingering(Outbox.Head head) {
        Long until = lingering.get(head.sync());
        return until != null && System.nanoTime() - until < 0 && Planner.mayWait(head.ownPriority());
    }

    /** The plan for the records that wait behind the most urgent of them. */
    public Plan plan(String account, PlanInput planInput) {
        return planner.plan(accounts.get(account).crm(), planInput);
    }

    /** The input of the plan for so many records. */
    PlanInput input(String account, Outbox.Head head, long waiting) throws SQLException {
        return input(account, head, waiting, 0);
    }

    private PlanInput input(String account, Outbox.Head head, long waiting, int own) throws SQLException {
        Budget budget = quota.budget(account, head.priority());
        BulkCapability bulk = accounts.get(account).crm().bulk().orElse(null);
        return new PlanInput(
                head.operation(),
                head.ownPriority(),
                waiting,
                head.age(),
                budget.calls(),
                budget.scarce(),
                bulk == null ? 0 : Math.max(0, bulk.jobs() - jobs.open(account) + own),
                bulk == null
                        ? null
                        : barred(account, bulk, syncs.get(head.sync()).getObject()));
    }

    private String barred(String account, BulkCapability bulk, String object) throws SQLException {
        return jobs.batches(account, bulk.batch()) >= bulk.batches()
                ? "the day's batches of bulk jobs are spent"
                : bulkCooldowns.reason(account, object);
    }

    /** Starts the cool-down of the job's object, in which its records are sent by single calls. */
    void startCooldown(BulkJob job, String why) throws SQLException {
        bulkCooldowns.start(job, why);
    }

    Sync sync(String name) {
        return syncs.get(name);
    }
}

package io.sluice.bulk;

import io.sluice.Operation;
import io.sluice.Priority;
import io.sluice.outbox.BulkClaim;
import io.sluice.outbox.PauseStore;
import io.sluice.outbox.Settlement;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The table {@code bulk_job}. A job's row and the lease of its records begin and end in one transaction, so that no
 * crash leaves one without the other, and whatever process is there takes up the next step.
 */
public final class BulkJobs {

    /** Two who claim at once would share the records out between two jobs. */
    private static final String TURN = "select pg_advisory_xact_lock(hashtext('sluice.bulk'), hashtext(?))";

    /** A create is entered as one whose answer may be lost, before the call is made. */
    private static final String BEGIN = """
            insert into sluice.bulk_job
                (lease, account, object, sync, operation, member, step, priority, records, steps, due)
            values (?, ?, ?, ?, ?, ?, 'find', least(?, 1), ?, 1, clock_timestamp() + ? * interval '1 millisecond')
            returning *, 'create' as taken""";

    /** With nothing more for that long, what a job is filled with so far goes as it is. */
    private static final int FILLED_MILLIS = 5_000;

    /** One that is due is filled no more, whether or not its account can be called: what comes then goes into another. */
    private static final String FILLED = """
            account = ? and sync = ? and step = 'create' and steps = 0 and ended_at is null and due > clock_timestamp()""";

    private static final String FILLING = "select lease, records, bytes from sluice.bulk_job where " + FILLED
            + " limit 1";

    private static final String OPEN = """
            insert into sluice.bulk_job (lease, account, object, sync, operation, step, priority, records, due)
            values (?, ?, ?, ?, 'upsert', 'create', 1, 0, clock_timestamp() + %d * interval '1 millisecond')"""
            .formatted(FILLED_MILLIS);

    private static final String FILL = """
            update sluice.bulk_job set records = records + ?, bytes = bytes + ?,
                due = clock_timestamp() + case when ? then 0 else %d end * interval '1 millisecond'
            where lease = ?""".formatted(FILLED_MILLIS);

    private static final String TRANSFERS = "('upload', 'successes', 'failures', 'rest')";

    private static final String DUE = """
            account = ? and ended_at is null and due <= clock_timestamp() and (step in %s) = ?
                  and account not in (%s) and sync = any (coalesce(string_to_array(?::text, chr(10)), array[sync]))""".formatted(TRANSFERS,
            PauseStore.ACCOUNTS);

    private static final String FIRST_DUE =
            "select priority, member from sluice.bulk_job where " + DUE + " order by priority, began_at limit 1";

    private static final String TAKE = """
            with next as materialized (
                select lease, step from sluice.bulk_job
                where %s and coalesce(member, ?) = ?
                order by priority, began_at limit 1 for update skip locked)
            update sluice.bulk_job j set steps = j.steps + 1, member = coalesce(j.member, ?),
                step = case next.step when 'create' then 'find' else next.step end,
                asked_at = case next.step when 'create' then clock_timestamp() else j.asked_at end,
                due = clock_timestamp() + ? * interval '1 millisecond'
            from next where j.lease = next.lease
            returning j.*, next.step as taken""".formatted(DUE);

    private static final String WAITING = """
            select distinct account from sluice.bulk_job
            where ended_at is null and due <= clock_timestamp() and account not in (%s)
              and sync = any (coalesce(string_to_array(?::text, chr(10)), array[sync]))""".formatted(PauseStore.ACCOUNTS);

    private static final String MOVE = """
            update sluice.bulk_job set step = ?, crm_job = ?, trials = ?,
                due = clock_timestamp() + ? * interval '1 millisecond'
            where lease = ? and steps = ? and ended_at is null""";

    private static final String BEAT = """
            update sluice.bulk_job set due = clock_timestamp() + ? * interval '1 millisecond'
            where lease = ? and steps = ? and step = ? and ended_at is null""";

    private static final String END = """
            update sluice.bulk_job set ended_at = clock_timestamp(), outcome = ?
            where lease = ? and steps = ? and ended_at is null""";

    private static final String BATCHES = """
            select coalesce(sum((records + ? - 1) / ?), 0) from sluice.bulk_job
            where account = ? and began_at > clock_timestamp() - interval '1 day'""";

    private final Database database;
    private final Duration call;
    private final Duration transfer;
    /** The names of the syncs whose jobs are taken up, a line each; null: all. */
    private volatile String served;
    /** Steps with a file that are under way in this process, and since when, as {@link System#nanoTime}. */
    private final Map<BulkJob, Long> transfers = new ConcurrentHashMap<>();

    /**
     * @param call     after which a step of which nothing was heard is taken for dead, late arrival included
     * @param transfer how long a step with a file is heard of at most
     */
    public BulkJobs(Database database, Duration call, Duration transfer) {
        this.database = database;
        this.call = call;
        this.transfer = transfer;
    }

    /** Takes steps of these syncs alone: a job whose file is gone waits for its return. */
    public void serve(Collection<String> syncs) {
        served = String.join("\n", syncs);
    }

    /**
     * A step that is due.
     *
     * @param member the login that must take it
     */
    public record Due(Priority priority, String member) {
    }

    /**
     * The most urgent step of an account that is due.
     *
     * @param transfer whether it is one with a file, or one without
     */
    public Optional<Due> due(String account, boolean transfer) throws SQLException {
        return database.first(FIRST_DUE,
                row -> new Due(Priority.ofRank(row.getInt("priority")), row.getString("member")), account, transfer,
                served);
    }

    /** The accounts that have a job whose next step is due. */
    public Set<String> waiting() throws SQLException {
        return new HashSet<>(database.query(WAITING, row -> row.getString(1), served));
    }

    /** How many jobs of an account have not ended. */
    public int open(String account) throws SQLException {
        return database.query("select count(*) from sluice.bulk_job where account = ? and ended_at is null",
                row -> row.getInt(1), account).get(0);
    }

    /** How many batches of so many records an account's jobs of a day have taken. */
    long batches(String account, int batch) throws SQLException {
        return database.query(BATCHES, row -> row.getLong(1), batch, batch, account).get(0);
    }

    /**
     * Claims the records of a new job, whose first step is in the hands of the caller.
     *
     * @param member the login that creates it
     */
    public Optional<BulkJob> begin(BulkClaim claim, String member) throws SQLException {
        return database.transaction(connection -> {
            Database.query(connection, TURN, row -> null, claim.account());
            UUID lease = UUID.randomUUID();
            Optional<BulkClaim.Taken> taken = claim.take(connection, lease);
            if (taken.isEmpty()) {
                return Optional.empty();
            }
            return Database.query(connection, BEGIN, BulkJobs::job, lease, claim.account(), taken.get().object(),
                    claim.sync(), claim.operation().toString(), member, taken.get().priority().rank(),
                    taken.get().records(), call.toMillis()).stream().findFirst();
        });
    }

    /**
     * A job that is being filled.
     *
     * @param bytes of its records as JSON
     */
    record Filled(UUID lease, int records, long bytes) {
    }

    Optional<Filled> filling(String account, String sync) throws SQLException {
        return database.first(FILLING, BulkJobs::filled, account, sync);
    }

    /** The job that is being filled, or a new one; locked until the transaction ends. */
    Filled open(Connection connection, BulkClaim claim, String object) throws SQLException {
        Optional<Filled> open = Database.query(connection, FILLING + " for update", BulkJobs::filled, claim.account(),
                claim.sync()).stream().findFirst();
        if (open.isPresent()) {
            return open.get();
        }
        Filled fresh = new Filled(UUID.randomUUID(), 0, 0);
        Database.update(connection, OPEN, fresh.lease(), claim.account(), object, claim.sync());
        return fresh;
    }

    private static Filled filled(ResultSet row) throws SQLException {
        return new Filled(row.getObject("lease", UUID.class), row.getInt("records"), row.getLong("bytes"));
    }

    /** @param over whether it begins now; one in which nothing is, is none */
    void fill(Connection connection, UUID lease, int records, long bytes, boolean over) throws SQLException {
        Database.update(connection, FILL, records, bytes, over, lease);
        if (records == 0) {
            Database.update(connection, "delete from sluice.bulk_job where lease = ? and records = 0", lease);
        }
    }

    /** Takes up the most urgent step that is due and that this login may take, of those with a file or those without. */
    public Optional<BulkJob> take(String account, boolean transfer, String member) throws SQLException {
        Optional<BulkJob> job = database.first(TAKE, BulkJobs::job, account, transfer, served, member, member,
                member, call.toMillis());
        if (transfer) {
            job.ifPresent(it -> transfers.put(it, System.nanoTime()));
        }
        return job;
    }

    /** Says that the transfers of this process are alive, so that of a dead one others know soon. */
    public void beat() throws SQLException {
        for (Map.Entry<BulkJob, Long> transfer : transfers.entrySet()) {
            BulkJob job = transfer.getKey();
            if (System.nanoTime() - transfer.getValue() > this.transfer.toNanos()
                    || database.update(BEAT, call.toMillis(), job.lease(), job.steps(),
                            job.step().toString()) == 0) {
                transfers.remove(job);
            }
        }
    }

    /** @return whether the job was still in the hands of the caller */
    boolean move(BulkJob job, BulkJobTransition.Next next, String crmJob) throws SQLException {
        transfers.remove(job);
        return database.update(MOVE, next.step().toString(), crmJob, next.forward() ? 0 : job.trials() + 1,
                next.pause().toMillis(), job.lease(), job.steps()) == 1;
    }

    /** The job's records wait again as if nothing had been. */
    void release(BulkJob job, String why) throws SQLException {
        end(job, why, connection -> Settlement.release(connection, job.lease()));
    }

    /**
     * The job is over; what no result named waits again.
     *
     * @param why null where the results named all
     * @return how many records
     */
    int finish(BulkJob job, String why) throws SQLException {
        return end(job, why, connection -> why == null ? 0 : Settlement.abandon(connection, job.lease(), why));
    }

    private int end(BulkJob job, String why, Database.Work<Integer> work) throws SQLException {
        transfers.remove(job);
        return database.transaction(connection -> Database.update(connection, END, why, job.lease(), job.steps()) == 1
                ? work.in(connection) : 0);
    }

    /** Which of the CRM's jobs belong to rows. */
    Set<String> known(String account) throws SQLException {
        return new HashSet<>(database.query(
                "select crm_job from sluice.bulk_job where account = ? and crm_job is not null",
                row -> row.getString(1), account));
    }

    /** Takes out jobs that ended longer ago than they are kept for; a day's batches are counted in any case. */
    public void forget(Duration keep) throws SQLException {
        database.update("""
                delete from sluice.bulk_job
                where ended_at < clock_timestamp() - greatest(? * interval '1 millisecond', interval '2 days')""",
                keep.toMillis());
    }

    private static BulkJob job(ResultSet row) throws SQLException {
        return new BulkJob(row.getObject("lease", UUID.class), row.getString("account"), row.getString("object"),
                row.getString("sync"), Operation.of(row.getString("operation")), BulkJobState.of(row.getString("taken")),
                row.getString("crm_job"), Priority.ofRank(row.getInt("priority")), row.getInt("records"),
                row.getInt("steps"), row.getInt("trials"), row.getObject("asked_at", OffsetDateTime.class).toInstant());
    }
}

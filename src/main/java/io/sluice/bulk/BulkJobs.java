// SPDX-License-Identifier: Apache-2.0
package io.sluice.bulk;

import io.sluice.Operation;
import io.sluice.Priority;
import io.sluice.outbox.BulkClaim;
import io.sluice.outbox.PauseStore;
import io.sluice.outbox.Settlement;
import io.sluice.store.Database;
import io.sluice.store.Heartbeats;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Keeps bulk jobs in the table {@code bulk_job}. A job's row and the lease of its records begin and end in one
 * transaction, so that no crash leaves one without the other, and any process can make the next call.
 */
public final class BulkJobs {

    /** Serializes claims: two at once would divide the records between two jobs. */
    private static final String LOCK = "select pg_advisory_xact_lock(hashtext('sluice.bulk'), hashtext(?))";

    /** Enters a job whose create may have been lost, before the call is made. */
    private static final String BEGIN =
            """
            insert into sluice.bulk_job
                (lease, account, object, sync, operation, member, state, priority, records, epoch, due)
            values (?, ?, ?, ?, ?, ?, 'find', least(?, 1), ?, 1, clock_timestamp() + ? * interval '1 millisecond')
            returning *, 'create' as claimed_state""";

    /** The time without new records after which an export job begins as it is. */
    private static final int EXPORT_LINGER_MILLIS = 5_000;

    /**
     * Finds a job that records of an initial export may join. Once a job is due, whether or not its account can be called,
     * they start another.
     */
    private static final String ACCEPTS_RECORDS =
            """
            account = ? and sync = ? and state = 'create' and epoch = 0 and ended_at is null and due > clock_timestamp()""";

    private static final String FIND_EXPORT_JOB =
            "select lease, records, bytes from sluice.bulk_job where " + ACCEPTS_RECORDS + " limit 1";

    private static final String OPEN =
            """
            insert into sluice.bulk_job (lease, account, object, sync, operation, state, priority, records, due)
            values (?, ?, ?, ?, 'upsert', 'create', 1, 0, clock_timestamp() + %d * interval '1 millisecond')"""
                    .formatted(EXPORT_LINGER_MILLIS);

    private static final String ADD_RECORDS =
            """
            update sluice.bulk_job set records = records + ?, bytes = bytes + ?,
                due = clock_timestamp() + case when ? then 0 else %d end * interval '1 millisecond'
            where lease = ?"""
                    .formatted(EXPORT_LINGER_MILLIS);

    private static final String TRANSFERS = "('upload', 'successes', 'failures', 'unprocessed')";

    private static final String DUE =
            """
            account = ? and ended_at is null and due <= clock_timestamp() and (state in %s) = ?
                  and account not in (%s) and sync = any (coalesce(string_to_array(?::text, chr(10)), array[sync]))"""
                    .formatted(TRANSFERS, PauseStore.ACCOUNTS);

    private static final String FIRST_DUE =
            "select priority, member from sluice.bulk_job where " + DUE + " order by priority, began_at limit 1";

    private static final String MOVE_IN_FLIGHT =
            """
            with next as materialized (
                select lease, state from sluice.bulk_job
                where %s and coalesce(member, ?) = ?
                order by priority, began_at limit 1 for update skip locked)
            update sluice.bulk_job j set epoch = j.epoch + 1, member = coalesce(j.member, ?),
                state = case next.state when 'create' then 'find' else next.state end,
                create_requested_at = case next.state when 'create' then clock_timestamp() else j.create_requested_at end,
                due = clock_timestamp() + ? * interval '1 millisecond'
            from next where j.lease = next.lease
            returning j.*, next.state as claimed_state"""
                    .formatted(DUE);

    private static final String WAITING =
            """
            select distinct account from sluice.bulk_job
            where ended_at is null and due <= clock_timestamp() and account not in (%s)
              and sync = any (coalesce(string_to_array(?::text, chr(10)), array[sync]))"""
                    .formatted(PauseStore.ACCOUNTS);

    private static final String TRANSITION =
            """
            update sluice.bulk_job set state = ?, crm_job = ?, attempts = ?,
                due = clock_timestamp() + ? * interval '1 millisecond'
            where lease = ? and epoch = ? and ended_at is null""";

    private static final String HEARTBEAT =
            """
            update sluice.bulk_job set due = clock_timestamp() + ? * interval '1 millisecond'
            where lease = ? and epoch = ? and state = ? and ended_at is null""";

    private static final String END =
            """
            update sluice.bulk_job set ended_at = clock_timestamp(), outcome = ?
            where lease = ? and epoch = ? and ended_at is null""";

    private static final String BATCHES =
            """
            select coalesce(sum((records + ? - 1) / ?), 0) from sluice.bulk_job
            where account = ? and began_at > clock_timestamp() - interval '1 day'""";

    private final Database database;
    private final Duration call;
    /** The names of the syncs whose jobs are claimed, one a line; null: all. */
    private volatile String served;

    private volatile Set<String> names = Set.of();
    /** The calls with a file that this process makes now. */
    private final Heartbeats<BulkJob> transfers;

    /**
     * @param call     the time without a heartbeat after which a call counts as dead, late arrival included
     * @param transfer the maximum time for which a call with a file sends heartbeats
     */
    public BulkJobs(Database database, Duration call, Duration transfer) {
        this.database = database;
        this.call = call;
        this.transfers = new Heartbeats<>(transfer);
    }

    /** Claims calls of these syncs alone: the jobs of a sync whose file was removed wait for its return. */
    public void serve(Collection<String> syncs) {
        names = Set.copyOf(syncs);
        served = String.join("\n", names);
    }

    /** Leaves the jobs of these syncs to other replicas. */
    public void leave(Collection<String> syncs) {
        served = names.stream().filter(name -> !syncs.contains(name)).collect(Collectors.joining("\n"));
    }

    /**
     * A call that is due.
     *
     * @param member the login that must make it
     */
    public record Due(Priority priority, String member) {}

    /**
     * The most urgent call of an account that is due.
     *
     * @param transfer whether to look for calls with a file, or for those without
     */
    public Optional<Due> due(String account, boolean transfer) throws SQLException {
        return database.first(
                FIRST_DUE,
                row -> new Due(Priority.ofRank(row.getInt("priority")), row.getString("member")),
                account,
                transfer,
                served);
    }

    /** The accounts that have a job whose next call is due. */
    public Set<String> waiting() throws SQLException {
        return new HashSet<>(database.query(WAITING, row -> row.getString(1), served));
    }

    /** The number of an account's jobs that have not ended. */
    public int open(String account) throws SQLException {
        return database.query(
                        "select count(*) from sluice.bulk_job where account = ? and ended_at is null",
                        row -> row.getInt(1),
                        account)
                .get(0);
    }

    /** The number of batches, of so many records each, that an account's jobs of the last day have taken. */
    long batches(String account, int batch) throws SQLException {
        return database.query(BATCHES, row -> row.getLong(1), batch, batch, account)
                .get(0);
    }

    /**
     * Claims the records of a new job; the caller makes its first call.
     *
     * @param member the login that creates the job
     */
    public Optional<BulkJob> begin(BulkClaim claim, String member) throws SQLException {
        return database.transaction(connection -> {
            Database.query(connection, LOCK, row -> null, claim.account());
            UUID lease = UUID.randomUUID();
            Optional<BulkClaim.Claimed> claimed = claim.claim(connection, lease);
            if (claimed.isEmpty()) {
                return Optional.empty();
            }
            return Database.query(
                            connection,
                            BEGIN,
                            BulkJobs::job,
                            lease,
                            claim.account(),
                            claimed.get().object(),
                            claim.sync(),
                            claim.operation().toString(),
                            member,
                            claimed.get().priority().rank(),
                            claimed.get().records(),
                            call.toMillis())
                    .stream()
                    .findFirst();
        });
    }

    /**
     * A job that collects the records of an initial export.
     *
     * @param bytes the size of its records as JSON
     */
    record ExportJob(UUID lease, int records, long bytes) {}

    Optional<ExportJob> exportJob(String account, String sync) throws SQLException {
        return database.first(FIND_EXPORT_JOB, BulkJobs::exportJob, account, sync);
    }

    /** The job that collects records, or a new one; its row is locked until the transaction ends. */
    ExportJob open(Connection connection, BulkClaim claim, String object) throws SQLException {
        Optional<ExportJob> open = Database.query(
                        connection, FIND_EXPORT_JOB + " for update", BulkJobs::exportJob, claim.account(), claim.sync())
                .stream()
                .findFirst();
        if (open.isPresent()) {
            return open.get();
        }
        ExportJob fresh = new ExportJob(UUID.randomUUID(), 0, 0);
        Database.update(connection, OPEN, fresh.lease(), claim.account(), object, claim.sync());
        return fresh;
    }

    private static ExportJob exportJob(ResultSet row) throws SQLException {
        return new ExportJob(row.getObject("lease", UUID.class), row.getInt("records"), row.getLong("bytes"));
    }

    /** @param complete whether the job begins now; an empty job is deleted */
    void addRecords(Connection connection, UUID lease, int records, long bytes, boolean complete) throws SQLException {
        Database.update(connection, ADD_RECORDS, records, bytes, complete, lease);
        if (records == 0) {
            Database.update(connection, "delete from sluice.bulk_job where lease = ? and records = 0", lease);
        }
    }

    /** Claims the most urgent call that is due and that this login may make, with a file or without. */
    public Optional<BulkJob> take(String account, boolean transfer, String member) throws SQLException {
        Optional<BulkJob> job = database.first(
                MOVE_IN_FLIGHT, BulkJobs::job, account, transfer, served, member, member, member, call.toMillis());
        if (transfer) {
            job.ifPresent(transfers::progress);
        }
        return job;
    }

    /** Sends heartbeats for the transfers of this process, so that another process soon takes over those of a dead one. */
    public void heartbeat() throws SQLException {
        transfers.send(job -> database.update(
                        HEARTBEAT,
                        call.toMillis(),
                        job.lease(),
                        job.epoch(),
                        job.state().toString())
                > 0);
    }

    /** @return whether the caller still held the job */
    boolean transition(BulkJob job, BulkJobTransition.Next next, String crmJob) throws SQLException {
        transfers.end(job);
        return database.update(
                        TRANSITION,
                        next.state().toString(),
                        crmJob,
                        next.progress() ? 0 : job.attempts() + 1,
                        next.delay().toMillis(),
                        job.lease(),
                        job.epoch())
                == 1;
    }

    /** Queues the job's records again, at no cost of an attempt. */
    void release(BulkJob job, String why) throws SQLException {
        end(job, why, connection -> Settlement.release(connection, job.lease()));
    }

    /**
     * Ends the job, and queues the records without a result again.
     *
     * @param why the reason, or null where each record has a result
     * @return the number of records queued again
     */
    int finish(BulkJob job, String why) throws SQLException {
        return end(job, why, connection -> why == null ? 0 : Settlement.abandon(connection, job.lease(), why));
    }

    private int end(BulkJob job, String why, Database.Work<Integer> work) throws SQLException {
        transfers.end(job);
        return database.transaction(connection ->
                Database.update(connection, END, why, job.lease(), job.epoch()) == 1 ? work.in(connection) : 0);
    }

    /** The CRM's ids of the jobs that have a row. */
    Set<String> known(String account) throws SQLException {
        return new HashSet<>(database.query(
                "select crm_job from sluice.bulk_job where account = ? and crm_job is not null",
                row -> row.getString(1),
                account));
    }

    private static BulkJob job(ResultSet row) throws SQLException {
        return new BulkJob(
                row.getObject("lease", UUID.class),
                row.getString("account"),
                row.getString("object"),
                row.getString("sync"),
                Operation.of(row.getString("operation")),
                BulkJobState.of(row.getString("claimed_state")),
                row.getString("crm_job"),
                Priority.ofRank(row.getInt("priority")),
                row.getInt("records"),
                row.getInt("epoch"),
                row.getInt("attempts"),
                Database.instant(row, "create_requested_at"));
    }
}

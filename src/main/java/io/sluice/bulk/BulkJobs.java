package io.sluice.bulk;

import io.sluice.Change;
import io.sluice.Operation;
import io.sluice.Outcome;
import io.sluice.Priority;
import io.sluice.crm.Records;
import io.sluice.outbox.BulkClaim;
import io.sluice.outbox.Claim;
import io.sluice.outbox.Outbox;
import io.sluice.outbox.Pauses;
import io.sluice.store.Database;
import io.sluice.store.Json;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.HashSet;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The table {@code bulk_job}. A job's row and the lease of its records begin and end in one transaction, so that no
 * crash leaves one without the other, and whatever process is there takes up the next step.
 */
public final class BulkJobs {

    private static final int ROWS_A_FETCH = 1000;
    private static final int OUTCOMES_A_TRANSACTION = 2000;

    /** Two who claim at once would share the records out between two jobs. */
    private static final String TURN = "select pg_advisory_xact_lock(hashtext('sluice.bulk'), hashtext(?))";

    /** A create is entered as one whose answer may be lost, before the call is made. */
    private static final String BEGIN = """
            insert into sluice.bulk_job (lease, account, object, sync, step, priority, records, steps, due)
            values (?, ?, ?, ?, 'find', ?, ?, 1, clock_timestamp() + ? * interval '1 millisecond')
            returning *, 'create' as taken""";

    private static final String TAKE = """
            with next as materialized (
                select lease, step from sluice.bulk_job
                where account = ? and due <= clock_timestamp() and priority <= ? and account not in (%s)
                order by priority, began_at limit 1 for update skip locked)
            update sluice.bulk_job j set steps = j.steps + 1,
                step = case next.step when 'create' then 'find' else next.step end,
                asked_at = case next.step when 'create' then clock_timestamp() else j.asked_at end,
                due = clock_timestamp() + interval '1 millisecond'
                    * case when next.step in ('upload', 'successes', 'failures', 'rest') then ? else ? end
            from next where j.lease = next.lease
            returning j.*, next.step as taken""".formatted(Pauses.ACCOUNTS);

    private static final String URGENCY = """
            select min(priority) as priority from sluice.bulk_job
            where account = ? and due <= clock_timestamp() and account not in (%s)""".formatted(Pauses.ACCOUNTS);

    private static final String WAITING = """
            select distinct account from sluice.bulk_job
            where due <= clock_timestamp() and account not in (%s)""".formatted(Pauses.ACCOUNTS);

    private static final String MOVE = """
            update sluice.bulk_job set step = ?, crm_job = ?, trials = ?,
                due = clock_timestamp() + ? * interval '1 millisecond'
            where lease = ? and steps = ?""";

    private static final String RECORDS = """
            select key, inflight from sluice.outbox where lease = ? order by key""";

    private final Database database;
    private final Outbox outbox;
    private final Duration call;
    private final Duration transfer;

    /**
     * @param call     after which a step is taken for dead, late arrival included
     * @param transfer the same of a step with a file
     */
    public BulkJobs(Database database, Outbox outbox, Duration call, Duration transfer) {
        this.database = database;
        this.outbox = outbox;
        this.call = call;
        this.transfer = transfer;
    }

    /** How urgent the most urgent job is whose next step is due. */
    public Optional<Priority> urgency(String account) throws SQLException {
        return database.query(URGENCY, row -> row.getObject("priority", Integer.class), account).stream()
                .filter(java.util.Objects::nonNull).map(Priority::ofRank).findFirst();
    }

    /** The accounts that have a job whose next step is due. */
    public Set<String> waiting() throws SQLException {
        return new HashSet<>(database.query(WAITING, row -> row.getString(1)));
    }

    /** How many jobs of an account have not ended. */
    public int open(String account) throws SQLException {
        return database.query("select count(*) from sluice.bulk_job where account = ?", row -> row.getInt(1), account)
                .get(0);
    }

    /** Claims the records of a new job, whose first step is in the hands of the caller. */
    public Optional<BulkJob> begin(BulkClaim claim) throws SQLException {
        return database.transaction(connection -> {
            Database.query(connection, TURN, row -> null, claim.account());
            UUID lease = UUID.randomUUID();
            Optional<BulkClaim.Taken> taken = claim.take(connection, lease);
            if (taken.isEmpty()) {
                return Optional.empty();
            }
            return Database.query(connection, BEGIN, BulkJobs::job, lease, claim.account(), taken.get().object(),
                    claim.sync(), taken.get().priority().rank(), taken.get().records(), call.toMillis()).stream()
                    .findFirst();
        });
    }

    /** Takes up the most urgent job whose step is due. */
    public Optional<BulkJob> take(String account, Priority least) throws SQLException {
        return database.first(TAKE, BulkJobs::job, account, least.rank(), transfer.toMillis(), call.toMillis());
    }

    /** @return whether the job was still in the hands of the caller */
    boolean move(BulkJob job, Move.Next next, String crmJob) throws SQLException {
        return database.update(MOVE, next.step().toString(), crmJob, next.forward() ? 0 : job.trials() + 1,
                next.pause().toMillis(), job.lease(), job.steps()) == 1;
    }

    /** The job's records wait again as if nothing had been. */
    void release(BulkJob job) throws SQLException {
        end(job, connection -> Outbox.release(connection, job.lease()));
    }

    /** The job is over; what no result named waits again. @return how many records */
    int finish(BulkJob job, String why) throws SQLException {
        return end(job, connection -> Outbox.abandon(connection, job.lease(), why));
    }

    private int end(BulkJob job, Database.Work<Integer> work) throws SQLException {
        return database.transaction(connection -> Database.update(connection,
                "delete from sluice.bulk_job where lease = ? and steps = ?", job.lease(), job.steps()) == 1
                ? work.in(connection) : 0);
    }

    /** Which of the CRM's jobs belong to rows. */
    Set<String> known(String account) throws SQLException {
        return new HashSet<>(database.query(
                "select crm_job from sluice.bulk_job where account = ? and crm_job is not null",
                row -> row.getString(1), account));
    }

    /** What the job writes: the same whenever it is asked, for it is in flight. */
    Records records(BulkJob job) {
        return new Records() {
            @Override
            public List<String> fields() {
                try {
                    return database.query("""
                            select distinct jsonb_object_keys(inflight) as field from sluice.outbox where lease = ?
                            order by field""", row -> row.getString(1), job.lease());
                } catch (SQLException failure) {
                    throw new IllegalStateException(failure);
                }
            }

            @Override
            public void each(Consumer<Change> reader) throws SQLException {
                database.transaction(connection -> {
                    stream(connection, job, reader);
                    return null;
                });
            }
        };
    }

    /** By a cursor, which PostgreSQL's driver uses where a size to fetch is set inside a transaction. */
    private static void stream(Connection connection, BulkJob job, Consumer<Change> reader) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(RECORDS)) {
            statement.setFetchSize(ROWS_A_FETCH);
            statement.setObject(1, job.lease());
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    reader.accept(new Change(rows.getString("key"), Operation.UPSERT, null,
                            Json.fields(rows.getString("inflight"))));
                }
            }
        }
    }

    /**
     * Settles the outcomes as they are read, some in a transaction; what was settled before a crash is left alone.
     *
     * @return how many of the job's records are in flight still
     */
    long settle(BulkJob job, Stream<Outcome> outcomes) throws SQLException {
        Claim claim = new Claim(job.lease(), job.account(), job.object(), job.sync(), Operation.UPSERT, List.of());
        List<Outcome> some = new ArrayList<>();
        for (Iterator<Outcome> all = outcomes.iterator(); all.hasNext();) {
            some.add(all.next());
            if (some.size() == OUTCOMES_A_TRANSACTION || !all.hasNext()) {
                outbox.settle(claim, some);
                some.clear();
            }
        }
        return database.query("select count(*) from sluice.outbox where lease = ?", row -> row.getLong(1),
                job.lease()).get(0);
    }

    private static BulkJob job(ResultSet row) throws SQLException {
        return new BulkJob(row.getObject("lease", UUID.class), row.getString("account"), row.getString("object"),
                row.getString("sync"), Step.of(row.getString("taken")), row.getString("crm_job"),
                Priority.ofRank(row.getInt("priority")), row.getInt("records"), row.getInt("steps"),
                row.getInt("trials"), row.getObject("asked_at", OffsetDateTime.class).toInstant());
    }
}

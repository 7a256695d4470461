package io.sluice.bulk;

import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Duration;

/**
 * Which objects' records go by other calls for a while: because the CRM took a job of theirs not at all, or failed it
 * as a whole, or because its limit for jobs is spent. When the time is over, the next job finds out.
 */
final class BulkCooldowns {

    private static final String TAKE = """
            insert into sluice.bulk_cooldown as d (account, object, until, reason)
            values (?, ?, clock_timestamp() + ? * interval '1 millisecond', ?)
            on conflict (account, object) do update set until = excluded.until, reason = excluded.reason""";

    private static final String BARRED = """
            select 'the CRM refuses bulk jobs, because their limit is spent' as reason from sluice.throttle
            where account = ? and kind = 'bulk' and recovered_at is null and until > clock_timestamp()
            union all
            select reason from sluice.bulk_cooldown where account = ? and object = ? and until > clock_timestamp()""";

    private final Database database;
    private final Duration length;

    BulkCooldowns(Database database, Duration length) {
        this.database = database;
        this.length = length;
    }

    /** Why no job is to be begun now, or null. */
    String barred(String account, String object) throws SQLException {
        return database.query(BARRED, row -> row.getString(1), account, account, object).stream().findFirst()
                .orElse(null);
    }

    void take(BulkJob job, String why) throws SQLException {
        database.update(TAKE, job.account(), job.object(), length.toMillis(), why);
    }
}

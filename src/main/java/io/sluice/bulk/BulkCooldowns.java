// SPDX-License-Identifier: Apache-2.0
package io.sluice.bulk;

import io.sluice.store.Database;
import java.sql.SQLException;
import java.time.Duration;

/**
 * Keeps the cool-downs of bulk jobs: for a while, the records of an object are sent by single calls, because the CRM
 * created no job for the object, or failed one as a whole, or because the CRM's limit for jobs is spent. When a
 * cool-down is over, a job is tried again.
 */
final class BulkCooldowns {

    private static final String START =
            """
            insert into sluice.bulk_cooldown as d (account, object, until, reason)
            values (?, ?, clock_timestamp() + ? * interval '1 millisecond', ?)
            on conflict (account, object) do update set until = excluded.until, reason = excluded.reason""";

    private static final String REASON =
            """
            select 'the CRM takes no bulk jobs, because their limit is spent' as reason from sluice.throttle
            where account = ? and kind = 'bulk' and recovered_at is null and until > clock_timestamp()
            union all
            select reason from sluice.bulk_cooldown where account = ? and object = ? and until > clock_timestamp()""";

    private final Database database;
    private final Duration length;

    BulkCooldowns(Database database, Duration length) {
        this.database = database;
        this.length = length;
    }

    /** The reason why no job may be created now, or null. */
    String reason(String account, String object) throws SQLException {
        return database.query(REASON, row -> row.getString(1), account, account, object).stream()
                .findFirst()
                .orElse(null);
    }

    void start(BulkJob job, String why) throws SQLException {
        database.update(START, job.account(), job.object(), length.toMillis(), why);
    }
}

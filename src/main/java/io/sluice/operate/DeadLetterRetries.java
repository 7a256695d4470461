// SPDX-License-Identifier: Apache-2.0
package io.sluice.operate;

import io.sluice.Backoff;
import io.sluice.outbox.Replays;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replays dead letters by itself when their common cause has ended: an option was restored, a permission was granted, a rule was
 * switched off. If at least {@value #MIN_LETTERS} letters of a sync have the same code and the same fields, one of them is
 * retried with a backoff; when the CRM accepts its record, all of them are replayed. An edited letter waits for its operator.
 */
public final class DeadLetterRetries {

    private static final Logger LOG = LoggerFactory.getLogger(DeadLetterRetries.class);

    /** Fewer letters may have a fault each; they are replayed by an operator or by the next change of their rows. */
    private static final int MIN_LETTERS = 5;

    private static final int BATCH_SIZE = 1000;

    private static final String LOCK = "select pg_try_advisory_xact_lock(hashtext('sluice.dead-letter-retries'))";

    private static final String FIELDS = "array_to_string(array(select unnest(d.rejected_fields) order by 1), ',')";

    private static final String OF_CAUSE =
            """
            d.account = c.account and d.object = c.object and d.sync = c.sync and coalesce(d.code, '') = c.code
              and %s = c.fields and d.edited_fields = '{}' and (d.fields <> '{}' or d.operation = 'delete')"""
                    .formatted(FIELDS);

    private static final String FOUND =
            """
            insert into sluice.dead_letter_retry (account, object, sync, code, fields, due)
            select d.account, d.object, d.sync, coalesce(d.code, ''), %s, now() + ? * interval '1 millisecond'
            from sluice.dead_letter d where d.edited_fields = '{}' and (d.fields <> '{}' or d.operation = 'delete')
            group by 1, 2, 3, 4, 5 having count(*) >= ?
            on conflict do nothing"""
                    .formatted(FIELDS);

    /** Deletes the causes whose retried record was accepted. */
    private static final String ENDED =
            """
            delete from sluice.dead_letter_retry c
            where c.key is not null and exists (
                select from sluice.sync_state r where r.key = c.key and r.object = c.object and r.account = c.account
                  and r.settled_at >= c.tried_at)
              and not exists (select from sluice.dead_letter d where d.key = c.key and d.object = c.object
                              and d.account = c.account)
            returning c.account, c.object, c.sync, c.code, c.fields, 0 as tries""";

    private static final String LETTERS =
            """
            select d.id from sluice.dead_letter d
            join (values (?, ?, ?, ?, ?)) as c(account, object, sync, code, fields) on %s
            order by d.id limit ?"""
                    .formatted(OF_CAUSE);

    /** Ends the retries whose record is neither accepted nor waiting. */
    private static final String FAILED =
            """
            update sluice.dead_letter_retry c set key = null
            where c.key is not null and not exists (
                select from sluice.outbox o where o.key = c.key and o.object = c.object and o.account = c.account)""";

    private static final String WITHOUT_LETTERS =
            """
            delete from sluice.dead_letter_retry c
            where c.key is null and not exists (select from sluice.dead_letter d where %s)"""
                    .formatted(OF_CAUSE);

    private static final String DUE =
            """
            select c.account, c.object, c.sync, c.code, c.fields, c.tries from sluice.dead_letter_retry c
            where c.key is null and c.due <= now()""";

    private static final String RETRY =
            """
            update sluice.dead_letter_retry set key = (select key from sluice.dead_letter where id = ?), tries = tries + 1,
                tried_at = clock_timestamp(), due = now() + ? * interval '1 millisecond'
            where account = ? and object = ? and sync = ? and code = ? and fields = ?""";

    private record Cause(String account, String object, String sync, String code, String fields, int tries) {

        static Cause of(ResultSet row) throws SQLException {
            return new Cause(
                    row.getString("account"),
                    row.getString("object"),
                    row.getString("sync"),
                    row.getString("code"),
                    row.getString("fields"),
                    row.getInt("tries"));
        }

        Object[] names(Object... more) {
            Object[] all = new Object[5 + more.length];
            System.arraycopy(new Object[] {account, object, sync, code, fields}, 0, all, 0, 5);
            System.arraycopy(more, 0, all, 5, more.length);
            return all;
        }
    }

    private final Database database;
    private final Backoff backoff;

    /** @param backoff backoff between two retries for one cause */
    public DeadLetterRetries(Database database, Backoff backoff) {
        this.database = database;
        this.backoff = backoff;
    }

    /** Checks the results of retries and starts the ones that are due; one replica at a time. */
    public void retry() throws SQLException {
        database.transaction(connection -> {
            if (Database.query(connection, LOCK, row -> row.getBoolean(1)).get(0)) {
                for (Cause ended : Database.query(connection, ENDED, Cause::of)) {
                    replayAll(connection, ended);
                }
                Database.update(connection, FAILED);
                Database.update(connection, WITHOUT_LETTERS);
                Database.update(connection, FOUND, millis(1), MIN_LETTERS);
                for (Cause due : Database.query(connection, DUE, Cause::of)) {
                    tryOne(connection, due);
                }
            }
            return null;
        });
    }

    private void replayAll(Connection connection, Cause cause) throws SQLException {
        int all = 0;
        List<Long> some;
        do {
            some = letters(connection, cause, BATCH_SIZE);
            all += Replays.enter(connection, some, false);
        } while (some.size() == BATCH_SIZE);
        LOG.info(
                "{}: the CRM accepts records again that it rejected with {}; {} dead letters of that cause are replayed.",
                cause.sync(),
                cause.code() + (cause.fields().isEmpty() ? "" : " (" + cause.fields() + ")"),
                all);
    }

    private void tryOne(Connection connection, Cause cause) throws SQLException {
        List<Long> one = letters(connection, cause, 1);
        if (!one.isEmpty()) {
            Database.update(
                    connection,
                    RETRY,
                    one.get(0),
                    millis(cause.tries() + 2),
                    cause.account(),
                    cause.object(),
                    cause.sync(),
                    cause.code(),
                    cause.fields());
            Replays.enter(connection, one, false);
        }
    }

    private static List<Long> letters(Connection connection, Cause cause, int max) throws SQLException {
        return Database.query(connection, LETTERS, row -> row.getLong(1), cause.names(max));
    }

    private long millis(int tries) {
        return Backoff.jitter(backoff.after(tries), 2, Math::random).toMillis();
    }
}

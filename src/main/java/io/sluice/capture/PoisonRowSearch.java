// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import io.sluice.Sync;
import io.sluice.outbox.WriteDebounce;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the row that keeps a batch of changes from being drained. A change that is alone is entered for each sync of its table
 * separately: with its priority, else without the conditions for it, else it becomes a dead letter without fields, which is
 * sent once its row changes or it is replayed.
 */
final class PoisonRowSearch {

    private static final Logger LOG = LoggerFactory.getLogger(PoisonRowSearch.class);
    private static final long SAY_AGAIN_NANOS = 60_000_000_000L;
    /** The code of these dead letters, before PostgreSQL's own. */
    private static final String CODE = "ROW_NOT_READ";

    private static final String MINE =
            """
            select pg_try_advisory_xact_lock(hashtext('sluice.drain'), hashtext(?)) as mine,
                   set_config('lock_timeout', '100ms', true)""";

    private static final String KEY =
            """
            select unnest(keys) as key, op from sluice.change_log where source = ? and seq = ?""";

    /** The maximum length of a key in a dead letter, because an index entry is at most a third of a page; a longer key is shortened. */
    private static final String LETTER =
            """
            insert into sluice.dead_letter (account, object, key, sync, operation, fields, stamps, priority, code, message)
            values (?, ?, case when octet_length(?::text) <= 2000 then ?::text
                               else left(?::text, 60) || '... ' || md5(?::text) end,
                    ?, 'upsert', '{}', '{}', ?, ?, ?)
            on conflict (account, object, key) do update set operation = 'upsert', fields = '{}', stamps = '{}',
                edited_fields = '{}', code = excluded.code, message = excluded.message, died_at = now()""";

    private static final String NO_LETTER =
            """
            delete from sluice.dead_letter where account = ? and object = ? and code like 'ROW_NOT_READ%'
              and key = case when octet_length(?::text) <= 2000 then ?::text
                             else left(?::text, 60) || '... ' || md5(?::text) end""";

    private final Database database;
    private final CapturedTable capturedTable;
    private final String fingerprint;
    private final WriteDebounce writeDebounce;
    private long conditionsFailed;
    private long dead;
    private long saidAt = System.nanoTime() - SAY_AGAIN_NANOS;

    /** @param fingerprint the mapping of this replica, see {@link MappingAgreement} */
    PoisonRowSearch(Database database, CapturedTable capturedTable, String fingerprint, WriteDebounce writeDebounce) {
        this.fingerprint = fingerprint;
        this.database = database;
        this.capturedTable = capturedTable;
        this.writeDebounce = writeDebounce;
    }

    /** Gives keys that share a row of the log rows of their own. @return number of rows split */
    int part(long from) throws SQLException {
        return database.transaction(connection -> isMine(connection)
                ? Database.query(
                                connection,
                                ChangeLog.PART,
                                row -> row.getInt(1),
                                capturedTable.table(),
                                capturedTable.table(),
                                from)
                        .get(0)
                : 0);
    }

    private boolean isMine(Connection connection) throws SQLException {
        return Database.query(connection, MINE, row -> row.getBoolean("mine"), capturedTable.table())
                        .get(0)
                && !MappingAgreement.isSuperseded(connection, capturedTable.table(), fingerprint);
    }

    /** Enters the oldest row alone. @return number of changes */
    int enterFirst(long from) throws SQLException {
        List<String> found = new ArrayList<>();
        int moved = database.repeatable(connection -> {
            found.clear();
            if (!isMine(connection)) {
                return 0;
            }
            record Head(long seq, int records) {}
            List<Head> heads = Database.query(
                    connection,
                    ChangeLog.HEAD,
                    row -> new Head(row.getLong("seq"), row.getInt("records")),
                    capturedTable.table(),
                    from);
            if (heads.isEmpty()) {
                return 0;
            }
            for (Sync sync : capturedTable.syncs()) {
                enter(connection, sync, heads.get(0).seq(), found);
            }
            Database.update(
                    connection,
                    ChangeLog.DELETE,
                    capturedTable.table(),
                    heads.get(0).seq());
            return heads.get(0).records();
        });
        say(found);
        return moved;
    }

    private void enter(Connection connection, Sync sync, long seq, List<String> found) throws SQLException {
        CapturedTable alone = capturedTable.only(List.of(sync));
        SQLException failure = attempt(connection, DrainSql.ofOne(alone, writeDebounce, true), seq);
        if (failure == null) {
            return;
        }
        SQLException without = attempt(connection, DrainSql.ofOne(alone, writeDebounce, false), seq);
        if (without == null) {
            conditionsFailed++;
            found.add(sync.getName() + ": a condition of its priorities fails (" + DatabaseFailure.description(failure)
                    + ")");
            return;
        }
        if (DatabaseFailure.of(without) == DatabaseFailure.SHAPE) {
            // no row's fault: otherwise each row would become a dead letter
            throw without;
        }
        record Change(String key, String op) {}
        for (Change change : Database.query(
                connection,
                KEY,
                row -> new Change(row.getString("key"), row.getString("op")),
                capturedTable.table(),
                seq)) {
            String key = change.key();
            if (change.op().equals("D")
                    || attempt(
                                    connection,
                                    "select 1 / count(*) from (select from " + row(key)
                                            + ") as found where ?::bigint is not null",
                                    0)
                            != null) {
                Database.update(connection, NO_LETTER, sync.getAccount(), sync.getObject(), key, key, key, key);
                continue;
            }
            String why = why(connection, alone, sync, key, without);
            Database.update(
                    connection,
                    LETTER,
                    sync.getAccount(),
                    sync.getObject(),
                    key,
                    key,
                    key,
                    key,
                    sync.getName(),
                    sync.getPriority().rank(),
                    CODE + " " + without.getSQLState(),
                    why);
            dead++;
            found.add(sync.getName() + ": a row is a dead letter (" + why + ")");
        }
    }

    /** @return the reason of the failure, or null */
    private static SQLException attempt(Connection connection, String sql, long seq) throws SQLException {
        Savepoint before = connection.setSavepoint();
        try {
            Database.query(connection, sql, row -> null, seq);
            connection.releaseSavepoint(before);
            return null;
        } catch (SQLException failure) {
            if (DatabaseFailure.of(failure) == DatabaseFailure.AWAY
                    || DatabaseFailure.of(failure) == DatabaseFailure.LOCKED) {
                throw failure;
            }
            connection.rollback(before);
            return failure;
        }
    }

    /** PostgreSQL's message, with the column where there is one. */
    private String why(Connection connection, CapturedTable alone, Sync sync, String key, SQLException failure)
            throws SQLException {
        if (String.valueOf(failure.getSQLState()).startsWith("54")) {
            return "its key of " + key.getBytes(java.nio.charset.StandardCharsets.UTF_8).length
                    + " bytes is longer than an index holds";
        }
        for (Map.Entry<String, String> field : sync.getFields().entrySet()) {
            Column column = alone.column(field.getKey());
            SQLException wrong = attempt(
                    connection,
                    "select jsonb_build_object('value', "
                            + column.value(capturedTable.alias(), capturedTable.timeZone()) + ") from " + row(key)
                            + " and ?::bigint is not null",
                    0);
            if (wrong != null) {
                return "column " + column.name() + ": " + DatabaseFailure.description(wrong);
            }
        }
        return DatabaseFailure.description(failure);
    }

    private String row(String key) {
        return capturedTable.quoted() + " as " + capturedTable.alias() + " where " + capturedTable.alias() + "."
                + capturedTable.key().quoted() + " = " + Sql.text(key) + "::"
                + capturedTable.key().sqlType();
    }

    /** Logs once a minute, with counts: a condition may fail for each row. */
    private void say(List<String> found) {
        if (!found.isEmpty() && System.nanoTime() - saidAt >= SAY_AGAIN_NANOS) {
            saidAt = System.nanoTime();
            LOG.warn(
                    "{}: {}. So far {} rows took their sync's own priority because a condition failed, and {} became dead"
                            + " letters; the others go on.",
                    capturedTable.table(),
                    found.get(0),
                    conditionsFailed,
                    dead);
        }
    }
}

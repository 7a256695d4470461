// SPDX-License-Identifier: Apache-2.0
package io.sluice.capture;

import io.sluice.Sync;
import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Removes the traces of a sync's earlier mapping. A field that the sync no longer feeds is removed from queued changes, dead
 * letters and bases; otherwise a name that was corrected would be sent, and rejected, for ever. All rows are queued to be sent
 * at the same time, so that nothing is lost. Changes for an object that the sync no longer feeds are deleted.
 */
final class ChangedMapping {

    private static final String OF_SYNC = "account = ? and object = ? and sync = ?";
    private static final String ELSEWHERE = "delete from sluice.%s where sync = ? and (account, object) <> (?, ?)%s";
    private static final String EMPTY =
            "delete from sluice.dead_letter where " + OF_SYNC + " and operation = 'upsert' and fields = '{}'";

    private ChangedMapping() {}

    static void apply(Connection connection, Sync sync) throws SQLException {
        Database.update(
                connection,
                ELSEWHERE.formatted("outbox", " and lease is null"),
                sync.getName(),
                sync.getAccount(),
                sync.getObject());
        Database.update(
                connection,
                ELSEWHERE.formatted("dead_letter", ""),
                sync.getName(),
                sync.getAccount(),
                sync.getObject());
        String fields = sync.getFields().values().stream()
                .map(Sql::text)
                .collect(Collectors.joining(", ", "array[", "]::text[]"));
        for (String statement : List.of(
                update("outbox", "fields", "fields", "stamps"),
                update("outbox", "inflight", "inflight"),
                update("dead_letter", "fields", "fields", "stamps"),
                update("sync_state", "base", "base", "stamps"),
                update("sync_state", "unproven", "unproven"))) {
            Database.update(
                    connection,
                    statement.replace("<fields>", fields),
                    sync.getAccount(),
                    sync.getObject(),
                    sync.getName());
        }
        Database.update(
                connection,
                named("rejected_fields").replace("<fields>", fields),
                sync.getAccount(),
                sync.getObject(),
                sync.getName());
        Database.update(
                connection,
                named("edited_fields").replace("<fields>", fields),
                sync.getAccount(),
                sync.getObject(),
                sync.getName());
        Database.update(connection, EMPTY, sync.getAccount(), sync.getObject(), sync.getName());
    }

    private static String update(String table, String decisive, String... parts) {
        return "update sluice." + table + " set "
                + List.of(parts).stream().map(part -> part + " = " + left(part)).collect(Collectors.joining(", "))
                + " where " + OF_SYNC + " and " + decisive + " <> " + left(decisive);
    }

    /** Keeps the time of all fields not named, *. */
    private static String left(String part) {
        return "coalesce((select jsonb_object_agg(key, value) from jsonb_each(" + part
                + ") where key = '*' or key = any (<fields>)), '{}')";
    }

    private static String named(String part) {
        return "update sluice.dead_letter set " + part + " = array(select unnest(" + part
                + ") intersect select unnest(<fields>))" + " where " + OF_SYNC + " and not " + part + " <@ <fields>";
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** Queues the work of dead letters again. */
public final class Replays {

    /**
     * Queues a dead letter. Queued and in-flight work is newer, so the letter adds only the fields that are in neither; a
     * delete is newer than all of them, and a dead delete is older than values written since. An earlier attempt of a dead
     * letter may have succeeded: hence one attempt. A letter that is being edited is left to those who give the row its
     * values.
     */
    private static final String ENTER =
            """
            with gone as (
                delete from sluice.dead_letter where id = any(?) and (edited_fields = '{}' or ?) returning *)
            insert into sluice.outbox as o
                (account, object, key, sync, operation, fields, stamps, priority, since, attempts)
            select account, object, key, sync, operation, fields, stamps, priority, clock_timestamp(), 1
            from gone order by account, object, key
            on conflict (account, object, key) do update set
                fields = %1$s || o.fields,
                stamps = %2$s || o.stamps,
                operation = coalesce(o.operation, case when %1$s <> '{}' then 'upsert' end),
                priority = least(o.priority, excluded.priority),
                since = case when o.operation is null then excluded.since else o.since end"""
                    .formatted(beneath("fields"), beneath("stamps"));

    private static String beneath(String part) {
        return """
                case when excluded.operation = 'delete' or o.operation = 'delete' or o.inflight_operation = 'delete' then '{}'
                     else excluded.%s - array(select jsonb_object_keys(o.inflight)) end"""
                .formatted(part);
    }

    private Replays() {}

    /**
     * @param ids    the ids of the dead letters
     * @param edited whether letters are included to which an operator gave other values
     * @return the number of letters found
     */
    public static int enter(Connection connection, List<Long> ids, boolean edited) throws SQLException {
        return Database.update(connection, ENTER, connection.createArrayOf("bigint", ids.toArray()), edited);
    }
}

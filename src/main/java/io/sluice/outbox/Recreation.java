// SPDX-License-Identifier: Apache-2.0
package io.sluice.outbox;

import io.sluice.store.Database;
import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;

/**
 * Re-creates records that were deleted in a CRM: whole, as at an initial export, never of the changed fields alone. The base
 * of the old record is deleted, and so are its queued changes, because a claim could send a part of them alone.
 */
public final class Recreation {

    private static final String DELETE_STATE =
            "delete from sluice.sync_state where account = ? and object = ? and key = any (?)";

    private static final String DELETE_QUEUED =
            """
            delete from sluice.outbox where account = ? and object = ? and key = any (?) and operation = 'upsert'
              and lease is null""";

    private static final String SEND_WHOLE =
            """
            insert into sluice.change_log (source, keys, records, op, origin)
            select ?, array_agg(key), count(*), 'S', null from unnest(?::text[]) as key having count(*) > 0""";

    private Recreation() {}

    /** @param table the table of the rows, {@code schema.table} */
    public static void recreate(
            Connection connection, String account, String object, String table, Collection<String> keys)
            throws SQLException {
        Array array = Database.texts(connection, keys);
        Database.update(connection, DELETE_STATE, account, object, array);
        Database.update(connection, DELETE_QUEUED, account, object, array);
        sendWhole(connection, table, keys);
    }

    /** Enters rows to be sent whole; a field that the base shows to be equal in the CRM costs no call. */
    public static void sendWhole(Connection connection, String table, Collection<String> keys) throws SQLException {
        Database.update(connection, SEND_WHOLE, table, Database.texts(connection, keys));
    }
}

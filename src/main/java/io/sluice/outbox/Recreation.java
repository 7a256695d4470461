package io.sluice.outbox;

import io.sluice.store.Database;
import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;

/**
 * Makes records again that a CRM has no more: whole, as at a first load, never of the fields alone that changed. Nothing of
 * what was agreed on with the old record is left, and nothing that waits for it: of that a claim could send a part alone.
 */
public final class Recreation {

    private static final String FORGET = "delete from sluice.sync_state where account = ? and object = ? and key = any (?)";

    private static final String TAKE_BACK = """
            delete from sluice.outbox where account = ? and object = ? and key = any (?) and operation = 'upsert'
              and lease is null""";

    private static final String SEND_WHOLE = """
            insert into sluice.change_log (source, keys, records, op, origin)
            select ?, array_agg(key), count(*), 'S', null from unnest(?::text[]) as key having count(*) > 0""";

    private Recreation() {
    }

    /** @param table whose rows they are, {@code schema.table} */
    public static void whole(Connection connection, String account, String object, String table, Collection<String> keys)
            throws SQLException {
        Array array = Database.texts(connection, keys);
        Database.update(connection, FORGET, account, object, array);
        Database.update(connection, TAKE_BACK, account, object, array);
        send(connection, table, keys);
    }

    /** Enters rows to be sent whole; a field that the CRM is known to have as it is costs no call. */
    public static void send(Connection connection, String table, Collection<String> keys) throws SQLException {
        Database.update(connection, SEND_WHOLE, table, Database.texts(connection, keys));
    }
}

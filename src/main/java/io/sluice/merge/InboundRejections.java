// SPDX-License-Identifier: Apache-2.0
package io.sluice.merge;

import io.sluice.RootCause;
import io.sluice.Sync;
import io.sluice.store.Database;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores the records of a CRM that a table rejects, and why, until the table accepts them: the table
 * {@code inbound_rejection}. It holds no value of a field.
 */
public final class InboundRejections {

    private static final Logger LOG = LoggerFactory.getLogger(InboundRejections.class);

    private static final String KEEP =
            """
            insert into sluice.inbound_rejection as r (sync, crm_id, key, columns, why)
            values (?, ?, ?, string_to_array(?, ' '), ?)
            on conflict (sync, crm_id) do update set key = excluded.key, columns = excluded.columns, why = excluded.why,
                last_at = excluded.last_at, times = r.times + 1""";

    private static final String ACCEPTED = "delete from sluice.inbound_rejection where sync = ? and crm_id = any(?)";

    private static final String LIST =
            """
            select * from sluice.inbound_rejection where id > ? and sync = coalesce(?::text, sync) order by id limit ?""";

    private static final String DISCARD = "delete from sluice.inbound_rejection where id = ? returning *";

    /** Enters an event that reads the record back. */
    private static final String RETRY =
            """
            insert into sluice.inbox (account, identity, object, crm_id, kind, at)
            select ?, gen_random_uuid(), ?, crm_id, 'read_back', clock_timestamp() from sluice.inbound_rejection where id = ?""";

    private final Database database;

    public InboundRejections(Database database) {
        this.database = database;
    }

    /**
     * Stores the rejected records of a result and deletes those that the table has accepted.
     *
     * @param complete CRM ids of the records that were applied with all their fields
     */
    void keep(Sync sync, Collection<String> complete, Applied applied) throws SQLException {
        Set<String> accepted = new HashSet<>(complete);
        accepted.removeAll(applied.deferred());
        for (Applied.RejectedRow rejected : applied.rejected()) {
            if (rejected.crmId() != null) {
                accepted.remove(rejected.crmId());
                database.update(
                        KEEP,
                        sync.getName(),
                        rejected.crmId(),
                        rejected.key(),
                        String.join(" ", rejected.columns()),
                        RootCause.withoutValues(rejected.why()));
            }
        }
        if (!accepted.isEmpty()) {
            database.transaction(connection ->
                    Database.update(connection, ACCEPTED, sync.getName(), Database.texts(connection, accepted)));
        }
    }

    /** Lists a page of rejections, the oldest first. @param sync name of a sync, or null for all */
    public List<InboundRejection> list(String sync, long after, int limit) throws SQLException {
        return database.query(LIST, InboundRejection::of, after, sync, limit);
    }

    public Optional<InboundRejection> find(long id) throws SQLException {
        return list(null, id - 1, 1).stream().filter(found -> found.id() == id).findFirst();
    }

    /** Discards a rejection: the two sides differ until the record changes again. @return whether it existed */
    public boolean discard(long id) throws SQLException {
        boolean there = !database.query(DISCARD, row -> true, id).isEmpty();
        if (there) {
            LOG.info("Inbound rejection {} was discarded.", id);
        }
        return there;
    }

    /** Reads the record back and applies it again; the rejection is deleted once the table accepts the record. */
    public boolean retry(long id, Sync sync) throws SQLException {
        return database.update(RETRY, sync.getAccount(), sync.getObject(), id) > 0;
    }

    public long count(String sync) throws SQLException {
        return database.first(
                        "select count(*) from sluice.inbound_rejection where sync = ?", row -> row.getLong(1), sync)
                .orElse(0L);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.sluice.status;

import io.sluice.receive.DeltaPoller;
import io.sluice.snapshot.Snapshot;
import io.sluice.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** Reads the state of all syncs and accounts from the database, with one query per kind of state, however many syncs there are. */
public final class StateReader {

    private static final String TIME_LIMIT = "select set_config('statement_timeout', '30s', true)";

    /** Returns rows of a part, its owner, a detail, a number and the seconds since the oldest entry. */
    private static final String STATE =
            """
            select 'outbox' as part, sync as owner, priority || ' waiting' as detail, count(*) as number,
                   extract(epoch from clock_timestamp() - min(since))::float8 as age
            from sluice.outbox where operation is not null and lease is null group by sync, priority
            union all
            select 'outbox', sync, priority || ' in_flight', count(*),
                   extract(epoch from clock_timestamp() - min(since) filter (where operation is not null))::float8
            from sluice.outbox where lease is not null group by sync, priority
            union all
            select 'capture', source, '', sum(records), extract(epoch from clock_timestamp() - min(changed_at))::float8
            from sluice.change_log group by source
            union all
            select 'export_expected', sync, '', records, null from sluice.initial_export
            union all
            select 'export_left', sync, '',
                   (select coalesce(sum(l.records), 0) from sluice.change_log l
                    where l.source = e.source and l.op = 'S' and l.changed_at <= e.queued_at)
                   + (select count(*) from sluice.outbox o
                      where o.account = e.account and o.sync = e.sync and o.operation is not null and o.lease is null
                        and o.since <= e.queued_at)
                   + (select count(*) from sluice.outbox o
                      where o.sync = e.sync and o.lease is not null and o.inflight_since <= e.queued_at), null
            from sluice.initial_export e
            union all
            select 'inbox', account, '', count(*), extract(epoch from clock_timestamp() - min(received_at))::float8
            from sluice.inbox where done_at is null group by account
            union all
            select 'dead_letter', sync, '', count(*), null from sluice.dead_letter group by sync
            union all
            select 'inbound_rejection', sync, '', count(*), null from sluice.inbound_rejection group by sync
            union all
            select 'bulk_job', account, state, count(*), null from sluice.bulk_job where ended_at is null
            group by account, state
            union all
            select 'breaker', name, case when until > now() then 'open' else 'half_open' end, 1, null
            from sluice.pause where kind = 'sync' and by = 'crm'
            union all
            select distinct 'paused_' || kind, name, '', 1, null::float8 from sluice.pause where by <> 'crm'""";

    private final Database database;
    private final Source<Snapshot> snapshots;
    private final Source<DeltaPoller.Polls> polls;

    /** Reads what the database holds of all syncs, by the name of the sync. */
    @FunctionalInterface
    public interface Source<T> {
        Map<String, T> read() throws SQLException;
    }

    public StateReader(Database database, Source<Snapshot> snapshots, Source<DeltaPoller.Polls> polls) {
        this.database = database;
        this.snapshots = snapshots;
        this.polls = polls;
    }

    StateReading read() throws SQLException {
        Map<StateReading.Key, StateReading.Entry> entries = new HashMap<>();
        database.transaction(connection -> {
            entries.clear();
            Database.query(connection, TIME_LIMIT, row -> null);
            return Database.query(connection, STATE, row -> entries.put(key(row), entry(row)));
        });
        return new StateReading(entries, snapshots.read(), polls.read(), Instant.now());
    }

    private static StateReading.Key key(ResultSet row) throws SQLException {
        return new StateReading.Key(row.getString("part"), row.getString("owner"), row.getString("detail"));
    }

    private static StateReading.Entry entry(ResultSet row) throws SQLException {
        return new StateReading.Entry(row.getDouble("number"), Math.max(0, row.getDouble("age")));
    }
}

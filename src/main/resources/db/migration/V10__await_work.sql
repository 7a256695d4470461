-- Waits in the server until a part of the pipeline has work, so that an idle process makes one transaction a second and still
-- notices a change within some milliseconds of its commit. LISTEN and NOTIFY would need a NOTIFY in the application's transaction,
-- which could not be prepared for a two-phase commit any more.
--
-- tables, floors   the change log is searched for rows of each table from a sequence number on
-- transactions     ids of transactions that were under way; the end of one counts as a change, because it may have lower numbers
-- awaited          the parts whose work ends the wait
create function sluice.await_work(
    tables text[], floors bigint[], transactions xid8[], awaited text[], max_wait interval, step interval)
returns table (captured boolean, queued boolean, in_flight boolean, received boolean, snapshot boolean)
language plpgsql volatile
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    ends constant timestamptz := clock_timestamp() + max_wait;
begin
    loop
        -- each of these statements has a snapshot of its own
        captured := exists (
                select from unnest(tables, floors) as log(source, floor) cross join lateral (
                    select from sluice.change_log c where c.source = log.source and c.seq >= log.floor limit 1) as found)
            or exists (select from unnest(transactions) as xid where pg_visible_in_snapshot(xid, pg_current_snapshot()));
        queued := exists (select from sluice.outbox where operation is not null and lease is null)
            or exists (select from sluice.bulk_job where ended_at is null);
        in_flight := exists (select from sluice.outbox where lease_until < 'infinity');
        received := exists (select from sluice.inbox where done_at is null and due <= clock_timestamp());
        snapshot := exists (select from sluice.snapshot s where s.ended_at is null);
        exit when clock_timestamp() >= ends
            or captured and 'captured' = any (awaited)
            or queued and 'queued' = any (awaited)
            or in_flight and 'in_flight' = any (awaited)
            or received and 'received' = any (awaited)
            or snapshot and 'snapshot' = any (awaited);
        perform pg_sleep_for(step);
    end loop;
    return next;
end
$$;

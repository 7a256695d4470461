-- Waits like sluice.await_work, and for polls that are due and messages of alerts too, which ten idle replicas asked for thirty
-- times a second. An earlier version beside this one uses that function.
create function sluice.await_parts(
    tables text[], floors bigint[], transactions xid8[], awaited text[], max_wait interval, step interval)
returns table (
    captured boolean, queued boolean, in_flight boolean, received boolean, snapshot boolean, polls boolean, notifications boolean)
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
        polls := exists (select from sluice.poll_offset where due <= clock_timestamp());
        notifications := exists (select from sluice.alert_notification);
        exit when clock_timestamp() >= ends
            or captured and 'captured' = any (awaited)
            or queued and 'queued' = any (awaited)
            or in_flight and 'in_flight' = any (awaited)
            or received and 'received' = any (awaited)
            or snapshot and 'snapshot' = any (awaited)
            or polls and 'polls' = any (awaited)
            or notifications and 'notifications' = any (awaited);
        perform pg_sleep_for(step);
    end loop;
    return next;
end
$$;

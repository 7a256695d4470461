-- Completed calls per quarter of an hour, the sums of usage_minute: a permit reads the window of a day from 96 rows per operation
-- and the minutes at its edge, and not from 1,440 rows per operation.
create table sluice.usage_quarter_hour (
    account   text        not null,
    start     timestamptz not null,
    operation text        not null,
    calls     bigint      not null,
    cost      bigint      not null,
    primary key (account, start, operation)
);

-- Keeps the sums in the transaction that changes a minute, so that they are exact whoever does: a replica of an earlier version,
-- which does not know them, or the housekeeping.
create function sluice.sum_usage() returns trigger language plpgsql as $$
declare
    same boolean := tg_op = 'UPDATE' and (new.account, new.minute, new.operation) = (old.account, old.minute, old.operation);
begin
    if tg_op <> 'DELETE' then
        insert into sluice.usage_quarter_hour as q (account, start, operation, calls, cost)
        values (new.account, date_bin('15 minutes', new.minute, 'epoch'), new.operation,
                new.calls - case when same then old.calls else 0 end, new.cost - case when same then old.cost else 0 end)
        on conflict (account, start, operation) do update
        set calls = q.calls + excluded.calls, cost = q.cost + excluded.cost;
    end if;
    if tg_op <> 'INSERT' and not same then
        update sluice.usage_quarter_hour q set calls = q.calls - old.calls, cost = q.cost - old.cost
        where q.account = old.account and q.start = date_bin('15 minutes', old.minute, 'epoch') and q.operation = old.operation;
        delete from sluice.usage_quarter_hour q
        where q.account = old.account and q.start = date_bin('15 minutes', old.minute, 'epoch') and q.operation = old.operation
          and q.calls = 0;
    end if;
    return null;
end $$;

-- Waits for the reports that run now; those that come later wait until the minutes so far are summed, so that none is missed.
create trigger sum_usage after insert or update or delete on sluice.usage_minute
    for each row execute function sluice.sum_usage();

insert into sluice.usage_quarter_hour (account, start, operation, calls, cost)
select account, date_bin('15 minutes', minute, 'epoch'), operation, sum(calls), sum(cost)
from sluice.usage_minute
group by 1, 2, 3;

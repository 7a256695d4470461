-- Returns the states of records as they are now, not as the snapshot of the calling statement shows them: a claim locks the
-- newest version of the records it takes and must compare that with the newest base. Each statement of a volatile function has
-- a snapshot of its own (https://www.postgresql.org/docs/current/xfunc-volatility.html).
create function sluice.sync_state_now(of_account text, of_object text, keys text[])
returns table (key text, crm_id text, base jsonb, unproven jsonb)
language sql volatile
as $$
    select r.key, r.crm_id, r.base, r.unproven from sluice.sync_state r
    where r.account = of_account and r.object = of_object and r.key = any (keys)
$$;

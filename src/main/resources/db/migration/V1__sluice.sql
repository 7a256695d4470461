-- State of Sluice. Everything lives in the schema sluice, in the application's own database, so that a change is
-- captured in the transaction that makes it.

-- Which rows changed, in the order of the statements that changed them: append-only, so that the application waits on
-- no lock of ours. A row for all records that a statement changed alike, since a row per record is what made a large
-- statement slow. It names the columns and holds no values: the drain reads them from the table, as they are then.
create table sluice.change_log (
    source     text        not null collate "C",   -- the table, as schema.table
    seq        bigint      not null generated always as identity,
    keys       text[]      not null,
    records    integer     not null,   -- how many keys
    op         "char"      not null,   -- I insert, U update, D delete, K a key changed, R a row changed, whatever of it,
                                       -- S snapshot: a first load
    columns    text[],                 -- U: the mapped columns that changed
    changed_at timestamptz not null default statement_timestamp(),
    origin     text default nullif(current_setting('sluice.origin', true), ''),   -- the sync that applied it, or null
    primary key (source, seq)          -- the only index: each costs the application
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);

-- compressing would cost the application more than it saves
alter table sluice.change_log alter keys set storage external;

-- What the triggers could not see of a table, so that it is compared with what Sluice knows of it: they were gone or disabled
-- for a while, or the table is another one than before.
create table sluice.capture_gap (
    id     bigint      not null generated always as identity primary key,
    source text        not null collate "C",   -- the table, as schema.table
    since  timestamptz not null default clock_timestamp(),
    reason text        not null,
    loaded boolean     not null default false, -- all its rows are entered already: only those that went are looked for
    asked  boolean     not null default false  -- its syncs were paused, since so many rows went
);

-- What was last seen of each captured table, and of its last comparison.
create table sluice.capture (
    source      text        not null primary key collate "C",
    signature   text        not null,          -- its relations, our triggers on them, and its mapped columns
    checked_at  timestamptz not null default clock_timestamp(),
    compared_at timestamptz,
    reason      text,                          -- of the comparison
    missed      bigint,                        -- rows that had changed unseen
    gone        bigint                         -- rows that had gone unseen
);

-- Of two times of each field the later.
create function sluice.later(a jsonb, b jsonb) returns jsonb language sql stable parallel safe return case
    when a = '{}' then b
    else a || coalesce((select jsonb_object_agg(key, value) from jsonb_each_text(b) as fresh
                        where a ->> key is null or (a ->> key)::timestamptz < value::timestamptz), '{}') end;

-- Times of fields, each under its own name. What a first load sends whole bears one time for all of them, as *: to write
-- it down for each, twice for each row, would be a tenth of the load's work.
create function sluice.named(stamps jsonb, fields jsonb) returns jsonb language sql immutable parallel safe return case
    when jsonb_exists(stamps, '*') then
        coalesce((select jsonb_object_agg(name, stamps -> '*') from jsonb_object_keys(fields) as name), '{}')
        || (stamps - '*')
    else stamps end;

-- Adds values of fields to the unproven ones of a record, each once.
create function sluice.add_unproven(unproven jsonb, fields jsonb) returns jsonb language sql immutable parallel safe return
    unproven || coalesce((
        select jsonb_object_agg(key, case when coalesce(unproven -> key, '[]') @> jsonb_build_array(value) then unproven -> key
                                          else coalesce(unproven -> key, '[]') || jsonb_build_array(value) end)
        from jsonb_each(fields)), '{}');

-- These fields of an object, those that it has.
create function sluice.only(fields jsonb, names text[]) returns jsonb language sql immutable parallel safe return
    coalesce((select jsonb_object_agg(key, value) from jsonb_each(fields) where key = any (names)), '{}');

-- What goes in the first of two writes: without the records that are named (they have a relationship before a dot), and
-- with nothing in place of other values.
create function sluice.first_write(fields jsonb, second text[]) returns jsonb language sql immutable parallel safe return
    fields - second || coalesce((select jsonb_object_agg(key, null) from jsonb_object_keys(fields) as key
                                 where key = any (second) and strpos(key, '.') = 0), '{}');

-- Whether a text is a value of a type: asked one by one once all together have failed.
create function sluice.is_readable(value text, type text) returns boolean language plpgsql as $$
begin
    execute 'select $1::' || type using value;
    return true;
exception when data_exception or integrity_constraint_violation or program_limit_exceeded or raise_exception then
    return false;
end $$;

-- For each written field what the base held, since when, and up to four such pairs from before, newest first. An event may
-- arrive after several writes, and tells of an edit that the first of them replaced.
create function sluice.prior(prior jsonb, base jsonb, stamps jsonb, written jsonb) returns jsonb
    language sql immutable parallel safe
    return coalesce((select jsonb_object_agg(name, jsonb_build_array(base -> name, coalesce(stamps -> name, stamps -> '*'))
                         || case when jsonb_exists(prior, name) then jsonb_build_array(jsonb_path_query_array(
                                jsonb_build_array(jsonb_build_array(prior -> name -> 0, prior -> name -> 1))
                                || coalesce(prior -> name -> 2, '[]'), '$[0 to 3]')) else '[]' end)
                     from jsonb_object_keys(written) as name where jsonb_exists(base, name)), '{}');

-- What waits to be sent and what is being sent: one row per record. Its key comes first in the index, here as below: to
-- compare what is the same in all rows would take half of the time, and the rules of a language some more.
create table sluice.outbox (
    account            text        not null,
    object             text        not null,
    key                text        not null collate "C",
    sync               text        not null,
    -- waiting
    operation          text check (operation in ('upsert', 'delete')),
    fields             jsonb       not null default '{}',
    stamps             jsonb       not null default '{}',   -- field -> when it changed
    priority           smallint    not null,                -- 0 critical, 1 high, 2 normal, 3 low
    since              timestamptz not null,                -- the oldest unsent change
    due                timestamptz not null default now(),
    attempts           integer     not null default 0,
    aged           smallint    not null default 0,      -- steps of priority gained by waiting
    last_error         text,
    fill               smallint,                            -- most records of its next call: a refused batch is halved
    parent             text,                                -- of what was locked: the record that it names as its parent
    waits_for          text,                                -- key of the parent that must be in the CRM before it
    waits_for_object   text,
    second_write       text[],                              -- fields that can't go at once: see Parents and UniqueValues
    -- in flight, under a lease
    inflight_operation text check (inflight_operation in ('upsert', 'delete')),
    inflight           jsonb,
    inflight_stamps    jsonb,                               -- *: of all that are not named
    inflight_since     timestamptz,
    lease              uuid,
    lease_until        timestamptz,
    primary key (key, object, account),
    check ((inflight_operation is null) = (lease is null))
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
        autovacuum_vacuum_cost_delay = 0);   -- a busy queue's dead rows outnumber the living within a minute

create index outbox_waiting on sluice.outbox (account, sync, operation, priority, since)
    where operation is not null and lease is null;
create index outbox_smaller on sluice.outbox (account, sync, operation, fill, priority, parent, since)
    where fill is not null and operation is not null and lease is null;
create index outbox_leases on sluice.outbox (lease_until) where lease_until < 'infinity';   -- a bulk job's has no end
create index outbox_lease on sluice.outbox (lease) where lease is not null;
create index outbox_children on sluice.outbox (account, waits_for_object, waits_for) where waits_for is not null;

-- Which field of a sync names a record that another sync of the account feeds, so that parents go first.
create table sluice.parent (
    account text not null,
    sync    text not null,
    field   text not null,               -- Parent__r.Key__c
    object  text not null,               -- of the parent
    source  text not null collate "C",   -- the parent's table, as schema.table
    primary key (account, sync, field)
);

-- Work of several calls: a job that writes many records behind the calls, and the step that comes next. Its records are
-- in flight under its lease, which ends with the job and not before.
create table sluice.bulk_job (
    lease     uuid        not null primary key,
    account   text        not null,
    object    text        not null,
    sync      text        not null,
    operation text        not null check (operation in ('upsert', 'delete')),
    member    text,                            -- the login that created it, which makes its other calls too; null: any login may create it
    state     text        not null,
    crm_job   text,                            -- the CRM's id of the job, once known
    priority  smallint    not null,            -- of its calls: at least high, because the job holds records
    records   integer     not null,
    bytes     bigint      not null default 0,  -- size of an initial export's records, as JSON
    epoch     integer     not null default 0,  -- fencing token: counts claims; an update with an old epoch changes nothing
    attempts  integer     not null default 0,  -- calls in a row without progress
    due       timestamptz not null default clock_timestamp(),   -- time of the next call; during a call, the time when its lease ends
    create_requested_at timestamptz not null default clock_timestamp(),   -- when the CRM was last asked to create the job
    began_at  timestamptz not null default clock_timestamp(),
    ended_at  timestamptz,
    outcome   text                             -- why an ended job failed; null: it succeeded
);

create index bulk_job_due on sluice.bulk_job (account, due) where ended_at is null;
create index bulk_job_ended on sluice.bulk_job (ended_at) where ended_at is not null;

-- Objects whose records are sent by single calls for a while, because the CRM rejected or failed one of their bulk jobs.
create table sluice.bulk_cooldown (
    account text        not null,
    object  text        not null,
    until   timestamptz not null,
    reason  text        not null,
    primary key (account, object)
);

-- The last state that both sides of a record agreed on: its base.
create table sluice.sync_state (
    account    text        not null,
    object     text        not null,
    key        text        not null collate "C",
    sync       text        not null,
    crm_id     text collate "C",
    base       jsonb       not null default '{}',
    stamps     jsonb       not null default '{}',   -- field -> when it changed; *: of all that are not named
    -- field -> values that calls may have written and no answer proves; *: a delete may have been done. The base stays
    -- unchanged until an acknowledgement, or a read after the end of those calls, shows which value the CRM has.
    unproven   jsonb       not null default '{}',
    -- field -> the value and its time in the base before our last acknowledged write of the field; *: nothing, before the
    -- first write. An edit that arrives later and equals neither was overwritten unseen; a read that still shows the earlier
    -- value is older than our write.
    prior      jsonb       not null default '{}',
    settled_at timestamptz not null default now(),
    -- an update loop: an automation of the CRM and the application answer each other's changes without end
    taken_at    timestamptz,                        -- when a change of the CRM was last written to the table
    loop_rounds smallint    not null default 0,     -- how many times in a row that followed a write to the CRM
    held_until  timestamptz,                        -- no change is sent before; null: not in a loop
    primary key (key, object, account)
);

create index sync_state_held on sluice.sync_state (sync) where held_until is not null;

-- One CRM record has one key; otherwise the delete of one row would delete the record of another. The index begins with the
-- unique column, so that a planner without statistics does not prefer it to the primary key.
create unique index sync_state_crm_id on sluice.sync_state (crm_id, object, account);

-- Tombstones: records deleted on both sides a while ago. A page that was read before the delete must not restore them.
create table sluice.tombstone (
    account    text        not null,
    object     text        not null,
    key        text        not null collate "C",
    deleted_at timestamptz not null default now(),
    primary key (key, object, account)
);

create index tombstone_deleted_at on sluice.tombstone (deleted_at);

-- Conflicts: fields that both sides changed, and the side that won. The value that lost is kept here.
create table sluice.conflict (
    id         bigint generated always as identity primary key,
    account    text        not null,
    object     text        not null,
    key        text        not null,
    sync       text        not null,
    field      text,                     -- null: the record was deleted in the CRM and changed here
    winner     text        not null check (winner in ('crm', 'database')),
    base       jsonb,                    -- the value that both had before; null: not known
    crm        jsonb,
    crm_at     timestamptz not null,     -- when the CRM's record last changed
    ours       jsonb,
    ours_at    timestamptz not null,
    decided_at timestamptz not null default now()
);

create index conflict_record on sluice.conflict (account, object, key);

-- What retrying can't heal, in the CRM's own words.
create table sluice.dead_letter (
    id              bigint      not null generated always as identity unique,
    account         text        not null,
    object          text        not null,
    key             text        not null collate "C",
    sync            text        not null,
    operation       text        not null,
    fields          jsonb       not null,
    stamps          jsonb       not null,
    priority        smallint    not null default 2,    -- as urgent as it was
    code            text,
    message         text,
    rejected_fields text[]      not null default '{}', -- that the CRM named as the cause
    edited_fields   text[]      not null default '{}', -- that an operator gave another value, which the row gets too
    died_at         timestamptz not null default now(),
    primary key (key, object, account)
);

-- Causes that several dead letters share, and when one of them tries again whether it is gone.
create table sluice.dead_letter_retry (
    account  text        not null,
    object   text        not null,
    sync     text        not null,
    code     text        not null,
    fields   text        not null,             -- that the CRM named, sorted, with commas
    key      text collate "C",                 -- whose record tries just now
    tries    integer     not null default 0,
    tried_at timestamptz,
    due      timestamptz not null,
    primary key (account, object, sync, code, fields)
);

-- The ledger: a row per call to a CRM, written before the call and completed after it.
create table sluice.api_call (
    id           bigint generated always as identity primary key,
    account      text        not null,
    operation    text        not null,
    priority     smallint    not null,
    cost         integer     not null default 1,   -- in the CRM's units
    granted_at   timestamptz not null,
    expires_at   timestamptz not null,   -- when a call without an answer counts as completed
    completed_at timestamptz,
    status       integer,                -- HTTP status; 0: no answer came
    records      integer,
    bytes        bigint
);

create index api_call_completed on sluice.api_call (account, completed_at) where completed_at is not null;
create index api_call_open on sluice.api_call (account, expires_at) where completed_at is null;
create index api_call_granted on sluice.api_call (account, granted_at);

-- Completed calls a minute, so that a day's window is 1,440 rows and not a day's calls.
create table sluice.usage_minute (
    account   text        not null,
    minute    timestamptz not null,
    operation text        not null,
    calls     bigint      not null,
    cost      bigint      not null,
    primary key (account, minute, operation)
);

-- What the CRM itself last said of a limit.
create table sluice.reported_limit (
    account     text        not null,
    name        text        not null,
    max         bigint      not null,
    used        bigint      not null,
    reported_at timestamptz not null,
    primary key (account, name)
);

-- What it said before, once a quarter of an hour: by it the calls of others are forecast.
create table sluice.reported_limit_history (
    account text        not null,
    name    text        not null,
    at      timestamptz not null,   -- the quarter of an hour
    used    bigint      not null,
    primary key (account, name, at)
);

-- Refusals of a CRM, although we counted otherwise: how often, and when one call may try again.
create table sluice.throttle (
    account      text        not null,
    kind         text        not null,   -- daily, short, concurrent, search, bulk
    step         integer     not null,
    rate         integer     not null,   -- percent of the short limits that is used when it is over
    since        timestamptz not null,
    until        timestamptz not null,
    probe        bigint,                 -- the permit of the call that tries
    recovered_at timestamptz,
    primary key (account, kind)
);

-- Events from CRMs. A row stays for a while after it is done, so that an event that is sent again is recognised.
create table sluice.inbox (
    account     text        not null,
    identity    uuid        not null,   -- equal for an event and its repetition; a vendor's event id is not
    object      text        not null,
    crm_id      text        not null,
    kind        text        not null check (kind in ('value', 'created', 'read_back', 'deleted', 'missing')),
    field       text,                   -- kind value: the changed field
    value       text,                   -- kind value: its new value
    at          timestamptz not null,   -- when it happened, by the CRM's clock
    received_at timestamptz not null default clock_timestamp(),
    due         timestamptz not null default clock_timestamp(),   -- leased by one process until then
    done_at     timestamptz,
    primary key (account, identity)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

-- Deliveries of webhooks that were stored, by what signed them: a replayed request changes nothing.
create table sluice.webhook_delivery (
    key         text        not null primary key collate "C",
    received_at timestamptz not null default clock_timestamp()
);

create index webhook_delivery_received on sluice.webhook_delivery (received_at);

create index inbox_waiting on sluice.inbox (due) where done_at is null;
create index inbox_done on sluice.inbox (done_at) where done_at is not null;

-- Events from CRMs that could not be parsed, by their fault; no value of a field is stored here.
create table sluice.event_rejection (
    account  text        not null,
    type     text        not null,   -- the CRM's name of it
    why      text        not null,
    first_at timestamptz not null default clock_timestamp(),
    last_at  timestamptz not null default clock_timestamp(),
    times    bigint      not null,
    primary key (account, type, why)
);

-- How far each stream has come. load: which mapping of the table is entered to be sent; delta: how far what changes in
-- the CRM is read; reading: how far the reading of all that is there, or of very many changes.
create table sluice.checkpoint (
    account    text        not null,
    object     text        not null,
    stream     text        not null,
    position   text        not null,
    updated_at timestamptz not null default now(),
    primary key (account, object, stream)
);

-- Paused accounts and syncs: their work waits and keeps its order. A pause by the API and a pause by a setting are two rows,
-- so that the end of one leaves the other. An initial snapshot pauses its sync too, until it ends.
create table sluice.pause (
    kind   text        not null check (kind in ('account', 'sync')),
    name   text        not null,
    by     text        not null check (by in ('api', 'setting', 'load', 'crm', 'capture', 'check')),
    reason text,
    since  timestamptz not null default clock_timestamp(),
    until  timestamptz,                                         -- when it ends by itself; null: when it is taken back
    primary key (kind, name, by)
);

-- Which Sluices read this database, a row per replica, so that none removes what another captures.
create table sluice.installation (
    instance uuid        not null primary key,
    name     text        not null,             -- sluice.installation: replicas share it
    host     text        not null,
    tables   text[]      not null,
    objects  text[]      not null,             -- account and object
    syncs    text[]      not null,
    seen_at  timestamptz not null default clock_timestamp()
);

-- What replicas know together of an account's login. The refresh token is encrypted under the configured one.
create table sluice.login (
    account       text        not null primary key,
    refresh_token text,                 -- the newest that the CRM gave: the older ones it may not take again
    organisation  text,                 -- that was let in last: another one has other ids
    resumed_at    timestamptz,          -- when a person wanted a refused login tried at once
    changed_at    timestamptz not null default clock_timestamp()
);

-- Rejected rows: records of a CRM that a table does not accept, or not with all their fields. No value is stored here.
create table sluice.inbound_rejection (
    id       bigint      not null generated always as identity unique,
    sync     text        not null,
    crm_id   text        not null collate "C",
    key      text,
    columns  text[]      not null,
    why      text        not null,
    first_at timestamptz not null default clock_timestamp(),
    last_at  timestamptz not null default clock_timestamp(),
    times    bigint      not null default 1,
    primary key (sync, crm_id)
);

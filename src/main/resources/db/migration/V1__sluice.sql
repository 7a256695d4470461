-- State of Sluice, in the schema sluice of the application's own database, so that a change is captured in the transaction
-- that makes it.

-- Changed rows, in the order of the statements that changed them: append-only, so that the application waits on no lock of
-- ours. One row stands for all records that a statement changed alike, because one row per record made large statements
-- slow. A row names the columns and holds no values: the drain reads the current ones from the table.
create table sluice.change_log (
    source     text        not null collate "C",   -- the table, as schema.table
    seq        bigint      not null generated always as identity,
    keys       text[]      not null,
    records    integer     not null,   -- number of keys
    op         "char"      not null,   -- I insert, U update, D delete, K a changed key, R a row to compare with its base,
                                       -- S a row of an initial export
    columns    text[],                 -- U: the mapped columns that changed
    changed_at timestamptz not null default statement_timestamp(),
    origin     text default nullif(current_setting('sluice.origin', true), ''),   -- the sync that applied it, or null
    primary key (source, seq)          -- the only index: each costs the application
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);

-- compression would cost the application more than it saves
alter table sluice.change_log alter keys set storage external;

-- Gaps in the capture of a table, after which the table is compared with Sluice's state: the triggers were missing or
-- disabled for a while, or the table was replaced by another one.
create table sluice.capture_gap (
    id     bigint      not null generated always as identity primary key,
    source text        not null collate "C",   -- the table, as schema.table
    since  timestamptz not null default clock_timestamp(),
    reason text        not null,
    loaded boolean     not null default false, -- all its rows are already in the log: the comparison only searches deleted rows
    asked  boolean     not null default false  -- its syncs were paused, because too many rows are missing
);

-- Last observed state of each captured table, and the result of its last comparison.
create table sluice.capture (
    source      text        not null primary key collate "C",
    signature   text        not null,          -- its relations, our triggers on them, and its mapped columns
    checked_at  timestamptz not null default clock_timestamp(),
    compared_at timestamptz,
    reason      text,                          -- why the table was compared
    missed      bigint,                        -- rows with uncaptured changes
    gone        bigint                         -- rows with uncaptured deletes
);

-- Returns the later of two times of each field.
create function sluice.later(a jsonb, b jsonb) returns jsonb language sql stable parallel safe return case
    when a = '{}' then b
    else a || coalesce((select jsonb_object_agg(key, value) from jsonb_each_text(b) as fresh
                        where a ->> key is null or (a ->> key)::timestamptz < value::timestamptz), '{}') end;

-- Returns the times of fields, each under its own name. A row of an initial export has one time for all fields, as *: to
-- store it for each field, twice for each row, would be a tenth of the export's work.
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

-- Returns the named fields of an object, as far as it has them.
create function sluice.only(fields jsonb, names text[]) returns jsonb language sql immutable parallel safe return
    coalesce((select jsonb_object_agg(key, value) from jsonb_each(fields) where key = any (names)), '{}');

-- Returns the fields of the first of two writes: without references to records (they have a relationship before a dot), and
-- with null in place of other values.
create function sluice.first_write(fields jsonb, second text[]) returns jsonb language sql immutable parallel safe return
    fields - second || coalesce((select jsonb_object_agg(key, null) from jsonb_object_keys(fields) as key
                                 where key = any (second) and strpos(key, '.') = 0), '{}');

-- Returns when a record in an update loop is written next; a critical one (priority 0) waits for 5 s at most.
create function sluice.held_until(priority integer, taken_at timestamptz, held_until timestamptz) returns timestamptz
    language sql stable parallel safe return
    case when priority = 0 then least(held_until, taken_at + interval '5 seconds') else held_until end;

-- Whether a text is a value of a type: checked one by one after a check of all together has failed.
create function sluice.is_readable(value text, type text) returns boolean language plpgsql as $$
begin
    execute 'select $1::' || type using value;
    return true;
exception when data_exception or integrity_constraint_violation or program_limit_exceeded or raise_exception then
    return false;
end $$;

-- Returns for each changed field of the base its earlier values, newest first, at most five: the value, the time since when
-- the CRM had it, and whether the value after it was taken from the CRM (else Sluice wrote it). An event may arrive after
-- several writes and report an edit that the first of them replaced. Sluice's own value was written after its change, so
-- where the CRM's value follows, the last write of the record gives its time.
create function sluice.prior(prior jsonb, base jsonb, stamps jsonb, fields jsonb, taken boolean, settled_at timestamptz)
    returns jsonb language sql stable parallel safe
    return coalesce((select jsonb_object_agg(name, jsonb_path_query_array(
                         jsonb_build_array(jsonb_build_array(
                             base -> name,
                             case when taken then to_jsonb(greatest(
                                      (coalesce(stamps ->> name, stamps ->> '*'))::timestamptz, settled_at))
                                  else coalesce(stamps -> name, stamps -> '*') end,
                             taken))
                         || coalesce(prior -> name, '[]'), '$[0 to 4]'))
                     from jsonb_object_keys(fields) as name
                     where jsonb_exists(base, name)
                       and base -> name is distinct from fields -> name), '{}');

-- Changes that wait to be sent or are in flight: one row per record. The key comes first in the index, here as below: to
-- compare columns that are the same in all rows would take half of the time, and the rules of a collation some more.
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
    aged               smallint    not null default 0,      -- steps of priority gained by waiting
    last_error         text,
    max_batch          smallint,                            -- maximum records of its next call: a rejected batch is split
    parent             text,                                -- of a locked record: the parent that it names
    waits_for          text,                                -- key of the parent that must be in the CRM first
    waits_for_object   text,
    second_write       text[],                              -- fields that are sent in a second write: see Parents and UniqueValues
    -- in flight, under a lease
    inflight_operation text check (inflight_operation in ('upsert', 'delete')),
    inflight           jsonb,
    inflight_stamps    jsonb,                               -- *: time of all fields not named
    inflight_since     timestamptz,
    lease              uuid,
    lease_until        timestamptz,
    primary key (key, object, account),
    check ((inflight_operation is null) = (lease is null))
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
        autovacuum_vacuum_cost_delay = 0);   -- a busy queue has more dead rows than live ones within a minute

create index outbox_waiting on sluice.outbox (account, sync, operation, priority, since)
    where operation is not null and lease is null;
create index outbox_smaller on sluice.outbox (account, sync, operation, max_batch, priority, parent, since)
    where max_batch is not null and operation is not null and lease is null;
create index outbox_leases on sluice.outbox (lease_until) where lease_until < 'infinity';   -- a bulk job's lease has no end
create index outbox_lease on sluice.outbox (lease) where lease is not null;
create index outbox_children on sluice.outbox (account, waits_for_object, waits_for) where waits_for is not null;

-- Fields of a sync that name a record of another sync of the account, so that parents are sent first.
create table sluice.parent (
    account text not null,
    sync    text not null,
    field   text not null,               -- Parent__r.Key__c
    object  text not null,               -- of the parent
    source  text not null collate "C",   -- the parent's table, as schema.table
    primary key (account, sync, field)
);

-- Bulk jobs: work of several calls, with the state that decides the next call. A job's records are in flight under its
-- lease, which ends with the job.
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
    -- field -> earlier values of the base, see the function prior; *: nothing, before the first write. An edit that arrives
    -- late and that a write of ours followed was overwritten unseen; a read that still shows the earlier value is older than
    -- our write.
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

-- Dead letters: records that no retry can write, with the CRM's own message.
create table sluice.dead_letter (
    id              bigint      not null generated always as identity unique,
    account         text        not null,
    object          text        not null,
    key             text        not null collate "C",
    sync            text        not null,
    operation       text        not null,
    fields          jsonb       not null,
    stamps          jsonb       not null,
    priority        smallint    not null default 2,    -- priority that the record had
    code            text,
    message         text,
    rejected_fields text[]      not null default '{}', -- fields that the CRM named as the cause
    edited_fields   text[]      not null default '{}', -- fields to which an operator gave another value, which the row gets too
    died_at         timestamptz not null default now(),
    primary key (key, object, account)
);

-- Causes that several dead letters share, and the time when one of the letters is retried to check whether the cause is gone.
create table sluice.dead_letter_retry (
    account  text        not null,
    object   text        not null,
    sync     text        not null,
    code     text        not null,
    fields   text        not null,             -- fields that the CRM named, sorted, with commas
    key      text collate "C",                 -- key of the letter that is retried now
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

-- Completed calls per minute, so that a day's window is 1,440 rows and not all calls of the day.
create table sluice.usage_minute (
    account   text        not null,
    minute    timestamptz not null,
    operation text        not null,
    calls     bigint      not null,
    cost      bigint      not null,
    primary key (account, minute, operation)
);

-- Reported limits: the last figures that the CRM itself gave of a limit.
create table sluice.reported_limit (
    account     text        not null,
    name        text        not null,
    max         bigint      not null,
    used        bigint      not null,
    reported_at timestamptz not null,
    primary key (account, name)
);

-- Earlier figures, one per quarter of an hour, from which the calls of other clients are forecast.
create table sluice.reported_limit_history (
    account text        not null,
    name    text        not null,
    at      timestamptz not null,   -- start of the quarter of an hour
    used    bigint      not null,
    primary key (account, name, at)
);

-- Throttled accounts: limits that the CRM enforced although our count was below them, and when one call may probe.
create table sluice.throttle (
    account      text        not null,
    kind         text        not null,   -- daily, short, concurrent, search, bulk
    step         integer     not null,
    rate         integer     not null,   -- percent of the short limits that is used after recovery
    since        timestamptz not null,
    until        timestamptz not null,
    probe        bigint,                 -- the permit of the probing call
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

-- Messages that were processed, by the key that a repetition has too: a delivery of a webhook (repository webhook), a record or
-- an event that a source's route has processed (repository source).
create table sluice.idempotent_key (
    repository text        not null collate "C",
    key        text        not null collate "C",
    added_at   timestamptz not null default clock_timestamp(),
    primary key (repository, key)
);

create index idempotent_key_added on sluice.idempotent_key (added_at);

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

-- Initial exports: the mapping with which all rows of a sync's table were last queued. Another mapping queues them again.
create table sluice.initial_export (
    account     text        not null,
    object      text        not null,
    sync        text        not null,
    source      text        not null collate "C",   -- the table, as schema.table
    key         text        not null,               -- its key column
    external_id text        not null,
    fields      jsonb       not null,               -- column -> field of the CRM
    time_zone   text        not null,
    missed      boolean     not null default false, -- the sync missed changes, so that its next start queues the rows again
    queued_at   timestamptz not null default now(),   -- time of the queued rows in change_log and outbox
    records     bigint      not null default 0,       -- number of queued rows
    primary key (account, object, sync)
);

-- Here as below, a process that takes a due offset holds its lease until due and raises epoch, the fencing token: an update
-- with an old epoch changes nothing.

-- Offsets of the polls that read the changes in the CRM, a row per sync.
create table sluice.poll_offset (
    account        text        not null,
    object         text        not null,
    sync           text        not null,
    read_up_to     timestamptz not null,                  -- time up to which changed records were read
    low_watermark  timestamptz not null,                  -- time up to which no change and no delete can be missing
    interval_ms    bigint      not null,                  -- interval before the last poll
    deletes_due    timestamptz not null,                  -- when deletes are read again
    polled_at      timestamptz not null,                  -- start of the last poll that ended
    handed_over_at timestamptz not null default 'epoch',  -- start of the last poll whose rest a bulk query reads
    taken          boolean     not null default false,    -- a process is polling
    epoch          integer     not null default 0,
    due            timestamptz not null,
    updated_at     timestamptz not null default now(),
    primary key (account, object, sync)
);

-- Offsets of endless streams: the journals of CRMs that Sluice reads itself (journal:ACCOUNT), and the source Kamelets of
-- routes (source:NAME).
create table sluice.stream_offset (
    account        text        not null,
    stream         text        not null,
    page           text,                                  -- the CRM's offset of the next page, or of a journal's last file
    -- bulk queries only
    job            text,                                  -- the CRM's id of the job; null: none was created yet
    job_created_at timestamptz,
    job_complete   boolean     not null default false,    -- the job has read all records, so that pages can be read
    epoch          integer     not null default 0,
    due            timestamptz not null default clock_timestamp(),
    updated_at     timestamptz not null default now(),
    primary key (account, stream)
);

-- Snapshots: all records of a sync's object that are read at its first start, or very many changed ones.
create table sluice.snapshot (
    account           text        not null,
    object            text        not null,
    sync              text        not null,
    mapping           jsonb,                         -- what the initial snapshot depends on; null: there was none
    changed_since     timestamptz,                   -- time since which the records have changed; null: all records
    state             text        not null,          -- next call: count, create, poll, results or pages; or done
    job               text,                          -- the CRM's id of the bulk query
    member            text,                          -- the login that created the job, which makes its other calls too
    next_page         text,                          -- the CRM's offset of the next page; null: the beginning
    queried_at        timestamptz not null,          -- when the CRM was asked: the answer has all writes before
    jobs              integer     not null default 0,
    attempts          integer     not null default 0,   -- calls in a row without progress
    calls             integer     not null default 0,
    records           bigint      not null default -1,  -- records to read, as last known; -1: unknown
    read              bigint      not null default 0,   -- records in completely merged pages
    inserted          bigint      not null default 0,
    updated           bigint      not null default 0,
    conflicts         bigint      not null default 0,   -- fields that had values on both sides
    without_key       bigint      not null default 0,   -- records without external id, which get no row
    rejected          bigint      not null default 0,   -- records that the table rejected
    last_error        text,
    earliest_deferred timestamptz,                      -- earliest undecided change: the polls read again from there
    began_at          timestamptz not null,
    ended_at          timestamptz,                      -- null: the snapshot runs
    epoch             integer     not null default 0,
    due               timestamptz not null default clock_timestamp(),
    updated_at        timestamptz not null default now(),
    primary key (account, object, sync)
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

-- Installations that use this database, a row per replica, so that none removes the triggers of another.
create table sluice.installation (
    instance uuid        not null primary key,
    name     text        not null,             -- sluice.installation: replicas share it
    host     text        not null,
    tables   text[]      not null,
    objects  text[]      not null,             -- account and object
    syncs    text[]      not null,
    seen_at  timestamptz not null default clock_timestamp()
);

-- The login of an account, shared by all replicas. The refresh token is encrypted under the configured one.
create table sluice.login (
    account       text        not null primary key,
    refresh_token text,                 -- the newest token; the CRM may reject older ones
    organisation  text,                 -- the organisation of the last login: another one has other ids
    resumed_at    timestamptz,          -- when a person last resumed a rejected login
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

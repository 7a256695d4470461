-- The mapping of each captured table that holds. The replica that starts last sets it; replicas with another one leave the table
-- to those with this one. A replica that does not know this table of an earlier version writes the triggers as before.
create table sluice.capture_mapping (
    source      text        not null primary key collate "C",   -- the table, as schema.table
    fingerprint text        not null,                           -- of the syncs that read it, their keys and their fields
    generation  bigint      not null default 1,                 -- grows whenever another mapping holds
    host        text        not null,                           -- where the replica runs that set it, for messages
    since       timestamptz not null default clock_timestamp()
);

-- The mapping of each table that a replica captures: table -> fingerprint.
alter table sluice.installation add column mappings jsonb not null default '{}';

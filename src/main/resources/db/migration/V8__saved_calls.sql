-- Calls that were not needed, by the hour in which they were saved. Each process adds what it has counted once a minute at most.
create table sluice.saved_calls (
    hour    timestamptz not null,   -- start of the hour
    account text        not null,
    object  text        not null,
    reason  text        not null check (reason in ('coalescing', 'caching', 'events')),
    calls   bigint      not null,
    primary key (hour, account, object, reason)
);

alter table sluice.outbox
    add column merged boolean not null default false;   -- whether its last change was merged into one that waited

-- What the usage report needs of a call; null: not known, as of the calls before this version.
alter table sluice.api_call
    add column object       text,      -- object of its records; several in one call are sorted and separated by commas
    add column answer_bytes bigint,    -- size of the answer's body
    add column throttled    boolean;   -- whether the CRM refused the call because of a limit

-- Usage by hour, rolled up from the ledger once an hour has ended: the ledger is too large to be summed for each report, and
-- its calls are deleted earlier.
create table sluice.usage_hour (
    hour          timestamptz not null,   -- start of the hour, in which the calls were granted
    account       text        not null,
    operation     text        not null,
    object        text        not null,   -- as in the ledger; empty: not known, or none
    priority      smallint    not null,
    calls         bigint      not null,
    record_calls  bigint      not null,   -- calls with records
    records       bigint      not null,
    bytes         bigint      not null,   -- of requests
    answer_bytes  bigint      not null,
    errors        bigint      not null,   -- answers with a status of 400 or more, throttled ones included
    throttled     bigint      not null,
    unanswered    bigint      not null,
    answer_millis bigint      not null,   -- time from the grant to the answer, of all answered calls together
    largest       bigint      not null,   -- bytes of the largest call, request and answer together
    largest_call  bigint      not null,   -- id of that call in the ledger
    primary key (hour, account, operation, object, priority)
);

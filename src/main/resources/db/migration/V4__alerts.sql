-- Alerts: conditions that an operator should know, shared by the replicas of an installation, so that each begin and each end
-- is reported once. A row stays for a while after its end.
create table sluice.alert (
    number       bigint      not null generated always as identity primary key,
    installation text        not null,   -- sluice.installation of the replicas that evaluate it
    id           text        not null,   -- kind and subject: the same each time the condition begins
    kind         text        not null,
    severity     text        not null check (severity in ('info', 'warning', 'critical')),
    account      text,
    sync         text,
    limit_name   text,
    priority     text,
    mark         smallint,               -- 70, 85, 95 or 100: percentage of the limit that is used
    delays       text[]      not null default '{}',   -- priorities that wait
    until        timestamptz,            -- how long they wait at most, as far as known
    what         text        not null,
    action       text        not null,
    since        timestamptz not null,   -- start of the condition, as far as known
    seen_at      timestamptz not null,   -- when the condition was last observed
    ended_at     timestamptz             -- null: active
);

create unique index alert_active on sluice.alert (installation, id) where ended_at is null;
create index alert_ended on sluice.alert (ended_at) where ended_at is not null;

-- Observations that a process makes outside the database, such as a rejected login, so that whichever replica evaluates the
-- alerts knows those of all. Each process replaces its own rows.
create table sluice.alert_finding (
    instance     uuid        not null,
    installation text        not null,
    kind         text        not null,
    subject      text        not null,   -- account or sync
    detail       text        not null,
    since        timestamptz not null,
    seen_at      timestamptz not null default clock_timestamp(),
    primary key (instance, kind, subject)
);

-- The time of the next evaluation: one replica at a time holds the row's lock and evaluates.
create table sluice.alert_evaluation (
    installation text        not null primary key,
    due          timestamptz not null default clock_timestamp()
);

-- Begins and ends that were not delivered yet, by channel (log, webhook, slack, mail).
create table sluice.alert_notification (
    channel    text        not null,
    alert      bigint      not null references sluice.alert,
    event      text        not null check (event in ('begin', 'end')),
    created_at timestamptz not null default clock_timestamp(),
    primary key (channel, alert, event)
);

create index alert_notification_alert on sluice.alert_notification (alert);

-- Channels: the time of the next delivery. During a delivery, the time when its lease ends.
create table sluice.alert_channel (
    installation text        not null,
    channel      text        not null,
    due          timestamptz not null default clock_timestamp(),
    attempts     integer     not null default 0,   -- failed deliveries in a row
    epoch        integer     not null default 0,   -- fencing token: counts deliveries; a result with an old epoch changes nothing
    primary key (installation, channel)
);

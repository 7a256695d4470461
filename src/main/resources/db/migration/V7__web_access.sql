-- Sessions of people who have logged in to the page.
create table sluice.web_session (
    id_hash    bytea       not null primary key,   -- SHA-256 of the id in the cookie
    name       text        not null,
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null
);

-- Actions of people and programs over HTTP.
create table sluice.audit (
    id      bigint      not null generated always as identity primary key,
    at      timestamptz not null default clock_timestamp(),
    name    text        not null,   -- the user; local: no login is set up; token: the bearer of sluice.http.token
    address text        not null,
    action  text        not null,   -- method and path with the query
    status  integer     not null    -- of the answer
);

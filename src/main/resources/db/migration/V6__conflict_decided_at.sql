-- The page counts the conflicts of the last day of all syncs every second while it is open.
create index conflict_decided_at on sluice.conflict (decided_at);

-- Time since which the events of a stream arrive that stays open; null: they do not, or it is no such stream. While they arrive, the
-- account's syncs are polled seldom.
alter table sluice.stream_offset add column flowing_since timestamptz;

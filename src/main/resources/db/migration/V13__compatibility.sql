-- The versions that may not run on this schema. In a rolling update and after a roll-back an earlier version runs on a schema with
-- migrations that it does not know. A migration only adds, so that it can; one that an earlier version would do harm with adds a
-- row here, and that version stops with the reason:
--
--     insert into sluice.compatibility (oldest, reason) values (21, 'it would send the new state of a record as its field');
create table sluice.compatibility (
    oldest integer not null,   -- number of the last migration that a version must know to run on this schema
    reason text    not null    -- what an earlier version would do, as the end of a sentence
);

-- A tombstone keeps what was known of a record that Sluice deleted in the CRM: an event that arrives afterwards may report an
-- edit by a user that the delete, or a write before it, replaced. Null: the CRM's side deleted the record.
alter table sluice.tombstone
    add column crm_id   text collate "C",
    add column base     jsonb,
    add column stamps   jsonb,
    add column unproven jsonb,
    add column prior    jsonb;

create index tombstone_crm_id on sluice.tombstone (crm_id) where crm_id is not null;

-- The trace of a change, from the drain of the change log on; null unless the change is traced.
alter table sluice.outbox
    add column trace uuid,             -- of the waiting change
    add column inflight_trace uuid;    -- of the change in flight

-- Returns the id of a new trace: a UUID of version 7 (RFC 9562), whose first 48 bits are the milliseconds since 1970, so that
-- it also keeps when the change entered the outbox. The version takes the place of that of a random UUID (0100 to 0111).
create function sluice.new_trace() returns uuid language sql volatile as $$
    select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        placing substring(int8send(floor(extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
        52, 1), 53, 1), 'hex')::uuid $$;

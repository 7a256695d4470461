-- Returns for each changed field of the base its earlier values, newest first: the value, the time since when the CRM had it,
-- whether the value after it was taken from the CRM (else Sluice wrote it), and whether Sluice wrote it without a proven answer:
-- the CRM may have had it at some time until the one given. The last five are kept, and of a day the last fifty, up to 10,000 bytes: while a journal or webhooks
-- are away, a field may change many times before the event of an edit arrives that our write replaced. Sluice's own value was
-- written after its change, so where the CRM's value follows, the last write of the record gives its time.
create function sluice.prior(
    prior jsonb, base jsonb, stamps jsonb, unproven jsonb, fields jsonb, taken boolean, settled_at timestamptz)
    returns jsonb language sql stable parallel safe
    return coalesce((
        select jsonb_object_agg(name, (
            select jsonb_agg(earlier order by place)
            from (select earlier, place, sum(octet_length(earlier::text)) over (order by place) as bytes
                  from jsonb_array_elements(
                      coalesce((select jsonb_agg(jsonb_build_array(value, settled_at, taken and newest, true) order by place desc)
                                from (select value, place, place = max(place) over () as newest
                                      from jsonb_array_elements(unproven -> name) with ordinality as u(value, place)
                                      where value <> fields -> name) as written), '[]')
                      || jsonb_build_array(jsonb_build_array(
                          base -> name,
                          case when taken and not was_written then to_jsonb(greatest(
                                   (coalesce(stamps ->> name, stamps ->> '*'))::timestamptz, settled_at))
                               else coalesce(stamps -> name, stamps -> '*') end,
                          taken and not was_written))
                      || coalesce(prior -> name, '[]')) with ordinality as v(earlier, place)) as sized
            where place <= 5
               or place <= 50 and bytes <= 10000 and (earlier ->> 1)::timestamptz > now() - interval '1 day'))
        from jsonb_object_keys(fields) as name
        cross join lateral (
            select exists (select from jsonb_array_elements(unproven -> name) as u(value)
                           where value <> fields -> name) as was_written) as w
        where jsonb_exists(base, name)
          and base -> name is distinct from fields -> name), '{}');

-- For the version before, which may run beside this one.
create or replace function sluice.prior(
    prior jsonb, base jsonb, stamps jsonb, fields jsonb, taken boolean, settled_at timestamptz)
    returns jsonb language sql stable parallel safe
    return sluice.prior(prior, base, stamps, '{}', fields, taken, settled_at);

-- Returns the earlier values of a field with those that a change of the base adds, newest first; null if it adds none. See the
-- function prior.
create function sluice.earlier(
    history jsonb, base jsonb, stamp jsonb, unproven jsonb, value jsonb, taken boolean, settled_at timestamptz)
    returns jsonb language sql stable parallel safe
    return (
        select jsonb_agg(
                   case when history is null and place = jsonb_array_length(added)
                        then jsonb_build_array(entry -> 0, entry -> 1, entry -> 2, coalesce(entry -> 3, 'false'), true)
                        else entry end order by place)
        from (select coalesce(jsonb_agg(jsonb_build_array(other, settled_at, taken and newest, true) order by place desc), '[]')
                         as written
              from (select other, place, place = max(place) over () as newest
                    from jsonb_array_elements(unproven) with ordinality as u(other, place)
                    where other <> value) as others) as u
        cross join lateral (
            select written || case when base is null or written = '[]' and base = value then '[]'
                                   else jsonb_build_array(jsonb_build_array(
                                       base,
                                       case when taken and written = '[]'
                                            then to_jsonb(greatest((stamp #>> '{}')::timestamptz, settled_at)) else stamp end,
                                       taken and written = '[]')) end as added) as a
        cross join lateral (
            select entry, place,
                   bool_and(place <= 50
                       and (proven <= 5 or bytes <= 5000 and (entry ->> 1)::timestamptz > now() - interval '1 day'))
                       over (order by place) as is_kept
            from (select entry, place, sum(octet_length(entry::text)) over (order by place) as bytes,
                         count(*) filter (where entry -> 3 is distinct from 'true') over (order by place) as proven
                  from jsonb_array_elements(added || coalesce(history, '[]')) with ordinality as v(entry, place)) as counted)
            as judged
        where added <> '[]' and is_kept);

-- Returns for each changed field of the base its earlier values, newest first, in arrays of: the value; the time since when the
-- CRM had it; whether the value after it was taken from the CRM (else Sluice wrote it); whether Sluice wrote it without a proven
-- answer, so that the CRM may have had it at some time until the one given; whether it is the first that was ever known. Values
-- without a proven answer are kept even where the base stays as it is. The last five proven values are kept, and of a day the
-- last fifty, up to 5,000 bytes: while a journal or webhooks are away, a field may change many times before the event of an edit
-- arrives that our write replaced. Sluice's own value was written after its change, so where the CRM's value follows, the last
-- write of the record gives its time. A short history without such values, the common case, takes half the time.
create or replace function sluice.prior(
    prior jsonb, base jsonb, stamps jsonb, unproven jsonb, fields jsonb, taken boolean, settled_at timestamptz)
    returns jsonb language sql stable parallel safe
    return coalesce((
        select jsonb_object_agg(name, history)
        from jsonb_object_keys(fields) as name
        cross join lateral (
            select case
                when jsonb_exists(unproven, name) or jsonb_array_length(prior -> name) >= 5
                    then sluice.earlier(
                        prior -> name, base -> name, coalesce(stamps -> name, stamps -> '*'), unproven -> name,
                        fields -> name, taken, settled_at)
                when jsonb_exists(base, name) and base -> name is distinct from fields -> name
                    then jsonb_build_array(jsonb_build_array(
                             base -> name,
                             case when taken then to_jsonb(greatest(
                                      (coalesce(stamps ->> name, stamps ->> '*'))::timestamptz, settled_at))
                                  else coalesce(stamps -> name, stamps -> '*') end,
                             taken, false, not jsonb_exists(prior, name)))
                         || coalesce(prior -> name, '[]') end as history) as h
        where history is not null), '{}');

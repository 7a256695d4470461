-- made by UpgradeDump
create table public.person (no text primary key, last_name text not null,
    city text check (city <> 'Nowhere'), email text);
create table public.lead (no text primary key, name text);
insert into public.person overriding system value select * from json_populate_recordset(null::public.person, $json$[{"no":"P-6","last_name":"Name 6","city":"Rome","email":null},
{"no":"P-30","last_name":"Name 30","city":"Rome","email":null},
{"no":"P-33","last_name":"Name 33","city":"Rome","email":null},
{"no":"P-34","last_name":"Name 34","city":"Rome","email":null},
{"no":"P-35","last_name":"Name 35","city":"Rome","email":null},
{"no":"P-36","last_name":"Name 36","city":"Rome","email":null},
{"no":"P-37","last_name":"Name 37","city":"Rome","email":null},
{"no":"P-38","last_name":"Name 38","city":"Rome","email":null},
{"no":"P-39","last_name":"Name 39","city":"Rome","email":null},
{"no":"P-40","last_name":"Name 40","city":"Rome","email":null},
{"no":"P-1","last_name":"Name 1","city":"Theirs","email":null},
{"no":"P-3","last_name":"Name 3","city":"Rome","email":"no address"},
{"no":"P-4","last_name":"Name 4","city":"Rome","email":"no address"},
{"no":"P-5","last_name":"Name 5","city":"Rome","email":"no address"},
{"no":"P-7","last_name":"Name 7","city":"In flight","email":null},
{"no":"P-8","last_name":"Name 8","city":"In flight","email":null},
{"no":"P-9","last_name":"Name 9","city":"In flight","email":null},
{"no":"P-10","last_name":"Name 10","city":"Waiting","email":null},
{"no":"P-11","last_name":"Name 11","city":"Waiting","email":null},
{"no":"P-12","last_name":"Name 12","city":"Waiting","email":null},
{"no":"P-13","last_name":"Name 13","city":"Waiting","email":null},
{"no":"P-14","last_name":"Name 14","city":"Waiting","email":null},
{"no":"P-15","last_name":"Name 15","city":"Waiting","email":null},
{"no":"P-16","last_name":"Name 16","city":"Waiting","email":null},
{"no":"P-17","last_name":"Name 17","city":"Waiting","email":null},
{"no":"P-18","last_name":"Name 18","city":"Waiting","email":null},
{"no":"P-19","last_name":"Name 19","city":"Waiting","email":null},
{"no":"P-20","last_name":"Name 20","city":"Waiting","email":null},
{"no":"P-21","last_name":"Name 21","city":"Waiting","email":null},
{"no":"P-22","last_name":"Name 22","city":"Waiting","email":null},
{"no":"P-23","last_name":"Name 23","city":"Waiting","email":null},
{"no":"P-24","last_name":"Name 24","city":"Waiting","email":null},
{"no":"P-25","last_name":"Name 25","city":"Waiting","email":null},
{"no":"P-26","last_name":"Name 26","city":"Waiting","email":null},
{"no":"P-27","last_name":"Name 27","city":"Waiting","email":null},
{"no":"P-28","last_name":"Name 28","city":"Waiting","email":null},
{"no":"P-29","last_name":"Name 29","city":"Waiting","email":null},
{"no":"P-31","last_name":"Name 31","city":"While stopped","email":null},
{"no":"P-99","last_name":"New","city":"Oslo","email":null}]$json$);
insert into public.lead overriding system value select * from json_populate_recordset(null::public.lead, $json$[{"no":"H-1","name":"Ours"},
{"no":"T-1","name":"Table"}]$json$);
CREATE OR REPLACE FUNCTION sluice.later(a jsonb, b jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN CASE WHEN (a = '{}'::jsonb) THEN b ELSE (a || COALESCE((SELECT jsonb_object_agg(fresh.key, fresh.value) AS jsonb_object_agg FROM jsonb_each_text(later.b) fresh(key, value) WHERE (((later.a ->> fresh.key) IS NULL) OR (((later.a ->> fresh.key))::timestamp with time zone < (fresh.value)::timestamp with time zone))), '{}'::jsonb)) END
;
CREATE OR REPLACE FUNCTION sluice.named(stamps jsonb, fields jsonb)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_exists(stamps, '*'::text) THEN (COALESCE((SELECT jsonb_object_agg(name.name, (named.stamps -> '*'::text)) AS jsonb_object_agg FROM jsonb_object_keys(named.fields) name(name)), '{}'::jsonb) || (stamps - '*'::text)) ELSE stamps END
;
CREATE OR REPLACE FUNCTION sluice.add_unproven(unproven jsonb, fields jsonb)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (unproven || COALESCE((SELECT jsonb_object_agg(jsonb_each.key, CASE WHEN (COALESCE((add_unproven.unproven -> jsonb_each.key), '[]'::jsonb) @> jsonb_build_array(jsonb_each.value)) THEN (add_unproven.unproven -> jsonb_each.key) ELSE (COALESCE((add_unproven.unproven -> jsonb_each.key), '[]'::jsonb) || jsonb_build_array(jsonb_each.value)) END) AS jsonb_object_agg FROM jsonb_each(add_unproven.fields) jsonb_each(key, value)), '{}'::jsonb))
;
CREATE OR REPLACE FUNCTION sluice."only"(fields jsonb, names text[])
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN COALESCE((SELECT jsonb_object_agg(jsonb_each.key, jsonb_each.value) AS jsonb_object_agg FROM jsonb_each("only".fields) jsonb_each(key, value) WHERE (jsonb_each.key = ANY ("only".names))), '{}'::jsonb)
;
CREATE OR REPLACE FUNCTION sluice.first_write(fields jsonb, second text[])
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((fields - second) || COALESCE((SELECT jsonb_object_agg(key.key, NULL::unknown) AS jsonb_object_agg FROM jsonb_object_keys(first_write.fields) key(key) WHERE ((key.key = ANY (first_write.second)) AND (strpos(key.key, '.'::text) = 0))), '{}'::jsonb))
;
CREATE OR REPLACE FUNCTION sluice.held_until(priority integer, taken_at timestamp with time zone, held_until timestamp with time zone)
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN CASE WHEN (priority = 0) THEN LEAST(held_until, (taken_at + '00:00:05'::interval)) ELSE held_until END
;
CREATE OR REPLACE FUNCTION sluice.is_readable(value text, type text)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
begin
    execute 'select $1::' || type using value;
    return true;
exception when data_exception or integrity_constraint_violation or program_limit_exceeded or raise_exception then
    return false;
end $function$
;
CREATE OR REPLACE FUNCTION sluice.prior(prior jsonb, base jsonb, stamps jsonb, fields jsonb, taken boolean, settled_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN COALESCE((SELECT jsonb_object_agg(name.name, jsonb_path_query_array((jsonb_build_array(jsonb_build_array((prior.base -> name.name), CASE WHEN prior.taken THEN to_jsonb(GREATEST((COALESCE((prior.stamps ->> name.name), (prior.stamps ->> '*'::text)))::timestamp with time zone, prior.settled_at)) ELSE COALESCE((prior.stamps -> name.name), (prior.stamps -> '*'::text)) END, prior.taken)) || COALESCE((prior.prior -> name.name), '[]'::jsonb)), '$[0 to 4]'::jsonpath)) AS jsonb_object_agg FROM jsonb_object_keys(prior.fields) name(name) WHERE (jsonb_exists(prior.base, name.name) AND ((prior.base -> name.name) IS DISTINCT FROM (prior.fields -> name.name)))), '{}'::jsonb)
;
CREATE OR REPLACE FUNCTION sluice."capture_public.lead_insert"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$declare
    sluice_safe pg_catalog.bool;
    sluice_one pg_catalog.bool;
    sluice_same pg_catalog.bool;
    sluice_key pg_catalog.text;
    sluice_before pg_catalog.text;
    sluice_columns pg_catalog.text[];
    sluice_jit pg_catalog.text;
    sluice_merge pg_catalog.text;
begin
    if (pg_catalog.current_setting('sluice.applying', true) operator(pg_catalog.=) 'on') is not true then
        begin
    select n."no"::pg_catalog.text into sluice_key from new_rows n where not (select exists (select from new_rows offset 1)) and not exists (select from sluice.change_log sluice_l where false
  and sluice_l.source operator(pg_catalog.=) ''::pg_catalog.text
  and sluice_l.keys operator(pg_catalog.=) '{}'::pg_catalog.text[]
  and sluice_l.records operator(pg_catalog.=) 1 and sluice_l.op operator(pg_catalog.=) 'U'::pg_catalog."char"
  and sluice_l.columns operator(pg_catalog.=) '{}'::pg_catalog.text[]);
sluice_one := found;
    sluice_safe := true;
exception when others then
    sluice_safe := false;
end;
if sluice_safe then
    if sluice_one then
    insert into sluice.change_log (source, keys, records, op) values ('public.lead', array[sluice_key], 1, 'I');
else
    insert into sluice.change_log (source, keys, records, op, columns)
select 'public.lead', pg_catalog.array_agg(key), pg_catalog.count(*), op, columns
from (select key, op::pg_catalog."char", columns,
             (pg_catalog.row_number() over () operator(pg_catalog.-) 1) operator(pg_catalog./) 1000 as part
      from (select n."no"::pg_catalog.text as key, 'I' as op, null::pg_catalog.text[] as columns from new_rows n) as changed) as parted
group by op, columns, part;
end if;
end if;
if not sluice_safe then
    begin
    insert into sluice.capture_gap (source, reason) values ('public.lead', 'its key or the change log was altered');
exception when others then
    null;
end;
end if;
    end if;
    return null;
end$function$
;
CREATE OR REPLACE FUNCTION sluice."capture_public.lead_update"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$declare
    sluice_safe pg_catalog.bool;
    sluice_one pg_catalog.bool;
    sluice_same pg_catalog.bool;
    sluice_key pg_catalog.text;
    sluice_before pg_catalog.text;
    sluice_columns pg_catalog.text[];
    sluice_jit pg_catalog.text;
    sluice_merge pg_catalog.text;
begin
    if (pg_catalog.current_setting('sluice.applying', true) operator(pg_catalog.=) 'on') is not true then
        begin
    select n."no"::pg_catalog.text, o."no"::pg_catalog.text, o."no"::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.=) n."no"::pg_catalog.text collate pg_catalog."C", pg_catalog.array_remove(array[case when coalesce(o."name"::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.<>) n."name"::pg_catalog.text collate pg_catalog."C", (o."name" is null) operator(pg_catalog.<>) (n."name" is null)) then 'name' end], null) into sluice_key, sluice_before, sluice_same, sluice_columns
from (select * from old_rows limit 1) o cross join (select * from new_rows limit 1) n where not (select exists (select from new_rows offset 1)) and not exists (select from sluice.change_log sluice_l where false
  and sluice_l.source operator(pg_catalog.=) ''::pg_catalog.text
  and sluice_l.keys operator(pg_catalog.=) '{}'::pg_catalog.text[]
  and sluice_l.records operator(pg_catalog.=) 1 and sluice_l.op operator(pg_catalog.=) 'U'::pg_catalog."char"
  and sluice_l.columns operator(pg_catalog.=) '{}'::pg_catalog.text[]);
sluice_one := found;
    sluice_safe := true;
exception when others then
    sluice_safe := false;
end;
if sluice_safe then
    if sluice_one then
    if not sluice_same then
    insert into sluice.change_log (source, keys, records, op)
    values ('public.lead', array[sluice_before, sluice_key], 2, 'K');
elsif sluice_columns operator(pg_catalog.<>) '{}' then
    insert into sluice.change_log (source, keys, records, op, columns)
    values ('public.lead', array[sluice_key], 1, 'U', sluice_columns);
end if;
elsif exists (select from new_rows) then
    sluice_safe := (select (select pg_catalog.count(*) from pg_catalog.pg_attribute sluice_a where sluice_a.attrelid operator(pg_catalog.=) tg_relid and (sluice_a.atttypid operator(pg_catalog.=) 25::pg_catalog.oid and sluice_a.attname operator(pg_catalog.=) any (array['no', 'name']::pg_catalog.name[]))) operator(pg_catalog.=) 2);
    if sluice_safe then
        sluice_jit := pg_catalog.current_setting('jit');
sluice_merge := pg_catalog.current_setting('enable_mergejoin');
perform pg_catalog.set_config('jit', 'off', true), pg_catalog.set_config('enable_mergejoin', 'off', true);
insert into sluice.change_log (source, keys, records, op, columns)
select 'public.lead', pg_catalog.array_agg(key), pg_catalog.count(*), op, columns
from (select key, op::pg_catalog."char", columns,
             (pg_catalog.row_number() over () operator(pg_catalog.-) 1) operator(pg_catalog./) 1000 as part
      from (select key, op, case when op operator(pg_catalog.=) 'U' then columns end as columns
from (select case when n."no" is null then o."no"::pg_catalog.text else n."no"::pg_catalog.text end as key,
             case when o."no" is null then 'I' when n."no" is null then 'D' else 'U' end as op,
             pg_catalog.array_remove(array[case when coalesce(o."name"::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.<>) n."name"::pg_catalog.text collate pg_catalog."C", (o."name" is null) operator(pg_catalog.<>) (n."name" is null)) then 'name' end], null) as columns
      from old_rows o full join new_rows n on o."no"::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.=) n."no"::pg_catalog.text collate pg_catalog."C" offset 0) as compared
where columns operator(pg_catalog.<>) '{}' or op operator(pg_catalog.<>) 'U') as changed) as parted
group by op, columns, part;
perform pg_catalog.set_config('jit', sluice_jit, true),
        pg_catalog.set_config('enable_mergejoin', sluice_merge, true);
    end if;
end if;
end if;
if not sluice_safe then
    begin
    insert into sluice.change_log (source, keys, records, op, columns)
select 'public.lead', pg_catalog.array_agg(key), pg_catalog.count(*), op, columns
from (select key, op::pg_catalog."char", columns,
             (pg_catalog.row_number() over () operator(pg_catalog.-) 1) operator(pg_catalog./) 1000 as part
      from (select case when n."no" is null then o."no"::pg_catalog.text else n."no"::pg_catalog.text end as key,
       case when n."no" is null then 'D' else 'R' end as op, null::pg_catalog.text[] as columns
from old_rows o full join new_rows n on o."no"::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.=) n."no"::pg_catalog.text collate pg_catalog."C") as changed) as parted
group by op, columns, part;
exception when others then
    begin
    insert into sluice.capture_gap (source, reason) values ('public.lead', 'its key or the change log was altered');
exception when others then
    null;
end;
end;
end if;
    end if;
    return null;
end$function$
;
CREATE OR REPLACE FUNCTION sluice."capture_public.lead_delete"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$declare
    sluice_safe pg_catalog.bool;
    sluice_one pg_catalog.bool;
    sluice_same pg_catalog.bool;
    sluice_key pg_catalog.text;
    sluice_before pg_catalog.text;
    sluice_columns pg_catalog.text[];
    sluice_jit pg_catalog.text;
    sluice_merge pg_catalog.text;
begin
    if (pg_catalog.current_setting('sluice.applying', true) operator(pg_catalog.=) 'on') is not true then
        begin
    select o."no"::pg_catalog.text into sluice_key from old_rows o where not (select exists (select from old_rows offset 1)) and not exists (select from sluice.change_log sluice_l where false
  and sluice_l.source operator(pg_catalog.=) ''::pg_catalog.text
  and sluice_l.keys operator(pg_catalog.=) '{}'::pg_catalog.text[]
  and sluice_l.records operator(pg_catalog.=) 1 and sluice_l.op operator(pg_catalog.=) 'U'::pg_catalog."char"
  and sluice_l.columns operator(pg_catalog.=) '{}'::pg_catalog.text[]);
sluice_one := found;
    sluice_safe := true;
exception when others then
    sluice_safe := false;
end;
if sluice_safe then
    if sluice_one then
    insert into sluice.change_log (source, keys, records, op) values ('public.lead', array[sluice_key], 1, 'D');
else
    insert into sluice.change_log (source, keys, records, op, columns)
select 'public.lead', pg_catalog.array_agg(key), pg_catalog.count(*), op, columns
from (select key, op::pg_catalog."char", columns,
             (pg_catalog.row_number() over () operator(pg_catalog.-) 1) operator(pg_catalog./) 1000 as part
      from (select o."no"::pg_catalog.text as key, 'D' as op, null::pg_catalog.text[] as columns from old_rows o) as changed) as parted
group by op, columns, part;
end if;
end if;
if not sluice_safe then
    begin
    insert into sluice.capture_gap (source, reason) values ('public.lead', 'its key or the change log was altered');
exception when others then
    null;
end;
end if;
    end if;
    return null;
end$function$
;
CREATE OR REPLACE FUNCTION sluice."capture_public.lead_truncate"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$declare
    sluice_safe pg_catalog.bool;
    sluice_one pg_catalog.bool;
    sluice_same pg_catalog.bool;
    sluice_key pg_catalog.text;
    sluice_before pg_catalog.text;
    sluice_columns pg_catalog.text[];
    sluice_jit pg_catalog.text;
    sluice_merge pg_catalog.text;
begin
    if (pg_catalog.current_setting('sluice.applying', true) operator(pg_catalog.=) 'on') is not true then
        begin
    if pg_catalog.row_security_active(tg_relid) then
    insert into sluice.capture_gap (source, reason) values ('public.lead', 'its key or the change log was altered');
else
    execute pg_catalog.format('insert into sluice.change_log (source, keys, records, op, columns)
select ''public.lead'', pg_catalog.array_agg(key), pg_catalog.count(*), op, columns
from (select key, op::pg_catalog."char", columns,
             (pg_catalog.row_number() over () operator(pg_catalog.-) 1) operator(pg_catalog./) 1000 as part
      from (select t."no"::pg_catalog.text as key, ''D'' as op, null::pg_catalog.text[] as columns from only %I.%I t) as changed) as parted
group by op, columns, part;', tg_table_schema, tg_table_name);
end if;
exception when others then
    begin
    insert into sluice.capture_gap (source, reason) values ('public.lead', 'its key or the change log was altered');
exception when others then
    null;
end;
end;
    end if;
    return null;
end$function$
;
CREATE OR REPLACE FUNCTION sluice."capture_public.lead_row"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$declare
    sluice_safe pg_catalog.bool;
    sluice_one pg_catalog.bool;
    sluice_same pg_catalog.bool;
    sluice_key pg_catalog.text;
    sluice_before pg_catalog.text;
    sluice_columns pg_catalog.text[];
    sluice_jit pg_catalog.text;
    sluice_merge pg_catalog.text;
begin
    if (pg_catalog.current_setting('sluice.applying', true) operator(pg_catalog.=) 'on') is not true then
        begin
    perform from (select from sluice.change_log sluice_l where false
  and sluice_l.source operator(pg_catalog.=) ''::pg_catalog.text
  and sluice_l.keys operator(pg_catalog.=) '{}'::pg_catalog.text[]
  and sluice_l.records operator(pg_catalog.=) 1 and sluice_l.op operator(pg_catalog.=) 'U'::pg_catalog."char"
  and sluice_l.columns operator(pg_catalog.=) '{}'::pg_catalog.text[]) as log;
if tg_op operator(pg_catalog.=) 'UPDATE' then
    sluice_key := new."no"::pg_catalog.text;
    sluice_before := old."no"::pg_catalog.text;
    sluice_same := old."no"::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.=) new."no"::pg_catalog.text collate pg_catalog."C";
    sluice_columns := pg_catalog.array_remove(array[case when coalesce(old."name"::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.<>) new."name"::pg_catalog.text collate pg_catalog."C", (old."name" is null) operator(pg_catalog.<>) (new."name" is null)) then 'name' end], null);
elsif tg_op operator(pg_catalog.=) 'INSERT' then
    sluice_key := new."no"::pg_catalog.text;
else
    sluice_key := old."no"::pg_catalog.text;
end if;
    sluice_safe := true;
exception when others then
    sluice_safe := false;
end;
if sluice_safe then
    if tg_op operator(pg_catalog.=) 'UPDATE' then
    if not sluice_same then
    insert into sluice.change_log (source, keys, records, op)
    values ('public.lead', array[sluice_before, sluice_key], 2, 'K');
elsif sluice_columns operator(pg_catalog.<>) '{}' then
    insert into sluice.change_log (source, keys, records, op, columns)
    values ('public.lead', array[sluice_key], 1, 'U', sluice_columns);
end if;
else
    insert into sluice.change_log (source, keys, records, op) values ('public.lead', array[sluice_key], 1, case when tg_op operator(pg_catalog.=) 'INSERT' then 'I' else 'D' end);
end if;
end if;
if not sluice_safe then
    begin
    if tg_op operator(pg_catalog.<>) 'INSERT' then
    insert into sluice.change_log (source, keys, records, op) values ('public.lead', array[old."no"::pg_catalog.text], 1, 'D');
end if;
if tg_op operator(pg_catalog.<>) 'DELETE' then
    insert into sluice.change_log (source, keys, records, op) values ('public.lead', array[new."no"::pg_catalog.text], 1, 'R');
end if;
exception when others then
    begin
    insert into sluice.capture_gap (source, reason) values ('public.lead', 'its key or the change log was altered');
exception when others then
    null;
end;
end;
end if;
    end if;
    return null;
end$function$
;
CREATE OR REPLACE FUNCTION sluice."capture_public.person_insert"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$declare
    sluice_safe pg_catalog.bool;
    sluice_one pg_catalog.bool;
    sluice_same pg_catalog.bool;
    sluice_key pg_catalog.text;
    sluice_before pg_catalog.text;
    sluice_columns pg_catalog.text[];
    sluice_jit pg_catalog.text;
    sluice_merge pg_catalog.text;
begin
    if (pg_catalog.current_setting('sluice.applying', true) operator(pg_catalog.=) 'on') is not true then
        begin
    select n."no"::pg_catalog.text into sluice_key from new_rows n where not (select exists (select from new_rows offset 1)) and not exists (select from sluice.change_log sluice_l where false
  and sluice_l.source operator(pg_catalog.=) ''::pg_catalog.text
  and sluice_l.keys operator(pg_catalog.=) '{}'::pg_catalog.text[]
  and sluice_l.records operator(pg_catalog.=) 1 and sluice_l.op operator(pg_catalog.=) 'U'::pg_catalog."char"
  and sluice_l.columns operator(pg_catalog.=) '{}'::pg_catalog.text[]);
sluice_one := found;
    sluice_safe := true;
exception when others then
    sluice_safe := false;
end;
if sluice_safe then
    if sluice_one then
    insert into sluice.change_log (source, keys, records, op) values ('public.person', array[sluice_key], 1, 'I');
else
    insert into sluice.change_log (source, keys, records, op, columns)
select 'public.person', pg_catalog.array_agg(key), pg_catalog.count(*), op, columns
from (select key, op::pg_catalog."char", columns,
             (pg_catalog.row_number() over () operator(pg_catalog.-) 1) operator(pg_catalog./) 1000 as part
      from (select n."no"::pg_catalog.text as key, 'I' as op, null::pg_catalog.text[] as columns from new_rows n) as changed) as parted
group by op, columns, part;
end if;
end if;
if not sluice_safe then
    begin
    insert into sluice.capture_gap (source, reason) values ('public.person', 'its key or the change log was altered');
exception when others then
    null;
end;
end if;
    end if;
    return null;
end$function$
;
CREATE OR REPLACE FUNCTION sluice."capture_public.person_update"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$declare
    sluice_safe pg_catalog.bool;
    sluice_one pg_catalog.bool;
    sluice_same pg_catalog.bool;
    sluice_key pg_catalog.text;
    sluice_before pg_catalog.text;
    sluice_columns pg_catalog.text[];
    sluice_jit pg_catalog.text;
    sluice_merge pg_catalog.text;
begin
    if (pg_catalog.current_setting('sluice.applying', true) operator(pg_catalog.=) 'on') is not true then
        begin
    select n."no"::pg_catalog.text, o."no"::pg_catalog.text, o."no"::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.=) n."no"::pg_catalog.text collate pg_catalog."C", pg_catalog.array_remove(array[case when coalesce(o."city"::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.<>) n."city"::pg_catalog.text collate pg_catalog."C", (o."city" is null) operator(pg_catalog.<>) (n."city" is null)) then 'city' end, case when coalesce(o."email"::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.<>) n."email"::pg_catalog.text collate pg_catalog."C", (o."email" is null) operator(pg_catalog.<>) (n."email" is null)) then 'email' end, case when coalesce(o."last_name"::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.<>) n."last_name"::pg_catalog.text collate pg_catalog."C", (o."last_name" is null) operator(pg_catalog.<>) (n."last_name" is null)) then 'last_name' end], null) into sluice_key, sluice_before, sluice_same, sluice_columns
from (select * from old_rows limit 1) o cross join (select * from new_rows limit 1) n where not (select exists (select from new_rows offset 1)) and not exists (select from sluice.change_log sluice_l where false
  and sluice_l.source operator(pg_catalog.=) ''::pg_catalog.text
  and sluice_l.keys operator(pg_catalog.=) '{}'::pg_catalog.text[]
  and sluice_l.records operator(pg_catalog.=) 1 and sluice_l.op operator(pg_catalog.=) 'U'::pg_catalog."char"
  and sluice_l.columns operator(pg_catalog.=) '{}'::pg_catalog.text[]);
sluice_one := found;
    sluice_safe := true;
exception when others then
    sluice_safe := false;
end;
if sluice_safe then
    if sluice_one then
    if not sluice_same then
    insert into sluice.change_log (source, keys, records, op)
    values ('public.person', array[sluice_before, sluice_key], 2, 'K');
elsif sluice_columns operator(pg_catalog.<>) '{}' then
    insert into sluice.change_log (source, keys, records, op, columns)
    values ('public.person', array[sluice_key], 1, 'U', sluice_columns);
end if;
elsif exists (select from new_rows) then
    sluice_safe := (select (select pg_catalog.count(*) from pg_catalog.pg_attribute sluice_a where sluice_a.attrelid operator(pg_catalog.=) tg_relid and (sluice_a.atttypid operator(pg_catalog.=) 25::pg_catalog.oid and sluice_a.attname operator(pg_catalog.=) any (array['no', 'city', 'email', 'last_name']::pg_catalog.name[]))) operator(pg_catalog.=) 4);
    if sluice_safe then
        sluice_jit := pg_catalog.current_setting('jit');
sluice_merge := pg_catalog.current_setting('enable_mergejoin');
perform pg_catalog.set_config('jit', 'off', true), pg_catalog.set_config('enable_mergejoin', 'off', true);
insert into sluice.change_log (source, keys, records, op, columns)
select 'public.person', pg_catalog.array_agg(key), pg_catalog.count(*), op, columns
from (select key, op::pg_catalog."char", columns,
             (pg_catalog.row_number() over () operator(pg_catalog.-) 1) operator(pg_catalog./) 1000 as part
      from (select key, op, case when op operator(pg_catalog.=) 'U' then columns end as columns
from (select case when n."no" is null then o."no"::pg_catalog.text else n."no"::pg_catalog.text end as key,
             case when o."no" is null then 'I' when n."no" is null then 'D' else 'U' end as op,
             pg_catalog.array_remove(array[case when coalesce(o."city"::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.<>) n."city"::pg_catalog.text collate pg_catalog."C", (o."city" is null) operator(pg_catalog.<>) (n."city" is null)) then 'city' end, case when coalesce(o."email"::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.<>) n."email"::pg_catalog.text collate pg_catalog."C", (o."email" is null) operator(pg_catalog.<>) (n."email" is null)) then 'email' end, case when coalesce(o."last_name"::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.<>) n."last_name"::pg_catalog.text collate pg_catalog."C", (o."last_name" is null) operator(pg_catalog.<>) (n."last_name" is null)) then 'last_name' end], null) as columns
      from old_rows o full join new_rows n on o."no"::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.=) n."no"::pg_catalog.text collate pg_catalog."C" offset 0) as compared
where columns operator(pg_catalog.<>) '{}' or op operator(pg_catalog.<>) 'U') as changed) as parted
group by op, columns, part;
perform pg_catalog.set_config('jit', sluice_jit, true),
        pg_catalog.set_config('enable_mergejoin', sluice_merge, true);
    end if;
end if;
end if;
if not sluice_safe then
    begin
    insert into sluice.change_log (source, keys, records, op, columns)
select 'public.person', pg_catalog.array_agg(key), pg_catalog.count(*), op, columns
from (select key, op::pg_catalog."char", columns,
             (pg_catalog.row_number() over () operator(pg_catalog.-) 1) operator(pg_catalog./) 1000 as part
      from (select case when n."no" is null then o."no"::pg_catalog.text else n."no"::pg_catalog.text end as key,
       case when n."no" is null then 'D' else 'R' end as op, null::pg_catalog.text[] as columns
from old_rows o full join new_rows n on o."no"::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.=) n."no"::pg_catalog.text collate pg_catalog."C") as changed) as parted
group by op, columns, part;
exception when others then
    begin
    insert into sluice.capture_gap (source, reason) values ('public.person', 'its key or the change log was altered');
exception when others then
    null;
end;
end;
end if;
    end if;
    return null;
end$function$
;
CREATE OR REPLACE FUNCTION sluice."capture_public.person_delete"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$declare
    sluice_safe pg_catalog.bool;
    sluice_one pg_catalog.bool;
    sluice_same pg_catalog.bool;
    sluice_key pg_catalog.text;
    sluice_before pg_catalog.text;
    sluice_columns pg_catalog.text[];
    sluice_jit pg_catalog.text;
    sluice_merge pg_catalog.text;
begin
    if (pg_catalog.current_setting('sluice.applying', true) operator(pg_catalog.=) 'on') is not true then
        begin
    select o."no"::pg_catalog.text into sluice_key from old_rows o where not (select exists (select from old_rows offset 1)) and not exists (select from sluice.change_log sluice_l where false
  and sluice_l.source operator(pg_catalog.=) ''::pg_catalog.text
  and sluice_l.keys operator(pg_catalog.=) '{}'::pg_catalog.text[]
  and sluice_l.records operator(pg_catalog.=) 1 and sluice_l.op operator(pg_catalog.=) 'U'::pg_catalog."char"
  and sluice_l.columns operator(pg_catalog.=) '{}'::pg_catalog.text[]);
sluice_one := found;
    sluice_safe := true;
exception when others then
    sluice_safe := false;
end;
if sluice_safe then
    if sluice_one then
    insert into sluice.change_log (source, keys, records, op) values ('public.person', array[sluice_key], 1, 'D');
else
    insert into sluice.change_log (source, keys, records, op, columns)
select 'public.person', pg_catalog.array_agg(key), pg_catalog.count(*), op, columns
from (select key, op::pg_catalog."char", columns,
             (pg_catalog.row_number() over () operator(pg_catalog.-) 1) operator(pg_catalog./) 1000 as part
      from (select o."no"::pg_catalog.text as key, 'D' as op, null::pg_catalog.text[] as columns from old_rows o) as changed) as parted
group by op, columns, part;
end if;
end if;
if not sluice_safe then
    begin
    insert into sluice.capture_gap (source, reason) values ('public.person', 'its key or the change log was altered');
exception when others then
    null;
end;
end if;
    end if;
    return null;
end$function$
;
CREATE OR REPLACE FUNCTION sluice."capture_public.person_truncate"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$declare
    sluice_safe pg_catalog.bool;
    sluice_one pg_catalog.bool;
    sluice_same pg_catalog.bool;
    sluice_key pg_catalog.text;
    sluice_before pg_catalog.text;
    sluice_columns pg_catalog.text[];
    sluice_jit pg_catalog.text;
    sluice_merge pg_catalog.text;
begin
    if (pg_catalog.current_setting('sluice.applying', true) operator(pg_catalog.=) 'on') is not true then
        begin
    if pg_catalog.row_security_active(tg_relid) then
    insert into sluice.capture_gap (source, reason) values ('public.person', 'its key or the change log was altered');
else
    execute pg_catalog.format('insert into sluice.change_log (source, keys, records, op, columns)
select ''public.person'', pg_catalog.array_agg(key), pg_catalog.count(*), op, columns
from (select key, op::pg_catalog."char", columns,
             (pg_catalog.row_number() over () operator(pg_catalog.-) 1) operator(pg_catalog./) 1000 as part
      from (select t."no"::pg_catalog.text as key, ''D'' as op, null::pg_catalog.text[] as columns from only %I.%I t) as changed) as parted
group by op, columns, part;', tg_table_schema, tg_table_name);
end if;
exception when others then
    begin
    insert into sluice.capture_gap (source, reason) values ('public.person', 'its key or the change log was altered');
exception when others then
    null;
end;
end;
    end if;
    return null;
end$function$
;
CREATE OR REPLACE FUNCTION sluice."capture_public.person_row"()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$declare
    sluice_safe pg_catalog.bool;
    sluice_one pg_catalog.bool;
    sluice_same pg_catalog.bool;
    sluice_key pg_catalog.text;
    sluice_before pg_catalog.text;
    sluice_columns pg_catalog.text[];
    sluice_jit pg_catalog.text;
    sluice_merge pg_catalog.text;
begin
    if (pg_catalog.current_setting('sluice.applying', true) operator(pg_catalog.=) 'on') is not true then
        begin
    perform from (select from sluice.change_log sluice_l where false
  and sluice_l.source operator(pg_catalog.=) ''::pg_catalog.text
  and sluice_l.keys operator(pg_catalog.=) '{}'::pg_catalog.text[]
  and sluice_l.records operator(pg_catalog.=) 1 and sluice_l.op operator(pg_catalog.=) 'U'::pg_catalog."char"
  and sluice_l.columns operator(pg_catalog.=) '{}'::pg_catalog.text[]) as log;
if tg_op operator(pg_catalog.=) 'UPDATE' then
    sluice_key := new."no"::pg_catalog.text;
    sluice_before := old."no"::pg_catalog.text;
    sluice_same := old."no"::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.=) new."no"::pg_catalog.text collate pg_catalog."C";
    sluice_columns := pg_catalog.array_remove(array[case when coalesce(old."city"::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.<>) new."city"::pg_catalog.text collate pg_catalog."C", (old."city" is null) operator(pg_catalog.<>) (new."city" is null)) then 'city' end, case when coalesce(old."email"::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.<>) new."email"::pg_catalog.text collate pg_catalog."C", (old."email" is null) operator(pg_catalog.<>) (new."email" is null)) then 'email' end, case when coalesce(old."last_name"::pg_catalog.text collate pg_catalog."C" operator(pg_catalog.<>) new."last_name"::pg_catalog.text collate pg_catalog."C", (old."last_name" is null) operator(pg_catalog.<>) (new."last_name" is null)) then 'last_name' end], null);
elsif tg_op operator(pg_catalog.=) 'INSERT' then
    sluice_key := new."no"::pg_catalog.text;
else
    sluice_key := old."no"::pg_catalog.text;
end if;
    sluice_safe := true;
exception when others then
    sluice_safe := false;
end;
if sluice_safe then
    if tg_op operator(pg_catalog.=) 'UPDATE' then
    if not sluice_same then
    insert into sluice.change_log (source, keys, records, op)
    values ('public.person', array[sluice_before, sluice_key], 2, 'K');
elsif sluice_columns operator(pg_catalog.<>) '{}' then
    insert into sluice.change_log (source, keys, records, op, columns)
    values ('public.person', array[sluice_key], 1, 'U', sluice_columns);
end if;
else
    insert into sluice.change_log (source, keys, records, op) values ('public.person', array[sluice_key], 1, case when tg_op operator(pg_catalog.=) 'INSERT' then 'I' else 'D' end);
end if;
end if;
if not sluice_safe then
    begin
    if tg_op operator(pg_catalog.<>) 'INSERT' then
    insert into sluice.change_log (source, keys, records, op) values ('public.person', array[old."no"::pg_catalog.text], 1, 'D');
end if;
if tg_op operator(pg_catalog.<>) 'DELETE' then
    insert into sluice.change_log (source, keys, records, op) values ('public.person', array[new."no"::pg_catalog.text], 1, 'R');
end if;
exception when others then
    begin
    insert into sluice.capture_gap (source, reason) values ('public.person', 'its key or the change log was altered');
exception when others then
    null;
end;
end;
end if;
    end if;
    return null;
end$function$
;
CREATE TRIGGER sluice_insert AFTER INSERT ON public.lead REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION sluice."capture_public.lead_insert"();
CREATE TRIGGER sluice_update AFTER UPDATE ON public.lead REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION sluice."capture_public.lead_update"();
CREATE TRIGGER sluice_delete AFTER DELETE ON public.lead REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION sluice."capture_public.lead_delete"();
CREATE TRIGGER sluice_truncate BEFORE TRUNCATE ON public.lead FOR EACH STATEMENT EXECUTE FUNCTION sluice."capture_public.lead_truncate"();
alter table lead enable always trigger sluice_truncate;
CREATE TRIGGER sluice_row AFTER INSERT OR DELETE OR UPDATE ON public.lead FOR EACH ROW EXECUTE FUNCTION sluice."capture_public.lead_row"();
CREATE TRIGGER sluice_insert AFTER INSERT ON public.person REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION sluice."capture_public.person_insert"();
CREATE TRIGGER sluice_update AFTER UPDATE ON public.person REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION sluice."capture_public.person_update"();
CREATE TRIGGER sluice_delete AFTER DELETE ON public.person REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION sluice."capture_public.person_delete"();
CREATE TRIGGER sluice_truncate BEFORE TRUNCATE ON public.person FOR EACH STATEMENT EXECUTE FUNCTION sluice."capture_public.person_truncate"();
alter table person enable always trigger sluice_truncate;
CREATE TRIGGER sluice_row AFTER INSERT OR DELETE OR UPDATE ON public.person FOR EACH ROW EXECUTE FUNCTION sluice."capture_public.person_row"();
insert into sluice.api_call overriding system value select * from json_populate_recordset(null::sluice.api_call, $json$[{"id":1,"account":"hubspot","operation":"describe","priority":1,"cost":1,"granted_at":"2026-11-29T15:05:36.239633+00:00","expires_at":"2026-11-29T15:06:41.239633+00:00","completed_at":"2026-11-29T15:05:36.497318+00:00","status":200,"records":0,"bytes":0},
{"id":61,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:09.462444+00:00","expires_at":"2026-11-29T15:07:14.462444+00:00","completed_at":"2026-11-29T15:06:09.477582+00:00","status":200,"records":0,"bytes":0},
{"id":2,"account":"salesforce","operation":"describe","priority":1,"cost":1,"granted_at":"2026-11-29T15:05:36.61471+00:00","expires_at":"2026-11-29T15:06:41.61471+00:00","completed_at":"2026-11-29T15:05:36.919985+00:00","status":200,"records":0,"bytes":0},
{"id":3,"account":"hubspot","operation":"search","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:38.506157+00:00","expires_at":"2026-11-29T15:06:43.506157+00:00","completed_at":"2026-11-29T15:05:38.666623+00:00","status":503,"records":0,"bytes":219},
{"id":62,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:10.074394+00:00","expires_at":"2026-11-29T15:07:15.074394+00:00","completed_at":"2026-11-29T15:06:10.097913+00:00","status":200,"records":0,"bytes":0},
{"id":4,"account":"salesforce","operation":"upsert","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:38.788023+00:00","expires_at":"2026-11-29T15:06:43.788023+00:00","completed_at":"2026-11-29T15:05:39.15471+00:00","status":200,"records":40,"bytes":4533},
{"id":63,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:10.665642+00:00","expires_at":"2026-11-29T15:07:15.665642+00:00","completed_at":"2026-11-29T15:06:10.689559+00:00","status":200,"records":0,"bytes":0},
{"id":6,"account":"hubspot","operation":"deleted","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:39.421399+00:00","expires_at":"2026-11-29T15:06:44.421399+00:00","completed_at":"2026-11-29T15:05:39.487658+00:00","status":200,"records":0,"bytes":0},
{"id":7,"account":"hubspot","operation":"search","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:39.597591+00:00","expires_at":"2026-11-29T15:06:44.597591+00:00","completed_at":"2026-11-29T15:05:39.621932+00:00","status":503,"records":0,"bytes":231},
{"id":64,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:11.26532+00:00","expires_at":"2026-11-29T15:07:16.26532+00:00","completed_at":"2026-11-29T15:06:11.278731+00:00","status":200,"records":0,"bytes":0},
{"id":8,"account":"salesforce","operation":"deleted","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:39.670708+00:00","expires_at":"2026-11-29T15:06:44.670708+00:00","completed_at":"2026-11-29T15:05:39.756514+00:00","status":200,"records":0,"bytes":0},
{"id":9,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:39.818926+00:00","expires_at":"2026-11-29T15:06:44.818926+00:00","completed_at":"2026-11-29T15:05:39.889975+00:00","status":200,"records":0,"bytes":0},
{"id":65,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:11.867681+00:00","expires_at":"2026-11-29T15:07:16.867681+00:00","completed_at":"2026-11-29T15:06:11.881951+00:00","status":200,"records":0,"bytes":0},
{"id":10,"account":"hubspot","operation":"search","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:40.023461+00:00","expires_at":"2026-11-29T15:06:45.023461+00:00","completed_at":"2026-11-29T15:05:40.057441+00:00","status":503,"records":0,"bytes":219},
{"id":11,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:40.800252+00:00","expires_at":"2026-11-29T15:06:45.800252+00:00","completed_at":"2026-11-29T15:05:40.855295+00:00","status":200,"records":0,"bytes":0},
{"id":66,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:12.463945+00:00","expires_at":"2026-11-29T15:07:17.463945+00:00","completed_at":"2026-11-29T15:06:12.529068+00:00","status":200,"records":0,"bytes":0},
{"id":12,"account":"hubspot","operation":"deleted","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:41.249173+00:00","expires_at":"2026-11-29T15:06:46.249173+00:00","completed_at":"2026-11-29T15:05:41.264188+00:00","status":200,"records":0,"bytes":0},
{"id":13,"account":"hubspot","operation":"search","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:41.270241+00:00","expires_at":"2026-11-29T15:06:46.270241+00:00","completed_at":"2026-11-29T15:05:41.284665+00:00","status":503,"records":0,"bytes":231},
{"id":67,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:13.084081+00:00","expires_at":"2026-11-29T15:07:18.084081+00:00","completed_at":"2026-11-29T15:06:13.109899+00:00","status":200,"records":0,"bytes":0},
{"id":14,"account":"salesforce","operation":"delete","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:41.442274+00:00","expires_at":"2026-11-29T15:06:46.442274+00:00","completed_at":"2026-11-29T15:05:41.552393+00:00","status":200,"records":1,"bytes":0},
{"id":68,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:13.731756+00:00","expires_at":"2026-11-29T15:07:18.731756+00:00","completed_at":"2026-11-29T15:06:13.742553+00:00","status":200,"records":0,"bytes":0},
{"id":15,"account":"salesforce","operation":"upsert","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:41.627132+00:00","expires_at":"2026-11-29T15:06:46.627132+00:00","completed_at":"2026-11-29T15:05:41.788303+00:00","status":200,"records":3,"bytes":720},
{"id":17,"account":"hubspot","operation":"search","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:42.162588+00:00","expires_at":"2026-11-29T15:06:47.162588+00:00","completed_at":"2026-11-29T15:05:42.265554+00:00","status":503,"records":0,"bytes":219},
{"id":69,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:14.377105+00:00","expires_at":"2026-11-29T15:07:19.377105+00:00","completed_at":"2026-11-29T15:06:14.417685+00:00","status":200,"records":0,"bytes":0},
{"id":18,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:42.311192+00:00","expires_at":"2026-11-29T15:06:47.311192+00:00","completed_at":"2026-11-29T15:05:42.580373+00:00","status":200,"records":0,"bytes":0},
{"id":20,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:44.119816+00:00","expires_at":"2026-11-29T15:06:49.119816+00:00","completed_at":"2026-11-29T15:05:44.147035+00:00","status":200,"records":0,"bytes":0},
{"id":70,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:14.988086+00:00","expires_at":"2026-11-29T15:07:19.988086+00:00","completed_at":"2026-11-29T15:06:15.007982+00:00","status":200,"records":0,"bytes":0},
{"id":21,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:44.812178+00:00","expires_at":"2026-11-29T15:06:49.812178+00:00","completed_at":"2026-11-29T15:05:44.851116+00:00","status":200,"records":0,"bytes":0},
{"id":22,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:45.44022+00:00","expires_at":"2026-11-29T15:06:50.44022+00:00","completed_at":"2026-11-29T15:05:45.46641+00:00","status":200,"records":0,"bytes":0},
{"id":71,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:15.587037+00:00","expires_at":"2026-11-29T15:07:20.587037+00:00","completed_at":"2026-11-29T15:06:15.604288+00:00","status":200,"records":0,"bytes":0},
{"id":23,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:46.056184+00:00","expires_at":"2026-11-29T15:06:51.056184+00:00","completed_at":"2026-11-29T15:05:46.076754+00:00","status":200,"records":0,"bytes":0},
{"id":24,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:46.70134+00:00","expires_at":"2026-11-29T15:06:51.70134+00:00","completed_at":"2026-11-29T15:05:46.747004+00:00","status":200,"records":0,"bytes":0},
{"id":72,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:16.194341+00:00","expires_at":"2026-11-29T15:07:21.194341+00:00","completed_at":"2026-11-29T15:06:16.206362+00:00","status":200,"records":0,"bytes":0},
{"id":25,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:47.383921+00:00","expires_at":"2026-11-29T15:06:52.383921+00:00","completed_at":"2026-11-29T15:05:47.397257+00:00","status":200,"records":0,"bytes":0},
{"id":26,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:48.018913+00:00","expires_at":"2026-11-29T15:06:53.018913+00:00","completed_at":"2026-11-29T15:05:48.078963+00:00","status":200,"records":0,"bytes":0},
{"id":73,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:16.798292+00:00","expires_at":"2026-11-29T15:07:21.798292+00:00","completed_at":"2026-11-29T15:06:16.808414+00:00","status":200,"records":0,"bytes":0},
{"id":27,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:48.691689+00:00","expires_at":"2026-11-29T15:06:53.691689+00:00","completed_at":"2026-11-29T15:05:48.724958+00:00","status":200,"records":0,"bytes":0},
{"id":28,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:49.306129+00:00","expires_at":"2026-11-29T15:06:54.306129+00:00","completed_at":"2026-11-29T15:05:49.333759+00:00","status":200,"records":0,"bytes":0},
{"id":74,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:17.410362+00:00","expires_at":"2026-11-29T15:07:22.410362+00:00","completed_at":"2026-11-29T15:06:17.434529+00:00","status":200,"records":0,"bytes":0},
{"id":29,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:49.903263+00:00","expires_at":"2026-11-29T15:06:54.903263+00:00","completed_at":"2026-11-29T15:05:49.914106+00:00","status":200,"records":0,"bytes":0},
{"id":30,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:50.528861+00:00","expires_at":"2026-11-29T15:06:55.528861+00:00","completed_at":"2026-11-29T15:05:50.546414+00:00","status":200,"records":0,"bytes":0},
{"id":75,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:17.996704+00:00","expires_at":"2026-11-29T15:07:22.996704+00:00","completed_at":"2026-11-29T15:06:18.011338+00:00","status":200,"records":0,"bytes":0},
{"id":31,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:51.108606+00:00","expires_at":"2026-11-29T15:06:56.108606+00:00","completed_at":"2026-11-29T15:05:51.120853+00:00","status":200,"records":0,"bytes":0},
{"id":32,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:51.726894+00:00","expires_at":"2026-11-29T15:06:56.726894+00:00","completed_at":"2026-11-29T15:05:51.740348+00:00","status":200,"records":0,"bytes":0},
{"id":76,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:18.597037+00:00","expires_at":"2026-11-29T15:07:23.597037+00:00","completed_at":"2026-11-29T15:06:18.611485+00:00","status":200,"records":0,"bytes":0},
{"id":33,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:52.350997+00:00","expires_at":"2026-11-29T15:06:57.350997+00:00","completed_at":"2026-11-29T15:05:52.385501+00:00","status":200,"records":0,"bytes":0},
{"id":34,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:52.976939+00:00","expires_at":"2026-11-29T15:06:57.976939+00:00","completed_at":"2026-11-29T15:05:53.001381+00:00","status":200,"records":0,"bytes":0},
{"id":77,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:19.200389+00:00","expires_at":"2026-11-29T15:07:24.200389+00:00","completed_at":"2026-11-29T15:06:19.218881+00:00","status":200,"records":0,"bytes":0},
{"id":35,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:53.59054+00:00","expires_at":"2026-11-29T15:06:58.59054+00:00","completed_at":"2026-11-29T15:05:53.631573+00:00","status":200,"records":0,"bytes":0},
{"id":36,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:54.220254+00:00","expires_at":"2026-11-29T15:06:59.220254+00:00","completed_at":"2026-11-29T15:05:54.234238+00:00","status":200,"records":0,"bytes":0},
{"id":78,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:19.799599+00:00","expires_at":"2026-11-29T15:07:24.799599+00:00","completed_at":"2026-11-29T15:06:19.821751+00:00","status":200,"records":0,"bytes":0},
{"id":37,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:54.828313+00:00","expires_at":"2026-11-29T15:06:59.828313+00:00","completed_at":"2026-11-29T15:05:54.846841+00:00","status":200,"records":0,"bytes":0},
{"id":38,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:55.442945+00:00","expires_at":"2026-11-29T15:07:00.442945+00:00","completed_at":"2026-11-29T15:05:55.463004+00:00","status":200,"records":0,"bytes":0},
{"id":79,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:20.420766+00:00","expires_at":"2026-11-29T15:07:25.420766+00:00","completed_at":"2026-11-29T15:06:20.441898+00:00","status":200,"records":0,"bytes":0},
{"id":39,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:56.059869+00:00","expires_at":"2026-11-29T15:07:01.059869+00:00","completed_at":"2026-11-29T15:05:56.088216+00:00","status":200,"records":0,"bytes":0},
{"id":40,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:56.658+00:00","expires_at":"2026-11-29T15:07:01.658+00:00","completed_at":"2026-11-29T15:05:56.6754+00:00","status":200,"records":0,"bytes":0},
{"id":80,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:21.013114+00:00","expires_at":"2026-11-29T15:07:26.013114+00:00","completed_at":"2026-11-29T15:06:21.022735+00:00","status":200,"records":0,"bytes":0},
{"id":41,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:57.257636+00:00","expires_at":"2026-11-29T15:07:02.257636+00:00","completed_at":"2026-11-29T15:05:57.275906+00:00","status":200,"records":0,"bytes":0},
{"id":42,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:57.88658+00:00","expires_at":"2026-11-29T15:07:02.88658+00:00","completed_at":"2026-11-29T15:05:57.929351+00:00","status":200,"records":0,"bytes":0},
{"id":81,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:21.616195+00:00","expires_at":"2026-11-29T15:07:26.616195+00:00","completed_at":"2026-11-29T15:06:21.637759+00:00","status":200,"records":0,"bytes":0},
{"id":43,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:58.499521+00:00","expires_at":"2026-11-29T15:07:03.499521+00:00","completed_at":"2026-11-29T15:05:58.543913+00:00","status":200,"records":0,"bytes":0},
{"id":44,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:59.110896+00:00","expires_at":"2026-11-29T15:07:04.110896+00:00","completed_at":"2026-11-29T15:05:59.145882+00:00","status":200,"records":0,"bytes":0},
{"id":19,"account":"salesforce","operation":"upsert","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:43.219212+00:00","expires_at":"2026-11-29T15:06:48.219212+00:00","completed_at":null,"status":0,"records":3,"bytes":741},
{"id":45,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:05:59.720389+00:00","expires_at":"2026-11-29T15:07:04.720389+00:00","completed_at":"2026-11-29T15:05:59.738489+00:00","status":200,"records":0,"bytes":0},
{"id":46,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:00.315876+00:00","expires_at":"2026-11-29T15:07:05.315876+00:00","completed_at":"2026-11-29T15:06:00.327483+00:00","status":200,"records":0,"bytes":0},
{"id":47,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:00.919339+00:00","expires_at":"2026-11-29T15:07:05.919339+00:00","completed_at":"2026-11-29T15:06:00.946651+00:00","status":200,"records":0,"bytes":0},
{"id":48,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:01.585061+00:00","expires_at":"2026-11-29T15:07:06.585061+00:00","completed_at":"2026-11-29T15:06:01.600477+00:00","status":200,"records":0,"bytes":0},
{"id":49,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:02.19617+00:00","expires_at":"2026-11-29T15:07:07.19617+00:00","completed_at":"2026-11-29T15:06:02.209193+00:00","status":200,"records":0,"bytes":0},
{"id":50,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:02.806573+00:00","expires_at":"2026-11-29T15:07:07.806573+00:00","completed_at":"2026-11-29T15:06:02.817082+00:00","status":200,"records":0,"bytes":0},
{"id":51,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:03.410591+00:00","expires_at":"2026-11-29T15:07:08.410591+00:00","completed_at":"2026-11-29T15:06:03.431741+00:00","status":200,"records":0,"bytes":0},
{"id":52,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:04.026111+00:00","expires_at":"2026-11-29T15:07:09.026111+00:00","completed_at":"2026-11-29T15:06:04.03966+00:00","status":200,"records":0,"bytes":0},
{"id":53,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:04.628383+00:00","expires_at":"2026-11-29T15:07:09.628383+00:00","completed_at":"2026-11-29T15:06:04.644687+00:00","status":200,"records":0,"bytes":0},
{"id":54,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:05.240173+00:00","expires_at":"2026-11-29T15:07:10.240173+00:00","completed_at":"2026-11-29T15:06:05.259073+00:00","status":200,"records":0,"bytes":0},
{"id":55,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:05.836117+00:00","expires_at":"2026-11-29T15:07:10.836117+00:00","completed_at":"2026-11-29T15:06:05.8564+00:00","status":200,"records":0,"bytes":0},
{"id":56,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:06.442211+00:00","expires_at":"2026-11-29T15:07:11.442211+00:00","completed_at":"2026-11-29T15:06:06.47648+00:00","status":200,"records":0,"bytes":0},
{"id":57,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:07.067408+00:00","expires_at":"2026-11-29T15:07:12.067408+00:00","completed_at":"2026-11-29T15:06:07.076307+00:00","status":200,"records":0,"bytes":0},
{"id":58,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:07.643136+00:00","expires_at":"2026-11-29T15:07:12.643136+00:00","completed_at":"2026-11-29T15:06:07.660374+00:00","status":200,"records":0,"bytes":0},
{"id":59,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:08.277017+00:00","expires_at":"2026-11-29T15:07:13.277017+00:00","completed_at":"2026-11-29T15:06:08.288974+00:00","status":200,"records":0,"bytes":0},
{"id":60,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:08.860702+00:00","expires_at":"2026-11-29T15:07:13.860702+00:00","completed_at":"2026-11-29T15:06:08.871146+00:00","status":200,"records":0,"bytes":0},
{"id":82,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:22.213123+00:00","expires_at":"2026-11-29T15:07:27.213123+00:00","completed_at":"2026-11-29T15:06:22.234603+00:00","status":200,"records":0,"bytes":0},
{"id":83,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:22.815834+00:00","expires_at":"2026-11-29T15:07:27.815834+00:00","completed_at":"2026-11-29T15:06:22.832951+00:00","status":200,"records":0,"bytes":0},
{"id":84,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:23.420069+00:00","expires_at":"2026-11-29T15:07:28.420069+00:00","completed_at":"2026-11-29T15:06:23.440992+00:00","status":200,"records":0,"bytes":0},
{"id":85,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:24.021627+00:00","expires_at":"2026-11-29T15:07:29.021627+00:00","completed_at":"2026-11-29T15:06:24.038382+00:00","status":200,"records":0,"bytes":0},
{"id":86,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:24.623454+00:00","expires_at":"2026-11-29T15:07:29.623454+00:00","completed_at":"2026-11-29T15:06:24.63695+00:00","status":200,"records":0,"bytes":0},
{"id":87,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:25.220473+00:00","expires_at":"2026-11-29T15:07:30.220473+00:00","completed_at":"2026-11-29T15:06:25.236427+00:00","status":200,"records":0,"bytes":0},
{"id":88,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:25.82255+00:00","expires_at":"2026-11-29T15:07:30.82255+00:00","completed_at":"2026-11-29T15:06:25.8462+00:00","status":200,"records":0,"bytes":0},
{"id":89,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:26.424621+00:00","expires_at":"2026-11-29T15:07:31.424621+00:00","completed_at":"2026-11-29T15:06:26.448515+00:00","status":200,"records":0,"bytes":0},
{"id":90,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:27.02445+00:00","expires_at":"2026-11-29T15:07:32.02445+00:00","completed_at":"2026-11-29T15:06:27.035914+00:00","status":200,"records":0,"bytes":0},
{"id":91,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:27.624331+00:00","expires_at":"2026-11-29T15:07:32.624331+00:00","completed_at":"2026-11-29T15:06:27.648172+00:00","status":200,"records":0,"bytes":0},
{"id":92,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:28.232514+00:00","expires_at":"2026-11-29T15:07:33.232514+00:00","completed_at":"2026-11-29T15:06:28.25166+00:00","status":200,"records":0,"bytes":0},
{"id":93,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:28.836207+00:00","expires_at":"2026-11-29T15:07:33.836207+00:00","completed_at":"2026-11-29T15:06:28.855998+00:00","status":200,"records":0,"bytes":0},
{"id":94,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:29.43305+00:00","expires_at":"2026-11-29T15:07:34.43305+00:00","completed_at":"2026-11-29T15:06:29.455412+00:00","status":200,"records":0,"bytes":0},
{"id":95,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:30.039562+00:00","expires_at":"2026-11-29T15:07:35.039562+00:00","completed_at":"2026-11-29T15:06:30.054631+00:00","status":200,"records":0,"bytes":0},
{"id":96,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:30.635404+00:00","expires_at":"2026-11-29T15:07:35.635404+00:00","completed_at":"2026-11-29T15:06:30.651202+00:00","status":200,"records":0,"bytes":0},
{"id":97,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:31.256969+00:00","expires_at":"2026-11-29T15:07:36.256969+00:00","completed_at":"2026-11-29T15:06:31.27676+00:00","status":200,"records":0,"bytes":0},
{"id":98,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:31.86774+00:00","expires_at":"2026-11-29T15:07:36.86774+00:00","completed_at":"2026-11-29T15:06:31.883305+00:00","status":200,"records":0,"bytes":0},
{"id":99,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:32.465374+00:00","expires_at":"2026-11-29T15:07:37.465374+00:00","completed_at":"2026-11-29T15:06:32.485652+00:00","status":200,"records":0,"bytes":0},
{"id":100,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:33.064377+00:00","expires_at":"2026-11-29T15:07:38.064377+00:00","completed_at":"2026-11-29T15:06:33.075626+00:00","status":200,"records":0,"bytes":0},
{"id":101,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:33.673228+00:00","expires_at":"2026-11-29T15:07:38.673228+00:00","completed_at":"2026-11-29T15:06:33.693683+00:00","status":200,"records":0,"bytes":0},
{"id":102,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:34.272445+00:00","expires_at":"2026-11-29T15:07:39.272445+00:00","completed_at":"2026-11-29T15:06:34.293345+00:00","status":200,"records":0,"bytes":0},
{"id":103,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:34.868957+00:00","expires_at":"2026-11-29T15:07:39.868957+00:00","completed_at":"2026-11-29T15:06:34.896034+00:00","status":200,"records":0,"bytes":0},
{"id":104,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:35.471133+00:00","expires_at":"2026-11-29T15:07:40.471133+00:00","completed_at":"2026-11-29T15:06:35.480381+00:00","status":200,"records":0,"bytes":0},
{"id":105,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:36.070611+00:00","expires_at":"2026-11-29T15:07:41.070611+00:00","completed_at":"2026-11-29T15:06:36.110401+00:00","status":200,"records":0,"bytes":0},
{"id":106,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:36.671626+00:00","expires_at":"2026-11-29T15:07:41.671626+00:00","completed_at":"2026-11-29T15:06:36.681943+00:00","status":200,"records":0,"bytes":0},
{"id":107,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:37.272321+00:00","expires_at":"2026-11-29T15:07:42.272321+00:00","completed_at":"2026-11-29T15:06:37.285621+00:00","status":200,"records":0,"bytes":0},
{"id":108,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:37.87664+00:00","expires_at":"2026-11-29T15:07:42.87664+00:00","completed_at":"2026-11-29T15:06:37.889725+00:00","status":200,"records":0,"bytes":0},
{"id":109,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:38.472264+00:00","expires_at":"2026-11-29T15:07:43.472264+00:00","completed_at":"2026-11-29T15:06:38.479955+00:00","status":200,"records":0,"bytes":0},
{"id":110,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:39.076758+00:00","expires_at":"2026-11-29T15:07:44.076758+00:00","completed_at":"2026-11-29T15:06:39.08696+00:00","status":200,"records":0,"bytes":0},
{"id":111,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:39.680287+00:00","expires_at":"2026-11-29T15:07:44.680287+00:00","completed_at":"2026-11-29T15:06:39.690391+00:00","status":200,"records":0,"bytes":0},
{"id":112,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:40.294379+00:00","expires_at":"2026-11-29T15:07:45.294379+00:00","completed_at":"2026-11-29T15:06:40.305209+00:00","status":200,"records":0,"bytes":0},
{"id":113,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:40.902475+00:00","expires_at":"2026-11-29T15:07:45.902475+00:00","completed_at":"2026-11-29T15:06:40.919361+00:00","status":200,"records":0,"bytes":0},
{"id":114,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:41.538936+00:00","expires_at":"2026-11-29T15:07:46.538936+00:00","completed_at":"2026-11-29T15:06:41.555032+00:00","status":200,"records":0,"bytes":0},
{"id":115,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:42.103268+00:00","expires_at":"2026-11-29T15:07:47.103268+00:00","completed_at":"2026-11-29T15:06:42.122955+00:00","status":200,"records":0,"bytes":0},
{"id":116,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:42.702849+00:00","expires_at":"2026-11-29T15:07:47.702849+00:00","completed_at":"2026-11-29T15:06:42.713298+00:00","status":200,"records":0,"bytes":0},
{"id":117,"account":"salesforce","operation":"query","priority":2,"cost":1,"granted_at":"2026-11-29T15:06:43.816244+00:00","expires_at":"2026-11-29T15:07:48.816244+00:00","completed_at":"2026-11-29T15:06:43.844014+00:00","status":403,"records":0,"bytes":0}]$json$);
insert into sluice.bulk_job overriding system value select * from json_populate_recordset(null::sluice.bulk_job, $json$[{"lease":"ed42ccff-0a60-40fd-bdb4-384e32979e92","account":"salesforce","object":"Contact","sync":"people","operation":"upsert","member":"salesforce","state":"find","crm_job":null,"priority":1,"records":10,"bytes":0,"epoch":1,"attempts":0,"due":"2026-11-29T15:06:49.192696+00:00","create_requested_at":"2026-11-29T15:06:44.192697+00:00","began_at":"2026-11-29T15:06:44.192697+00:00","ended_at":null,"outcome":null}]$json$);
insert into sluice.capture overriding system value select * from json_populate_recordset(null::sluice.capture, $json$[{"source":"public.lead","signature":"column\tname\t25 -1 741\ncolumn\tno\t25 -1 741\nlog\tsluice.capture_gap\t16426 753 742\nlog\tsluice.change_log\t16414 753 742\nrelation\tpublic.lead\t16394\ntrigger\tsluice_delete of public.lead\tO 768 capture_public.lead_delete 768\ntrigger\tsluice_insert of public.lead\tO 768 capture_public.lead_insert 768\ntrigger\tsluice_row of public.lead\tR 768 capture_public.lead_row 768\ntrigger\tsluice_truncate of public.lead\tA 768 capture_public.lead_truncate 768\ntrigger\tsluice_update of public.lead\tO 768 capture_public.lead_update 768","checked_at":"2026-11-29T15:05:37.139313+00:00","compared_at":null,"reason":null,"missed":null,"gone":null},
{"source":"public.person","signature":"column\tcity\t25 -1 741\ncolumn\temail\t25 -1 741\ncolumn\tlast_name\t25 -1 741\ncolumn\tno\t25 -1 741\nlog\tsluice.capture_gap\t16426 753 742\nlog\tsluice.change_log\t16414 753 742\nrelation\tpublic.person\t16386\ntrigger\tsluice_delete of public.person\tO 770 capture_public.person_delete 770\ntrigger\tsluice_insert of public.person\tO 770 capture_public.person_insert 770\ntrigger\tsluice_row of public.person\tR 770 capture_public.person_row 770\ntrigger\tsluice_truncate of public.person\tA 770 capture_public.person_truncate 770\ntrigger\tsluice_update of public.person\tO 770 capture_public.person_update 770","checked_at":"2026-11-29T15:05:37.225259+00:00","compared_at":null,"reason":null,"missed":null,"gone":null}]$json$);
insert into sluice.change_log overriding system value select * from json_populate_recordset(null::sluice.change_log, $json$[{"source":"public.person","seq":9,"keys":["P-31"],"records":1,"op":"U","columns":["city"],"changed_at":"2026-11-29T15:06:44.256324+00:00","origin":null},
{"source":"public.person","seq":10,"keys":["P-99"],"records":1,"op":"I","columns":null,"changed_at":"2026-11-29T15:06:44.258806+00:00","origin":null},
{"source":"public.person","seq":11,"keys":["P-32"],"records":1,"op":"D","columns":null,"changed_at":"2026-11-29T15:06:44.265764+00:00","origin":null}]$json$);
insert into sluice.conflict overriding system value select * from json_populate_recordset(null::sluice.conflict, $json$[{"id":1,"account":"salesforce","object":"Contact","key":"P-1","sync":"people","field":"MailingCity","winner":"crm","base":"Rome","crm":"Theirs","crm_at":"2026-11-29T15:05:39+00:00","ours":"Ours","ours_at":"2026-11-29T15:05:39.63154+00:00","decided_at":"2026-11-29T15:05:40.013972+00:00"}]$json$);
insert into sluice.dead_letter overriding system value select * from json_populate_recordset(null::sluice.dead_letter, $json$[{"id":1,"account":"salesforce","object":"Contact","key":"P-3","sync":"people","operation":"upsert","fields":{"Email": "no address"},"stamps":{"Email": "2026-11-29T15:05:41.320931+00:00"},"priority":2,"code":"INVALID_EMAIL_ADDRESS","message":"Email: invalid email address: no address","rejected_fields":["Email"],"edited_fields":[],"died_at":"2026-11-29T15:05:41.818884+00:00"},
{"id":2,"account":"salesforce","object":"Contact","key":"P-4","sync":"people","operation":"upsert","fields":{"Email": "no address"},"stamps":{"Email": "2026-11-29T15:05:41.320931+00:00"},"priority":2,"code":"INVALID_EMAIL_ADDRESS","message":"Email: invalid email address: no address","rejected_fields":["Email"],"edited_fields":[],"died_at":"2026-11-29T15:05:41.818884+00:00"},
{"id":3,"account":"salesforce","object":"Contact","key":"P-5","sync":"people","operation":"upsert","fields":{"Email": "no address"},"stamps":{"Email": "2026-11-29T15:05:41.320931+00:00"},"priority":2,"code":"INVALID_EMAIL_ADDRESS","message":"Email: invalid email address: no address","rejected_fields":["Email"],"edited_fields":[],"died_at":"2026-11-29T15:05:41.818884+00:00"}]$json$);
insert into sluice.idempotent_key overriding system value select * from json_populate_recordset(null::sluice.idempotent_key, $json$[{"repository":"webhook","key":"hubspot CqfD9wtxS9gyXXqqz0c5P610Y9Ft3FIVWs0yU6TaMzQ=","added_at":"2026-11-29T15:05:42.576634+00:00"},
{"repository":"webhook","key":"hubspot fqOV9zw3OGcc0uEmvZ/vZwMr2tQpTAQxYViBnhE9XTw=","added_at":"2026-11-29T15:06:00.626281+00:00"}]$json$);
insert into sluice.inbound_rejection overriding system value select * from json_populate_recordset(null::sluice.inbound_rejection, $json$[{"id":1,"sync":"people","crm_id":"003XX000000000bYAA","key":"P-6","columns":["city"],"why":"ERROR: new row for relation \"person\" violates check constraint \"person_city_check\"","first_at":"2026-11-29T15:05:41.223087+00:00","last_at":"2026-11-29T15:05:43.082206+00:00","times":2}]$json$);
insert into sluice.inbox overriding system value select * from json_populate_recordset(null::sluice.inbox, $json$[{"account":"hubspot","identity":"2794f542-729e-35cd-989a-b2e04b72e17c","object":"contacts","crm_id":"10000000002","kind":"value","field":"lastname","value":"Edited","at":"2026-11-29T15:05:41.935+00:00","received_at":"2026-11-29T15:05:42.62467+00:00","due":"2026-11-29T15:05:43.705401+00:00","done_at":null}]$json$);
insert into sluice.initial_export overriding system value select * from json_populate_recordset(null::sluice.initial_export, $json$[{"account":"hubspot","object":"contacts","sync":"leads","source":"public.lead","key":"no","external_id":"customer_no","fields":{"name": "lastname"},"time_zone":"UTC","missed":false,"queued_at":"2026-11-29T15:05:37.162054+00:00","records":2},
{"account":"salesforce","object":"Contact","sync":"people","source":"public.person","key":"no","external_id":"Customer_No__c","fields":{"city": "MailingCity", "email": "Email", "last_name": "LastName"},"time_zone":"UTC","missed":false,"queued_at":"2026-11-29T15:05:37.241281+00:00","records":40}]$json$);
insert into sluice.installation overriding system value select * from json_populate_recordset(null::sluice.installation, $json$[{"instance":"60ad3946-9e18-4732-a74b-65d601d9d3bf","name":"sluice","host":"vm","tables":["public.lead","public.person"],"objects":["hubspot contacts","salesforce Contact"],"syncs":["leads","people"],"seen_at":"2026-11-29T15:06:37.348906+00:00"}]$json$);
insert into sluice.login overriding system value select * from json_populate_recordset(null::sluice.login, $json$[{"account":"salesforce","refresh_token":null,"organisation":"00DXX00000000012AA","resumed_at":null,"changed_at":"2026-11-29T15:05:36.857033+00:00"}]$json$);
insert into sluice.outbox overriding system value select * from json_populate_recordset(null::sluice.outbox, $json$[{"account":"hubspot","object":"contacts","key":"H-1","sync":"leads","operation":"upsert","fields":{"lastname": "Ours"},"stamps":{"lastname": "2026-11-29T15:05:37.162054+00:00"},"priority":2,"since":"2026-11-29T15:05:37.162054+00:00","due":"2026-11-29T15:05:38.478085+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":null,"inflight":null,"inflight_stamps":null,"inflight_since":null,"lease":null,"lease_until":null},
{"account":"hubspot","object":"contacts","key":"T-1","sync":"leads","operation":"upsert","fields":{"lastname": "Table"},"stamps":{"lastname": "2026-11-29T15:05:37.162054+00:00"},"priority":2,"since":"2026-11-29T15:05:37.162054+00:00","due":"2026-11-29T15:05:38.47829+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":null,"inflight":null,"inflight_stamps":null,"inflight_since":null,"lease":null,"lease_until":null},
{"account":"salesforce","object":"Contact","key":"P-14","sync":"people","operation":null,"fields":{},"stamps":{},"priority":2,"since":"2026-11-29T15:06:43.883976+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":"upsert","inflight":{"MailingCity": "Waiting"},"inflight_stamps":{"MailingCity": "2026-11-29T15:06:43.883976+00:00"},"inflight_since":"2026-11-29T15:06:43.883976+00:00","lease":"ed42ccff-0a60-40fd-bdb4-384e32979e92","lease_until":"infinity"},
{"account":"salesforce","object":"Contact","key":"P-15","sync":"people","operation":null,"fields":{},"stamps":{},"priority":2,"since":"2026-11-29T15:06:43.883976+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":"upsert","inflight":{"MailingCity": "Waiting"},"inflight_stamps":{"MailingCity": "2026-11-29T15:06:43.883976+00:00"},"inflight_since":"2026-11-29T15:06:43.883976+00:00","lease":"ed42ccff-0a60-40fd-bdb4-384e32979e92","lease_until":"infinity"},
{"account":"salesforce","object":"Contact","key":"P-16","sync":"people","operation":null,"fields":{},"stamps":{},"priority":2,"since":"2026-11-29T15:06:43.883976+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":"upsert","inflight":{"MailingCity": "Waiting"},"inflight_stamps":{"MailingCity": "2026-11-29T15:06:43.883976+00:00"},"inflight_since":"2026-11-29T15:06:43.883976+00:00","lease":"ed42ccff-0a60-40fd-bdb4-384e32979e92","lease_until":"infinity"},
{"account":"salesforce","object":"Contact","key":"P-17","sync":"people","operation":null,"fields":{},"stamps":{},"priority":2,"since":"2026-11-29T15:06:43.883976+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":"upsert","inflight":{"MailingCity": "Waiting"},"inflight_stamps":{"MailingCity": "2026-11-29T15:06:43.883976+00:00"},"inflight_since":"2026-11-29T15:06:43.883976+00:00","lease":"ed42ccff-0a60-40fd-bdb4-384e32979e92","lease_until":"infinity"},
{"account":"salesforce","object":"Contact","key":"P-18","sync":"people","operation":null,"fields":{},"stamps":{},"priority":2,"since":"2026-11-29T15:06:43.883976+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":"upsert","inflight":{"MailingCity": "Waiting"},"inflight_stamps":{"MailingCity": "2026-11-29T15:06:43.883976+00:00"},"inflight_since":"2026-11-29T15:06:43.883976+00:00","lease":"ed42ccff-0a60-40fd-bdb4-384e32979e92","lease_until":"infinity"},
{"account":"salesforce","object":"Contact","key":"P-19","sync":"people","operation":null,"fields":{},"stamps":{},"priority":2,"since":"2026-11-29T15:06:43.883976+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":"upsert","inflight":{"MailingCity": "Waiting"},"inflight_stamps":{"MailingCity": "2026-11-29T15:06:43.883976+00:00"},"inflight_since":"2026-11-29T15:06:43.883976+00:00","lease":"ed42ccff-0a60-40fd-bdb4-384e32979e92","lease_until":"infinity"},
{"account":"salesforce","object":"Contact","key":"P-7","sync":"people","operation":null,"fields":{},"stamps":{},"priority":2,"since":"2026-11-29T15:05:42.928451+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":"upsert","inflight":{"MailingCity": "In flight"},"inflight_stamps":{"MailingCity": "2026-11-29T15:05:42.928451+00:00"},"inflight_since":"2026-11-29T15:05:42.928451+00:00","lease":"0e5e4822-e1e0-4f70-81b9-c6e4e332221b","lease_until":"2026-11-29T15:06:54.237471+00:00"},
{"account":"salesforce","object":"Contact","key":"P-8","sync":"people","operation":null,"fields":{},"stamps":{},"priority":2,"since":"2026-11-29T15:05:42.928451+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":"upsert","inflight":{"MailingCity": "In flight"},"inflight_stamps":{"MailingCity": "2026-11-29T15:05:42.928451+00:00"},"inflight_since":"2026-11-29T15:05:42.928451+00:00","lease":"0e5e4822-e1e0-4f70-81b9-c6e4e332221b","lease_until":"2026-11-29T15:06:54.237537+00:00"},
{"account":"salesforce","object":"Contact","key":"P-9","sync":"people","operation":null,"fields":{},"stamps":{},"priority":2,"since":"2026-11-29T15:05:42.928451+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":"upsert","inflight":{"MailingCity": "In flight"},"inflight_stamps":{"MailingCity": "2026-11-29T15:05:42.928451+00:00"},"inflight_since":"2026-11-29T15:05:42.928451+00:00","lease":"0e5e4822-e1e0-4f70-81b9-c6e4e332221b","lease_until":"2026-11-29T15:06:54.237547+00:00"},
{"account":"salesforce","object":"Contact","key":"P-10","sync":"people","operation":null,"fields":{},"stamps":{},"priority":2,"since":"2026-11-29T15:06:43.883976+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":"upsert","inflight":{"MailingCity": "Waiting"},"inflight_stamps":{"MailingCity": "2026-11-29T15:06:43.883976+00:00"},"inflight_since":"2026-11-29T15:06:43.883976+00:00","lease":"ed42ccff-0a60-40fd-bdb4-384e32979e92","lease_until":"infinity"},
{"account":"salesforce","object":"Contact","key":"P-11","sync":"people","operation":null,"fields":{},"stamps":{},"priority":2,"since":"2026-11-29T15:06:43.883976+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":"upsert","inflight":{"MailingCity": "Waiting"},"inflight_stamps":{"MailingCity": "2026-11-29T15:06:43.883976+00:00"},"inflight_since":"2026-11-29T15:06:43.883976+00:00","lease":"ed42ccff-0a60-40fd-bdb4-384e32979e92","lease_until":"infinity"},
{"account":"salesforce","object":"Contact","key":"P-12","sync":"people","operation":null,"fields":{},"stamps":{},"priority":2,"since":"2026-11-29T15:06:43.883976+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":"upsert","inflight":{"MailingCity": "Waiting"},"inflight_stamps":{"MailingCity": "2026-11-29T15:06:43.883976+00:00"},"inflight_since":"2026-11-29T15:06:43.883976+00:00","lease":"ed42ccff-0a60-40fd-bdb4-384e32979e92","lease_until":"infinity"},
{"account":"salesforce","object":"Contact","key":"P-13","sync":"people","operation":null,"fields":{},"stamps":{},"priority":2,"since":"2026-11-29T15:06:43.883976+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":"upsert","inflight":{"MailingCity": "Waiting"},"inflight_stamps":{"MailingCity": "2026-11-29T15:06:43.883976+00:00"},"inflight_since":"2026-11-29T15:06:43.883976+00:00","lease":"ed42ccff-0a60-40fd-bdb4-384e32979e92","lease_until":"infinity"},
{"account":"salesforce","object":"Contact","key":"P-20","sync":"people","operation":"upsert","fields":{"MailingCity": "Waiting"},"stamps":{"MailingCity": "2026-11-29T15:06:43.883976+00:00"},"priority":2,"since":"2026-11-29T15:06:43.883976+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":null,"inflight":null,"inflight_stamps":null,"inflight_since":null,"lease":null,"lease_until":null},
{"account":"salesforce","object":"Contact","key":"P-21","sync":"people","operation":"upsert","fields":{"MailingCity": "Waiting"},"stamps":{"MailingCity": "2026-11-29T15:06:43.883976+00:00"},"priority":2,"since":"2026-11-29T15:06:43.883976+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":null,"inflight":null,"inflight_stamps":null,"inflight_since":null,"lease":null,"lease_until":null},
{"account":"salesforce","object":"Contact","key":"P-22","sync":"people","operation":"upsert","fields":{"MailingCity": "Waiting"},"stamps":{"MailingCity": "2026-11-29T15:06:43.883976+00:00"},"priority":2,"since":"2026-11-29T15:06:43.883976+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":null,"inflight":null,"inflight_stamps":null,"inflight_since":null,"lease":null,"lease_until":null},
{"account":"salesforce","object":"Contact","key":"P-23","sync":"people","operation":"upsert","fields":{"MailingCity": "Waiting"},"stamps":{"MailingCity": "2026-11-29T15:06:43.883976+00:00"},"priority":2,"since":"2026-11-29T15:06:43.883976+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":null,"inflight":null,"inflight_stamps":null,"inflight_since":null,"lease":null,"lease_until":null},
{"account":"salesforce","object":"Contact","key":"P-24","sync":"people","operation":"upsert","fields":{"MailingCity": "Waiting"},"stamps":{"MailingCity": "2026-11-29T15:06:43.883976+00:00"},"priority":2,"since":"2026-11-29T15:06:43.883976+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":null,"inflight":null,"inflight_stamps":null,"inflight_since":null,"lease":null,"lease_until":null},
{"account":"salesforce","object":"Contact","key":"P-25","sync":"people","operation":"upsert","fields":{"MailingCity": "Waiting"},"stamps":{"MailingCity": "2026-11-29T15:06:43.883976+00:00"},"priority":2,"since":"2026-11-29T15:06:43.883976+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":null,"inflight":null,"inflight_stamps":null,"inflight_since":null,"lease":null,"lease_until":null},
{"account":"salesforce","object":"Contact","key":"P-26","sync":"people","operation":"upsert","fields":{"MailingCity": "Waiting"},"stamps":{"MailingCity": "2026-11-29T15:06:43.883976+00:00"},"priority":2,"since":"2026-11-29T15:06:43.883976+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":null,"inflight":null,"inflight_stamps":null,"inflight_since":null,"lease":null,"lease_until":null},
{"account":"salesforce","object":"Contact","key":"P-27","sync":"people","operation":"upsert","fields":{"MailingCity": "Waiting"},"stamps":{"MailingCity": "2026-11-29T15:06:43.883976+00:00"},"priority":2,"since":"2026-11-29T15:06:43.883976+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":null,"inflight":null,"inflight_stamps":null,"inflight_since":null,"lease":null,"lease_until":null},
{"account":"salesforce","object":"Contact","key":"P-28","sync":"people","operation":"upsert","fields":{"MailingCity": "Waiting"},"stamps":{"MailingCity": "2026-11-29T15:06:43.883976+00:00"},"priority":2,"since":"2026-11-29T15:06:43.883976+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":null,"inflight":null,"inflight_stamps":null,"inflight_since":null,"lease":null,"lease_until":null},
{"account":"salesforce","object":"Contact","key":"P-29","sync":"people","operation":"upsert","fields":{"MailingCity": "Waiting"},"stamps":{"MailingCity": "2026-11-29T15:06:43.883976+00:00"},"priority":2,"since":"2026-11-29T15:06:43.883976+00:00","due":"2026-11-29T15:05:40.089893+00:00","attempts":0,"aged":0,"last_error":null,"max_batch":null,"parent":null,"waits_for":null,"waits_for_object":null,"second_write":null,"inflight_operation":null,"inflight":null,"inflight_stamps":null,"inflight_since":null,"lease":null,"lease_until":null}]$json$);
insert into sluice.pause overriding system value select * from json_populate_recordset(null::sluice.pause, $json$[{"kind":"sync","name":"leads","by":"load","reason":"all records of its object are read and merged first (initial: both)","since":"2026-11-29T15:05:36.995065+00:00","until":null},
{"kind":"account","name":"hubspot","by":"api","reason":null,"since":"2026-11-29T15:05:42.764675+00:00","until":null}]$json$);
insert into sluice.poll_offset overriding system value select * from json_populate_recordset(null::sluice.poll_offset, $json$[{"account":"hubspot","object":"contacts","sync":"leads","read_up_to":"2026-11-29T15:05:37.302681+00:00","low_watermark":"2026-11-29T15:05:37.302681+00:00","interval_ms":1000,"deletes_due":"2026-11-29T15:05:38.302681+00:00","polled_at":"2026-11-29T15:05:38.302681+00:00","handed_over_at":"1970-01-01T00:00:00+00:00","taken":false,"epoch":2,"due":"2026-11-29T15:05:42.287392+00:00","updated_at":"2026-11-29T15:05:41.29136+00:00"},
{"account":"salesforce","object":"Contact","sync":"people","read_up_to":"2026-11-29T15:05:43+00:00","low_watermark":"2026-11-29T15:05:39+00:00","interval_ms":1000,"deletes_due":"2026-11-29T15:15:39.659595+00:00","polled_at":"2026-11-29T15:06:42.699552+00:00","handed_over_at":"1970-01-01T00:00:00+00:00","taken":false,"epoch":101,"due":"2026-11-29T15:06:44.860489+00:00","updated_at":"2026-11-29T15:06:43.861978+00:00"}]$json$);
insert into sluice.reported_limit overriding system value select * from json_populate_recordset(null::sluice.reported_limit, $json$[{"account":"hubspot","name":"daily","max":250000,"used":9,"reported_at":"2026-11-29T15:05:42.274585+00:00"},
{"account":"salesforce","name":"daily","max":15000,"used":106,"reported_at":"2026-11-29T15:06:43.850667+00:00"}]$json$);
insert into sluice.reported_limit_history overriding system value select * from json_populate_recordset(null::sluice.reported_limit_history, $json$[{"account":"hubspot","name":"daily","at":"2026-11-29T15:00:00+00:00","used":2},
{"account":"salesforce","name":"daily","at":"2026-11-29T15:00:00+00:00","used":1}]$json$);
insert into sluice.snapshot overriding system value select * from json_populate_recordset(null::sluice.snapshot, $json$[{"account":"hubspot","object":"contacts","sync":"leads","mapping":{"key": "no", "table": "public.lead", "fields": {"name": "lastname"}, "inserts": "propagate", "externalId": "customer_no"},"changed_since":null,"state":"pages","job":null,"member":null,"next_page":null,"queried_at":"2026-11-29T15:05:42.179003+00:00","jobs":0,"attempts":3,"calls":3,"records":-1,"read":0,"inserted":0,"updated":0,"conflicts":0,"without_key":0,"rejected":0,"last_error":"{\"status\":\"error\",\"message\":\"Service unavailable\",\"correlationId\":\"afce06ef-db2f-4ca9-8d18-26feb88b80a1\"}","earliest_deferred":null,"began_at":"2026-11-29T15:05:36.969928+00:00","ended_at":null,"epoch":3,"due":"2026-11-29T15:05:46.293887+00:00","updated_at":"2026-11-29T15:05:42.293617+00:00"}]$json$);
insert into sluice.sync_state overriding system value select * from json_populate_recordset(null::sluice.sync_state, $json$[{"account":"salesforce","object":"Contact","key":"P-10","sync":"people","crm_id":"003XX0000000002YAA","base":{"Email": null, "LastName": "Name 10", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-11","sync":"people","crm_id":"003XX0000000003YAA","base":{"Email": null, "LastName": "Name 11", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-12","sync":"people","crm_id":"003XX0000000004YAA","base":{"Email": null, "LastName": "Name 12", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-13","sync":"people","crm_id":"003XX0000000005YAA","base":{"Email": null, "LastName": "Name 13", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-14","sync":"people","crm_id":"003XX0000000006YAA","base":{"Email": null, "LastName": "Name 14", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-15","sync":"people","crm_id":"003XX0000000007YAA","base":{"Email": null, "LastName": "Name 15", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-16","sync":"people","crm_id":"003XX0000000008YAA","base":{"Email": null, "LastName": "Name 16", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-17","sync":"people","crm_id":"003XX0000000009YAA","base":{"Email": null, "LastName": "Name 17", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-18","sync":"people","crm_id":"003XX000000000AYAQ","base":{"Email": null, "LastName": "Name 18", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-19","sync":"people","crm_id":"003XX000000000BYAQ","base":{"Email": null, "LastName": "Name 19", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-20","sync":"people","crm_id":"003XX000000000DYAQ","base":{"Email": null, "LastName": "Name 20", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-21","sync":"people","crm_id":"003XX000000000EYAQ","base":{"Email": null, "LastName": "Name 21", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-22","sync":"people","crm_id":"003XX000000000FYAQ","base":{"Email": null, "LastName": "Name 22", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-23","sync":"people","crm_id":"003XX000000000GYAQ","base":{"Email": null, "LastName": "Name 23", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-24","sync":"people","crm_id":"003XX000000000HYAQ","base":{"Email": null, "LastName": "Name 24", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-25","sync":"people","crm_id":"003XX000000000IYAQ","base":{"Email": null, "LastName": "Name 25", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-26","sync":"people","crm_id":"003XX000000000JYAQ","base":{"Email": null, "LastName": "Name 26", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-27","sync":"people","crm_id":"003XX000000000KYAQ","base":{"Email": null, "LastName": "Name 27", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-28","sync":"people","crm_id":"003XX000000000LYAQ","base":{"Email": null, "LastName": "Name 28", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-29","sync":"people","crm_id":"003XX000000000MYAQ","base":{"Email": null, "LastName": "Name 29", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-3","sync":"people","crm_id":"003XX000000000NYAQ","base":{"Email": null, "LastName": "Name 3", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-30","sync":"people","crm_id":"003XX000000000OYAQ","base":{"Email": null, "LastName": "Name 30", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-31","sync":"people","crm_id":"003XX000000000PYAQ","base":{"Email": null, "LastName": "Name 31", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-32","sync":"people","crm_id":"003XX000000000QYAQ","base":{"Email": null, "LastName": "Name 32", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-33","sync":"people","crm_id":"003XX000000000RYAQ","base":{"Email": null, "LastName": "Name 33", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-34","sync":"people","crm_id":"003XX000000000SYAQ","base":{"Email": null, "LastName": "Name 34", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-35","sync":"people","crm_id":"003XX000000000TYAQ","base":{"Email": null, "LastName": "Name 35", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-36","sync":"people","crm_id":"003XX000000000UYAQ","base":{"Email": null, "LastName": "Name 36", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-37","sync":"people","crm_id":"003XX000000000VYAQ","base":{"Email": null, "LastName": "Name 37", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-38","sync":"people","crm_id":"003XX000000000WYAQ","base":{"Email": null, "LastName": "Name 38", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-39","sync":"people","crm_id":"003XX000000000XYAQ","base":{"Email": null, "LastName": "Name 39", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-4","sync":"people","crm_id":"003XX000000000YYAQ","base":{"Email": null, "LastName": "Name 4", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-40","sync":"people","crm_id":"003XX000000000ZYAQ","base":{"Email": null, "LastName": "Name 40", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-5","sync":"people","crm_id":"003XX000000000aYAA","base":{"Email": null, "LastName": "Name 5", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-6","sync":"people","crm_id":"003XX000000000bYAA","base":{"Email": null, "LastName": "Name 6", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-7","sync":"people","crm_id":"003XX000000000cYAA","base":{"Email": null, "LastName": "Name 7", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-8","sync":"people","crm_id":"003XX000000000dYAA","base":{"Email": null, "LastName": "Name 8", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-9","sync":"people","crm_id":"003XX000000000eYAA","base":{"Email": null, "LastName": "Name 9", "MailingCity": "Rome"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:37.241281+00:00"},"unproven":{},"prior":{"*": []},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":null,"loop_rounds":0,"held_until":null},
{"account":"salesforce","object":"Contact","key":"P-1","sync":"people","crm_id":"003XX0000000001YAA","base":{"Email": null, "LastName": "Name 1", "MailingCity": "Theirs"},"stamps":{"Email": "2026-11-29T15:05:37.241281+00:00", "LastName": "2026-11-29T15:05:37.241281+00:00", "MailingCity": "2026-11-29T15:05:39Z"},"unproven":{},"prior":{"*": [], "MailingCity": [["Rome", "2026-11-29T15:05:39.189893+00:00", true]]},"settled_at":"2026-11-29T15:05:39.189893+00:00","taken_at":"2026-11-29T15:05:40.058777+00:00","loop_rounds":0,"held_until":null}]$json$);
insert into sluice.throttle overriding system value select * from json_populate_recordset(null::sluice.throttle, $json$[{"account":"salesforce","kind":"concurrent","step":1,"rate":50,"since":"2026-11-29T15:06:43.848195+00:00","until":"2026-11-29T15:06:44.750195+00:00","probe":null,"recovered_at":null}]$json$);
insert into sluice.tombstone overriding system value select * from json_populate_recordset(null::sluice.tombstone, $json$[{"account":"salesforce","object":"Contact","key":"P-2","deleted_at":"2026-11-29T15:05:41.617727+00:00"}]$json$);
insert into sluice.usage_minute overriding system value select * from json_populate_recordset(null::sluice.usage_minute, $json$[{"account":"hubspot","minute":"2026-11-29T15:05:00+00:00","operation":"describe","calls":1,"cost":1},
{"account":"salesforce","minute":"2026-11-29T15:05:00+00:00","operation":"describe","calls":1,"cost":1},
{"account":"salesforce","minute":"2026-11-29T15:05:00+00:00","operation":"deleted","calls":1,"cost":1},
{"account":"hubspot","minute":"2026-11-29T15:05:00+00:00","operation":"deleted","calls":2,"cost":2},
{"account":"salesforce","minute":"2026-11-29T15:05:00+00:00","operation":"delete","calls":1,"cost":1},
{"account":"salesforce","minute":"2026-11-29T15:05:00+00:00","operation":"upsert","calls":2,"cost":2},
{"account":"hubspot","minute":"2026-11-29T15:05:00+00:00","operation":"search","calls":5,"cost":5},
{"account":"salesforce","minute":"2026-11-29T15:05:00+00:00","operation":"query","calls":29,"cost":29},
{"account":"salesforce","minute":"2026-11-29T15:06:00+00:00","operation":"query","calls":72,"cost":72}]$json$);
select setval(pg_get_serial_sequence('sluice.api_call', 'id'), (select coalesce(max(id), 0) + 1 from sluice.api_call));
select setval(pg_get_serial_sequence('sluice.capture_gap', 'id'), (select coalesce(max(id), 0) + 1 from sluice.capture_gap));
select setval(pg_get_serial_sequence('sluice.change_log', 'seq'), (select coalesce(max(seq), 0) + 1 from sluice.change_log));
select setval(pg_get_serial_sequence('sluice.conflict', 'id'), (select coalesce(max(id), 0) + 1 from sluice.conflict));
select setval(pg_get_serial_sequence('sluice.dead_letter', 'id'), (select coalesce(max(id), 0) + 1 from sluice.dead_letter));
select setval(pg_get_serial_sequence('sluice.inbound_rejection', 'id'), (select coalesce(max(id), 0) + 1 from sluice.inbound_rejection));

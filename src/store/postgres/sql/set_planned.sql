-- Buckets $1 (JSON array of {bucket}) are planned through $2.
insert into plan_mark (bucket, planned_through)
select k.bucket, $2::date
from jsonb_to_recordset($1::jsonb) as k(bucket smallint)
where true
on conflict (bucket) do update set planned_through = excluded.planned_through

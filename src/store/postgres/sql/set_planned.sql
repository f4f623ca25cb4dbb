-- Buckets $1 (arrays) are planned through $2.
insert into plan_mark (bucket, planned_through)
select k.bucket, $2::date
from unnest($1::smallint[]) as k(bucket)
where true
on conflict (bucket) do update set planned_through = excluded.planned_through

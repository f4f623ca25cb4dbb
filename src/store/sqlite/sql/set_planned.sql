-- Buckets $1 (JSON array of numbers) are planned through $2.
insert into plan_mark (bucket, planned_through)
select k.value, $2
from json_each($1) as k
where true
on conflict (bucket) do update set planned_through = excluded.planned_through

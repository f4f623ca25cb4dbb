-- Buckets $1 (JSON array of numbers) are assessed through $2.
insert into assess_mark (bucket, assessed_through)
select k.value, $2
from json_each($1) as k
where true
on conflict (bucket) do update set assessed_through = excluded.assessed_through

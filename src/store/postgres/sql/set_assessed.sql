-- Buckets $1 (array) are assessed through $2.
insert into assess_mark (bucket, assessed_through)
select k.bucket, $2::date
from unnest($1::smallint[]) as k(bucket)
where true
on conflict (bucket) do update set assessed_through = excluded.assessed_through

-- Marks accounts $1, $2 (arrays) for a decision.
insert into touched (bucket, account_id, changes)
select k.bucket, k.account_id, 1
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
where true
on conflict (bucket, account_id) do update set changes = abs(touched.changes) + 1

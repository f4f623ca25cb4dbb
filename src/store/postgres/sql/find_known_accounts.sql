-- Of accounts $1, $2, $3 (arrays) those that are known, each with its bucket.
select k.n as n, a.bucket, a.account_id as holder
from unnest($1::integer[], $2::text[], $3::text[]) as k(n, row_id, account_id)
cross join lateral (select * from account as a where a.account_id = k.account_id offset 0) as a

-- Where they live and what they are worth: of accounts $1, $2 (arrays).
select a.bucket, a.account_id, a.zone, a.tier, a.area, a.segment
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from account as a where a.bucket = k.bucket and a.account_id = k.account_id offset 0) as a

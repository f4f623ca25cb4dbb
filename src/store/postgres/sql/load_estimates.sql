-- What is estimated of accounts $1, $2 (arrays), fresh or not.
select e.account_id, e.body
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from estimate as e where e.bucket = k.bucket and e.account_id = k.account_id offset 0) as e

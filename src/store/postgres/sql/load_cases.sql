-- Open dunning cases of accounts $1, $2.
select c.account_id, c.opened_on, c.stage, c.policy
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from dunning_case as c where c.bucket = k.bucket and c.account_id = k.account_id and c.closed_on is null offset 0) as c

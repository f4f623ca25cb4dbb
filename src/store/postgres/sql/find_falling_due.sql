-- Accounts of buckets $1 (array) with something unpaid that falls due, or fell
-- due, from $2 on and before $3; in order.
select distinct b.bucket, b.account_id
from unnest($1::smallint[]) as k(bucket)
cross join lateral (
    select b.bucket, b.account_id from bill as b
    where b.bucket = k.bucket and b.due_on >= $2::date and b.due_on < $3::date and b.remaining > 0
    offset 0
) as b
order by b.bucket, b.account_id

-- Why-not rows of accounts $1, $2 (arrays), of bills still unpaid and rows still open.
select
    w.account_id, w.bill_id, w.step, w.step_on, w.limit_on, w.reason, w.is_open
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from bill as b where b.bucket = k.bucket and b.account_id = k.account_id and b.remaining > 0 offset 0) as b
join why_not as w on w.bucket = b.bucket and w.bill_id = b.bill_id
union
select
    w.account_id, w.bill_id, w.step, w.step_on, w.limit_on, w.reason, w.is_open
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from why_not as w where w.bucket = k.bucket and w.account_id = k.account_id and w.is_open offset 0) as w

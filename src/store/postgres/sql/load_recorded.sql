-- Why-not rows of accounts $1, $2 (arrays), of bills still unpaid and rows still open.
select
    w.account_id, w.bill_id, w.step, w.step_on, w.limit_on, w.reason, w.is_open
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
join bill as b on b.bucket = k.bucket and b.account_id = k.account_id and b.remaining > 0
join why_not as w on w.bucket = b.bucket and w.bill_id = b.bill_id
union
select
    w.account_id, w.bill_id, w.step, w.step_on, w.limit_on, w.reason, w.is_open
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
join why_not as w on w.bucket = k.bucket and w.account_id = k.account_id
where w.is_open

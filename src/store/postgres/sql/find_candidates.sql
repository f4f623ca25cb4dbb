-- Accounts of buckets $1 (arrays) with something to decide, in order:
-- bills due on one of the days $2 (arrays), open why-not rows if $3 is 1,
-- and touched accounts; $4 is the planned day.
-- Differs: PostgreSQL pairs buckets and days before it looks for bills, or it
-- would read every open bill of a bucket.
with place as materialized (
    select k.bucket, d.due_on
    from unnest($1::smallint[]) as k(bucket)
    cross join unnest($2::date[]) as d(due_on)
)
select found.bucket, found.account_id
from (
    select b.bucket, b.account_id
    from place as p
    join bill as b on b.bucket = p.bucket and b.due_on = p.due_on and b.remaining > 0
    where b.issued_on <= $4::date
    union
    select w.bucket, w.account_id
    from unnest($1::smallint[]) as k(bucket)
    join why_not as w on w.bucket = k.bucket
    where w.is_open and $3 = 1
    union
    select t.bucket, t.account_id
    from unnest($1::smallint[]) as k(bucket)
    join touched as t on t.bucket = k.bucket
) as found
order by found.bucket, found.account_id

-- Accounts of buckets $1 (arrays) with something to decide, in order:
-- bills due on one of the days $2 (arrays), open why-not rows if $3 is 1,
-- and touched accounts; $4 is the planned day.
select found.bucket, found.account_id
from (
    select b.bucket, b.account_id
    from unnest($1::smallint[]) as k(bucket)
    cross join unnest($2::date[]) as d(due_on)
    cross join lateral (
        select b.bucket, b.account_id from bill as b
        where b.bucket = k.bucket and b.due_on = d.due_on and b.remaining > 0 and b.issued_on <= $4::date
        offset 0
    ) as b
    union
    select w.bucket, w.account_id
    from unnest($1::smallint[]) as k(bucket)
    cross join lateral (select * from why_not as w where w.bucket = k.bucket and w.is_open offset 0) as w
    where $3 = 1
    union
    select t.bucket, t.account_id
    from unnest($1::smallint[]) as k(bucket)
    cross join lateral (select * from touched as t where t.bucket = k.bucket offset 0) as t
) as found
order by found.bucket, found.account_id

-- Accounts of buckets $1 (JSON array of numbers) with something to decide, in order:
-- bills due on one of the days $2 (JSON array of {due_on}), open why-not rows if $3 is 1,
-- and touched accounts; $4 is the planned day.
select found.bucket, found.account_id
from (
    select b.bucket, b.account_id
    from json_each($1) as k
    cross join json_each($2) as d
    join bill as b on b.bucket = k.value and b.due_on = d.value ->> 'due_on' and b.remaining > 0
    where b.issued_on <= $4
    union
    select w.bucket, w.account_id
    from json_each($1) as k
    join why_not as w on w.bucket = k.value
    where w.is_open = 1 and $3 = 1
    union
    select t.bucket, t.account_id
    from json_each($1) as k
    join touched as t on t.bucket = k.value
) as found
order by found.bucket, found.account_id

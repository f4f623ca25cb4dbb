-- Accounts of buckets from $1 on with something to decide, at most $5, in order:
-- bills due in one of the ranges $2 (JSON array of {due_from, due_to}), open
-- why-not rows if $3 is 1, and touched accounts; $4 is the planned day.
-- Differs: in SQLite a cross join keeps its order, so that the few ranges lead.
select found.bucket as bucket, found.account_id
from (
    select b.bucket, b.account_id
    from json_each($2) as k
    cross join bill as b on b.due_on >= k.value ->> 'due_from' and b.due_on <= k.value ->> 'due_to' and b.remaining > 0
    where b.bucket >= $1 and b.issued_on <= $4
    union
    select w.bucket, w.account_id from why_not as w where w.is_open = 1 and $3 = 1 and w.bucket >= $1
    union
    select t.bucket, t.account_id from touched as t where t.bucket >= $1
) as found
order by found.bucket, found.account_id
limit $5

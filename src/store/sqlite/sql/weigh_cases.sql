-- What is at stake in the open reviews of accounts $1 (JSON array), as of day $2.
update task as t
set weighed_on = $2,
    arrears = coalesce(
        (
            select sum(b.remaining) as n from bill as b
            where b.bucket = t.bucket and b.account_id = t.account_id and b.remaining > 0 and b.due_on < $2
            group by b.currency order by n desc, b.currency limit 1
        ),
        0
    ),
    currency = (
        select b.currency from bill as b
        where b.bucket = t.bucket and b.account_id = t.account_id and b.remaining > 0 and b.due_on < $2
        group by b.currency order by sum(b.remaining) desc, b.currency limit 1
    ),
    tier = (select a.tier from account as a where a.bucket = t.bucket and a.account_id = t.account_id)
from json_each($1) as k
where t.bucket = k.value ->> 'bucket' and t.account_id = k.value ->> 'account_id' and t.kind = 'review' and t.done_at is null

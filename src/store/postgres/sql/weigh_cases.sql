-- What is at stake in the open reviews of accounts $1, $2 (arrays), as of day $3.
update task as t
set weighed_on = $3::date,
    arrears = coalesce(
        (
            select sum(b.remaining) as n from bill as b
            where b.bucket = t.bucket and b.account_id = t.account_id and b.remaining > 0 and b.due_on < $3::date
            group by b.currency order by n desc, b.currency limit 1
        ),
        0
    ),
    currency = (
        select b.currency from bill as b
        where b.bucket = t.bucket and b.account_id = t.account_id and b.remaining > 0 and b.due_on < $3::date
        group by b.currency order by sum(b.remaining) desc, b.currency limit 1
    ),
    tier = (select a.tier from account as a where a.bucket = t.bucket and a.account_id = t.account_id)
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
where t.bucket = k.bucket and t.account_id = k.account_id and t.kind = 'review' and t.done_at is null

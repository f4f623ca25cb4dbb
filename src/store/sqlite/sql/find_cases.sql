-- Accounts with an open review in buckets $1 (JSON array of numbers) that was not
-- weighed on day $2, or whose facts have changed, or with an open proposal whose time is
-- over at $3; in order.
select found.bucket, found.account_id
from (
    select r.bucket, r.account_id
    from json_each($1) as k
    join task as r on r.bucket = k.value and r.weighed_on < $2
    where r.kind = 'review' and r.done_at is null
    union
    select t.bucket, t.account_id
    from json_each($1) as k
    cross join touched as t on t.bucket = k.value
    cross join task as r on r.bucket = t.bucket and r.account_id = t.account_id and r.kind = 'review' and r.done_at is null
    union
    select p.bucket, p.account_id
    from json_each($1) as k
    join proposal as p on p.bucket = k.value and p.expires_at <= $3 and p.verdict is null
) as found
order by found.bucket, found.account_id

-- Accounts with an open review in buckets $1 (array) that was not weighed on day
-- $2, or whose facts have changed; in order.
select found.bucket, found.account_id
from (
    select t.bucket, t.account_id
    from unnest($1::smallint[]) as k(bucket)
    cross join lateral (
        select * from task as t
        where t.bucket = k.bucket and t.weighed_on < $2::date and t.kind = 'review' and t.done_at is null
        offset 0
    ) as t
    union
    select t.bucket, t.account_id
    from unnest($1::smallint[]) as k(bucket)
    cross join lateral (select * from touched as c where c.bucket = k.bucket offset 0) as c
    cross join lateral (
        select * from task as t
        where t.bucket = c.bucket and t.account_id = c.account_id and t.kind = 'review' and t.done_at is null
        offset 0
    ) as t
) as found
order by found.bucket, found.account_id

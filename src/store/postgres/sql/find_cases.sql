-- Accounts with an open review in buckets $1 (array) that was not weighed on day
-- $2, or whose facts have changed, or with an open proposal whose time is over at $3;
-- in order.
select found.bucket, found.account_id
from (
    select r.bucket, r.account_id
    from unnest($1::smallint[]) as k(bucket)
    cross join lateral (
        select * from task as r
        where r.bucket = k.bucket and r.weighed_on < $2::date and r.kind = 'review' and r.done_at is null
        offset 0
    ) as r
    union
    select t.bucket, t.account_id
    from unnest($1::smallint[]) as k(bucket)
    cross join lateral (select * from touched as t where t.bucket = k.bucket offset 0) as t
    cross join lateral (
        select * from task as r
        where r.bucket = t.bucket and r.account_id = t.account_id and r.kind = 'review' and r.done_at is null
        offset 0
    ) as r
    union
    select p.bucket, p.account_id
    from unnest($1::smallint[]) as k(bucket)
    cross join lateral (
        select * from proposal as p
        where p.bucket = k.bucket and p.expires_at <= instant($3) and p.verdict is null
        offset 0
    ) as p
) as found
order by found.bucket, found.account_id

-- Accounts of buckets $1 (array) whose facts changed, and whose contract ended, or
-- who are barred, or went before; in order.
select t.bucket, t.account_id
from unnest($1::smallint[]) as k(bucket)
cross join lateral (select * from touched as t where t.bucket = k.bucket offset 0) as t
where coalesce(
    (
        select 1 from evidence as e
        where e.bucket = t.bucket and e.account_id = t.account_id and e.feed = 'contracts' and e.over_on is not null
        limit 1
    ),
    (
        select 1 from departure as d
        where d.bucket = t.bucket and d.account_id = t.account_id and d.back_on is null
        limit 1
    )
) = 1
order by t.bucket, t.account_id

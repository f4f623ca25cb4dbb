-- Accounts with an open review in buckets $1 (JSON array of {bucket}) that was not
-- weighed on day $2, or whose facts have changed; in order.
select found.bucket, found.account_id
from (
    select t.bucket, t.account_id
    from json_each($1) as k
    join task as t on t.bucket = k.value ->> 'bucket' and t.weighed_on < $2
    where t.kind = 'review' and t.done_at is null
    union
    select t.bucket, t.account_id
    from json_each($1) as k
    join touched as c on c.bucket = k.value ->> 'bucket'
    join task as t on t.bucket = c.bucket and t.account_id = c.account_id and t.kind = 'review' and t.done_at is null
) as found
order by found.bucket, found.account_id

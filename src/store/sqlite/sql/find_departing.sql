-- Accounts of buckets $1 (JSON array of numbers) whose facts changed, and whose
-- contract ended, or who are barred, or went before; in order.
select t.bucket, t.account_id
from json_each($1) as k
join touched as t on t.bucket = k.value
where exists (
    select 1 from evidence as e
    where e.bucket = t.bucket and e.account_id = t.account_id and e.feed = 'contracts' and e.over_on is not null
) or exists (
    select 1 from departure as d
    where d.bucket = t.bucket and d.account_id = t.account_id and d.back_on is null
)
order by t.bucket, t.account_id

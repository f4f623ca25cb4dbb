-- Accounts in buckets $1 (array).
select count(*) as n
from unnest($1::smallint[]) as k(bucket)
join account as a on a.bucket = k.bucket

-- Buckets of the accounts named in $1 (arrays).
select a.bucket, a.account_id
from unnest($1::text[]) as k(account_id)
cross join lateral (select * from account as a where a.account_id = k.account_id offset 0) as a

-- Buckets of the accounts named in $1 (arrays).
select a.bucket, a.account_id
from unnest($1::text[]) as k(account_id)
join account as a on a.account_id = k.account_id

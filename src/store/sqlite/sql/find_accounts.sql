-- Buckets of the accounts named in $1 (JSON array of {account_id}).
select a.bucket as bucket, a.account_id
from json_each($1) as r
join account as a on a.account_id = r.value ->> 'account_id'

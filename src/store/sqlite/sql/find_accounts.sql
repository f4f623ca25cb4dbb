-- Buckets of the accounts named in $1 (JSON array of {account_id}).
select a.bucket, a.account_id
from json_each($1) as k
join account as a on a.account_id = k.value ->> 'account_id'

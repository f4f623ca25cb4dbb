-- Buckets of the accounts named in $1 (JSON array of {account_id}).
select a.bucket, a.account_id
from jsonb_to_recordset($1::jsonb) as k(account_id text)
join account as a on a.account_id = k.account_id

-- Of accounts $1 (JSON array) those that are known, each with its bucket.
select k.value ->> 'n' as n, a.bucket, a.account_id as holder
from json_each($1) as k
join account as a on a.account_id = k.value ->> 'account_id'

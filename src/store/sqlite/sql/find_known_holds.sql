-- Of holds $1 (JSON array) the bucket of the account, and the account that holds the hold already.
select k.value ->> 'n' as n, a.bucket, known.account_id as holder
from json_each($1) as k
left join account as a on a.account_id = k.value ->> 'account_id'
left join hold as known on known.bucket = a.bucket and known.hold_id = k.value ->> 'row_id'

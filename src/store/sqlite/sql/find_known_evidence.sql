-- Of rows $1 (JSON array) of feed $2 the bucket of the account, and the account that holds the row already.
select k.value ->> 'n' as n, a.bucket, known.account_id as holder
from json_each($1) as k
left join account as a on a.account_id = k.value ->> 'account_id'
left join evidence as known on known.bucket = a.bucket and known.feed = $2 and known.row_id = k.value ->> 'row_id'

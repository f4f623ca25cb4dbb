-- Of payments $1 (JSON array) the bucket of the account, and the account that holds the payment already.
select k.value ->> 'n' as n, a.bucket, known.account_id as holder
from json_each($1) as k
left join account as a on a.account_id = k.value ->> 'account_id'
left join payment as known on known.bucket = a.bucket and known.payment_id = k.value ->> 'row_id'

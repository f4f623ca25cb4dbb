-- Of bills $1 (JSON array) the bucket of the account, and the account that holds the bill already.
select k.value ->> 'n' as n, a.bucket, b.account_id as holder
from json_each($1) as k
left join account as a on a.account_id = k.value ->> 'account_id'
left join bill as b on b.bill_id = k.value ->> 'row_id'

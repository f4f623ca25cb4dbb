-- Of bills $1, $2, $3 (arrays) the bucket of the account, and the account that holds the bill already.
select k.n as n, a.bucket, b.account_id as holder
from unnest($1::integer[], $2::text[], $3::text[]) as k(n, row_id, account_id)
left join account as a on a.account_id = k.account_id
left join bill as b on b.bill_id = k.row_id

-- Of rows $1, $2, $3 (arrays) of feed $4 the bucket of the account, and the account that holds the row already.
select k.n as n, a.bucket, known.account_id as holder
from unnest($1::integer[], $2::text[], $3::text[]) as k(n, row_id, account_id)
left join account as a on a.account_id = k.account_id
left join evidence as known on known.bucket = a.bucket and known.feed = $4 and known.row_id = k.row_id

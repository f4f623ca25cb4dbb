-- Every hold of the billing system's for accounts $1, $2 (arrays), in force or over.
select h.account_id, h.hold_id, h.bill_id, h.kind, h.starts_on, h.ends_on, h.amount
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from hold as h where h.bucket = k.bucket and h.account_id = k.account_id offset 0) as h
order by h.account_id, h.starts_on, h.hold_id

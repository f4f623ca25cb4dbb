-- Holds of accounts $1 that are not over on $2.
select h.account_id, h.hold_id, h.bill_id, h.kind, h.starts_on, h.ends_on, h.amount
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, account_id text)
join hold as h on h.bucket = k.bucket and h.account_id = k.account_id
where h.ends_on is null or h.ends_on >= $2::date

-- Holds of accounts $1 that are not over on $2.
select h.account_id, h.hold_id, h.bill_id, h.kind, h.starts_on, h.ends_on, h.amount
from json_each($1) as k
join hold as h on h.bucket = k.value ->> 'bucket' and h.account_id = k.value ->> 'account_id'
where h.ends_on is null or h.ends_on >= $2

-- Every hold of the billing system's for accounts $1 (JSON array), in force or over.
select h.account_id, h.hold_id, h.bill_id, h.kind, h.starts_on, h.ends_on, h.amount
from json_each($1) as k
join hold as h on h.bucket = k.value ->> 'bucket' and h.account_id = k.value ->> 'account_id'
order by h.account_id, h.starts_on, h.hold_id

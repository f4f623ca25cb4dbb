-- Every hold of accounts $1 (JSON array), over or not: the billing system's, and
-- those that were placed here, with when they were lifted.
select h.account_id, h.hold_id, h.bill_id, h.kind, h.starts_on, h.ends_on, h.amount, null as lifted_at
from json_each($1) as k
join hold as h on h.bucket = k.value ->> 'bucket' and h.account_id = k.value ->> 'account_id'
union all
select p.account_id, p.hold_id, p.bill_id, p.kind, p.starts_on, p.ends_on, p.amount, case when p.ended = 'lifted' then p.ended_at end as lifted_at
from json_each($1) as k
join placed_hold as p on p.bucket = k.value ->> 'bucket' and p.account_id = k.value ->> 'account_id'

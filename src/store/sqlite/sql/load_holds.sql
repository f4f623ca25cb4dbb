-- Holds of accounts $1 that are not over on $2: the billing system's, and those
-- that were placed here.
select h.account_id, h.hold_id, h.bill_id, h.kind, h.starts_on, h.ends_on, h.amount
from json_each($1) as k
join hold as h on h.bucket = k.value ->> 'bucket' and h.account_id = k.value ->> 'account_id'
where h.ends_on is null or h.ends_on >= $2
union all
select p.account_id, p.hold_id, p.bill_id, p.kind, p.starts_on, p.ends_on, p.amount
from json_each($1) as k
join placed_hold as p on p.bucket = k.value ->> 'bucket' and p.account_id = k.value ->> 'account_id'
where p.ends_on >= $2 and p.ended is not 'lifted'

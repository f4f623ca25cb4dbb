-- Holds that were placed here and are in force or to be looked at, up to $1.
select
    p.bucket, p.account_id, p.hold_id, p.bill_id, p.kind, p.starts_on, p.ends_on, p.amount,
    p.currency, p.owner, p.reason, p.placed_at, p.ended
from placed_hold as p
where p.ended is null
order by p.ends_on, p.hold_id
limit $1 + 0

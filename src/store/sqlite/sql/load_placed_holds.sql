-- Every hold that was placed for accounts $1 (JSON array of {bucket, account_id}).
select
    p.bucket, p.account_id, p.hold_id, p.bill_id, p.kind, p.starts_on, p.ends_on, p.amount,
    p.currency, p.owner, p.reason, p.placed_at, p.ended
from json_each($1) as k
join placed_hold as p on p.bucket = k.value ->> 'bucket' and p.account_id = k.value ->> 'account_id'
order by p.placed_at, p.hold_id

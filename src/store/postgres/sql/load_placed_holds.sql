-- Every hold that was placed for accounts $1, $2.
select
    p.bucket, p.account_id, p.hold_id, p.bill_id, p.kind, p.starts_on, p.ends_on, p.amount,
    p.currency, p.owner, p.reason, p.placed_at, p.ended
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from placed_hold as p where p.bucket = k.bucket and p.account_id = k.account_id offset 0) as p
order by p.placed_at, p.hold_id

-- Every hold of accounts $1, $2 (arrays), over or not: the billing system's, and
-- those that were placed here, with when they were lifted.
select h.account_id, h.hold_id, h.bill_id, h.kind, h.starts_on, h.ends_on, h.amount, null::timestamptz as lifted_at
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from hold as h where h.bucket = k.bucket and h.account_id = k.account_id offset 0) as h
union all
select p.account_id, p.hold_id, p.bill_id, p.kind, p.starts_on, p.ends_on, p.amount, case when p.ended = 'lifted' then p.ended_at end as lifted_at
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from placed_hold as p where p.bucket = k.bucket and p.account_id = k.account_id offset 0) as p

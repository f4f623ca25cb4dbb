-- Holds of accounts $1, $2 that are not over on $3: the billing system's, and
-- those that were placed here.
select h.account_id, h.hold_id, h.bill_id, h.kind, h.starts_on, h.ends_on, h.amount
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (
    (
        select h.account_id, h.hold_id, h.bill_id, h.kind, h.starts_on, h.ends_on, h.amount
        from hold as h
        where h.bucket = k.bucket and h.account_id = k.account_id
        offset 0
    )
    union all
    (
        select p.account_id, p.hold_id, p.bill_id, p.kind, p.starts_on, p.ends_on, p.amount
        from placed_hold as p
        where p.bucket = k.bucket and p.account_id = k.account_id and p.ended is distinct from 'lifted'
        offset 0
    )
) as h
where h.ends_on is null or h.ends_on >= $3::date

-- Up to $3 holds of buckets $1 (array) whose last day lies before $2 and of
-- which nobody has said how they ended; what was paid on the account's bills
-- while they were in force, and what is overdue of it by their end.
select
    p.bucket, p.account_id, p.hold_id, p.bill_id, p.kind, p.starts_on, p.ends_on, p.amount,
    p.currency, p.owner, p.reason, p.placed_at, p.ended,
    (
        select coalesce(sum(b.remaining), 0)::bigint from bill as b
        where b.bucket = p.bucket and b.account_id = p.account_id and b.due_on <= p.ends_on
            and (p.bill_id is null or b.bill_id = p.bill_id)
    ) as open,
    (
        select coalesce(sum(paid.amount), 0)::bigint
        from bill as b
        cross join lateral (
            select m.amount from payment as m
            where m.bucket = b.bucket and m.bill_id = b.bill_id and m.state = 'settled'
                and m.paid_on between p.starts_on and p.ends_on
                and (p.currency is null or m.currency = p.currency)
            offset 0
        ) as paid
        where b.bucket = p.bucket and b.account_id = p.account_id
    ) as paid
from unnest($1::smallint[]) as k(bucket)
cross join lateral (select * from placed_hold as p where p.bucket = k.bucket and p.ended is null and p.ends_on < $2::date offset 0) as p
order by p.bucket, p.ends_on, p.hold_id
limit $3

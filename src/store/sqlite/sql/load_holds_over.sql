-- Up to $3 holds of buckets $1 (JSON array of numbers) whose last day lies before
-- $2 and of which nobody has said how they ended; what was paid on the account's
-- bills while they were in force, and what is overdue of it by their end.
select
    p.bucket, p.account_id, p.hold_id, p.bill_id, p.kind, p.starts_on, p.ends_on, p.amount,
    p.currency, p.owner, p.reason, p.placed_at, p.ended,
    (
        select coalesce(sum(b.remaining), 0) from bill as b
        where b.bucket = p.bucket and b.account_id = p.account_id and b.due_on <= p.ends_on
            and (p.bill_id is null or b.bill_id = p.bill_id)
    ) as open,
    (
        select coalesce(sum(m.amount), 0)
        from bill as b
        join payment as m on m.bucket = b.bucket and m.bill_id = b.bill_id
        where b.bucket = p.bucket and b.account_id = p.account_id and m.state = 'settled'
            and m.paid_on between p.starts_on and p.ends_on
            and (p.currency is null or m.currency = p.currency)
    ) as paid
from json_each($1) as k
join placed_hold as p on p.bucket = k.value and p.ended is null and p.ends_on < $2
order by p.bucket, p.ends_on, p.hold_id
limit $3 + 0

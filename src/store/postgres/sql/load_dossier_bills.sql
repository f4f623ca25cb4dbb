-- Bills of accounts $1, $2 (arrays) that were due from $3 on or are unpaid, with
-- their payments.
select
    b.account_id, b.bill_id, b.currency, b.amount, b.remaining, b.issued_on, b.due_on,
    b.settled_on,
    p.payment_id, p.amount as paid_amount, p.currency as paid_currency, p.paid_on, p.state,
    p.reversed_on
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from bill as b where b.bucket = k.bucket and b.account_id = k.account_id offset 0) as b
left join payment as p on p.bucket = b.bucket and p.bill_id = b.bill_id
where b.remaining > 0 or b.due_on >= $3::date
order by b.account_id, b.due_on, b.bill_id, p.paid_on, p.payment_id

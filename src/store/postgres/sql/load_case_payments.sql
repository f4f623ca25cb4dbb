-- Payments for unpaid bills of accounts $1, $2 (arrays), and those on their way.
select b.account_id as account_id, p.payment_id as payment_id, p.bill_id, p.currency, p.amount, p.paid_on, p.reversed_on, p.state
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from bill as b where b.bucket = k.bucket and b.account_id = k.account_id and b.remaining > 0 offset 0) as b
cross join lateral (select * from payment as p where p.bucket = b.bucket and p.bill_id = b.bill_id offset 0) as p
union
select p.account_id, p.payment_id, p.bill_id, p.currency, p.amount, p.paid_on, p.reversed_on, p.state
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (
    select * from payment as p where p.bucket = k.bucket and p.account_id = k.account_id and p.state = 'pending' offset 0
) as p
order by account_id, payment_id

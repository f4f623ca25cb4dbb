-- Payments of accounts $1, $2 that are on their way.
select p.account_id, p.payment_id, p.bill_id, p.currency, p.amount, p.paid_on, p.state, p.reversed_on
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from payment as p where p.bucket = k.bucket and p.account_id = k.account_id and p.state = 'pending' offset 0) as p

-- Payments of accounts $1 that are on their way.
select p.account_id, p.payment_id, p.bill_id, p.currency, p.amount, p.paid_on, p.state, p.reversed_on
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, account_id text)
join payment as p on p.bucket = k.bucket and p.account_id = k.account_id
where p.state = 'pending'

-- Payments of accounts $1 that are on their way.
select p.account_id, p.payment_id, p.bill_id, p.currency, p.amount, p.paid_on, p.state, p.reversed_on
from json_each($1) as k
join payment as p on p.bucket = k.value ->> 'bucket' and p.account_id = k.value ->> 'account_id'
where p.state = 'pending'

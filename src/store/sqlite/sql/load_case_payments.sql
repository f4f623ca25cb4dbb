-- Payments for unpaid bills of accounts $1 (JSON array), and those on their way.
select b.account_id as account_id, p.payment_id as payment_id, p.bill_id, p.currency, p.amount, p.paid_on, p.reversed_on, p.state
from json_each($1) as k
join bill as b on b.bucket = k.value ->> 'bucket' and b.account_id = k.value ->> 'account_id'
join payment as p on p.bucket = b.bucket and p.bill_id = b.bill_id
where b.remaining > 0
union
select p.account_id, p.payment_id, p.bill_id, p.currency, p.amount, p.paid_on, p.reversed_on, p.state
from json_each($1) as k
join payment as p on p.bucket = k.value ->> 'bucket' and p.account_id = k.value ->> 'account_id' and p.state = 'pending'
order by account_id, payment_id

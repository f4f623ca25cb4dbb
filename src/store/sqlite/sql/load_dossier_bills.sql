-- Bills of accounts $1 (JSON array) that were due from $2 on or are unpaid, with
-- their payments.
select
    b.account_id, b.bill_id, b.currency, b.amount, b.remaining, b.issued_on, b.due_on,
    b.settled_on,
    p.payment_id, p.amount as paid_amount, p.currency as paid_currency, p.paid_on, p.state,
    p.reversed_on
from json_each($1) as k
join bill as b on b.bucket = k.value ->> 'bucket' and b.account_id = k.value ->> 'account_id'
left join payment as p on p.bucket = b.bucket and p.bill_id = b.bill_id
where b.remaining > 0 or b.due_on >= $2
order by b.account_id, b.due_on, b.bill_id, p.paid_on, p.payment_id

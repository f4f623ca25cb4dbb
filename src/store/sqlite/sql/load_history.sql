-- Bills of accounts $1 that may have been more than $2 days late, with their
-- payments; not of accounts that are flagged already.
select
    b.account_id, b.bill_id, b.currency, b.amount, b.remaining, b.issued_on, b.due_on,
    b.settled_on,
    p.payment_id, p.amount as paid_amount, p.currency as paid_currency, p.paid_on, p.state,
    p.reversed_on
from json_each($1) as k
join bill as b on b.bucket = k.value ->> 'bucket' and b.account_id = k.value ->> 'account_id'
left join payment as p on p.bucket = b.bucket and p.bill_id = b.bill_id
where (b.settled_on is null or b.settled_on > date(b.due_on, $2 || ' days'))
    and not exists (
        select 1 from repeat_debtor as f where f.bucket = b.bucket and f.account_id = b.account_id
    )
order by b.account_id, b.bill_id

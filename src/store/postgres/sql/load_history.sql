-- Bills of accounts $1, $2 that may have been more than $3 days late, with their
-- payments; not of accounts that are flagged already.
select
    b.account_id, b.bill_id, b.currency, b.amount, b.remaining, b.issued_on, b.due_on,
    b.settled_on,
    p.payment_id, p.amount as paid_amount, p.currency as paid_currency, p.paid_on, p.state,
    p.reversed_on
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from bill as b where b.bucket = k.bucket and b.account_id = k.account_id offset 0) as b
left join payment as p on p.bucket = b.bucket and p.bill_id = b.bill_id
where (b.settled_on is null or b.settled_on > b.due_on + $3::int)
    and not exists (
        select 1 from repeat_debtor as f where f.bucket = b.bucket and f.account_id = b.account_id
    )
order by b.account_id, b.bill_id

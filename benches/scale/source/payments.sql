-- Payments of the made-up billing database.
select
    id as payment_id,
    account_id,
    bill_id,
    'EUR' as currency,
    (amount / 100.0)::numeric(12, 2)::text as amount,
    paid_on::text as paid_on,
    to_char(changed_at, 'YYYY-MM-DD HH24:MI:SS.US') as changed_at
from payment
where (changed_at, id) > (:changed_at::timestamp, :id collate "C")
order by payment.changed_at, id
limit :page

-- Bills of the made-up billing database, with what is left of them.
select
    id as bill_id,
    account_id,
    'EUR' as currency,
    (amount / 100.0)::numeric(12, 2)::text as amount,
    (remaining / 100.0)::numeric(12, 2)::text as remaining_amount,
    issued_on::text as issued_on,
    due_on::text as due_on,
    settled_on::text as settled_on,
    to_char(changed_at, 'YYYY-MM-DD HH24:MI:SS.US') as changed_at
from bill
where (changed_at, id) > (:changed_at::timestamp, :id collate "C")
order by bill.changed_at, id
limit :page

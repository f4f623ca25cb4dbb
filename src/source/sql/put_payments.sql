-- Writes the payments in $1, a JSON array of objects with the table's columns.
-- A row that says nothing new keeps its stamp, and its bill does too.
insert into payment (
    id, account_id, bill_id, currency, amount, paid_on, state, reversed_on, changed_at
)
select
    value ->> 'id', value ->> 'account_id', value ->> 'bill_id', value ->> 'currency',
    value ->> 'amount', value ->> 'paid_on', value ->> 'state', value ->> 'reversed_on',
    value ->> 'changed_at'
from json_each($1)
where true
on conflict (id) do update set
    account_id = excluded.account_id,
    bill_id = excluded.bill_id,
    currency = excluded.currency,
    amount = excluded.amount,
    paid_on = excluded.paid_on,
    state = excluded.state,
    reversed_on = excluded.reversed_on,
    changed_at = excluded.changed_at
where (
    excluded.account_id, excluded.bill_id, excluded.currency, excluded.amount,
    excluded.paid_on, excluded.state, excluded.reversed_on
) is not (
    payment.account_id, payment.bill_id, payment.currency, payment.amount,
    payment.paid_on, payment.state, payment.reversed_on
)

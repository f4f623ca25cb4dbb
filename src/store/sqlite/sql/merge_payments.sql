-- Merges payments $1 (JSON array). Returns the accounts of those that changed.
insert into payment (bucket, payment_id, account_id, bill_id, currency, amount, paid_on, state, reversed_on)
select
    k.value ->> 'bucket', k.value ->> 'payment_id', k.value ->> 'account_id', k.value ->> 'bill_id', k.value ->> 'currency', k.value ->> 'amount', k.value ->> 'paid_on', k.value ->> 'state', k.value ->> 'reversed_on'
from json_each($1) as k
where true
on conflict (bucket, payment_id) do update set
    account_id = excluded.account_id, bill_id = excluded.bill_id, currency = excluded.currency,
    amount = excluded.amount, paid_on = excluded.paid_on, state = excluded.state, reversed_on = excluded.reversed_on
where (payment.account_id, payment.bill_id, payment.currency, payment.amount, payment.paid_on, payment.state, payment.reversed_on)
    is not (excluded.account_id, excluded.bill_id, excluded.currency, excluded.amount, excluded.paid_on, excluded.state, excluded.reversed_on)
returning bucket as bucket, account_id
